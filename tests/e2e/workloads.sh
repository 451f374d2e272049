#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Programs that targets bring, by what they serve: which scenarios measure them by which protocol, why others do not,
# and that their values are marked. FULL=1: with every test of each protocol.
. tests/lib.sh
FULL=${FULL:-}
[ -n "$FULL" ] && judge=measures || judge=ok # a client that falls behind is the machine's fault

program() { # program NAME FIELDS: the target $tmp/NAME, a process of this host
    mkdir -p "$tmp/$1"
    printf '{"name": "%s", "summary": "test", "driver": "process", "payload": "baked", "end": "never", %s}\n' \
        "$1" "$2" >"$tmp/$1/target.json"
}

cat >"$tmp/server" <<'PY'
#!/usr/bin/python3
import socket, sys, threading
def echo(peer):
    while data := peer.recv(4096):
        peer.sendall(data)
def http(peer):
    text = b""
    while data := peer.recv(4096):
        text += data
        while b"\r\n\r\n" in text:
            head, text = text.split(b"\r\n\r\n", 1)
            path = head.split()[1]
            last = b"connection: close" in head.lower()
            peer.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (b"200 OK" if path == b"/page" else b"404 No",
                         len(path), b"Connection: close\r\n" if last else b"", path))
            if last:
                return
def lying(peer):
    while data := peer.recv(4096):
        peer.sendall(data.upper() if data[:1] != b"!" else b"?" + data[1:])
def sink(peer):
    while peer.recv(1 << 20):
        pass
def serve(peer):
    with peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        globals()[sys.argv[1]](peer)
