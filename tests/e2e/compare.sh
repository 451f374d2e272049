#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A planted difference between two builds is found, and none between equal ones.
. tests/lib.sh

script() { # script MS: a guest whose main() comes after MS
    echo "[{\"at_ms\":$1,\"marker\":\"M\"},{\"at_ms\":$1.5,\"marker\":\"X\"},
        {\"at_ms\":$(($1 + 1)),\"marker\":\"E\"},{\"at_ms\":$(($1 + 1)),\"exit\":0}]"
}
script 5 >"$tmp/fast.json"
null_target null "$(script 5)"

compare() { # compare OPTION...
    rm -f "$tmp"/r.json*
    run_tare run --data "$tmp/data" --target null --repeat 12 --out "$tmp/r.json" "$@"
}

field() { # field LIST METRIC NAME: of an entry of the result's list
    python3 -c "import json
print(*[e['$3'] for e in json.load(open('$tmp/r.json'))['$1'] if e['metric'] == '$2'])"
}

# finds VERDICT OPTION...: with a difference that is planted in $tmp/slow.json, the first of these that shows
# through what else happens on this machine
finds() {
    local want=$1
    shift
    for planted in 20 80 320 1280; do
        script $((5 + planted)) >"$tmp/slow.json"
        compare "$@"
        [ "$(field comparisons app verdict)" = "$want" ] && return
    done
    return 1
}

# is_planted MS LOW HIGH: the interval that was said holds the planted difference, or nearly; so does MS it
is_planted() {
    awk -v is="$1" -v p="$planted" -v low="$2" -v high="$3" \
        'BEGIN { exit !(high != "" && low <= is && is <= high && low < p * 1.02 && high > p * 0.98) }' || {
        echo "  said $1 ms ($2 .. $3) of planted $planted"
        return 1
    }
}

refused() { # refused DESCRIPTION PATTERN...
    local what=$1
    shift
    ok "$what: status" is "$status" 2
    ok "$what: message" says "$@"
    ok "$what: no result" test ! -e "$tmp/r.json" -a ! -e "$tmp/r.json.journal"
}
ok "slower: found" finds worse --ab "$tmp/slow.json"
ok "slower: the run succeeds" is "$status" 0
ok "slower: fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
read -ra said < <(sed -nE \
    's/.*boot.app: B slower by ([0-9.]+) ms \(99 % ([0-9.]+) .. ([0-9.]+)\), p=0\.0.*/\1 \2 \3/p' "$tmp/out")
ok "slower: said" is_planted "${said[0]-}" "${said[1]-}" "${said[2]-}"
ok "slower: the ratio is B's to A" is "$(field ratios app target) $(field ratios app base)" "null-b null"
ok "slower: B's hash is recorded" is "$(python3 -c "import json
print(json.load(open('$tmp/r.json'))['targets'][1]['kernel']['sha256'])")" \
    "$(sha256sum <"$tmp/slow.json" | cut -d' ' -f1)"
ok "faster: found" finds better --ab "$tmp/slow.json,$tmp/fast.json"
ok "faster: said" grep -Eq 'boot.app: B faster by ' "$tmp/out"
ok "as two arguments: found" finds worse --ab "$tmp/fast.json" "$tmp/slow.json"

# Chance calls equal builds different once in 100 times: twice in a row is a fault.
equal() {
    for _ in 1 2; do
        compare --ab "$tmp/fast.json"
        [ "$(field comparisons app verdict)" = none ] && return
    done
    return 1
}
ok "equal: no difference found" equal
ok "equal: says what it may still be" \
    grep -Eq 'boot.app: no difference found, B - A is -?[0-9.e-]+ .. -?[0-9.e-]+ (s|ms|us|ns) \(99 %\), p=' \
    "$tmp/out"

compare --aa # of 12
refused "an A/A run of few" '\-\-aa needs --repeat 60'
compare --aa --repeat 60
ok "A/A: the run succeeds" is "$status" 0
ok "A/A: fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
ok "A/A: an effect for every metric" is "$(python3 -c "import json
print(*sorted(n['metric'] for n in json.load(open('$tmp/r.json'))['noise']))")" "app create exit total"
ok "A/A: of 60 repetitions" is "$(field noise app n)" 60
ok "A/A: a column of the table" grep -Eq ' MDE$' "$tmp/out"
cp "$tmp/r.json" "$tmp/aa.json"
ok "with the noise known: found" finds worse --ab "$tmp/slow.json" --noise "$tmp/aa.json"
ok "with the noise known: from there" is "$(field comparisons app mde_from)" noise
ok "with the noise known: fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
ok "with the noise known: a column of the table" grep -Eq ' MDE$' "$tmp/out"

# A cut comparison is completed with both builds.
rm -f "$tmp"/r.json*
begin_tare run --data "$tmp/data" --target null --ab "$tmp/slow.json" --repeat 60 --out "$tmp/r.json"
until [ "$(grep -c trial "$tmp/r.json.journal" 2>/dev/null)" -ge 4 ] 2>/dev/null || ! kill -0 $pid; do :; done
kill -INT $pid
wait $pid
ok "cut: a journal is left" test -e "$tmp/r.json.journal"
run_tare run --data "$tmp/data" --resume "$tmp/r.json"
ok "cut: completed" is "$status" 0
ok "cut: all pairs" is "$(field comparisons app pairs)" 60
ok "cut: found" is "$(field comparisons app verdict)" worse

compare --ab "$tmp/nowhere"
refused "a missing build" 'nowhere: No such file'
echo "no script" >"$tmp/text"
compare --ab "$tmp/text"
refused "a build that is none" 'text: not a script'
compare --ab "$tmp/slow.json" --repeat 7
refused "too few repetitions" 'repeat 8 or more'
compare --ab "$tmp/slow.json" --aa
refused "both kinds" 'one of them, once'
null_target other "$(script 5)"
compare --ab "$tmp/slow.json" --target null,other
refused "two targets" 'one target, and 2 are chosen' 'remedy'
compare --noise "$tmp/slow.json"
refused "noise that is no result" 'noise: .*slow.json: '
finish
