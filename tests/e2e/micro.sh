#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# runs alone: measures
# The scenarios micro and loopback: every service measured on every kind of target, exact under --icount, and the
# floor, which runs no program, left out.
. tests/lib.sh
services="syscall copy fault open switch futex signal"
traffic="request connect in_mb out_mb"

"$tare" run --unjudged --scenario micro,loopback --target floor,host,pith --repeat 1 --warmup 0 --accel tcg \
    --out "$tmp/wall.json" >"$tmp/out" 2>"$tmp/err"
measures "wall clock: exit status 0" is $? 0
scenario_of() {
    [[ " $traffic " = *" $1 "* ]] && echo loopback || echo micro
}
for service in $services $traffic; do
    for target in host pith; do
        measures "$service on $target takes time" test "$(samples "$tmp/wall.json" "$(scenario_of "$service")" \
            "$service" $target | awk '{ print ($1 > 0) }')" = 1
    done
done
ok "the floor has no sample" test -z "$(samples "$tmp/wall.json" micro syscall floor)"

"$tare" run --unjudged --scenario micro,loopback --target pith,linux-tuned,linux --repeat 2 --warmup 0 --icount \
    --out "$tmp/exact.json" >"$tmp/out" 2>"$tmp/err"
ok "virtual time: exit status 0" is $? 0
for service in $services $traffic; do
    for target in pith linux-tuned linux; do
        ok "$service on $target repeats exactly" test "$(samples "$tmp/exact.json" "$(scenario_of "$service")" \
            "${service}_virtual" $target | sort -u | wc -l)" = 1
    done
done
ok "and nothing idles" bash -c "! grep -q '\"idle\"' '$tmp/exact.json'"
ok "pith's way into the kernel is the shorter one" test "$(samples "$tmp/exact.json" micro \
    syscall_virtual pith | head -n 1 | cut -d . -f 1)" -lt "$(samples "$tmp/exact.json" micro \
    syscall_virtual linux-tuned | head -n 1 | cut -d . -f 1)"
finish
