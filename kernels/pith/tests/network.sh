#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A guest on a real tap, in namespaces of its own: every byte arrives, whatever the wire does, nothing
# is left behind, and nobody makes it deaf. Short forms; what is set in the environment changes that:
#   FULL=1                the long forms (more than an hour)
#   KERNEL=linux-tuned    the same of Linux, to compare
#   TESTS="echo relay"    only these
#   SEED=N                of the relay and the fuzzers
#   FUZZ_SECONDS=N        of the fuzzer that speaks TCP: 20
set -u
. kernels/pith/tests/alone.sh
. kernels/pith/tests/lib.sh
network=$B/tests/pith-network
kernel=${KERNEL:-pith}
seed=${SEED:-1}
guest=10.0.0.2
qemu=

long() { # long SHORT FULL: the amount for this run
    if [ -n "${FULL:-}" ]; then echo "$2"; else echo "$1"; fi
}

# start TAP ARGUMENT...: boot echod with its NIC at TAP, arguments for it, options for QEMU in
# $options and $device. The guest is at ...2, the host at ...1 of the tap's network.
start() {
    local tap=$1 append
    local net=${guest%.*}
    shift
    cp "$tmp/echod.cpio" "$tmp/initrd"
    append=${ip:-ip=$guest::$net.1:255.255.255.0::eth0:off}
    [ -z "${machine:-}" ] && append="virtio_mmio.device=512@0xfeb00e00:12 $append"
    if [ "$kernel" = pith ]; then
        append="quiet $append rdinit=/app -- $*"
    else
        cat "$linux/init.cpio" >>"$tmp/initrd"
        append="console=ttyS0 quiet clearcpuid=smap reboot=t panic=-1 no_timer_check nolapic_timer \
tsc_early_khz=$khz $append rdinit=/init -- /app $*"
    fi
    # shellcheck disable=SC2086
    qemu-system-x86_64 -accel tcg ${clock:-} -cpu max,-erms,-fsrm -display none -nodefaults -no-user-config \
        -name guest,debug-threads=on -no-reboot -M "${machine:-microvm,acpi=off,auto-kernel-cmdline=off}" -m "${memory:-256}" \
        -object "memory-backend-memfd,id=ram,size=${memory:-256}M" -machine memory-backend=ram \
        -serial "file:$tmp/console" -kernel "$(image)" -initrd "$tmp/initrd" -append "$append" \
        -netdev "${netdev:-tap,id=n,ifname=$tap,script=no,downscript=no,vhost=off}" \
        -device "${device:-virtio-net-device},netdev=n" ${options:-} </dev/null 2>"$tmp/qemu" &
    qemu=$!
    "$network" wait "${reach:-$guest}" 120 2>"$tmp/said" || failure "start of $kernel on $tap"
}

image() {
    if [ "$kernel" = pith ]; then echo "$pith"; else echo "$linux/vmlinux"; fi
}

end() {
    [ -z "$qemu" ] && return
    kill -KILL "$qemu" 2>/dev/null
    wait "$qemu" 2>/dev/null
    qemu=
}

failure() { # failure NAME: with what was said, and the console
    failed=$((failed + 1))
    echo "FAILED: $1"
    [ -n "$qemu" ] && ! kill -0 "$qemu" 2>/dev/null && echo "  QEMU has ended"
    sed 's/^/  | /' "$tmp/said" "$tmp/qemu"
    sed 's/^/  console | /' "$tmp/console" | tail -n 20
    : >"$tmp/said"
}

success() { # success NAME
    passed=$((passed + 1))
    echo "ok: $1: $(cat "$tmp/said")"
    : >"$tmp/said"
}

run() { # run NAME COMMAND...: it succeeds
    local name=$1
    shift
    if "$@" >"$tmp/said" 2>&1; then success "$name"; else failure "$name"; fi
}

