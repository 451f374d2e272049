#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real run of every built-in target: its document fits the schema, and proves a fair comparison.
. tests/lib.sh

run_tare run --target floor,pith,linux,host --repeat 3 --out "$tmp/r.json"
ok "the run succeeds" is "$status" 0
ok "libvirt's own words are not the user's" bash -c "! grep -E ' (info|warning) : ' '$tmp/err'"
ok "says the accelerator" grep -q '^accelerator: ' "$tmp/out"
if grep -q '^accelerator: tcg' "$tmp/out"; then
    ok "says what TCG is worth" grep -q 'TCG, does not predict KVM' "$tmp/out"
fi
ok "fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
ok "no journal left" test ! -e "$tmp/r.json.journal"

cat >"$tmp/fair.py" <<'PY'
import json, re, sys
d = json.load(open(sys.argv[1]))
vms = [t for t in d["targets"] if t["driver"] == "libvirt"]
launches = [t["launches"][0] for t in vms]
assert len(vms) == 3, vms
assert len({l["machine_sha256"] for l in launches}) == 1, "machines differ"
# The domains as libvirt ran them differ in name, kernel, initrd and command line, nothing else.
def blank(xml):
    xml = re.sub(r"<(name|kernel|initrd|cmdline|uuid)>[^<]*</\1>\n? *", "", xml)
    xml = re.sub(r"<cmdline>.*?</cmdline>", "", xml, flags=re.S)
    xml = re.sub(r" id='\d+'", "", xml)
    return re.sub(r"<(label|imagelabel|alias)[^\n]*\n", "", xml)
assert len({blank(l["xml"]) for l in launches}) == 1, "domain XML differs"
assert all("tb-cache" in l["xml"] and "memfd" in l["xml"] for l in launches)
# Interleaved: every round holds each target once, and the rounds are not all alike.
rounds = {}
for o in d["run"]["order"]:
    rounds.setdefault(o["repetition"], []).append(o["target"])
assert sorted(rounds) == [0, 1, 2, 3] and all(sorted(r) == sorted(rounds[0]) for r in rounds.values())
assert len({tuple(r) for r in rounds.values()}) > 1, "not shuffled"
for m in d["metrics"]:
    assert len(m["samples"]) == 3 and len(m["warmup"]) == 1, m
    assert m["summary"]["failed"] == 0, m
PY
ok "one machine, one payload, interleaved" python3 "$tmp/fair.py" "$tmp/r.json"

# The plan depends on the seed alone.
order() {
    run_tare run --target host,floor --repeat 4 --warmup 0 --accel tcg --seed "$1" --out "$tmp/o.json"
    python3 -c 'import json, sys
print([o["target"] for o in json.load(open(sys.argv[1]))["run"]["order"]])' "$tmp/o.json"
}
first=$(order 7)
ok "the same seed gives the same order" is "$(order 7)" "$first"
ok "another seed another" test "$(order 8)" != "$first"

# What the schema must refuse.
spoil() { # spoil DESCRIPTION PYTHON: changes document d
    python3 -c "import json, sys
d = json.load(open('$tmp/r.json'))
$2
json.dump(d, open('$tmp/spoilt.json', 'w'))"
    ok "schema refuses $1" bash -c "! python3 -m jsonschema -i '$tmp/spoilt.json' results/schema.json 2>/dev/null"
}
spoil "a sample with value and error" "d['metrics'][0]['samples'][0]['error'] = 'x'"
spoil "a sample with neither" "del d['metrics'][0]['samples'][0]['value']"
spoil "a summary without a median" "del d['metrics'][0]['summary']['median']"
spoil "a 95 % interval of 3 values" "d['metrics'][0]['summary']['ci95'] = [1, 2]"
spoil "a 5 % quantile of 3 values" "d['metrics'][0]['summary']['p5'] = 1"
spoil "an unknown accelerator" "d['run']['accel'] = 'xen'"
spoil "another schema's name" "d['schema'] = 'tare/2'"
spoil "a short hash" "d['payloads'][0]['sha256'] = 'abc'"

