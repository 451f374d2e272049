#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The gate finds 2,000 instructions in one run, a loss in the network, in memory or in size, and passes a rebuild
# that costs nothing.
. tests/lib.sh

pith_tree

gate() {
    run_tare gate --data "$share" --scenario "$scenarios" "$@"
}
scenarios=boot

at_start() { # at_start CODE: right after the kernel's entry marker
    echo "m = 'marker_port(MARKER_KERNEL, 0);'
s = s.replace(m, m + '''$1''', 1)"
}

turns() { # turns N: a loop of 2 N instructions, in as many bytes for every N
    at_start "__asm__ volatile(\\\"push %rcx; mov \$$1, %ecx; 1: dec %ecx; jnz 1b; pop %rcx\\\");"
}

# Of one size: with a page more the kernel would have that to protect.
pith_build base "$(turns 1)"
pith_build slower "$(turns 1001)"
pith_build neutral "$(turns 1)
s += 'int never_called(int n);\n__attribute__((used, retain)) int never_called(int n) { return 3 * n + 1; }\n'"
pith_build broken "$(at_start 'panic(\"planted\");')"
pith_build greedy "$(at_start '{ static volatile char more[300 << 10]; for (unsigned i = 0; i < sizeof more; i += 4096) more[i] = 1; }')
s += 'extern const char ballast[8192];\n__attribute__((used, retain)) const char ballast[8192] = {1};\n'"
pith_build lossy "s = s.replace('    netif_poll_all();', '    for (volatile int i = 0; i < 200; i++) ;\n    netif_poll_all();', 1)" net/net.c
for variant in slower neutral broken greedy lossy; do
    ok "$variant is another binary" bash -c "! cmp -s '$tmp/base.elf' '$tmp/$variant.elf'"
done

gate "$tmp/base.elf" "$tmp/slower.elf" --out "$tmp/gate.json"
ok "2,000 instructions more: fails" is "$status" 1
ok "2,000 instructions more: says so" grep -Eq '^boot.virtual_ns .*\+[0-9.]+ % +0.1 % FAIL' "$tmp/out"
ok "2,000 instructions more: exactly" is "$(($(samples "$tmp/gate.json" boot virtual_ns pith-b) - \
    $(samples "$tmp/gate.json" boot virtual_ns pith)))" 2000
ok "its result fits the schema" python3 -m jsonschema -i "$tmp/gate.json" results/schema.json
ok "one repetition of three targets" is "$(python3 -c "import json
print(len(json.load(open('$tmp/gate.json'))['run']['order']))")" 3
gate "$tmp/base.elf" "$tmp/slower.elf" --threshold 50
ok "a threshold above: passes" is "$status" 0
gate "$tmp/slower.elf" "$tmp/base.elf"
ok "2,000 instructions less: passes" is "$status" 0
gate "$tmp/base.elf" "$tmp/neutral.elf"
ok "a rebuild that costs nothing: passes" is "$status" 0
gate "$tmp/base.elf" "$tmp/base.elf" --threshold 0
ok "the same file: passes at 0" is "$status" 0

# verdict METRIC: in the table that was printed last
verdict() {
    sed -n "s/^$1 .* //p" "$tmp/out"
}
scenarios=memory
gate "$tmp/base.elf" "$tmp/greedy.elf"
ok "300 KiB more of memory, and two pages more in the file: fails" is "$status" 1
for metric in memory.guest_touched memory.minimum image.kernel; do
    ok "300 KiB more of memory, and two pages more in the file: $metric says so" is "$(verdict $metric)" FAIL
done
scenarios=boot,loopback
gate "$tmp/base.elf" "$tmp/lossy.elf" --junit "$tmp/gate.xml"
ok "a loss in the network alone: fails" is "$status" 1
ok "a loss in the network alone: the boot passes" is "$(verdict boot.virtual_ns)" pass
for metric in request connect in_mb out_mb; do
    ok "a loss in the network alone: $metric says so" is "$(verdict loopback.${metric}_virtual)" FAIL
done
ok "JUnit's XML: a test case for each line, and what failed" python3 - "$tmp/gate.xml" "$tmp/out" <<'PY'
import re, sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot()
lines = [line.split() for line in open(sys.argv[2]) if re.search(r" (pass|FAIL)$", line)]
cases = {f"{case.get('classname')}.{case.get('name')}": case for case in suite}
assert suite.tag == "testsuite" and int(suite.get("tests")) == len(cases) == len(lines) == 6
assert int(suite.get("failures")) == sum(line[-1] == "FAIL" for line in lines) == 4
for name, unit, old, new, growth, _, threshold, _, verdict in lines:
    failure = cases[name].find("failure")
    assert (failure is not None) == (verdict == "FAIL"), name
    if verdict == "FAIL":
        wanted = f"{old} -> {new} {unit.strip('()')}: {growth} %, threshold {threshold} %"
        assert failure.get("message") == wanted, (failure.get("message"), wanted)
PY
gate "$tmp/base.elf" "$tmp/base.elf" --junit "$tmp/none/gate.xml"
ok "JUnit's XML into no folder: message" says 'none/gate.xml: No such file'
scenarios=boot

gate "$tmp/base.elf" "$tmp/broken.elf"
ok "a kernel that does not start the program: fails" is "$status" 1
ok "a kernel that does not start the program: why" grep -q 'virtual_ns: NEW failed: ' "$tmp/out"
gate "$tmp/base.elf" "$share/kernels/floor/floor.elf"
ok "the empty kernel: fails" is "$status" 1
ok "the empty kernel: why" grep -q 'NEW costs no more than the empty kernel' "$tmp/out"

gate "$tmp/base.elf" "$tmp/nowhere.elf"
ok "a missing file: status" is "$status" 2
ok "a missing file: message" says 'nowhere.elf: No such file'
echo "no kernel" >"$tmp/text"
gate "$tmp/text" "$tmp/base.elf"
ok "no kernel: status" is "$status" 2
ok "no kernel: message" says 'text: neither an ELF kernel nor'
gate "$tmp/base.elf"
ok "one file: status" is "$status" 2
gate "$tmp/base.elf" "$tmp/base.elf" --threshold=-1
ok "a negative threshold: status" is "$status" 2
gate "$tmp/base.elf" "$tmp/base.elf" --target host
ok "a target without kernel: status" is "$status" 2
ok "a target without kernel: message" says 'target host has no kernel'

files() {
    find /tmp /var/tmp /run /dev/shm -maxdepth 1 -name '*tare*' ! -name 'tare-test*'
}
there=$(files)
hanging_kernel "$tmp/hang.elf"
begin_tare gate --data "$share" --scenario boot "$tmp/base.elf" "$tmp/hang.elf"
tail -n +1 --pid=$pid -f "$tmp/err" | grep -q floor # its first trial is done, and it will not end
ok "kill -9 of a gate without --out: it was running" kill -9 $pid
wait $pid 2>/dev/null
ok "kill -9 of a gate without --out: no file is left" is "$(files)" "$there"
finish
