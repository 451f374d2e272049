#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# runs alone: measures
# Scenario iperf: what it measures, what it keeps of it, its figures; and guests that stall or go deaf,
# which are recorded as failed, with evidence, and replaced.
. tests/lib.sh

# The floor has no network: it takes no part, and has no place in the figures.
run_tare run --scenario iperf --target floor,linux-tuned,host --repeat 1 --warmup 0 --accel tcg \
    --out "$tmp/r.json"
measures "the run succeeds" is "$status" 0
ok "fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
run_tare verify "$tmp/r.json"
ok "verifies" is "$status" 0
run_tare show "$tmp/r.json"
ok "the table shows Gbit/s" grep -Eq '^tcp_rx \(Gbit/s\)' "$tmp/out"
run_tare run --scenario iperf --target host --icount --out "$tmp/i.json"
ok "no virtual time: exit status" is "$status" 2
ok "no virtual time: message" says '--icount: scenario iperf measures nothing in virtual time'
cat >"$tmp/shape.py" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
samples = {(m["metric"], m["target"]): m["samples"] for m in d["metrics"]}
assert d["run"]["profile"] == "quick", d["run"]
ways = ["tcp_rx", "tcp_tx", "tcp_rx_p4", "tcp_tx_p4", "tcp_bidir", "udp_rx_1g", "udp_tx_1g"]
others = ["tcp_bidir_share", "retransmits_rx", "retransmits_tx", "idle_cpu"] + \
    [f"{who}_s_per_gb_{way}" for who in ("vcpu", "vmm") for way in ("rx", "tx")]
for target in ("linux-tuned", "host"):
    # Who cannot send 1 Gbit/s has no loss at that rate.
    losses = {"udp_rx_1g_loss", "udp_tx_1g_loss"}
    assert {m for m, t in samples if t == target} - losses == set(ways + others), samples.keys()
    for way in ("udp_rx_1g", "udp_tx_1g"):
        sent = samples[way, target][0]["sent"]
        assert (sent >= 0.95e9) == ((way + "_loss", target) in samples), (way, sent)
    each = samples["tcp_bidir", target][0]["each"]
    assert abs(sum(each) / samples["tcp_bidir", target][0]["value"] - 1) < 1e-9, each
    assert abs(samples["tcp_bidir_share", target][0]["value"] - 100 * min(each) / sum(each)) < 1e-9, each
    for way in ways:
        (sample,) = samples[way, target]
        series, value = sample["series"], sample["value"]
        assert value > 0, (way, target, value)
        warm = [i for i in series if not i.get("warmup")]
        assert 5 <= len(warm) < len(series), (way, target, series)
        assert abs(sum(i["seconds"] for i in series) - 2) < 0.5, (way, target, series)
        assert sample["client"]["cpu_percent"] > 0 and sample["client"]["cpu_s"] > 0, sample
        # What the client saw and what the receiver counted are the same bytes, but for what is lost or
        # under way.
        seen = 8 * sum(i["bytes"] for i in warm) / sum(i["seconds"] for i in warm)
        if way.startswith("tcp"):
            assert 0.7 < seen / value < 1.4, (way, target, seen, value)
        received = sample["received"]
        assert abs(received["bytes"] * 8 / received["seconds"] / value - 1) < 1e-9, (way, received, value)
        assert abs(sum(i["seconds"] for i in warm) / received["seconds"] - 1) < 1e-6, (way, received)
        assert ("streams" in series[0]) == (way.endswith("p4") or way == "tcp_bidir"), (way, series[0])
        if "streams" in series[0]:
            assert all(sum(i["streams"]) == i["bytes"] for i in series), series
for metric in ("vcpu_s_per_gb_rx", "vcpu_s_per_gb_tx"):
    assert samples[metric, "linux-tuned"][0]["value"] > 0, metric
assert samples["vmm_s_per_gb_rx", "linux-tuned"][0]["value"] > 0
assert samples["vmm_s_per_gb_rx", "host"][0]["value"] == 0 # a process has no machine monitor
assert samples["idle_cpu", "linux-tuned"][0]["value"] < 50
PY
measures "every metric, and every interval of it" python3 "$tmp/shape.py" "$tmp/r.json"
# Lies about rates do not verify.
cat >"$tmp/lies.py" <<'PY'
import copy, json, sys
good = json.load(open(sys.argv[1]))
def sample(d, metric): return next(m for m in d["metrics"] if (m["metric"], m["target"]) == (metric, "host"))["samples"][0]
def raise_all(d):
    """A better rate, with every figure that tare computes of it: only what is kept beside it tells."""
    m = next(m for m in d["metrics"] if (m["metric"], m["target"]) == ("tcp_tx", "host"))
    m["samples"][0]["value"] *= 2
    for name in ("median", "min", "max"):
        m["summary"][name] *= 2
    for r in d["ratios"]:
        if r["metric"] == "tcp_tx":
            for name in ("median", "min", "max"):
                r[name] *= 2
