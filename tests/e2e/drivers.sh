#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two drivers, one machine: what libvirt starts and what we start ourselves is the same QEMU, and results never
# take the one for the other.
. tests/lib.sh

# In QEMU's own words: devices, memory, CPU.
timeout 600 "$B/bin-sanitize/test-drivers-qemu" "$share/kernels/floor/floor.elf" >"$tmp/lines" 2>"$tmp/err"
ok "machines compared: exit status" is $? 0
for machine in microvm q35 pc; do
    ok "$machine: the same machine" grep -qx "$machine: the same" "$tmp/lines"
done
for own in 0 1 2 3 4 5; do
    ok "own machine $own: the same" grep -qx "own $own: the same" "$tmp/lines"
done
ok "another machine would be seen" grep -qx "1 MiB more: DIFFERENT" "$tmp/lines"
cat "$tmp/err"

# On the command line: the same but for what is libvirt's own.
cat >"$tmp/argv.py" <<'PY'
import json, re, sys
d = json.load(open(sys.argv[1]))
targets = {t["name"]: t for t in d["targets"]}

def words(launch):
    """The options with their values, the same way for both."""
    argv, out = launch["argv"][1:], []
    while argv:
        word = [argv.pop(0)]
        while argv and not re.match(r"-[a-z]", argv[0]):
            word.append(argv.pop(0))
        word = " ".join(word)
        word = re.sub(r"guest=pith(:qemu)?,", "guest=NAME,", word)
        word = re.sub(r"/pith(:qemu)?\.", "/TARGET.", word)
        word = re.sub(r"pc-(q35|i440fx)-\d+\.\d+", lambda m: {"q35": "q35", "i440fx": "pc"}[m[1]], word)
        word = re.sub(r'(fd"?[:=]"?)\d+', r"\1N", word)
        out.append(word)
    return out

ours = ["-no-reboot", "-chardev socket,id=charmonitor,fd=N"]
libvirts = ["-no-shutdown", "-chardev socket,id=charmonitor,fd=N,server=on,wait=off"]
own = re.compile(r'-uuid |-object \{"qom-type":"secret"')
for a, b in zip(targets["pith"]["launches"], targets["pith:qemu"]["launches"]):
    assert a["machine_sha256"] == b["machine_sha256"] and a["cmdline"] == b["cmdline"]
    a = [w for w in words(a) if not own.match(w)]
    b = words(b)
    assert [w for w in a if w not in libvirts] == [w for w in b if w not in ours], f"\n{a}\n{b}"
    assert set(libvirts) <= set(a) and set(ours) <= set(b), f"\n{a}\n{b}"
PY
for options in "--machine microvm" "--machine q35 --vcpus 2" "--machine pc" "--icount"; do
    # shellcheck disable=SC2086
    run_tare run --target pith --driver libvirt,qemu --accel tcg --repeat 1 --warmup 0 --memory 64 $options \
        --out "$tmp/r.json"
    ok "$options: both boot" is "$status" 0
    ok "$options: the same command line" python3 "$tmp/argv.py" "$tmp/r.json"
done
ok "virtual time is the same to the instruction" \
    is "$(samples "$tmp/r.json" boot virtual_ns pith:qemu)" "$(samples "$tmp/r.json" boot virtual_ns pith)"

# Series of both, side by side, each compared with its own.
run_tare run --target host,floor,pith --driver libvirt,qemu --accel tcg --repeat 2 --warmup 0 --out "$tmp/r.json"
ok "both drivers in a run: exit status" is "$status" 0
ok "fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
cat >"$tmp/series.py" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
drivers = {t["name"]: t["driver"] for t in d["targets"]}
assert drivers == {"host": "process", "floor": "libvirt", "pith": "libvirt", "floor:qemu": "qemu",
                   "pith:qemu": "qemu"}, drivers
for metric in "create", "app", "total", "exit":
    series = {m["target"]: m["summary"]["n"] for m in d["metrics"] if m["metric"] == metric}
    assert series == dict.fromkeys(drivers, 2), series
