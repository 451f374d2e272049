#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# pith in QEMU: what programs see, how they end, and what is said when something is wrong.
set -u
B=${B:-build}
pith=$B/share/tare/kernels/pith/pith.elf
linux=$B/share/tare/kernels/linux
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

pack() { # pack CPIO APP: an initramfs with APP as /app
    mkdir -p "$tmp/root"
    cp "$2" "$tmp/root/app"
    (cd "$tmp/root" && echo app | cpio -o -H newc --quiet) >"$1"
}

# boot KERNEL INITRD APPEND [QEMU OPTION...]: console to $tmp/console, status of the end to $status
boot() {
    local kernel=$1 initrd=$2 append=$3
    shift 3
    rm -f "$tmp/console" "$tmp/marker"
    timeout 60 qemu-system-x86_64 -accel tcg -cpu max,-erms,-fsrm -display none -nodefaults \
        -no-user-config -no-reboot -M "${machine:-microvm,acpi=off}" -m "${memory:-256}" \
        -serial "file:$tmp/console" -chardev "file,id=d,path=$tmp/marker" \
        -device isa-debugcon,iobase=0xe9,chardev=d -kernel "$kernel" ${initrd:+-initrd "$initrd"} \
        -append "$append" "$@" </dev/null
    qemu_status=$?
    sed -i 's/\r$//' "$tmp/console"
    status=$(sed -n 's/^E.\{16\}\(..\)$/\1/p' "$tmp/marker")
    status=$((16#${status:-fff}))
}

check() { # check NAME STATUS [PATTERN...]: how it ended, and what stands on the console
    local name=$1 want=$2 good=1 pattern
    shift 2
    [ "$qemu_status" = 0 ] || { good=0; echo "  QEMU ended with $qemu_status"; }
    [ "$status" = "$want" ] || { good=0; echo "  status $status, expected $want"; }
    for pattern in "$@"; do
        grep -Eq -- "$pattern" "$tmp/console" || { good=0; echo "  no /$pattern/ on the console"; }
    done
    if [ $good = 1 ]; then
        passed=$((passed + 1))
        echo "ok: $name"
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
        sed 's/^/  | /' "$tmp/console"
    fi
}

equal() { # equal NAME: the console is what Linux printed
    if diff "$tmp/expected" "$tmp/console" >"$tmp/diff"; then
        passed=$((passed + 1))
        echo "ok: $1: as on Linux ($(wc -l <"$tmp/console") lines)"
    else
        failed=$((failed + 1))
        echo "FAILED: $1: < Linux, > pith"
        sed 's/^/  | /' "$tmp/diff"
    fi
}

source=kernels/pith/tests/guest/abi.c
musl-gcc -static -no-pie -O1 -w -o "$tmp/musl" $source
gcc -static-pie -O1 -w -o "$tmp/pie" $source
gcc -static -no-pie -O1 -w -o "$tmp/glibc" $source
for kind in musl pie glibc; do
    pack "$tmp/$kind.cpio" "$tmp/$kind"
    cat "$tmp/$kind.cpio" "$linux/init.cpio" >"$tmp/$kind.linux.cpio"
done

# The same program, the same arguments, on Linux and on pith: the same words.
for kind in musl pie glibc; do
    for what in "tell one 'two'" pointers arguments memory time; do
        boot "$linux/vmlinux" "$tmp/$kind.linux.cpio" \
            "console=ttyS0 quiet reboot=t tsc_early_khz=1000000 VAR=value rdinit=/init -- /app $what"
        grep -v '^\[ *[0-9.]*\] ' "$tmp/console" >"$tmp/expected" # not the kernel's own lines
        boot "$pith" "$tmp/$kind.cpio" "console=ttyS0 quiet VAR=value rdinit=/app -- $what"
        check "$kind ${what%% *}" 0
        equal "$kind ${what%% *}"
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
[ "$(grep -c 'system call 246' "$tmp/console")" = 1 ]
check "a missing system call is told once" 0
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
memory=2 boot "$pith" "$tmp/glibc.cpio" "rdinit=/app"
check "too little memory" "$([ "$status" = 137 ] && echo 137 || echo 255)" 'memory'

for machine in q35 pc microvm,acpi=on; do
    boot "$pith" "$good" "quiet rdinit=/app -- 5"
    check "on $machine" 5
done
machine=microvm,acpi=off
boot "$pith" "$good" "rdinit=/app -- 5"
check "says that it runs, unless quiet" 5 'pith: [0-9]+ MiB, running /app'
boot "$pith" "$good" "rdinit=/app -- 5" -cpu qemu64
check "on a CPU without AVX, RDRAND and 1 GiB pages" 5 'no RDRAND or RDSEED'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
