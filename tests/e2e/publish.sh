#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CI/regress and CI/publish on a scratch repository of three commits, of which the last is slower; the report; the
# history; the exports.
. tests/lib.sh

# --- three commits, with what is built already
project=$tmp/project
mkdir -p "$project/build/cache"
git ls-files -z | xargs -0 cp -a --parents -t "$project"
cp -a "$B/bin" "$B/obj" "$B/share" "$project/build/"
cp -a "$B/cache/lwip" "$project/build/cache/"
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@example.org GIT_COMMITTER_NAME=test \
    GIT_COMMITTER_EMAIL=test@example.org
commit() { # commit DAY
    git add -A
    GIT_AUTHOR_DATE="2026-01-0$1T00:00:00Z" GIT_COMMITTER_DATE="2026-01-0$1T00:00:00Z" git commit -qm "$1"
}
measure() { # a result of this commit, exact
    make -s needed TARGETS=pith,floor SCENARIO=boot >"$tmp/log" 2>&1 # tare knows of which commit it is
    build/bin/tare run --icount --target floor,pith --repeat 2 --warmup 0 --out "$tmp/r.json" >"$tmp/log" 2>&1
}
publish() {
    TARE=$tare CI/publish "$tmp/site" "$tmp/r.json" >"$tmp/out" 2>"$tmp/err"
}
tare=$(realpath "$tare")
cd "$project" || exit
unset B
git init -q
commit 1
measure
publish
ok "publish: the first commit" is $? 0
python3 - "$tmp/r.json" "$tmp/other.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
d["run"]["commit"] += "-dirty"
json.dump(d, open(sys.argv[2], "w"))
PY
TARE=$tare CI/publish "$tmp/site" "$tmp/other.json" >"$tmp/out" 2>"$tmp/err"
ok "publish: what no commit holds: status" is $? 2
ok "publish: what no commit holds: message" says 'other.json: field "commit".*-dirty.*measure a committed tree'
sed -i '1s/$/ /' README.md
commit 2
JUNIT=$tmp/passed.xml SCENARIO=boot,loopback CI/regress HEAD~1 8 >"$tmp/passed.md" 2>"$tmp/err"
ok "a document: regress passes" is $? 0
ok "a document: says so" grep -q 'gate \*\*passed\*\*' "$tmp/passed.md"
ok "a document: JUnit's XML" grep -q '<testsuite name="tare gate" tests="6" failures="0" errors="0">' \
    "$tmp/passed.xml"
measure
publish
sed -i 's/^    cpu_init(trap_stubs, syscall_entry);/&\n    for (volatile int i = 0; i < 2000; i++)\n        ;/' \
    kernels/pith/main.c
commit 3
SCENARIO=boot,loopback CI/regress HEAD~1 8 >"$tmp/failed.md" 2>"$tmp/err"
ok "slower: regress fails" is $? 1
ok "slower: says so" grep -q 'gate \*\*did not pass\*\*' "$tmp/failed.md"
ok "slower: by which metric" grep -Eq '^boot.virtual_ns .* FAIL' "$tmp/failed.md"
ok "slower: beside it a comparison by the clock" grep -Eq '^\| boot\.app \| pith -.* pith-b \|' "$tmp/failed.md"
ok "no worktree is left" is "$(git worktree list | wc -l)" 1
CI/regress none >"$tmp/out" 2>"$tmp/err"
ok "no such commit: status" is $? 2
ok "no such commit: message" says 'none: no such commit'
measure
publish
cp -a "$tmp/site" "$tmp/once"
publish
ok "three commits: three reports" is "$(find "$tmp/site/reports" -name '*.html' | wc -l)" 3
ok "three commits: newest first" is \
    "$(sed -n 's/^<li>.*>2026010\([0-9]\)T.*/\1/p' "$tmp/site/index.html" | xargs)" "3 2 1"
ok "published again: the same files" diff <(cd "$tmp/once" && find . | sort) <(cd "$tmp/site" && find . | sort)
ok "published again: the same history" diff -r "$tmp/once/data" "$tmp/site/data"
cd - >/dev/null || exit