notices() { # notices NAME PATTERN COMMAND...: a planted fault makes it fail, for the right reason
    local name=$1 pattern=$2
    shift 2
    if ! "$@" >"$tmp/said" 2>&1 && grep -Eq "$pattern" "$tmp/said"; then
        success "a planted fault is noticed: $name"
    else
        failure "a planted fault is noticed: $name"
    fi
}

# watch TOOL ARGUMENT...: in the background. Returns when the tool sees the interface: a guest is
# faster than a tool that the machine has no time for.
watch() {
    exec {watcher}< <("$network" "$@" 2>&1)
    watcher_pid=$!
    read -r -u "$watcher" watching
}

watched() { # how it ended, and what it said
    [ "$watching" = watching ] || echo "$watching"
    cat <&"$watcher"
    exec {watcher}<&-
    wait "$watcher_pid"
}

# KiB of QEMU itself. Its guest's memory comes on top, as far as the guest has touched it.
rss() {
    awk '/^RssAnon/ { print $2 }' "/proc/$qemu/status"
}

# steady FREE RSS [KiB]: the guest has as much free memory as it had, or so much less; QEMU is no
# larger.
steady() {
    local free rss grows waited=0 less
    less=$(($(long 512 1024) + ${3:-0}))
    grows=$(long 4096 8192)
    # TCG's own TLB grows to 256 MiB under a kernel that uses many pages and flushes it.
    [ "$kernel" = linux-tuned ] && grows=300000
    # Full: what ended connections still hold (TIME_WAIT) is waited for.
    while free=$("$network" report $guest) && [ $(($1 - free)) -gt $less ] &&
        [ $waited -lt "$(long 0 150)" ]; do
        waited=$((waited + 1))
        sleep 1
    done
    rss=$(rss)
    echo "guest's free memory $1 to $free KiB after $waited s, QEMU $2 to $rss KiB"
    [ $(($1 - free)) -le $less ] && [ $((rss - $2)) -le "$grows" ]
}

# Linux cannot always measure its TSC against an emulated timer: it is told, truly. Both ends of the span are
# read between two readings of the clock that are close together.
measure_khz() {
    gcc -O1 -x c -o "$tmp/khz" - <<'C' && "$tmp/khz"
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>
static double tsc_at(double *ns)
{
    struct timespec a, b;
    unsigned long long tsc;
    do {
        clock_gettime(CLOCK_MONOTONIC, &a);
        tsc = __rdtsc();
        clock_gettime(CLOCK_MONOTONIC, &b);
        *ns = a.tv_sec * 1e9 + a.tv_nsec;
    } while (b.tv_sec * 1e9 + b.tv_nsec - *ns > 5000);
    return tsc;
}
int main(void)
{
    struct timespec wait = {0, 50000000};
    double from, to, first = tsc_at(&from);
    nanosleep(&wait, NULL);
    printf("%.0f\n", (tsc_at(&to) - first) * 1e6 / (to - from));
}
C
}

test_echo() {
    local i
    start tap0
    for i in $(seq "$(long 1 10)"); do
        run "echo" "$network" echo $guest "$(long 50M 1G)" seed "$i"
    done
    run "ping, up to fragments" "$network" ping $guest 14
    run "datagrams" "$network" datagrams $guest "$(long 500 20000)"
    run "whole pages" "$network" pages $guest "$(long 4000 100000)"
    run "echo over IPv6" "$network" echo "$(link_local)%tap0" "$(long 10M 1G)"
    end
    # The least that a card can do with.
    memory=2 start tap0
    run "echo in 2 MiB" "$network" echo $guest 2M
    end
    start tap0 corrupt
    notices "a wrong byte" "SHA-256" "$network" echo $guest 2M
    notices "a wrong word in a page" "words wrong" "$network" pages $guest 100
    end
    start tap0 stop
    notices "a stall" "stalled" "$network" echo $guest 20M stall 2000
    end
}

# By the clock of its instructions: a guest that is held up for a millisecond may rightly drop what it has no
# room for.
test_burst() {
    [ "$kernel" = pith ] || return
    clock=$instructions start tap0
    run "datagrams at once" "$network" burst $guest tap0 900
    end
}

