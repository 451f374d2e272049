#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The guests' network: boot.reply, what is on the wire, and that nothing gets out.
. tests/lib.sh

# From a network without losses an answer comes at once; had one been lost, the guest would ask again.
cat >"$tmp/arp.py" <<'PY'
import ctypes, os, select, socket, sys
tare, worker = map(int, sys.argv[1:])
for kind in "user", "net":
    space = os.open(f"/proc/{worker}/ns/{kind}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(space, 0):
        raise OSError(ctypes.get_errno(), f"setns {kind}")
arp = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0806))
print("watching", flush=True)
ended, asked = os.pidfd_open(tare), 0
while True:
    ready, _, _ = select.select([arp, ended], [], [])
    if arp not in ready:
        break
    packet, (interface, _, kind, _, sender) = arp.recvfrom(100)
    # a request, by the guest, as the bridge got it
    asked += interface == "br0" and kind != socket.PACKET_OUTGOING and packet[6:8] == b"\0\1" and \
        packet[14:18] == bytes([10, 0, 0, 2])
print(asked)
PY
begin_tare run --target floor,host,linux,linux-tuned --repeat 3 --warmup 0 --accel tcg --out "$tmp/r.json"
python3 "$tmp/arp.py" $pid "$worker" >"$tmp/arp" &
watcher=$!
wait $pid
ok "the run succeeds" is $? 0
wait $watcher
ok "each of nine asks for its neighbour once: no answer was lost" is "$(tail -n 1 "$tmp/arp")" 9
for target in host linux linux-tuned; do
    ok "reply of $target" is "$(samples "$tmp/r.json" boot reply $target | wc -l)" 3
done
ok "the floor has none" is "$(samples "$tmp/r.json" boot reply floor | wc -l)" 0
ok "VMs alone are told their address" python3 - "$tmp/r.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
for t in d["targets"]:
    told = {l["payload"]: " ip=" in l.get("cmdline", "") for l in t["launches"]}
    assert t["name"] in ("floor", "host") or told == {"noop": False, "listen": True}, told
    if t["name"] == "floor":
        assert list(told) == ["noop"], told
PY
run_tare run --target host,linux-tuned --repeat 1 --warmup 0 --icount --out "$tmp/i.json"
ok "icount: no reply" is "$(samples "$tmp/i.json" boot reply linux-tuned | wc -l)" 0

# In the sandbox: no way out but the bridge, whose one neighbour is known beforehand. A process in a
# network namespace of its own, with the same address and MAC as a VM, and no route either.
cat >"$tmp/leaver.c" <<'C'
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
static void try_out(const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct timeval long_enough = {.tv_sec = 2};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &long_enough, sizeof long_enough);
    inet_pton(AF_INET, address, &to.sin_addr);
    errno = 0;
    connect(fd, (struct sockaddr *)&to, sizeof to);
    printf("%s: %s\n", address, strerror(errno));
    fflush(stdout);
}
int main(int argc, char **argv)
{
    try_out("10.0.0.1");
    try_out("192.0.2.1");
    (void)argv;
    return argc > 1 ? 3 : pause();
}
C
musl-gcc -static -O2 -o "$tmp/leaver" "$tmp/leaver.c" || exit
begin_tare run --payload "$tmp/leaver" --ready tcp:80 --target host --warmup 0 --repeat 1 \
    --out "$tmp/leave.json"
until grep -q vm0 "/proc/$worker/net/dev" 2>/dev/null || ! kill -0 $pid; do :; done
app=$(until inside | awk '$2 == "app" { print $1 }' | grep . || ! kill -0 $pid; do :; done)
routes() { # routes PROCESS: destinations of its IPv4 routes, and its IPv6 routes but loopback's
    awk 'NR > 1 { print $1, $2, $3 }' "/proc/$1/net/route"
    awk '$10 != "lo" { print $10, $1, $2 }' "/proc/$1/net/ipv6_route" 2>/dev/null | grep -v ' ff'
}
ok "the sandbox has the bridge's own route alone" is "$(routes "$worker")" "br0 0000000A 00000000"
ok "the process has its own network namespace" test \
    "$(readlink "/proc/$app/ns/net")" != "$(readlink "/proc/$worker/ns/net")"
ok "and its link's route alone" is "$(routes "$app")" "eth0 0000000A 00000000"
congestion() { # congestion PROCESS: what a connection in its network begins with
    nsenter -t "$1" -U -n --preserve-credentials cat /proc/sys/net/ipv4/tcp_congestion_control
}
ok "congestion control is the same on every host" is \
    "$(congestion "$worker") $(congestion "$app")" "reno reno"
ok "the bridge knows its one neighbour for good" is \
    "$(awk 'NR > 1 { print $1, $3, $6 }' "/proc/$worker/net/arp")" "10.0.0.2 0x6 br0"
ok "interfaces of the sandbox" is \
    "$(awk -F: 'NR > 2 { print $1 }' "/proc/$worker/net/dev" | tr -d " " | LC_ALL=C sort | xargs)" "br0 lo vm0"
kill -INT $pid
wait $pid
run_tare run --payload "$tmp/leaver" --args once --ready tcp:80 --target host,linux-tuned --warmup 0 \
    --repeat 1 --accel tcg --out "$tmp/leave.json" # the console of a failed trial is evidence
said() { # said TARGET: what the program there got, and from where
    python3 -c "import json
for m in json.load(open('$tmp/leave.json'))['metrics']:
    if m['metric'] == 'app' and m['target'] == '$1':
        print(*[l for l in m['samples'][0]['console'].replace('\\\\x0d', '').splitlines() if ': ' in l and '.0' in l.split(':')[0]], sep='; ')"
}
ok "a process reaches the bridge and nothing else" is "$(said host)" \
    "10.0.0.1: Connection refused; 192.0.2.1: Network unreachable"
ok "so does a VM: what it sends on goes nowhere" is "$(said linux-tuned)" \
    "10.0.0.1: Connection refused; 192.0.2.1: Operation in progress"
finish