lies = [
    (raise_all, "the rate is"),
    (lambda d: sample(d, "tcp_rx")["received"].update(bytes=1), "the rate is"),
    (lambda d: sample(d, "tcp_rx")["received"].update(seconds=0.5), "the length of the test is"),
    (lambda d: sample(d, "tcp_rx")["series"].pop(), "the length of the test is"),
    (lambda d: sample(d, "tcp_rx")["series"][3].update(value=1), "an interval is 1"),
    (lambda d: sample(d, "tcp_rx_p4")["series"][3]["streams"].pop(), "an interval's bytes"),
    (lambda d: sample(d, "tcp_bidir")["each"].reverse() or sample(d, "tcp_bidir")["each"].__setitem__(0, 5), "the sum is"),
    (lambda d: sample(d, "tcp_bidir_share").update(value=50.5), "the share is 50.5"),
]
for number, (lie, words) in enumerate(lies):
    d = copy.deepcopy(good)
    lie(d)
    json.dump(d, open(f"{sys.argv[2]}/lie{number}.json", "w"))
    print(f"lie{number}\t{words}")
PY
python3 "$tmp/lies.py" "$tmp/r.json" "$tmp" >"$tmp/lies"
ok "there are lies" is "$(wc -l <"$tmp/lies")" 8
while IFS=$'\t' read -r name words; do
    run_tare verify "$tmp/$name.json"
    ok "$name is caught: $words" says "$words"
done <"$tmp/lies"

run_tare plot "$tmp/r.json" "$tmp/plots"
ok "plot: exit status" is "$status" 0
ok "plot: gnuplot has nothing to complain of" test ! -s "$tmp/err"
for figure in throughput intervals tcp_rx idle_cpu; do
    ok "plot: $figure" test -s "$tmp/plots/iperf-$figure.png" -a -s "$tmp/plots/iperf-$figure.svg"
done
measures "plot: a bar for each rate and target" is \
    "$(grep -c '^[0-9]' "$tmp/plots/iperf-throughput.dat")" 14

# The same server, spoilt: it reads nothing for a while once it has read 20 MB, and takes its network
# away when it gets a fourth connection, which it does with --parallel=4.
cat >"$tmp/spoil.c" <<'C'
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int __real_accept(int fd, struct sockaddr *from, socklen_t *size);
ssize_t __real_read(int fd, void *bytes, size_t size);

int __wrap_accept(int fd, struct sockaddr *from, socklen_t *size)
{
    static int connections;
    struct ifreq link = {.ifr_name = "eth0"};

    if (++connections % 100 == 4)
        ioctl(fd, SIOCSIFFLAGS, &link);
    return __real_accept(fd, from, size);
}

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
    static size_t total;
    ssize_t got = __real_read(fd, bytes, size);

    if (got > 0 && total < 20000000 && (total += (size_t)got) >= 20000000)
        usleep(1700000); /* the planted stall */
    return got;
}
C
mkdir -p "$tmp/data/payloads"
ln -s "$share/kernels" "$tmp/data/"
ln -s "$share/payloads/noop" "$share/payloads/noop.cpio" "$tmp/data/payloads/"
gcc -std=gnu11 -O2 -static -o "$tmp/data/payloads/iperf3d" scenarios/iperf/iperf3d.c "$tmp/spoil.c" \
    -Wl,--wrap=listen,--wrap=accept,--wrap=read -liperf -lssl -lcrypto -lsctp -lm 2>"$tmp/cc" ||
    { cat "$tmp/cc"; exit 1; }
scenarios/mkpayload.sh "$tmp/data/payloads/iperf3d.cpio" app="$tmp/data/payloads/iperf3d"
run_tare run --data "$tmp/data" --scenario iperf --target linux-tuned --repeat 1 --warmup 0 \
    --accel tcg --out "$tmp/f.json"
ok "failures: exit status" is "$status" 1
ok "failures: fits the schema" python3 -m jsonschema -i "$tmp/f.json" results/schema.json
cat >"$tmp/failures.py" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
sample = {m["metric"]: m["samples"][0] for m in d["metrics"]}
for metric in ("tcp_rx", "vcpu_s_per_gb_rx", "vmm_s_per_gb_rx", "retransmits_rx"):
    assert "stalled: no byte for" in sample[metric]["error"], sample[metric]
assert any(i["bytes"] == 0 for i in sample["tcp_rx"]["series"]), sample["tcp_rx"]
# A guest that stalls still answers (between two tests iperf3's server refuses) ...
lines = sample["tcp_rx"]["packets"]
assert any("TCP 5201 > " in l for l in lines), lines
assert any("echo reply" in l for l in lines), lines
# ... a deaf one does not; its console tells how far it came.
lines = sample["tcp_rx_p4"]["packets"]
assert any("5201 SYN" in l for l in lines) and any("ICMP echo (" in l for l in lines), lines
assert not any("echo reply" in l or "TCP 5201 > " in l for l in lines), lines
assert "Server listening on 5201" in sample["tcp_rx_p4"]["console"], sample["tcp_rx_p4"]
# What comes after the last datagram that the sleeping server saw is lost as well.
assert sample["udp_rx_1g_loss"]["value"] > 50, sample["udp_rx_1g_loss"]
# The next guest is a fresh one.
for metric in ("idle_cpu", "tcp_tx", "vcpu_s_per_gb_tx", "udp_tx_1g"):
    assert sample[metric]["value"] > 0, sample[metric]
PY
measures "failures: reasons, packets, console, and a fresh guest" python3 "$tmp/failures.py" "$tmp/f.json"
finish