values = {(m["metric"], m["target"]): [s["value"] for s in m["samples"]] for m in d["metrics"]}
for target, driver in drivers.items():
    parts = [values.get((part, target)) for part in ("ask", "vmm")]
    if driver == "process":
        assert parts == [None, None], parts
    else: # QEMU's exec is within create
        for ask, vmm, create in zip(*parts, values["create", target], strict=True):
            assert 0 < ask and 0 < vmm and abs(ask + vmm - create) < 1e-3, (target, ask, vmm, create)
assert all(r["base"] == "host" for r in d["ratios"]), d["ratios"]
PY
ok "a series for each driver" python3 "$tmp/series.py" "$tmp/r.json"
ok "the table shows both" grep -q 'pith:qemu ' "$tmp/out"
run_tare run --target floor,pith --driver qemu,libvirt --accel tcg --repeat 1 --warmup 0 --out "$tmp/r.json"
ok "ratios stay within a driver" is "$(python3 -c "import json
print(*sorted({(r['target'], r['base']) for r in json.load(open('$tmp/r.json'))['ratios']}))")" \
    "('pith', 'floor') ('pith:qemu', 'floor:qemu')"
run_tare run --target host --driver kvmtool
ok "an unknown driver: exit status" is "$status" 2
ok "an unknown driver: message" says '--driver: "kvmtool": runs no VMs'

# What goes wrong in QEMU is told in its words.
mkdir -p "$tmp/data/kernels"
cp -r "$share/kernels/floor" "$tmp/data/kernels/"
ln -s "$share/payloads" "$tmp/data/payloads"
python3 - "$tmp/data/kernels/floor/floor.elf" <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[18:20] = (40).to_bytes(2, "little")  # e_machine: ARM
open(sys.argv[1], "wb").write(data)
PY
run_tare run --data "$tmp/data" --target floor --driver qemu --accel tcg --repeat 1 --warmup 0 --out "$tmp/r.json"
ok "a kernel that QEMU refuses: exit status" is "$status" 1
ok "a kernel that QEMU refuses: its words" \
    python3 -c "import json; assert 'Error while loading elf kernel: QEMU has closed its monitor' in str(json.load(open('$tmp/r.json'))['metrics'])"

# Whatever is killed, nothing is left.
mkdir -p "$tmp/data/kernels/hang"
hanging_kernel "$tmp/data/kernels/hang/hang.elf"
cat >"$tmp/data/kernels/hang/target.json" <<'JSON'
{"name":"hang","summary":"a kernel that never ends","driver":"qemu","kernel":"hang.elf",
 "initrd":["payload"],"cmdline":"","in_all":false}
JSON
snapshot >"$tmp/before"
for victim in worker pid; do
    begin_tare run --data "$tmp/data" --target hang --accel tcg --repeat 1 --warmup 0 --out "$tmp/k.json"
    until qemu=$(inside | awk '/qemu-system/ { print $1; exit }') && [ -n "$qemu" ] || ! kill -0 $pid; do :; done
    kill -9 "${!victim}"
    wait $pid 2>/dev/null
    ok "kill -9 of $victim: QEMU dies with it" clean
done
begin_tare run --data "$tmp/data" --target hang --accel tcg --repeat 1 --warmup 0 --out "$tmp/k2.json"
until qemu=$(inside | awk '/qemu-system/ { print $1; exit }') && [ -n "$qemu" ] || ! kill -0 $pid; do :; done
kill -9 "$qemu"
wait $pid
ok "kill -9 of QEMU: a failed sample" is $? 1
ok "kill -9 of QEMU: nothing left" clean
begin_tare run --data "$tmp/data" --target hang --accel tcg --repeat 1 --warmup 0 --out "$tmp/k3.json"
until pkill -STOP -P "$worker" -f guest=hang || ! kill -0 $pid 2>/dev/null; do :; done
kill -INT $pid
ok "QEMU stands still: Ctrl-C ends tare" timeout 120 tail --pid=$pid -f /dev/null
kill -9 $pid 2>/dev/null
wait $pid
ok "QEMU stands still: exit status 1" is $? 1
ok "QEMU stands still: nothing left" clean
finish
