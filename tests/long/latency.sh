#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# runs alone: measures
# Scenario latency: what it measures and keeps, its export and its figure; servers that answer badly or not
# at all, and a QEMU that is killed under load, which are recorded as failed. FULL=1: every way to fail, and
# the client against wrk and h2load.
. tests/lib.sh

metrics=$("$tare" list | awk '/^  latency/ { on = 1; next } /^  [a-z]/ { on = 0 }
    on && /^    [a-z]/ { print $1 }' | grep -v _200)

# The floor has no network and takes no part.
run_tare run --scenario latency --target floor,host,pith --repeat 1 --warmup 0 --accel tcg \
    --keep-pcap "$tmp/pcap" --out "$tmp/r.json"
measures "the run succeeds" is "$status" 0
ok "fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
cat >"$tmp/shape.py" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
samples = {(m["metric"], m["target"]): m["samples"][0] for m in d["metrics"]}
for target in ("host", "pith"):
    assert {m for m, t in samples if t == target} == set(sys.argv[2:]), samples.keys()
    value = {m: s["value"] for (m, t), s in samples.items() if t == target}
    assert value["errors"] == 0, value
    assert all(v > 0 for m, v in value.items() if m != "errors"), value
    for kind in ("", "wire_"):
        names = [kind + q + "_1000" for q in ("p50", "p90", "p99", "p999", "max")]
        assert sorted(value[n] for n in names) == [value[n] for n in names], value
    # The wire lies between the client and the guest. Their stamps are two clocks' readings.
    assert value["wire_p50_1000"] < value["p50_1000"], value
    sample = samples["p50_1000", target]
    load, histogram = sample["load"], sample["histogram"]
    assert load["arrivals"] == "poisson" and load["connections"] == load["connected"] == 32, load
    assert load["requests"] == load["answered"] == histogram["count"] and not load["failed"], load
    assert 0.9 < load["offered"] / 1000 < 1.1 and abs(load["reached"] / load["offered"] - 1) < 0.05, load
    assert sum(b[2] for b in histogram["buckets"]) == histogram["count"], histogram
    assert abs(histogram["max"] / 1e3 / value["max_1000"] - 1) < 1e-6, histogram
    assert sample["client"]["cpu_s"] > 0 and load["lag_p99_us"] < 1000, sample
    steps = samples["rate_max", target]["steps"]
    passed = [s for s in steps if s["passed"]]
    assert len(steps) > 4 and steps[-1]["passed"] and steps[-2]["offered"] == steps[-1]["offered"], steps
    assert value["rate_max"] == min(s["reached"] for s in steps[-2:]), (value, steps)
    assert all(s["p99_ms"] <= 10 for s in passed), steps
assert [p["payload"] for p in d["payloads"]] == ["httpd", "httpsd"], d["payloads"]
PY
# shellcheck disable=SC2086
measures "every metric, and what is kept of it" python3 "$tmp/shape.py" "$tmp/r.json" $metrics
# By hand, since tshark is large; where it is there, it must agree.
cat >"$tmp/pcap.py" <<'PY'
import struct, sys
data = open(sys.argv[1], "rb").read()
magic, _, _, _, _, snaplen, link = struct.unpack_from("<IHHiIII", data)
assert (magic, link) == (0xa1b23c4d, 1), (hex(magic), link) # nanoseconds, Ethernet
at, count, requests = 24, 0, 0
while at < len(data):
    _, _, captured, length = struct.unpack_from("<IIII", data, at)
    assert captured <= snaplen and captured <= length
    requests += b"GET / HTTP/1.1" in data[at + 16:at + 16 + captured]
    at, count = at + 16 + captured, count + 1
assert at == len(data) and requests > 2500, (at, len(data), count, requests)
print(count)
PY
for target in host pith; do
    measures "keep-pcap: $target's packets" python3 "$tmp/pcap.py" "$tmp/pcap/latency-$target-1-1.pcap"
done
if command -v tshark >/dev/null; then
    ok "keep-pcap: tshark reads the requests" test \
        "$(tshark -r "$tmp/pcap/latency-pith-1-1.pcap" -Y http.request 2>/dev/null | wc -l)" -gt 2500
fi
"$tare" export hdr "$tmp/r.json" >"$tmp/r.hgrm"
ok "export hdr: exit status" is $? 0
measures "export hdr: a table for each histogram" is "$(grep -c '^#\[Max ' "$tmp/r.hgrm")" 14
run_tare plot "$tmp/r.json" "$tmp/plots"
ok "plot: exit status" is "$status" 0
ok "plot: gnuplot has nothing to complain of" test ! -s "$tmp/err"
ok "plot: percentiles" test -s "$tmp/plots/latency-percentiles.png" -a -s "$tmp/plots/latency-percentiles.svg"

# Bad servers.
cat >"$tmp/bad.c" <<'C'
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char good[1024], cut[1024];
static const char *kind;

static int answer(int fd) /* whether the connection goes on */
{
    static unsigned number;
    char request[1024] = "";
    struct linger reset = {1, 0};
    const char *reply = good;

    if (read(fd, request, sizeof request - 1) <= 0)
        return 0;
    number++;
    if (!strcmp(kind, "never"))
        return 1;
    if (!strcmp(kind, "reset")) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        return 0;
    }
    if (!strcmp(kind, "garbage"))
        reply = "\001\002 this is no HTTP\n";
    if (!strcmp(kind, "third") && number % 3 == 0)
        reply = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
    if (!strcmp(kind, "short"))
        reply = cut;
    if (!strcmp(kind, "late"))
        sleep(3);
    return write(fd, reply, strlen(reply)) > 0 && strcmp(kind, "short") != 0 && !strstr(request, "close");
}