link_local() { # of QEMU's MAC, 52:54:00:12:34:56
    echo fe80::5054:ff:fe12:3456
}

# A wire that loses, reorders and duplicates 1 % of the frames each, both ways.
test_relay() {
    local i relay
    local guest=10.0.1.2
    "$network" lan tap tap1 && "$network" lan tap tap2 && "$network" lan tap tap3 &&
        "$network" lan bridge br1 tap1 tap2 && "$network" lan address tap3 10.0.1.1/24
    for i in $(seq "$(long 1 10)"); do
        relay_echo $((seed + i - 1))
    done
    "$network" relay tap2 tap3 damage 0.01 2>"$tmp/relay" &
    relay=$!
    start tap1
    notices "two bytes of a packet exchanged" "SHA-256" "$network" echo $guest 5M
    end
    kill $relay
    wait $relay
}

relay_echo() { # relay_echo SEED
    local relay
    "$network" relay tap2 tap3 loss 0.01 reorder 0.01 duplicate 0.01 seed "$1" >"$tmp/relay" 2>&1 &
    relay=$!
    start tap1
    run "echo over a bad wire, seed $1" "$network" echo "$guest" "$(long 5M 100M)" seed "$1"
    end
    kill $relay
    wait $relay
    cp "$tmp/relay" "$tmp/said"
    # Else it was a good wire.
    if awk '{ n = 0; for (i = 1; i < NF; i++) if ($i > 0 && $(i + 1) ~ /^(lost|reordered|dupl)/) n++
        exit n != 6 }' "$tmp/relay"; then
        success "the wire"
    else
        failure "the wire"
    fi
}

test_churn() {
    local free rss
    start tap0
    echo "50000 50001" >/proc/sys/net/ipv4/ip_local_port_range
    run "connections, always from the same ports" "$network" again $guest 100
    # Each connection takes a port of the host's, for a minute.
    echo "1024 65535" >/proc/sys/net/ipv4/ip_local_port_range
    run "first connections" "$network" churn $guest 500
    free=$("$network" report $guest) rss=$(rss)
    run "connections, one after the other" "$network" churn $guest "$(long 3000 100000)"
    run "memory after them" steady "$free" "$rss"
    end
    start tap0 leak
    "$network" churn $guest 100 >/dev/null
    free=$("$network" report $guest) rss=$(rss)
    "$network" churn $guest 300 >/dev/null
    notices "a leak" "free memory" steady "$free" "$rss"
    end
}

test_flood() {
    start tap0
    run "SYN flood" "$network" flood $guest tap0 "$(long 20000 500000)" seed "$seed"
    end
}

test_fuzz() {
    "$network" lan mtu tap0 9000
    start tap0
    run "damaged frames" "$network" fuzz $guest tap0 "$(long 40000 5000000)" seed "$seed"
    run "echo after them" "$network" echo $guest 5M
    end
    "$network" lan mtu tap0 1500
    start tap0
    kill -STOP "$qemu"
    notices "a guest that died" "no answer" "$network" fuzz $guest tap0 40000 stall 2000
    end
}

# What single peers did once. Linux asks for a neighbour before it answers him.
test_cases() {
    local name
    for name in windows edge persist hole neighbour mss martian; do
        [ "$kernel$name" = linux-tunedneighbour ] && continue
        start tap0
        run "a peer's $name" "$network" case $guest tap0 $name
        run "no assertion of lwIP failed" quiet
        end
    done
    # One that fails: the connection ends with it, and no more than that.
    start tap0
    run "a peer's beyond-end" "$network" case $guest tap0 beyond-end
    [ "$kernel" = linux-tuned ] || notices "an assertion of lwIP" "lwIP:" quiet
    end
}

quiet() { # nothing was dropped since lwIP did not know what to do with it
    ! grep lwIP "$tmp/console"
}

