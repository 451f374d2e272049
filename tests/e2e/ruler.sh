#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The ruler: what does tare read when the true delay is known?
. tests/lib.sh
tare=$B/bin/tare # times are measured with what users run

for ms in 1 10 100 1000; do
    null_target "delay$ms" "[{\"at_ms\":$ms,\"marker\":\"M\"},{\"at_ms\":$ms.5,\"marker\":\"X\"},
        {\"at_ms\":$((ms + 1)),\"marker\":\"E\"},{\"at_ms\":$((ms + 1)),\"exit\":0}]"
done

# errors RESULT: |measured - true| in ms of every sample
errors() {
    for ms in 1 10 100 1000; do
        samples "$1" boot app "delay$ms" | awk -v t="$ms" '{ e = $1 - t; print e < 0 ? -e : e }'
    done
}

measure() { # measure NAME
    local quick=delay1,delay10,delay100
    run_tare run --data "$tmp/data" --target $quick --repeat 60 --out "$tmp/$1.json"
    ok "$1: every trial succeeds" is "$status" 0
    run_tare run --data "$tmp/data" --target delay1000 --repeat 10 --out "$tmp/$1-slow.json"
    ok "$1: every slow trial succeeds" is "$status" 0
    { errors "$tmp/$1.json" && errors "$tmp/$1-slow.json"; } >"$tmp/$1.errors"
    echo "$1: $(wc -l <"$tmp/$1.errors") samples, median error $(quantile 0.5 <"$tmp/$1.errors") ms," \
        "p99 $(quantile 0.99 <"$tmp/$1.errors") ms"
}

below() { # below VALUE LIMIT
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }' || {
        echo "  $1 is not below $2"
        return 1
    }
}

quiet() {
    python3 -c 'import json, sys; sys.exit(not all(
        json.load(open(f))["host"]["other_load"] < 0.3 and
        json.load(open(f))["host"]["steal_percent"] < 1 for f in sys.argv[1:]))' "$@"
}

measure idle
ok "idle: 190 samples" is "$(wc -l <"$tmp/idle.errors")" 190
ok "idle: median error below 0.2 ms" below "$(quantile 0.5 <"$tmp/idle.errors")" 0.2
if quiet "$tmp/idle.json" "$tmp/idle-slow.json"; then
    ok "idle: p99 of the error below 5 ms" below "$(quantile 0.99 <"$tmp/idle.errors")" 5
else
    echo "skipped: p99, because something else used this machine meanwhile"
fi

# The same with every core busy: printed beside, no bound is promised.
for _ in $(seq "$(nproc)"); do
    (exec timeout 120 sh -c 'while :; do :; done') &
done
measure busy
jobs -p | xargs kill 2>/dev/null
wait 2>/dev/null
finish