static void *flood(void *unused)
{
    static char line[100];

    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    for (int i = 0; i < 1000000; i++)
        write(1, line, sizeof line);
    write(1, "flood ends\n", 11);
    return unused;
}

int main(int argc, char **argv)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(8080)};
    struct pollfd fds[200] = {{socket(AF_INET, SOCK_STREAM, 0), POLLIN, 0}};
    int count = 1, backlog;
    pthread_t thread;

    kind = argv[argc - 1];
    backlog = !strcmp(kind, "backlog") ? 4 : 128;
    sprintf(good, "HTTP/1.1 200 OK\r\nContent-Length: 612\r\n\r\n%612s", "x");
    sprintf(cut, "HTTP/1.1 200 OK\r\nContent-Length: 612\r\n\r\n%100s", "x");
    bind(fds[0].fd, (struct sockaddr *)&any, sizeof any);
    listen(fds[0].fd, backlog);
    if (!strcmp(kind, "flood"))
        pthread_create(&thread, NULL, flood, NULL);
    for (;;) {
        /* With the short backlog nobody is accepted while four are served. */
        fds[0].events = backlog == 4 && count > 4 ? 0 : POLLIN;
        poll(fds, count, -1);
        for (int i = 1; i < count; i++)
            if (fds[i].revents && !answer(fds[i].fd)) {
                close(fds[i].fd);
                fds[i--] = fds[--count];
            }
        if (fds[0].revents && count < 200)
            fds[count++] = (struct pollfd){accept(fds[0].fd, NULL, NULL), POLLIN, 0};
    }
}
C
gcc -O2 -w -static -o "$tmp/bad" "$tmp/bad.c" || exit

cat >"$tmp/failures.py" <<'PY'
import json, re, sys
d = json.load(open(sys.argv[1]))
reason, failing, working = sys.argv[2], sys.argv[3].split(), sys.argv[4].split()
for m in d["metrics"]:
    (sample,) = m["samples"]
    where = (m["target"], m["metric"], sample)
    if m["metric"] == "errors":
        assert (sample["value"] > 0) == (sys.argv[5] == "counted"), where
    if m["metric"] in failing:
        assert re.search(reason, sample["error"]), where
    if m["metric"] in working:
        assert sample["value"] > 0, where
assert {m["metric"] for m in d["metrics"]} >= {"errors", *failing, *working}
PY

every="closed_c1_p50 closed_c32_rate connect_p50 connect_rate p50_1000 wire_p99_1000 rate_max"
bad() { # bad KIND TARGETS REASON FAILING WORKING COUNTED
    run_tare run --scenario latency --payload "$tmp/bad" --args "$1" --ready tcp:8080 --target "$2" \
        --repeat 1 --warmup 0 --accel tcg --out "$tmp/$1.json"
    ok "$1 on $2: exit status" is "$status" 1
    ok "$1 on $2: fits the schema" python3 -m jsonschema -i "$tmp/$1.json" results/schema.json
    ok "$1 on $2: a clear failure" python3 "$tmp/failures.py" "$tmp/$1.json" "$3" "$4" "$5" "${6:-counted}"
}

first="1 of 1 requests failed: 1"
bad never host "$first late" "$every" ""
bad garbage host "$first not HTTP" "$every" ""

# QEMU is killed when the guest has worked for some time: its boot takes much less.
begin_tare run --scenario latency --target pith --repeat 1 --warmup 0 --accel tcg --out "$tmp/killed.json"
qemu=''
until [ -n "$qemu" ] && read -r -a cpu <"/proc/$qemu/stat" && [ $((cpu[13] + cpu[14])) -gt 60 ]; do
    kill -0 "$pid" || break
    sleep 0.05 # between two looks at its CPU time, which nothing tells
    qemu=$(inside | awk '$2 ~ /^qemu/ { print $1; exit }')
done
kill -KILL "$qemu"
wait "$pid"
ok "killed: exit status" is $? 1
measures "killed: the test under way has failed, and later ones have not" python3 - "$tmp/killed.json" <<'PY'
import json, sys
samples = {m["metric"]: m["samples"][0] for m in json.load(open(sys.argv[1]))["metrics"]}
gone = [m for m, s in samples.items() if "process was gone before the end of the load" in s.get("error", "")]
assert 1 <= len(gone) <= 10, samples # what one test measures
assert all(samples[m].get("value", 0) > 0 for m in ("connect_p50", "connect_rate", "tls_handshake_p50")), samples
PY
[ "${FULL:-}" ] || finish

bad never pith,linux-tuned "$first late" "$every" ""
bad garbage pith,linux-tuned "$first not HTTP" "$every" ""
bad reset host,pith,linux-tuned "$first cut off" "$every" ""
bad short host,pith,linux-tuned "$first cut off" "$every" ""
bad late host,pith,linux-tuned "$first late" "$every" ""
bad third host,pith,linux-tuned "[0-9]+ not 2xx \(503\)" "${every% rate_max}" ""
bad backlog host,pith,linux-tuned "of 32 connections were open|[0-9]+ late" "closed_c32_rate p50_1000" "closed_c1_p50"

# A flood on the console takes a guest's time, and nothing else: what it says last is kept.
run_tare run --scenario latency --payload "$tmp/bad" --args flood --ready tcp:8080 --target host \
    --repeat 1 --warmup 0 --out "$tmp/flood.json"
measures "a flood of 100 MB on the console" is "$status" 0
finish
