#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# runs alone: measures
# Scenario density as far as it gets: 1,000 VMs of pith, linux-tuned until a limit, which is named, both by
# the driver qemu; pith through libvirt. Nothing remains, also when tare dies among hundreds. FULL=1: all of
# that, an hour and 20 GB of memory; otherwise with fewer.
TARE=${TARE:-${B:-build}/bin/tare} # sanitizers keep memory that is to be weighed
. tests/lib.sh
profile=quick most=64
[ -z "${FULL:-}" ] || profile=full most=1000

snapshot >"$tmp/before"

cat >"$tmp/shape.py" <<'PY'
import json, sys
path, most, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
samples = {m["metric"]: m["samples"][0] for m in json.load(open(path))["metrics"] if m["target"] == target}
vms = samples["vms"]
print(target, vms["value"], vms["limit"], *vms["steps"], sep="\n    ")
if most:
    assert vms["value"] == most and vms["limit"] == "profile", vms
    assert samples["unanswering"]["value"] == 0, samples
    assert all(s["passed"] for s in vms["steps"]), vms["steps"]
else:
    assert vms["value"] >= 32 and vms["limit"] in ("memory", "time", "profile"), vms
PY
run_tare run --scenario density --target pith --driver qemu --accel tcg --profile $profile --repeat 1 \
    --warmup 0 --out "$tmp/pith.json"
ok "$most VMs of pith" is "$status" 0
ok "all answer" python3 "$tmp/shape.py" "$tmp/pith.json" $most pith:qemu
ok "the result verifies" "$tare" verify "$tmp/pith.json"
ok "nothing is left" clean
run_tare plot "$tmp/pith.json" "$tmp/plots"
ok "plot: the steps" test -s "$tmp/plots/density-steps.svg"

cat >"$tmp/idle.py" <<'PY'
import json, sys
steps = next(m for m in json.load(open(sys.argv[1]))["metrics"] if m["metric"] == "vms")["samples"][0]["steps"]
assert steps[-1]["idle_percent"] <= 0.05, steps[-1]
PY
[ -z "${FULL:-}" ] ||
    measures "an idle VM takes 0.05 % of a CPU at most" python3 "$tmp/idle.py" "$tmp/pith.json"

run_tare run --scenario density --target linux-tuned --driver qemu --accel tcg --profile $profile --repeat 1 \
    --warmup 0 --out "$tmp/tuned.json"
ok "linux-tuned as far as it gets" python3 "$tmp/shape.py" "$tmp/tuned.json" 0 linux-tuned:qemu
ok "nothing is left of it" clean

run_tare run --scenario density --target pith --driver libvirt --accel tcg --repeat 1 --warmup 0 \
    --out "$tmp/libvirt.json"
ok "64 VMs of pith through libvirt" python3 "$tmp/shape.py" "$tmp/libvirt.json" 64 pith
ok "nothing is left of them" clean

begin_tare run --scenario density --target pith --driver qemu --accel tcg --profile $profile --repeat 1 \
    --warmup 0 --out "$tmp/killed.json"
until [ "$(pgrep -c -P "$worker" qemu-system)" -ge $((most / 4)) ] || ! kill -0 $pid 2>/dev/null; do :; done
ok "kill -9 of tare among $((most / 4)) VMs" kill -9 $pid
wait $pid 2>/dev/null
ok "nothing is left of tare" clean
finish