# FUZZ_SECONDS of them, one seed after the other, each for a minute at most and with a new guest.
test_peers() {
    local left=${FUZZ_SECONDS:-20} now seed=$seed
    while [ "$left" -gt 0 ]; do
        now=$((left < 60 ? left : 60))
        start tap0
        run "peers that know TCP" "$network" peers $guest tap0 $now $qemu seed "$seed"
        run "no assertion of lwIP failed" quiet
        run "echo after them" "$network" echo $guest 5M
        end
        left=$((left - now)) seed=$((seed + 1))
    done
}

test_unread() {
    start tap0
    run "one connection full" "$network" unread $guest 50M 1
    run "connections full" "$network" unread $guest "$(long 10M 50M)" "$(long 8 64)"
    end
    # All of the memory that there is for them.
    memory=32 start tap0
    run "connections full in 32 MiB" "$network" unread $guest 8M "$(long 20 60)"
    end
}

# Peers who take all of the memory that there is for what is sent.
test_greedy() {
    start tap0
    watch greedy $guest 60
    run "large segments after greedy peers" "$network" case $guest tap0 after-greedy
    run "idle beside greedy peers" idle 3
    kill "$watcher_pid"
    watched >/dev/null
    end
}

# Who asks for a connection is answered by the way he came, before ARP finds him. Linux asks first.
test_asker() {
    watch asker tap0 $guest 120 7
    start tap0
    if [ "$kernel" = linux-tuned ]; then
        notices "Linux" "asks before" watched
    else
        run "answers before it asks for the neighbour" watched
    fi
    end
    watch asker tap0 $guest 120 99
    start tap0
    notices "a refusal is no answer" "asks before" watched
    end
}

# Who asks for a connection while the program still starts is not refused, for so long by the guest's clock.
# Linux refuses.
test_early() {
    [ "$kernel" = linux-tuned ] && return
    watch early tap0 $guest 120
    clock=$instructions start tap0 slow
    run "not refused by a program that starts" watched
    end
    watch early tap0 $guest 120
    clock=$instructions start tap0 slower
    notices "a program that takes long to start" "refused" watched
    end
}

# Who sleeps is woken once a minute, by the clock of its instructions, and for what it asks at its start.
test_idle() {
    start tap0
    run "echo before" "$network" echo $guest 1M
    run "idle" idle 5
    end
    start tap0 spin
    notices "a busy guest" "^ran for" idle 3
    end
    [ "$kernel" = pith ] || return
    boot "$pith" "$tmp/echod.cpio" "quiet virtio_mmio.device=512@0xfeb00e00:12 rdinit=/app \
ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:off -- sleep" -netdev user,id=n -device virtio-net-device,netdev=n \
        -trace apic_local_deliver -D "$tmp/trace" -object "filter-dump,id=f,netdev=n,file=$tmp/dump"
    run "asleep for half an hour" rings 30 100
    run "what is sent after a sleep leaves, and one request before it" leave
}

rings() { # rings LEAST MOST: so often rang the CPU's timer
    local count
    count=$(grep -c apic_local_deliver "$tmp/trace")
    echo "the timer rang $count times, the program's status is $status"
    [ "$count" -ge "$1" ] && [ "$count" -le "$2" ] && [ "$status" = 0 ]
}

# leave: what the guest asks ARP for and sends to 10.0.2.2, in order, a datagram, a ping, a SYN
leave() {
    python3 - "$tmp/dump" <<'PYTHON'
import struct, sys
dump, at, sent = open(sys.argv[1], "rb").read(), 24, []
while at < len(dump):
    size = struct.unpack_from("<I", dump, at + 8)[0]
    frame = dump[at + 16:at + 16 + size]
    at += 16 + size
    if frame[12:22] == bytes.fromhex("08060001080006040001") and frame[38:42] == bytes([10, 0, 2, 2]):
        sent.append("ARP")
    elif frame[12:14] == b"\x08\x00" and frame[30:34] == bytes([10, 0, 2, 2]):
        sent.append({1: "ping", 6: "TCP", 17: "datagram"}[frame[23]])
print(*sent)
sys.exit(sent[:6] != ["ARP", "datagram", "ARP", "ping", "ARP", "TCP"])
PYTHON
}