# Readers of results name the fault.
bad() { # bad DESCRIPTION PATTERN
    run_tare show "$tmp/spoilt.json"
    ok "show: $1" is "$status" 2
    ok "show: $1: message" says "$2"
}
spoil "nothing of a sample" "d['metrics'][1]['samples'][2].pop('value')"
bad "a broken sample" 'spoilt.json: metrics\[1\].samples\[2\]: has neither'
spoil "no metrics" "del d['metrics']"
bad "a missing field" 'spoilt.json: the document: field "metrics": missing'
head -c 1000 "$tmp/r.json" >"$tmp/spoilt.json"
bad "a truncated file" 'spoilt.json: not valid JSON'

# Export and plot.
run_tare export tsv "$tmp/r.json"
ok "export: a line per sample, warm-ups too" is "$(wc -l <"$tmp/out")" \
    "$((1 + 4 * $(python3 -c "import json; print(len(json.load(open('$tmp/r.json'))['metrics']))")))"
run_tare plot "$tmp/r.json" "$tmp/none/plots"
ok "plot: a folder in one that is not there: an error" test "$status" -ne 0
ok "plot: it says what to do" grep -q "none/plots: No such file or directory; remedy: " "$tmp/err"
run_tare plot "$tmp/r.json" "$tmp/plots"
ok "plot: exit status" is "$status" 0
ok "plot: boot.app is drawn" test -s "$tmp/plots/boot-app.png" -a -s "$tmp/plots/boot-app.svg"

# Virtual time is exact, for Linux too.
run_tare run --target floor,pith,linux --icount --repeat 3 --warmup 0 --out "$tmp/i.json"
ok "icount: the run succeeds" is "$status" 0
for target in floor pith linux; do
    ok "icount: $target repeats to the instruction" \
        is "$(samples "$tmp/i.json" boot virtual_ns $target | sort -u | wc -l)" 1
done

# Beside programs that keep all CPUs busy a result is invalid, but not one in virtual time. Benchmarks go on.
busy=()
for _ in $(seq "$(nproc)"); do
    timeout 1800 sh -c 'while :; do :; done' &
    busy+=($!)
done
"$tare" run --target host --repeat 1 --warmup 0 --out "$tmp/busy.json" >"$tmp/out" 2>"$tmp/err"
ok "busy: status 3" is $? 3
ok "busy: says why" grep -Eq '^INVALID: (other programs|the hypervisor)' "$tmp/out"
ok "busy: fits the schema" python3 -m jsonschema -i "$tmp/busy.json" results/schema.json
ok "busy: the host is described" python3 -c "import json
d = json.load(open('$tmp/busy.json'))
h = d['host']
assert d['run']['judged'] and not d['run']['quiet'] and not d['run']['valid']
assert h['before']['seconds'] >= 2 and h['before']['other_load'] + h['before']['steal_percent'] > 0.3
assert all(h[k] for k in ('affinity', 'cmdline', 'qemu_sha256', 'firmware', 'aslr', 'virtual'))
assert d['built']['compiler'] and d['built']['libraries'] and d['run']['compiler']"
CI/bench "$tare" "$tmp/bench" --target host --repeat 1 --warmup 0 >"$tmp/out" 2>"$tmp/err"
ok "busy: make bench goes on" is $? 0
ok "busy: and says so, with figures" test -n "$(grep '^bench: the result is INVALID' "$tmp/out")" -a \
    -s "$tmp/bench/boot-app.svg"
STRICT=1 CI/bench "$tare" "$tmp/strict" --target host --repeat 1 --warmup 0 >"$tmp/out" 2>"$tmp/err"
ok "busy: but with STRICT=1" is $? 3
"$tare" run --target floor --icount --repeat 1 --warmup 0 --out "$tmp/counted.json" >"$tmp/out" 2>"$tmp/err"
ok "busy: virtual time is valid" is $? 0
kill "${busy[@]}"
wait "${busy[@]}" 2>/dev/null

# The other machines.
for machine in q35 pc; do
    run_tare run --target floor,pith,linux --machine $machine --repeat 1 --warmup 0 --accel tcg \
        --out "$tmp/$machine.json"
    ok "$machine: the run succeeds" is "$status" 0
done
finish
