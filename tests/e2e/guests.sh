#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Three guests at once in one sandbox: each with a name, a folder, a tap and an address of its own.
source tests/lib.sh

for target in pith pith:qemu host; do
    timeout 120 "$B/bin-sanitize/test-measure-guests" "$share" $target >"$tmp/lines" 2>"$tmp/err"
    ok "$target: three guests at once: exit status" is $? 0
    ok "$target: all are there when the last has answered" grep -q '"value":3' "$tmp/lines"
    ok "$target: three addresses" is "$(grep -c '^guest [012] at 10.0.0.[234]: ' "$tmp/err")" 3
    namespace=$(sed -n 's/^namespace //p' "$tmp/err")
    ok "$target: nothing is left" is "$(readlink /proc/[0-9]*/ns/pid | grep -cFx "${namespace:-pid:}")" 0
    ok "$target: its processes were in a namespace" test -n "$namespace"
done
finish
