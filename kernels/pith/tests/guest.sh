#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# pith in QEMU: what programs see, how they end, and what is said when something is wrong.
set -u
. kernels/pith/tests/lib.sh

for kind in musl pie glibc; do
    compile $kind kernels/pith/tests/guest/abi.c "$tmp/$kind"
    pack "$tmp/$kind.cpio" "$tmp/$kind"
    for what in "tell one 'two'" pointers arguments memory time; do
        compare "$kind ${what%% *}" "$tmp/$kind.cpio" "$what"
    done
done
for kind in musl glibc; do
    for what in files signals threads events protection ranges bounds; do
        compile $kind kernels/pith/tests/guest/$what.c "$tmp/$what"
        pack "$tmp/$what.cpio" "$tmp/$what"
        compare "$kind $what" "$tmp/$what.cpio"
    done
done
run() { # run WHAT
    boot "$pith" "$tmp/musl.cpio" "quiet rdinit=/app -- $1"
}

run 7
check "exit status" 7
run 300
check "exit status modulo 256" 44
run missing
check "missing system calls: ENOSYS, one line each" 0 'fork\): -1 E38' 'one program per VM' \
    'kexec_load, 0.*: -1 E38' 'system call 246 is not there' 'system call 499' 'syscall\(100000\): -1 E38'
ok "a missing system call is told once" [ "$(grep -c 'system call 246' "$tmp/console")" = 1 ]
run null
check "null pointer" 139 'program faulted: page fault: cannot read 0x0 \(null pointer\)' 'rip 0000000000'
run text
check "write to the program's text" 139 'cannot write .*not permitted'
run constant
check "write to constants" 139 'cannot write .*not permitted'
run data
check "execute data" 139 'cannot execute'
run stack
check "stack overflow" 139 'page fault: cannot (read|write)'
run kernel
check "write to the kernel's text" 139 'cannot write 0xffffffff80101000 \(not permitted'
run behind
check "read behind the end of a mapped file" 135 'cannot read'
run illegal
check "invalid instruction" 132 'invalid instruction'
run divide
check "divide by zero" 136 'divide error'
memory=16 run eat
check "out of memory" 137 'out of memory'

good=$tmp/musl.cpio
boot "$pith" "$good" "quiet rdinit=/none"
check "missing program" 255 'panic: /none: not in the initramfs; rdinit='
boot "$pith" "" "quiet rdinit=/app"
check "no initramfs" 255 'panic: no initramfs'
head -c 3000 "$good" >"$tmp/cut.cpio"
boot "$pith" "$tmp/cut.cpio" "rdinit=/app"
check "truncated cpio" 255 'panic: the initramfs is not a whole newc cpio archive'
echo "no program" >"$tmp/text"
pack "$tmp/text.cpio" "$tmp/text"
boot "$pith" "$tmp/text.cpio" "rdinit=/app"
check "not an ELF file" 255 'panic: /app: not an ELF file'
pack "$tmp/dynamic.cpio" /bin/true
boot "$pith" "$tmp/dynamic.cpio" "rdinit=/app"
check "dynamically linked" 255 'panic: /app: dynamically linked; link it with -static'
head -c 9000 "$tmp/musl" >"$tmp/short"
pack "$tmp/short.cpio" "$tmp/short"
boot "$pith" "$tmp/short.cpio" "rdinit=/app"
check "truncated ELF" 255 'panic: /app: .*truncated'
# Kernel, initrd and the first MiB, which only a small machine uses.
memory=1536K boot "$pith" "$good" "quiet rdinit=/app -- 5"
check "1.5 MiB of memory" 5
memory=1536K run meminfo
check "/proc/meminfo when 1.5 MiB are used up" 0
memory=1472K run 5
check "too little memory" 255 'panic: no memory between kernel and initramfs'
run "long $(printf %04500d 0) $(printf %0500d 0)"
check "files of /proc that are longer than a page" 0 '^50[0-9]{2} bytes of arguments'
for machine in q35 pc microvm,acpi=off; do
    memory=2M boot "$pith" "$good" "quiet rdinit=/app -- eat" -trace qemu_system_shutdown_request -D "$tmp/log"
    check "out of memory, of 2 MiB, on $machine" 137 'out of memory'
    # It ends by ACPI (6: by the guest), whose tables firmware left in memory. Else the machine is reset.
    [ $machine = microvm,acpi=off ] || ok "$machine ends by ACPI" grep -q 'reason=6$' "$tmp/log"
done

for machine in q35 pc microvm,acpi=on; do
    boot "$pith" "$good" "quiet rdinit=/app -- 5"
    check "on $machine" 5
done
machine=microvm,acpi=off
boot "$pith" "$good" "rdinit=/app -- 5"
check "says that it runs, unless quiet" 5 'pith: [0-9]+ MiB, running /app'
boot "$pith" "$tmp/musl.cpio" "quiet rdinit=/app -- khz 1000000"
check "the TSC's frequency is measured" 0
boot "$pith" "$tmp/musl.cpio" "quiet tsc_early_khz=1000000 rdinit=/app -- khz 1000000"
check "the TSC's frequency is told" 0
boot "$pith" "$tmp/musl.cpio" "quiet tsc_early_khz=1GHz rdinit=/app -- khz 1000000"
check "a frequency that is none is told and measured" 0 'tsc_early_khz=1GHz is not a number of kHz: measuring'

for kind in musl glibc; do
    compile $kind kernels/pith/tests/guest/date.c "$tmp/date"
    pack "$tmp/date.cpio" "$tmp/date"
    boot "$pith" "$tmp/date.cpio" "quiet rdinit=/app" -rtc base=2024-02-29T23:50:00
    check "$kind: the date by the real-time clock" 0 'date: 1709250[6-9][0-9]{2}$' 'sem_timedwait.*E110' 'clock_nanosleep.*: 0 '
    machine=microvm,acpi=off,rtc=off boot "$pith" "$tmp/date.cpio" "quiet rdinit=/app"
    check "$kind: no real-time clock" 0 'no real-time clock' 'date: 0$' 'sem_timedwait.*E110' 'clock_nanosleep.*: 0 '
done

# CPUs: what is missing is either not needed, or named in one line.
boot "$pith" "$good" "rdinit=/app -- 5" -cpu qemu64
check "on a CPU without AVX, RDRAND and 1 GiB pages" 5 'no RDRAND, RDSEED or virtio-rng'
boot "$pith" "$tmp/date.cpio" "quiet rdinit=/app" -cpu max,-lahf-lm,-xsave,-avx,-pdpe1gb,-rdtscp,-popcnt
check "on a CPU without LAHF64, XSAVE and 1 GiB pages" 0 'date: '
for lacking in apic nx syscall fxsr sse2; do
    boot "$pith" "$good" "quiet rdinit=/app -- 5" -cpu max,-$lacking
    check "on a CPU without $lacking" 255 "^pith: panic: the CPU lacks $lacking\$"
done
boot "$pith" "$good" "quiet rdinit=/app -- 5" -cpu pentium
check "on a CPU of 32 bits" 255 '^pith: panic: the CPU lacks( [a-z0-9]+)+$'
memory=5G boot "$pith" "$good" "rdinit=/app -- 5" -cpu qemu64
check "5 GiB of memory without 1 GiB pages" 5 'pith: 51[0-9]{2} MiB, running'

finish
