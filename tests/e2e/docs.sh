#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Tables and figures of the documents are those of results/reference/, links lead somewhere, lines are short.
# Needs no guest.
. tests/lib.sh

export TARE=$tare B
check() { # check DIRECTORY
    (cd "$1" && CI/docs "$B" --check) >"$tmp/out" 2>&1
}
refuses() { # refuses DESCRIPTION PATTERN: a copy spoilt by spoil() is refused, and the fault named
    check "$tmp/copy"
    ok "refuses $1" is "$?" 1
    ok "refuses $1: it says so" grep -q -- "$2" "$tmp/out"
}
copy() { # a copy of all that CI/docs reads
    rm -rf "$tmp/copy"
    mkdir "$tmp/copy"
    git ls-files -co --exclude-standard | cpio -pdm --quiet "$tmp/copy"
}
spoil() { # spoil FILE PYTHON: in a fresh copy, changes its text s
    copy
    python3 -c "import sys
s = before = open(sys.argv[1]).read()
$2
assert s != before, 'the change did not apply'
open(sys.argv[1], 'w').write(s)" "$tmp/copy/$1"
}

check .
status=$?
ok "the documents agree with the reference results" is "$status" 0
[ "$status" = 0 ] || sed 's/^/  | /' "$tmp/out"

spoil README.md 's = s.replace(" ms |", "9 ms |", 1)'
refuses "a wrong figure in a table" "README.md is not what results/reference/ says"
(cd "$tmp/copy" && CI/docs "$B") >"$tmp/out"
ok "make docs mends it" cmp README.md "$tmp/copy/README.md"

spoil results/reference/boot.json 'import json
d = json.loads(s)
def half(v): return [half(e) for e in v] if isinstance(v, list) else v / 2
for m in d["metrics"]: # every time half as long: still what its samples say
    for x in m["samples"] + m["warmup"]:
        if "value" in x: x["value"] /= 2
    for k in m["summary"].keys() - {"n", "failed", "coverage"}: m["summary"][k] = half(m["summary"][k])
s = json.dumps(d)'
refuses "a new result whose table is the old one" "docs/results.md is not what results/reference/ says"
ok "and whose figure is" grep -q "docs/boot-app.svg is not what" "$tmp/out"

spoil docs/fairness.md 's += "[x](nowhere.md)\n"'
refuses "a link that leads nowhere" "there is no docs/nowhere.md"
spoil docs/fairness.md 's += "[x](method.md#no-such-place)\n"'
refuses "an anchor that is not there" "no such heading"
spoil docs/method.md 's += "x" * 111 + "\n"'
refuses "a long line" "docs/method.md:[0-9]*: 111 columns"
copy
echo '# Nobody reads this' >"$tmp/copy/docs/orphan.md"
refuses "a page that no other links to" "docs/orphan.md: no document links to it"
finish
