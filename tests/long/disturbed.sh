#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# runs alone: measures
# A disturbed sample is never silent: tests/plant.py stops QEMU, and keeps the vCPU's CPU busy, within
# measured intervals. Of those of 200 ms and more 95 % must be flagged, of undisturbed samples 2 % at most.
# FULL=1 plants until there are 100 of each.
. tests/lib.sh
tare=$B/bin/tare # times are measured with what users run
full=${FULL:-}
: >"$tmp/all"

# plant KIND SEED ARGUMENT...: a run, half of which is disturbed
plant() {
    local kind=$1 seed=$2
    shift 2
    python3 tests/plant.py "$kind" "$seed" 0.5 "$tmp/r.json" "$tare" run --unjudged --accel tcg --warmup 0 \
        --seed "$seed" "$@" >"$tmp/lines" 2>"$tmp/err"
    ok "$kind, seed $seed: tare runs, every sample has its evidence" is $? 0
    tail -n 1 "$tmp/err"
    ok "$kind, seed $seed: fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
    cat "$tmp/lines" >>"$tmp/all"
}

# count KIND PATTERN: of the lines of this kind and 200 ms or more, or none: how many, and how many are flagged
# by what the pattern matches
count() {
    awk -F'\t' -v kind="$1" -v pattern="$2" '$1 == kind && ($1 == "none" || $2 >= 200) {
        all++; flagged += $3 == "flagged" && $6 ~ pattern } END { print all + 0, flagged + 0 }' "$tmp/all"
}
declare -A effect=([stop]="the guest did nothing" [spin]="other programs")

kinds=stop
# A process of higher priority takes root.
if [ "$(id -u)" = 0 ]; then
    kinds="stop spin"
else
    echo "not root: nothing of higher priority is planted"
fi
boots=5 rounds=1 least=6
[ -z "$full" ] || boots=30 rounds=6 least=100
for kind in $kinds; do
    plant "$kind" 2 --scenario boot --target linux --repeat $boots
    for round in $(seq $rounds); do
        plant "$kind" $((2 * round)) --scenario iperf --target pith --repeat 1
    done
done
[ -z "$full" ] || plant none 2 --scenario boot --target pith,linux-tuned,linux,host --repeat 30
[ -z "$full" ] || plant none 2 --scenario iperf --target pith,linux-tuned,linux,host --repeat 2

for kind in $kinds; do
    read -r all flagged < <(count "$kind" .)
    echo "$kind of 200 ms and more: $flagged of $all flagged"
    measures "$kind: at least $least samples disturbed" test "$all" -ge $least # a boot may take too long
    ok "$kind: 95 % of them are flagged" test $((100 * flagged)) -ge $((95 * all))
    read -r all flagged < <(count "$kind" "${effect[$kind]}")
    measures "$kind: by its effect" test $((100 * flagged)) -ge $((95 * all))
done
read -r all flagged < <(count none .)
echo "undisturbed: $flagged of $all flagged"
ok "at least $least samples not disturbed" test "$all" -ge $least
measures "2 % of them at most are flagged" test $((100 * flagged)) -le $((2 * all + 99 * !${#full}))
awk -F'\t' '$1 == "none" ? $3 == "flagged" : $2 >= 200 && $3 == "silent"' "$tmp/all"

# Where most samples are disturbed the result is invalid, and says why.
python3 tests/plant.py stop 2 1 "$tmp/r.json" "$tare" run --accel tcg --warmup 0 --target linux --repeat 2 \
    >"$tmp/lines" 2>"$tmp/err"
ok "all disturbed: tare runs" is $? 0
ok "all disturbed: invalid, with the reason" python3 -c "import json
run = json.load(open('$tmp/r.json'))['run']
assert not run['valid'] and 'were disturbed' in ' '.join(run['invalid_reasons']), run['invalid_reasons']"
"$tare" show "$tmp/r.json" >"$tmp/out"
ok "all disturbed: the table says it" grep -q ' disturbed' "$tmp/out"
finish
