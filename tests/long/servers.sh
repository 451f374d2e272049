#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# runs alone: measures
# Servers that are not tare's own, static programs on libmicrohttpd and in Go: every metric of boot, latency
# and memory has a value on pith, linux, linux-tuned and host.
. tests/lib.sh
SERVERS=${SERVERS:-microhttpd go}

# Debian has no static p11-kit, without which its static GnuTLS does not link.
build_microhttpd() {
    local library tls
    library=$(gcc -print-file-name=libmicrohttpd.a)
    mapfile -t tls < <(nm -u "$library" 2>/dev/null | awk '/gnutls/ { print "-Wl,--defsym=" $2 "=no_tls" }' | sort -u)
    gcc -static -O2 -Wall -Werror "${tls[@]}" -o "$1" tests/long/servers/microhttpd.c -lmicrohttpd -lpthread
}

build_go() {
    GOCACHE=$tmp/go GO111MODULE=off CGO_ENABLED=0 go build -o "$1" tests/long/servers/server.go
}

# one_each SCENARIO TARGET METRIC...: of each one value
one_each() {
    local scenario=$1 target=$2 metric
    shift 2
    for metric; do
        is "$scenario.$metric $target: $(samples "$tmp/r.json" "$scenario" "$metric" "$target" | wc -l) values" \
            "$scenario.$metric $target: 1 values" || return
    done
}

latency="closed_c1_p50 closed_c32_rate vcpu_us_per_request connect_p50 connect_rate rate_max errors"
for which in p50 p90 p99 p999 max; do latency+=" ${which}_1000 wire_${which}_1000"; done

for server in $SERVERS; do
    ok "$server: builds" "build_$server" "$tmp/server" || continue
    run_tare run --scenario boot,latency,memory --payload "$tmp/server" --ready tcp:8080 --url / \
        --target pith,linux,linux-tuned,host --repeat 1 --warmup 0 --accel tcg --out "$tmp/r.json"
    measures "$server: the run succeeds" is "$status" 0
    ok "$server: fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
    ok "$server: verifies" "$tare" verify "$tmp/r.json"
    for target in pith linux linux-tuned host; do
        boot="create app total reply" memory="pss uss marginal image"
        [ $target = host ] || boot+=" ask vmm" memory+=" guest_touched minimum tcg_buffer"
        [ $target != pith ] || boot+=" kernel"
        # shellcheck disable=SC2086 # words
        {
            ok "$server: boot on $target" one_each boot $target $boot
            ok "$server: memory on $target" one_each memory $target $memory
            # A client that has to wait for a CPU measures nothing.
            measures "$server: latency on $target" one_each latency $target $latency
        }
        measures "$server: $target answers every request" is "$(samples "$tmp/r.json" latency errors $target)" 0
    done
    "$tare" show "$tmp/r.json"
done
finish
