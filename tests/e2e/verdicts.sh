#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tare compare: verdicts on separate runs and within one, what it refuses, and its forms.
. tests/lib.sh

script() { # script MS: a guest whose main() comes after MS
    echo "[{\"at_ms\":$1,\"marker\":\"M\"},{\"at_ms\":$1.5,\"marker\":\"X\"},
        {\"at_ms\":$(($1 + 1)),\"marker\":\"E\"},{\"at_ms\":$(($1 + 1)),\"exit\":0}]"
}

measure() { # measure NAME MS [OPTION...]: target one takes MS, target two twice as long
    local name=$1 ms=$2
    shift 2
    null_target one "$(script "$ms")"
    null_target two "$(script $((2 * ms)))"
    run_tare run --data "$tmp/data" --target one,two --repeat 10 --warmup 0 --out "$tmp/$name.json" "$@"
}

compare() { # compare ARGUMENT...: its status, words, and the JSON in $tmp/said.json
    "$tare" compare --json "$@" >"$tmp/said.json" 2>"$tmp/err"
    status=$?
}

verdicts() { # verdicts METRIC: of its targets, in order
    python3 -c "import json
print(*[c.get('verdict', 'none') for c in json.load(open('$tmp/said.json'))['comparisons']
        if c['metric'] == '$1'])"
}

measure old 300
measure equal 300
measure slow 600
measure memory 300 --memory 512

compare "$tmp/old.json" "$tmp/equal.json"
ok "equal: status" is "$status" 0
ok "equal: is said to be the same" is "$(verdicts app)" "same same"
compare "$tmp/old.json" "$tmp/slow.json"
ok "slower: status" is "$status" 1
ok "slower: worse" is "$(verdicts app)" "worse worse"
compare "$tmp/slow.json" "$tmp/old.json"
ok "faster: status" is "$status" 0
ok "faster: better" is "$(verdicts app)" "better better"
compare "$tmp/old.json" "$tmp/equal.json" "$tmp/slow.json"
ok "two new ones: each is judged" is "$(verdicts app)" "same same worse worse"
compare --threshold 200 "$tmp/old.json" "$tmp/slow.json"
ok "threshold: twice as long counts no more" is "$(verdicts app)" "same same"

compare --base one "$tmp/old.json"
ok "targets: by pairs" is "$(verdicts app)" "worse"
ok "targets: method" grep -q '"method":.*"signed-rank"' "$tmp/said.json"
compare "$tmp/old.json"
ok "one result without builds: status" is "$status" 2
ok "one result without builds: message" says "old.json: nothing to compare.*--ab"
compare --base three "$tmp/old.json"
ok "no such base: status" is "$status" 2
ok "no such base: message" says "old.json: nothing to compare.*no such target"

"$tare" compare "$tmp/old.json" "$tmp/memory.json" >"$tmp/out" 2>"$tmp/err"
ok "another memory: status" is $? 2
ok "another memory: message" says "old.json and .*memory.json are not comparable.*memory.*--anyway"
"$tare" compare --anyway "$tmp/old.json" "$tmp/memory.json" >"$tmp/out" 2>"$tmp/err"
ok "anyway: status" is $? 0
ok "anyway: every line says so" is "$(grep -cE '^boot\.' "$tmp/out")" "$(grep -cE '^boot\..* memory$' "$tmp/out")"

python3 - "$tmp/slow.json" "$tmp/invalid.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
d["run"]["valid"], d["run"]["invalid_reasons"] = False, ["planted"]
json.dump(d, open(sys.argv[2], "w"))
PY
"$tare" compare "$tmp/old.json" "$tmp/invalid.json" >"$tmp/out" 2>"$tmp/err"
ok "an invalid result: status" is $? 1
ok "an invalid result: every line says so" is \
    "$(grep -cE '^boot\.' "$tmp/out")" "$(grep -cE '^boot\..* NEW is invalid$' "$tmp/out")"

"$tare" compare --markdown "$tmp/old.json" "$tmp/slow.json" >"$tmp/out" 2>"$tmp/err"
ok "markdown: status" is $? 1
ok "markdown: a table" grep -qE '^\| boot\.app \| one \|.*\| worse \|$' "$tmp/out"
"$tare" compare "$tmp/old.json" "$tmp/equal.json" >/dev/full 2>"$tmp/err"
ok "full output: status" is $? 1
ok "full output: message" says "standard output"
echo '{"schema": "tare/2"}' >"$tmp/future.json"
"$tare" compare "$tmp/old.json" "$tmp/future.json" >"$tmp/out" 2>"$tmp/err"
ok "a later version: status" is $? 2
ok "a later version: message" says 'future.json: .*schema'
head -c 2000 "$tmp/old.json" >"$tmp/cut.json"
"$tare" compare "$tmp/old.json" "$tmp/cut.json" >"$tmp/out" 2>"$tmp/err"
ok "truncated: status" is $? 2
ok "truncated: message" says 'cut.json'
"$tare" compare >"$tmp/out" 2>"$tmp/err"
ok "nothing: status" is $? 2
finish
