#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What stands between program and kernel, seen from outside: the CPU's registers in QEMU's log, NMIs at
# every instruction, CPUs without SMEP and SMAP. What programs see is in guest.sh's `protection`.
set -u
. kernels/pith/tests/lib.sh
debug=$B/obj/kernels/pith/pith.debug

compile musl kernels/pith/tests/guest/abi.c "$tmp/abi"
pack "$tmp/abi.cpio" "$tmp/abi"
for what in hlt crash; do
    boot "$pith" "$tmp/abi.cpio" "quiet rdinit=/app -- $what"
    check "$what: musl stops a program by hlt" 139 'program faulted: general protection fault'
done

compile musl kernels/pith/tests/guest/protection.c "$tmp/protection"
pack "$tmp/protection.cpio" "$tmp/protection"
run() { # run ARGUMENTS [QEMU OPTION...]
    local arguments=$1
    shift
    boot "$pith" "$tmp/protection.cpio" "quiet rdinit=/app -- $arguments" "$@"
}

# address_of SYMBOL: of the kernel's, in hex, whether other files see it or not
address_of() {
    local at
    at=$(nm "$debug" | sed -n "s/ [tTbB] $1\$//p")
    echo "${at:?"pith.debug has no $1"}"
}

# states SYMBOL OPTION...: how the CPU stood at the beginning of a function of the kernel, to $tmp/states, a
# line "FLAGS CR4" each time, while the program held AC
states() {
    local at
    at=$(address_of "$1") || exit 1
    shift
    run alignment -d cpu,exec,nochain -dfilter "0x$at+1" -D "$tmp/log" "$@"
    sed -n 's/.*RFL=\([0-9a-f]*\).*/\1/p; s/.*CR4=\([0-9a-f]*\).*/\1/p' "$tmp/log" |
        paste - - | sort | uniq -c >"$tmp/states"
}

# bits NAME MASK VALUE COLUMN: in every state
bits() {
    local count flags cr4 value
    good=1
    [ -s "$tmp/states" ] || good=0
    while read -r count flags cr4; do
        value=$([ "$4" = flags ] && echo "$flags" || echo "$cr4")
        [ $((0x$value & $2)) = $(($3)) ] || { good=0; echo "  $4 $value, $count times"; }
    done <"$tmp/states"
    ok "$1" [ $good = 1 ]
}

for entry in trap syscall; do
    states $entry
    check "$entry: a program that holds AC" 0
    bits "$entry: AC is off, so that SMAP is on" 0x40000 0 flags
    bits "$entry: SMEP and SMAP" 0x300000 0x300000 cr4
done
states trap -cpu max,-erms,-fsrm,-smap,-smep
check "without SMEP and SMAP" 0
bits "without SMEP and SMAP: neither is set" 0x300000 0 cr4

run "" && cp "$tmp/console" "$tmp/expected"
ok "the tests of protection say something" [ "$(wc -l <"$tmp/expected")" -gt 100 ]
for features in -smap -smep -smap,-smep; do
    run "" -cpu "max,-erms,-fsrm,$features"
    check "the tests of protection, $features" 0
    diff "$tmp/expected" "$tmp/console" >"$tmp/diff"
    ok "the same with $features" [ ! -s "$tmp/diff" ]
done

# exhaust CALL END: by QEMU's interface for a debugger, leave the kernel's stack 8 bytes when the program asks for
# its alternate stack, by CALL. The first thread's stack ends at END, another's begins one page after a multiple of
# 16 KiB.
exhaust() {
    python3 - "$tmp/gdb" "$@" <<'PYTHON'
import socket, struct, sys, time
place, end = (int(text, 16) for text in sys.argv[2:])
gdb = socket.socket(socket.AF_UNIX)
gdb.settimeout(120)
until = time.monotonic() + 120
while gdb.connect_ex(sys.argv[1]) and time.monotonic() < until:
    time.sleep(0.01)
stream = gdb.makefile("rb")
def say(text):
    gdb.sendall(b"$%s#%02x" % (text, sum(text) % 256))
def ask(text):
    say(text)
    while stream.read(1) != b"$":
        pass
    reply = b""
    while not reply.endswith(b"#"):
        reply += stream.read(1)
    stream.read(2)
    gdb.sendall(b"+")
    return reply[:-1]
ask(b"Z1,%x,1" % place)
ask(b"c")
registers = bytearray.fromhex(ask(b"g").decode())
pointer = struct.unpack_from("<Q", registers, 56)[0]
low = end - 0x4000 if end - 0x4000 <= pointer < end else (pointer & -0x4000) + 0x1000
struct.pack_into("<Q", registers, 56, low + 8)
ask(b"G" + registers.hex().encode())
ask(b"z1,%x,1" % place)
say(b"c")
stream.read()
PYTHON
}
call=$(address_of sys_sigaltstack) && boot_end=$(address_of boot_stack_end) || exit 1
for what in ask ask-in-thread; do
    exhaust "$call" "$boot_end" &
    run $what -S -gdb "unix:$tmp/gdb,server=on,wait=off"
    wait
    check "$what: a kernel stack that is too small ends the machine" 255 'panic in the kernel: double fault'
    rm -f "$tmp/gdb"
done
for what in ask ask-in-thread; do
    run $what
    check "$what: else there is room" 0
done

# NMIs, which nothing masks: a write to 0xfee00000 by QEMU's test interface is a message to the APIC. Some come
# between `syscall` and the change of stack, when the stack pointer is the program's.
mkfifo "$tmp"/{qtest,monitor}.{in,out}
(
    exec 3<>"$tmp/qtest.in" 4<>"$tmp/qtest.out" 5<>"$tmp/monitor.in"
    timeout 60 tail -F "$tmp/console" 2>&- | grep -qm1 calling # before, there is nobody to take one
    for _ in {1..20000}; do
        echo writel 0xfee00000 0x400 >&3
        read -r -t 10 -u 4 || exit
    done
    echo quit >&5
) &
run calls -qtest "pipe:$tmp/qtest" -qtest-log none -monitor "pipe:$tmp/monitor" -d int -D "$tmp/log"
wait
check "20,000 NMIs; then the machine is stopped from outside" 4095 calling
sed -n 's/.*v=02 .*cpl=0 .*SP=0010:\([0-9a-f]*\).*/\1/p' "$tmp/log" | grep -c ^00007f >"$tmp/count"
echo "of $(grep -c v=02 "$tmp/log") NMIs $(cat "$tmp/count") met the kernel on the program's stack"
ok "some came before the stack had changed" [ "$(cat "$tmp/count")" -gt 0 ]

finish
