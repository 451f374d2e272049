#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# runs alone: measures
# What `tare compare` says of builds of which the truth is known. Of PAIRS (40) pairs of equal builds, pith and
# linux-tuned in turn, at most 1 verdict over all metrics is false. Of PLANTED (10) builds of pith that start later
# by twice the minimum detectable effect 9 in 10 are found, and none that starts later by twice the threshold is
# called the same. REPEAT (20) pairs of boots each.
. tests/lib.sh
tare=$B/bin/tare # what users run
pairs=${PAIRS:-40} planted=${PLANTED:-10} repeat=${REPEAT:-20}

# measure FILE OPTION...: boots, into $tmp/FILE.json; that the machine was busy is no failure
measure() {
    "$tare" run --data "$share" --accel tcg --out "$tmp/$1.json" "${@:2}" >"$tmp/out" 2>"$tmp/err" || [ $? = 3 ]
}
kernel_of() {
    [ "$1" = pith ] && echo "$share/kernels/pith/pith.elf" || echo "$share/kernels/linux-tuned/vmlinux"
}
# verdicts RESULT...: SCENARIO.METRIC, verdict, ratio, threshold, old median, one line each
verdicts() {
    "$tare" compare --json "$@" >"$tmp/verdicts.json" 2>"$tmp/err" || [ $? = 1 ] || return
    python3 - "$tmp/verdicts.json" <<'PY'
import json, sys
for line in json.load(open(sys.argv[1]))["comparisons"]:
    if "verdict" in line:
        print(line["metric"], line["verdict"], line["ratio"], line["threshold"], line["old"])
PY
}
app() { # app FIELD RESULT OPTION...: that field of what is said of boot.app
    verdicts "${@:2}" | awk -v field="$1" '$1 == "app" { print $field }'
}

ok "an A/A run, for the noise" measure noise --aa --target pith,linux-tuned

false=0 said=0
for i in $(seq "$pairs"); do
    target=$([ $((i % 2)) = 1 ] && echo pith || echo linux-tuned)
    kernel=$(kernel_of $target)
    ok "pair $i, $target: runs" measure "pair$i" --target "$target" --ab "$kernel,$kernel" --repeat "$repeat" --seed "$i"
    verdicts "$tmp/pair$i.json" >"$tmp/lines"
    said=$((said + $(wc -l <"$tmp/lines")))
    while read -r metric verdict ratio _; do
        [[ $verdict = better || $verdict = worse ]] || continue
        false=$((false + 1))
        echo "pair $i, $target: $metric is said to be $verdict, by $ratio"
    done <"$tmp/lines"
done
echo "$pairs pairs of equal builds: $false of $said verdicts are false"
ok "there were verdicts" test "$said" -ge "$pairs"
measures "at most one false verdict" test "$false" -le 1

# One build, whose loop at its start turns as often as four of its bytes say.
pith_tree
mark=0x5eed0001
pith_build loop "m = 'marker_port(MARKER_KERNEL, 0);'
s = s.replace(m, m + '__asm__ volatile(\"push %rcx; mov \$$mark, %ecx; 1: dec %ecx; jnz 1b; pop %rcx\");', 1)"
turn() { # turn FILE TURNS
    python3 - "$tmp/loop.elf" "$1" "$2" $mark <<'PY'
import struct, sys
data, mark = open(sys.argv[1], "rb").read(), struct.pack("<I", int(sys.argv[4], 16))
assert data.count(mark) == 1
open(sys.argv[2], "wb").write(data.replace(mark, struct.pack("<I", max(int(float(sys.argv[3])), 1))))
PY
}
turn "$tmp/a.elf" 1
# plant FILE TURNS SEED: a run of a build without turns beside one with so many
plant() {
    turn "$tmp/b.elf" "$2"
    measure "$1" --target pith --ab "$tmp/a.elf,$tmp/b.elf" --repeat "$repeat" --seed "$3"
}
turns_for() { # turns_for RATIO: so many make boot.app longer by this factor
    awk -v ratio="$1" -v base="$base" -v turn="$turn_ms" 'BEGIN { print (ratio - 1) * base / turn }'
}
probe=8000000
ok "how long a turn takes: runs" plant probe $probe 1
base=$(app 5 "$tmp/probe.json")
turn_ms=$(awk -v ratio="$(app 3 "$tmp/probe.json")" -v base="$base" -v n=$probe \
    'BEGIN { print (ratio - 1) * base / n }')
mde=$(app 4 "$tmp/probe.json" --noise "$tmp/noise.json" --threshold 0.1)
threshold=$(app 4 "$tmp/probe.json" --noise "$tmp/noise.json")
echo "boot.app takes $base ms, a turn $turn_ms ms; minimum detectable effect $mde, threshold $threshold, of 1"

found=0 same=0
for i in $(seq "$planted"); do
    ok "twice the minimum detectable effect, $i: runs" \
        plant mde "$(turns_for "$(awk -v mde="$mde" 'BEGIN { print 1 + 2 * mde }')")" "$i"
    verdict=$(app 2 "$tmp/mde.json" --noise "$tmp/noise.json" --threshold 0.1)
    echo "twice the minimum detectable effect, $i: $verdict, by $(app 3 "$tmp/mde.json")"
    [[ $verdict != worse ]] || found=$((found + 1))
    ok "twice the threshold, $i: runs" \
        plant same "$(turns_for "$(awk -v threshold="$threshold" 'BEGIN { print 1 + 2 * threshold }')")" "$i"
    verdict=$(app 2 "$tmp/same.json" --noise "$tmp/noise.json")
    echo "twice the threshold, $i: $verdict, by $(app 3 "$tmp/same.json")"
    [[ $verdict != same ]] || same=$((same + 1))
done
measures "twice the minimum detectable effect: found $found of $planted" test $((10 * found)) -ge $((9 * planted))
ok "twice the threshold: never the same" is "$same" 0
finish