# settles PERIODS ROUNDS: in one of so many rounds no memory is lost. pith takes buffers for the NIC by the MiB, and
# on a busy host more of them lie unread: more rounds than one may find that there are not enough yet. What leaks
# does so in each.
settles() {
    local free rss
    for _ in $(seq "$2"); do
        free=$("$network" report $guest) rss=$(rss)
        "$network" alternate $guest "$1" stall "$stall" || return
        steady "$free" "$rss" 1088 && return
    done
    return 1
}

test_alternate() {
    local stall
    stall=$(long 30000 3000)
    start tap0
    run "first periods" "$network" alternate $guest "$(long 4 60)" stall "$stall"
    run "receiving and sending in turn, memory steady" settles "$(long 16 1800)" "$(long 5 1)"
    end
    start tap0 grow
    notices "growth" "free memory" settles 2 3
    end
}

# QEMU's user network has a DHCP server, and none of the offloads. Only the address that it gives out
# is reached from here.
test_dhcp() {
    [ "$kernel" = linux-tuned ] && return # its init knows no DHCP
    local reach=127.0.0.1 ip=ip=dhcp
    local netdev=user,id=n,net=192.168.77.0/24,dhcpstart=192.168.77.9
    "$network" lan up lo
    netdev+=,hostfwd=tcp:127.0.0.1:7-192.168.77.9:7
    start none
    run "an address by DHCP" "$network" echo 127.0.0.1 1M
    end
}

# An address by DHCP, on the tap: lwIP has a socket of its own for that.
test_lease() {
    local ip=ip=dhcp
    [ "$kernel" = linux-tuned ] && return
    watch lease tap0 $guest
    start tap0
    run "a peer's unreachable" "$network" case $guest tap0 unreachable
    end
    kill "$watcher_pid"
    watched >/dev/null
}

# Other transports, and devices that offer less.
test_devices() {
    local none=csum=off,guest_csum=off,gso=off,guest_tso4=off,guest_tso6=off,guest_ecn=off
    none+=,guest_ufo=off,host_tso4=off,host_tso6=off,host_ecn=off,host_ufo=off
    options="-global virtio-mmio.force-legacy=false" with "modern MMIO"
    device=virtio-net-device,event_idx=off,indirect_desc=off with "no event index"
    device=virtio-net-device,mrg_rxbuf=off with "no merged buffers"
    device=virtio-net-device,mrg_rxbuf=off,$none with "no offloads"
    machine=q35 device=virtio-net-pci,romfile=,disable-legacy=on with "modern PCI, q35"
    machine=pc device=virtio-net-pci,romfile= with "transitional PCI, pc"
    # The tuned Linux has no driver for it.
    [ "$kernel" = linux-tuned ] ||
        machine=pc device=virtio-net-pci,romfile=,disable-modern=on with "legacy PCI, pc"
}

with() { # with NAME: an echo, on what the variables say
    start tap0
    run "echo with $1" "$network" echo $guest "$(long 5M 100M)"
    end
}

tests=${TESTS:-echo burst relay churn flood fuzz cases peers unread greedy idle asker early alternate dhcp lease devices}
# Whatever the host's default: one that paces sends in small helpings.
echo reno >/proc/sys/net/ipv4/tcp_congestion_control
[ "$kernel" = pith ] || khz=$(measure_khz)
compile musl kernels/pith/tests/guest/echod.c "$tmp/echod"
pack "$tmp/echod.cpio" "$tmp/echod"
"$network" lan tap tap0 && "$network" lan address tap0 10.0.0.1/24 || exit 1
for test in $tests; do
    began=$SECONDS
    "test_$test"
    echo "-- $test took $((SECONDS - began)) s"
done
finish
