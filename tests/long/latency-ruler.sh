#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# runs alone: measures
# The ruler of scenario latency: a server that stamps its own times says what the client should have
# measured; and other people's clients measure the same server. FULL=1: every service time, and h2load.
. tests/lib.sh
tare=$B/bin/tare # times are measured with what users run

# near RESULT METRIC...: what the client of the open loop measures is what the server stamps, and above that no
# more than a closed loop of one client measures on the same server (waking both up, reading, writing) plus 2 %,
# or 100 us at the median, 250 at the 90th percentile, 1000 at the 99th. Prints all of them.
cat >"$tmp/near.py" <<'PY'
import json, math, sys
d = json.load(open(sys.argv[1]))
samples = {m["metric"]: m["samples"][0] for m in d["metrics"]}

def quantile(histogram, q):
    rank, seen = max(1, math.ceil(q * histogram["count"])), 0
    for low, high, count in histogram["buckets"]:
        seen += count
        if seen >= rank:
            return (low + high - 1) / 2e3

bad = False
for metric in sys.argv[2:]:
    sample = samples[metric]
    one = samples["closed_c1_p50"]
    for q, most in ((0.5, 100), (0.9, 250), (0.99, 1000)):
        server, client = quantile(sample["service"], q), quantile(sample["histogram"], q)
        bare = max(0, quantile(one["histogram"], q) - quantile(one["service"], q))
        far = client - server - bare > max(0.02 * server, most) or client < server * 0.99
        print(f"  {metric} q {q}: server {server:.0f} us, client {client:.0f} us, of one client "
              f"{bare:.0f} us more than the server" + (", FAR" if far else ""))
        bad |= far
sys.exit(bad)
PY

ruler() { # ruler PATH METRIC PROFILE
    run_tare run --scenario latency --payload "$share/payloads/httpd" --args stamp --ready tcp:8080 \
        --url "$1" --target host --repeat 1 --warmup 0 --profile "$3" --out "$tmp/ruler.json"
    ok "$1: the run ends" test "$status" -le 1 # with the stall no rate is high enough for rate_max
    measures "$1: the client measures what the server says" python3 "$tmp/near.py" "$tmp/ruler.json" "$2"
}
ruler /delay/1000 p50_1000 quick
if [ "${FULL:-}" ]; then
    ruler /delay/100 p50_1000 quick
    ruler /delay/10000 p50_1000 quick
    # At 200/s all who are due in 100 ms have a connection each, so that the server knows of all of them.
    ruler /stall/1000 p50_200 full
    measures "a closed loop leaves out who would have waited" python3 - "$tmp/ruler.json" <<'PY'
import json, sys
samples = {m["metric"]: m["samples"][0] for m in json.load(open(sys.argv[1]))["metrics"]}
def part_above(name, ns):
    histogram = samples[name]["histogram"]
    return sum(c for low, _, c in histogram["buckets"] if low > ns) / histogram["count"]
opened, closed = part_above("p50_200", 5e6), part_above("closed_c1_p50", 5e6)
print(f"  above 5 ms: open loop {100 * opened:.1f} %, closed loop {100 * closed:.2f} %")
assert 0.07 < opened < 0.13 and closed < 0.01
PY
fi

# The same server, alone in a network namespace, and three clients that take turns.
cat >"$tmp/beside.c" <<'C'
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench/measure/load.h"

int main(int argc, char **argv) /* SERVER CONNECTIONS COMMAND */
{
    struct load load = {.address = "127.0.0.1", .port = 8080, .path = "/", .warmup_s = 0.3,
                        .measured_s = 1, .patience_s = 2, .connections = (unsigned)atoi(argv[2])};
    static struct load_report report;
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int ready[2];
    char record[20];
    pid_t server;

    if (unshare(getuid() ? CLONE_NEWUSER | CLONE_NEWNET : CLONE_NEWNET) ||
        ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &lo) || pipe(ready))
        return perror("namespace"), 1;
    server = fork();
    if (server == 0) {
        char fd[16];
        sprintf(fd, "%d", ready[1]);
        setenv("TARE_MARKER_FD", fd, 1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(argv[1], argv[1], NULL);
        _exit(127);
    }
    for (int i = 0; i < 2; i++) /* main, ready */
        if (read(ready[0], record, sizeof record) != sizeof record)
            return 1;
    load_run(&load, -1, &report);
    printf("ours %.0f %.1f %llu\n", report.reached, histogram_quantile(&report.latency, 0.5) / 1e3,
           (unsigned long long)load_failed(&report));
    fflush(stdout);
    system(argv[3]);
    kill(server, SIGKILL);
    return 0;
}
C
# shellcheck disable=SC2046 # words
gcc -std=gnu11 -D_GNU_SOURCE= -I. -O2 -o "$tmp/beside" "$tmp/beside.c" bench/measure/{load,load_client,http,tls}.c \
    bench/base/{histogram,clock}.c $(pkg-config --cflags --libs libcjson openssl) -lm || exit

# us TEXT: "1.25ms", "310.00us" in us
us() {
    echo "$1" | awk '{ print $1 * (/ms$/ ? 1000 : /us$/ ? 1 : 1e6) }'
}

within() { # within A B PART: of each other
    awk -v a="$1" -v b="$2" -v p="$3" 'BEGIN { exit !(a > 0 && b > 0 && a < b * (1 + p) && b < a * (1 + p)) }' || {
        echo "  $1 and $2 are more than a part of $3 apart"
        return 1
    }
}

for connections in 1 8; do
    "$tmp/beside" "$share/payloads/httpd" $connections \
        "wrk -t1 -c$connections -d1 --latency http://127.0.0.1:8080/" >"$tmp/wrk"
    read -r _ rate p50 failed < <(grep '^ours' "$tmp/wrk")
    theirs_rate=$(awk '/^Requests\/sec:/ { print $2 }' "$tmp/wrk")
    theirs_p50=$(us "$(awk '$1 == "50%" { print $2 }' "$tmp/wrk")")
    echo "c=$connections: ours $rate/s, median $p50 us; wrk's $theirs_rate/s, $theirs_p50 us"
    ok "c=$connections: no request fails" is "$failed" 0
    measures "c=$connections: wrk finds the same rate" within "$rate" "$theirs_rate" 0.35
    measures "c=$connections: wrk finds the same median" within "$p50" "$theirs_p50" 0.35
done
if [ "${FULL:-}" ]; then
    "$tmp/beside" "$share/payloads/httpd" 8 "h2load --h1 -t1 -c8 -D1 http://127.0.0.1:8080/" >"$tmp/h2load"
    read -r _ rate _ < <(grep '^ours' "$tmp/h2load")
    theirs_rate=$(awk '/^finished in/ { print $4 }' "$tmp/h2load")
    echo "c=8: ours $rate/s; h2load's $theirs_rate/s"
    measures "c=8: h2load finds the same rate" within "$rate" "$theirs_rate" 0.35
fi
finish
