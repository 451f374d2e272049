#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scenario density with few VMs: all answer; one whose QEMU is killed is counted and the others go on; what is
# kept is what tare verify expects; nothing remains when tare dies among them.
. tests/lib.sh

snapshot >"$tmp/before"

qemus() { # the processes of QEMU that tare's worker has started
    pgrep -P "$worker" qemu-system
}

# One of the first four VMs that run at once dies. By then there were 1 and 2 of them.
begin_tare run --scenario density --target pith --driver qemu --vms 4 --accel tcg --repeat 1 --warmup 0 \
    --out "$tmp/r.json"
until mapfile -t running < <(qemus) && [ ${#running[@]} -ge 4 ] || ! kill -0 $pid 2>/dev/null; do :; done
ok "four VMs run at once" kill -9 "${running[0]:-none}"
wait $pid
status=$?
ok "and leaves nothing" clean
ok "it fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
ok "and verifies" "$tare" verify "$tmp/r.json"

cat >"$tmp/shape.py" <<'PY'
import json, sys
d, status = json.load(open(sys.argv[1])), sys.argv[2]
assert d["run"]["vms"] == 4, d["run"]
samples = {m["metric"]: m["samples"][0] for m in d["metrics"]}
assert set(samples) == set(sys.argv[3:]) - {"cold_p99", "cold_vmm_p99", "cold_guest_p99"}, samples
steps, limit = samples["vms"]["steps"], samples["vms"]["limit"]
assert [s["vms"] for s in steps] == [1, 2, 4] and limit == "vms", (steps, limit)
assert [s["passed"] for s in steps] == [True, True, False], steps
assert steps[2]["answering"] == 3 and steps[2]["reason"], steps[2]
value = {m: s.get("value") for m, s in samples.items()}
# It was killed before or after it was ready; if before, the time until all are ready does not exist. What it did
# not take part in to the end has no value; nor has a latency by a client that was late.
if steps[2]["ready"] == 4:
    missing = {"idle_cpu", "reply_p50", "reply_p99"}
else:
    assert steps[2]["ready"] == 3 and "3 of 4" in samples["ready_all"]["error"], samples
    missing = {"ready_all", "boots_per_s", "memory_each", "idle_cpu", "reply_p50", "reply_p99"}
for m, v in value.items():
    assert v is not None or m in missing and samples[m]["error"], (m, samples[m])
assert status == ("1" if None in value.values() else "0"), (status, value)
assert value["idle_cpu"] is None or steps[2]["idle_percent"] == value["idle_cpu"], steps[2]
assert value["vms"] == 2 and value["unanswering"] == 1, value
for s in steps[:2]:
    assert s["ready"] == s["answering"] == s["vms"] and s["answered"] == s["requests"] > 100, s
    assert 0 < s["ready_all_ms"] and 0 < s["boot_while_ms"], s
    assert 0 < s["p50_ms"] <= s["p99_ms"] and 0 <= s["idle_percent"], s
assert 0 < value["cold_vmm_p50"] < value["cold_p50"], value
parts = value["cold_vmm_p50"] + value["cold_guest_p50"]
assert abs(value["cold_p50"] - parts) < 1e-6 * parts, value
PY
metrics=$("$tare" list | awk '/^  density/ { on = 1; next } /^  [a-z]/ { on = 0 } on && /^    [a-z]/ { print $1 }')
# shellcheck disable=SC2086
ok "every metric, and the steps" python3 "$tmp/shape.py" "$tmp/r.json" $status $metrics

# Lies about it.
cat >"$tmp/lie.py" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
samples = {m["metric"]: m["samples"][0] for m in d["metrics"]}
exec(sys.argv[2], {"samples": samples, "steps": samples["vms"]["steps"], "run": d["run"]})
json.dump(d, open(sys.argv[3], "w"))
PY
lie() { # lie WHAT TARE SAYS, CHANGE
    python3 "$tmp/lie.py" "$tmp/r.json" "$2" "$tmp/lie.json"
    run_tare verify "$tmp/lie.json"
    ok "a lie: $2" says "$1"
}
lie "a step's number of VMs is 3, not 2" 'steps[1]["vms"] = 3'
lie "a step of 4 VMs has not passed" 'steps[2]["passed"] = True'
lie "number of VMs that answered is 2, not 1" 'steps[0]["answering"] = 2; steps[0]["passed"] = False'
lie "vms is 4, not 2" 'samples["vms"]["value"] = 4'
lie "does not say what ended it" 'del samples["vms"]["limit"]'
lie "boot_while_n is .*, not 7" 'steps[2]["boot_while_ms"] = 7'
lie "unanswering is 1, not 2" 'steps[2]["answering"] = 2'
lie "the last step's number of VMs is 4, not 3" 'run["vms"] = 3'
lie "cold_p50 is 7, but" 'samples["cold_p50"]["value"] = 7'

# kill -9 of tare while several VMs run.
begin_tare run --scenario density --target pith --driver qemu --accel tcg --repeat 1 --warmup 0 --out "$tmp/k.json"
until [ "$(qemus | wc -l)" -ge 2 ] || ! kill -0 $pid 2>/dev/null; do :; done
ok "kill -9 of tare among VMs: it ran" kill -9 $pid
wait $pid 2>/dev/null
ok "kill -9 of tare among VMs: nothing left" clean
finish