listener = socket.create_server(("", int(sys.argv[2])), backlog=64)
print("up", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
PY
chmod +x "$tmp/server"
limit=${FULL:-', "connections": 1'}
limit=${limit#1}
for each in echo:7 http:8080 lying:7; do
    name=${each%:*} port=${each#*:} path=
    [ $name != http ] || path=', "path": "/page"'
    protocol=${name/lying/echo}
    program $name "\"tender\": [\"../server\", \"$name\", \"$port\"], \"ready\": \"tcp:$port\",
        \"offers\": [{\"protocol\": \"$protocol\", \"port\": $port$path$limit}]"
done
program tls '"tender": ["openssl", "s_server", "-accept", "443", "-cert", "'"$B"'/cache/httpd.pem", "-quiet"],
    "ready": "tcp:443", "offers": [{"protocol": "https", "port": 443}]'
program pinged '"tender": ["../answerer.py", "{tap}", "{ip}", "plain"], "vnet_hdr": false, "ready": "ping",
    "offers": [{"protocol": "icmp"}]'
cp tests/answerer.py "$tmp/"
program nothing '"tender": ["sleep", "1000"], "ready": "ping"'

run_tare run --scenario latency,micro --repeat 1 --warmup 0 --out "$tmp/r.json" --target \
    "$(printf "$tmp/%s/target.json\n" echo http lying tls pinged nothing | paste -sd ,)${FULL:+,host}"
cp "$tmp/out" "$tmp/table"
$judge "exit status" is "$status" 1 # one of them lies
ok "fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
run_tare verify "$tmp/r.json"
ok "verifies" is "$status" 0
cat >"$tmp/shape.py" <<'PY'
import json, sys
d, full = json.load(open(sys.argv[1])), sys.argv[2] == "1"
value = {(m["target"], m["metric"]): m["samples"][0].get("value") for m in d["metrics"] if m["scenario"] == "latency"}
error = {(m["target"], m["metric"]): s["error"] for m in d["metrics"] for s in m["samples"] if "error" in s}
have = lambda target: {m for t, m in value if t == target}
protocol = {t["name"]: [(w["scenario"], w["protocol"]) for w in t["workloads"]] for t in d["targets"]
            if t.get("own_program")}
assert protocol == {"echo": [("latency", "echo")], "http": [("latency", "http")], "lying": [("latency", "echo")],
                    "tls": [("latency", "https")], "pinged": [("latency", "icmp")], "nothing": []}, protocol
one = {"closed_c1_p50", "connect_p50", "errors"}
for target in ("echo", "http"):
    many = {m for m in have("host") if not m.startswith("tls")}
    assert have(target) == (many if full else one), have(target)
    assert not [e for (t, m), e in error.items() if t == target], error
    assert 0 < value[target, "closed_c1_p50"] < value[target, "connect_p50"] < 1e6, value
    assert value[target, "errors"] == 0, value
assert have("tls") == {"tls_handshake_p50", "errors"} and value["tls", "tls_handshake_p50"] > 0, value
assert have("pinged") == {"closed_c1_p50", "errors"} and 0 < value["pinged", "closed_c1_p50"] < 1e5, value
assert value["lying", "closed_c1_p50"] is None, value
skipped = {(s["scenario"], s["target"]): s["reason"] for s in d["skipped"]}
assert skipped.pop(("latency", "nothing")).startswith("its program offers none of http, echo, https, icmp"), skipped
assert set(skipped) == {("micro", t) for t in protocol}, skipped
assert set(skipped.values()) == {"it runs its own program and not the scenario's"}, skipped
PY
$judge "each is measured by what it offers" python3 "$tmp/shape.py" "$tmp/r.json" "${FULL:-0}"
ok "the table says why one is not" grep -q '^latency not measured of nothing: its program offers none' "$tmp/table"
ok "the table marks values of other work" grep -Eq '^ .* http\* ' "$tmp/table"
ok "and says by which protocol" grep -q '^\* http is not equal: its own program, latency by http$' "$tmp/table"
[ -z "$FULL" ] || ok "but not those of the scenario's own" bash -c "! grep -q 'host\*' '$tmp/table'"
run_tare plot "$tmp/r.json" "$tmp/figures"
ok "figures mark them" grep -q 'http\*' "$tmp/figures/latency-closed_c1_p50.svg"
ok "figures say what the mark means" grep -q 'not equal machine or work' "$tmp/figures/latency-closed_c1_p50.svg"
run_tare report "$tmp/r.json" "$tmp/page.html"
ok "the page marks them" grep -q '<b>\* http</b> is not equal: its own program, latency by http' "$tmp/page.html"

metrics() { # metrics TARGET PYTHON: of scenario iperf that it has, of which PYTHON, of m, is true
    python3 -c "import json; print(*sorted(m['metric'] for m in json.load(open('$tmp/iperf.json'))['metrics']
        if m['target'] == '$1' and m['summary']['n'] and 'loss' not in m['metric'] and $2))"
}

# iperf 2, whose server only takes bytes; and iperf3, whose server neither may be asked nor says when it takes the next
# test.
program iperf2 "\"tender\": [\"../server\", \"sink\", \"5001\"], \"ready\": \"console:^up\",
    \"offers\": [{\"protocol\": \"iperf2\", \"port\": 5001$limit}]"
program iperf3 '"tender": ["iperf3", "-s"], "ready": "console:^Server listening",
    "offers": [{"protocol": "iperf3", "port": 5201, "udp": true}]'
program tcponly '"tender": ["iperf3", "-s"], "ready": "console:^Server listening",
    "offers": [{"protocol": "iperf3", "port": 5201, "connections": 1}]'
run_tare run --scenario iperf --repeat 1 --warmup 0 --out "$tmp/iperf.json" --target \
    "$tmp/iperf2/target.json${FULL:+,$tmp/iperf3/target.json,$tmp/tcponly/target.json,host}"
$judge "iperf: exit status" is "$status" 0
ok "iperf: fits the schema" python3 -m jsonschema -i "$tmp/iperf.json" results/schema.json
run_tare verify "$tmp/iperf.json"
ok "iperf: verifies" is "$status" 0
ok "iperf2: what is sent to the guest" is "$(metrics iperf2 True)" \
    "idle_cpu retransmits_rx tcp_rx ${FULL:+tcp_rx_p4 }vcpu_s_per_gb_rx vmm_s_per_gb_rx"
ok "iperf2: more than 10 Mbit/s" awk -v rate="$(samples "$tmp/iperf.json" iperf tcp_rx iperf2)" \
    'BEGIN { exit !(rate > 1e7) }'
if [ -n "$FULL" ]; then
    $judge "iperf3: what our own server has" is "$(metrics iperf3 True)" "$(metrics host True)"
    $judge "iperf3: of one connection and no UDP" is "$(metrics tcponly True)" \
        "$(metrics host "'p4' not in m['metric'] and 'udp' not in m['metric']")"
fi
finish
