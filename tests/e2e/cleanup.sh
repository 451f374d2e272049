#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Whatever dies, and however, nothing is left behind and nothing measured is lost.
. tests/lib.sh
kills=${KILLS:-5} # KILLS=20 is what a release is checked with

# A VM, and a script: neither has a deadline that a busy host could miss.
mkdir -p "$tmp/data/kernels"
cp -r "$share/kernels/floor" "$tmp/data/kernels/"
null_target script '[{"at_ms":300,"marker":"M"},{"at_ms":310,"marker":"X"},{"at_ms":320,"marker":"E"},{"exit":0,"at_ms":330}]'
what="--data $tmp/data --target floor,script --accel tcg"

snapshot >"$tmp/before"

# A moment, at random but repeatable, while a run is on: from one to two seconds after its sandbox is there.
RANDOM=1
resumed=0
for i in $(seq "$kills"); do
    out=$tmp/kill$i.json
    # shellcheck disable=SC2086
    begin_tare run $what --repeat 3 --out "$out"
    timeout 1.$((RANDOM % 1000)) tail --pid=$pid -f /dev/null # at most so long
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    ok "kill -9 of tare #$i: nothing left" clean
    if [ -e "$out.journal" ]; then
        resumed=$((resumed + 1))
        run_tare run --data "$tmp/data" --resume "$out"
        ok "kill -9 of tare #$i: resume completes" is "$status" 0
        ok "kill -9 of tare #$i: no journal left" test ! -e "$out.journal"
        ok "kill -9 of tare #$i: 3 samples each" \
            is "$(samples "$out" boot app floor | wc -l) $(samples "$out" boot app script | wc -l)" "3 3"
    fi
done
ok "kill -9 of tare: a run was on, at least once" test $resumed -ge 1

# kill -9 while a guest is probed, of which packets on its interface tell: a VM's tap, a process's veth
# pair with its own network namespace, the capture, the probes.
probed() { # the packets sent to vm0 so far
    awk '$1 == "vm0:" { print $11 + $13 }' "/proc/$worker/net/dev" 2>/dev/null
}

for target in linux-tuned silent; do
    case $target in
    silent) # a program that never listens, as a process
        printf 'int pause(void); int main(void) { return pause(); }\n' >"$tmp/silent.c"
        musl-gcc -static -o "$tmp/silent" "$tmp/silent.c"
        set -- --target host --payload "$tmp/silent" --ready tcp:80
        ;;
    *) set -- --target $target ;;
    esac
    begin_tare run --accel tcg --out "$tmp/probed.json" --warmup 0 --repeat 1 "$@"
    until [ "$(probed)" -ge 1 ] 2>/dev/null || ! kill -0 $pid; do :; done
    ok "kill -9 while $target is probed: it was" kill -9 $pid
    wait $pid 2>/dev/null
    ok "kill -9 while $target is probed: nothing left" clean
    rm -f "$tmp"/probed.json*
done

# kill -9 of QEMU: a failed sample, and the run goes on. A target that hangs keeps its QEMU up.
mkdir -p "$tmp/data/kernels/hang"
hanging_kernel "$tmp/data/kernels/hang/hang.elf"
cat >"$tmp/data/kernels/hang/target.json" <<'JSON'
{"name":"hang","summary":"a kernel that never ends","driver":"libvirt","kernel":"hang.elf",
 "initrd":["payload"],"cmdline":"","in_all":false}
JSON
begin_tare run --data "$tmp/data" --target hang,script --repeat "$kills" --warmup 0 --accel tcg \
    --out "$tmp/qemu.json"
killed=0
while [ $killed -lt "$kills" ] && kill -0 $pid 2>/dev/null; do
    victim=$(inside | awk '/qemu-system/ { print $1; exit }')
    grep -q 'guest=hang' "/proc/${victim:-none}/cmdline" 2>/dev/null || continue
    kill -9 "$victim" 2>/dev/null && killed=$((killed + 1))
    tail --pid="$victim" -f /dev/null
done
wait $pid
ok "kill -9 of QEMU: exit status 1" is $? 1
ok "kill -9 of QEMU: all of the other measured" is "$(samples "$tmp/qemu.json" boot app script | wc -l)" "$kills"
ok "kill -9 of QEMU: $kills failed samples with the reason" is "$("$tare" export tsv "$tmp/qemu.json" |
    awk -F'\t' '$2 == "app" && $3 == "hang" && /process was gone|QEMU|VM/ { n++ } END { print n + 0 }')" "$kills"
ok "kill -9 of QEMU: nothing left" clean

# A QEMU that stands still holds neither libvirt's call nor tare: the one that libvirt asks what QEMU can
# do, and the guest's.
for still in "-machine none" guest=hang; do
    begin_tare run --data "$tmp/data" --target hang --repeat 1 --warmup 0 --accel tcg --out "$tmp/still.json"
    until pkill -STOP -P "$reaper" -f -- "$still" || ! kill -0 $pid 2>/dev/null; do :; done
    kill -INT $pid
    ok "QEMU ($still) stopped: Ctrl-C ends tare" timeout 120 tail --pid=$pid -f /dev/null
    kill -9 $pid 2>/dev/null
    wait $pid
    ok "QEMU ($still) stopped: exit status 1" is $? 1
    ok "QEMU ($still) stopped: nothing left" clean
    ok "QEMU ($still) stopped: no journal" test ! -e "$tmp/still.json.journal"
done

# Ctrl-C: ends cleanly, keeps what was measured.
# shellcheck disable=SC2086
begin_tare run $what --repeat 50 --out "$tmp/int.json"
until [ "$(grep -c trial "$tmp/int.json.journal" 2>/dev/null)" -ge 4 ] 2>/dev/null || ! kill -0 $pid; do :; done
kill -INT $pid
wait $pid
ok "Ctrl-C: exit status 1" is $? 1
ok "Ctrl-C: says how to go on" says 'interrupted' 'resume'
ok "Ctrl-C: keeps the samples" test "$(samples "$tmp/int.json" boot app script | wc -l)" -ge 1
ok "Ctrl-C: nothing left" clean
finish