# --- the page
"$tare" report "$tmp/r.json" "$tmp/r.html" >"$tmp/out" 2>"$tmp/err"
ok "report: status" is $? 0
"$tare" report tests/fixtures/result.json "$tmp/hostile.html" >"$tmp/out" 2>"$tmp/err"
for page in "$tmp/r.html" "$tmp/hostile.html" "$tmp/site/index.html"; do
    name=$(basename "$page")
    tidy -q -errors "$page" 2>"$tmp/tidy" || sed 's/^/  | /' "$tmp/tidy"
    ok "$name: no error, no warning" is "$(grep -vc 'not approved by W3C' "$tmp/tidy")" 0
    ok "$name: an alternative text for every image" is \
        "$(grep -o '<img ' "$page" | wc -l)" "$(grep -o '<img alt="[^"]' "$page" | wc -l)"
    ok "$name: no address outside" bash -c "! grep -oE '(src|href)=\"?(https?:)?//' '$page'"
    ok "$name: no script" bash -c "! grep -qi '<script' '$page'"
    ok "$name: no control character" bash -c "! LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f]' '$page'"
done
ok "report: figures are in it" test "$(grep -o 'data:image/svg+xml' "$tmp/r.html" | wc -l)" -ge 1
"$tare" report "$tmp/r.json" "$tmp/none/r.html" >"$tmp/out" 2>"$tmp/err"
ok "report into no folder: message" says 'none/r.html: No such file'

# --- the exports
"$tare" export openmetrics "$tmp/r.json" >"$tmp/r.prom"
ok "openmetrics: promtool accepts it" is "$(promtool check metrics <"$tmp/r.prom" 2>&1)" ""
for format in github github-larger bmf history; do
    "$tare" export "$format" "$tmp/r.json" >"$tmp/r.$format"
    ok "$format: is JSON" python3 -m json.tool "$tmp/r.$format" /dev/null
done

# --- thirty commits, two shifts, one outlier
mkdir "$tmp/thirty"
python3 - "$tmp/thirty" <<'PY'
import json, random, sys
draw = random.Random(1)
for i in range(30):
    value = 100 + draw.gauss(0, 1) + (6 if 10 <= i < 20 else 0) + (20 if i == 25 else 0)
    series = {"scenario": "boot", "metric": "app", "target": "pith", "unit": "ms", "title": "VM start to main()",
              "direction": "lower", "n": 10, "median": value, "low": value - 1, "high": value + 1}
    json.dump({"schema": "tare-history/1", "series": [series]}, open(f"{sys.argv[1]}/{i:03}-commit.json", "w"))
PY
"$tare" history "$tmp/thirty" "$tmp/figures" >"$tmp/out" 2>"$tmp/err"
ok "history: status" is $? 0
ok "history: both shifts, not the outlier" is "$(grep -c '^  boot.app pith' "$tmp/out")" 2
ok "history: the first" grep -q 'worse, after 009-commit, at 010-commit' "$tmp/out"
ok "history: the second" grep -q 'better, after 019-commit, at 020-commit' "$tmp/out"
ok "history: an outlier moves no level" grep -q ': 106.1 -> 100.3 ms (-5.4 %), better' "$tmp/out"
ok "history: both are marked, and nothing else" is \
    "$(grep -o '[+-][0-9.]* %' "$tmp/figures/boot-app-pith.svg" | xargs)" "+6.1 % -5.4 %"
ok "history: drawn" test -s "$tmp/figures/boot-app-pith.svg" -a -s "$tmp/figures/boot-app-pith.png"
sed -i 's/"pith"/"..\/..\/pith"/' "$tmp/thirty/000-commit.json"
"$tare" history "$tmp/thirty" "$tmp/figures" >"$tmp/out" 2>"$tmp/err"
ok "a name that is a path: status" is $? 2
ok "a name that is a path: message" says '000-commit.json: series\[0\]: .*must be letters'
"$tare" history "$tmp/figures" >"$tmp/out" 2>"$tmp/err"
ok "no history: message" says 'holds no \*.json.*tare export history'
finish
