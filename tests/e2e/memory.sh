#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scenario memory: every metric, what is kept of the search, and what a program that takes 8 MiB changes.
# runs alone: measures what all programs leave; and what fails for lack of time would count as lack of memory
. tests/lib.sh

run_tare run --scenario memory --target floor,host,pith --repeat 1 --warmup 0 --accel tcg --out "$tmp/r.json"
ok "the run succeeds" is "$status" 0
ok "fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
ok "verifies" "$tare" verify "$tmp/r.json"
cat >"$tmp/shape.py" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
samples = {(m["metric"], m["target"]): m["samples"][0] for m in d["metrics"]}
value = {k: s["value"] for k, s in samples.items()}
have = {t: {m for m, u in value if u == t} for t in ("floor", "host", "pith")}
assert have["pith"] == set(sys.argv[2:]), have
assert have["floor"] == {"guest_touched", "minimum", "image"}, have
assert have["host"] == {"pss", "uss", "marginal", "image"}, have
pith = {m: v for (m, t), v in value.items() if t == "pith"}
assert 0 < value["guest_touched", "floor"] < pith["guest_touched"] < pith["httpd_guest_touched"], value
assert pith["guest_touched"] < pith["minimum"] < pith["httpd_minimum"] < 64, pith
assert samples["marginal", "pith"]["backing"]["ram"] == "memfd", samples["marginal", "pith"]
assert samples["marginal", "host"]["backing"]["ram"] == "anonymous", samples["marginal", "host"]
# The kernel's accounting of QEMU's mapping against that of the file behind it.
mapped = samples["pss", "pith"]["parts"]["guest_kib"] / 1024
assert abs(mapped - pith["guest_touched"]) < 0.1, (mapped, pith)
assert pith["guest_touched"] < pith["uss"] <= pith["pss"] and pith["tcg_buffer"] > 0, pith
assert 0 < value["uss", "host"] <= value["pss", "host"] < 1, value
kernel = next(t for t in d["targets"] if t["name"] == "pith")["kernel"]["bytes"]
archive = next(p for p in d["payloads"] if p["payload"] == "stay")["bytes"]
assert pith["image"] == kernel + archive, (pith, kernel, archive)
for metric, target in (("minimum", "floor"), ("minimum", "pith"), ("httpd_minimum", "pith")):
    steps = samples[metric, target]["steps"]
    least = value[metric, target] * 1024
    assert least == min(s["memory_kib"] for s in steps if s["passed"]), steps
    assert any(s["memory_kib"] == least - 256 and not s["passed"] and s["reason"] for s in steps), steps
    assert all(s["memory_kib"] % 256 == 0 and s["passed"] == (s["boots"] == 3) for s in steps), steps
PY
metrics=$("$tare" list | awk '/^  memory/ { on = 1; next } /^  [a-z]/ { on = 0 } on && /^    [a-z]/ { print $1 }')
# shellcheck disable=SC2086
ok "every metric, and what is kept of it" python3 "$tmp/shape.py" "$tmp/r.json" $metrics

# A program that takes 8 MiB: touched, held and needed.
cat >"$tmp/taker.c" <<'C'
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static char taken[8 << 20];
int main(void)
{
    memset(taken, 1, sizeof taken);
    puts("taken");
    fflush(stdout);
    for (;;)
        pause();
}
C
gcc -O2 -static -o "$tmp/taker" "$tmp/taker.c"
run_tare run --scenario memory --target host,pith --repeat 1 --warmup 0 --accel tcg --payload "$tmp/taker" \
    --ready console:taken --out "$tmp/taker.json"
ok "a program of one's own" is "$status" 0
ok "it verifies" "$tare" verify "$tmp/taker.json"
cat >"$tmp/taker.py" <<'PY'
import json, sys
before, after = ({(m["metric"], m["target"]): m["samples"][0]["value"] for m in json.load(open(f))["metrics"]}
                 for f in sys.argv[1:])
for of in (("guest_touched", "pith"), ("uss", "host"), ("uss", "pith"), ("minimum", "pith")):
    more = after[of] - before[of]
    # The program itself has 0.7 MiB, of which QEMU has copies; and QEMU's own memory varies by half a MiB.
    assert (7 if of == ("uss", "pith") else 7.9) < more < 14, (of, more)
assert not any(m.startswith("httpd") for m, _ in after), after
PY
ok "8 MiB more are touched, held and needed" python3 "$tmp/taker.py" "$tmp/r.json" "$tmp/taker.json"

finish
