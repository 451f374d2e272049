#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The page of `tare report` as a reader meets it, in headless Chromium: no error, every image renders, nothing is
# asked for, and no line is wider than the window. SHOTS=FOLDER keeps pictures of it.
. tests/lib.sh
mkdir -p "${SHOTS:-$tmp/shots}"

# browse PAGE WIDTH SCHEME: what Chromium met, in $tmp/seen
browse() {
    python3 tests/long/browse.py "$1" "$2" "$3" "${SHOTS:-$tmp/shots}/$(basename "$1" .html)-$2-$3.png" \
        >"$tmp/seen" 2>"$tmp/err"
}
seen() { # seen EXPRESSION: of the object `s`
    python3 -c "import json, sys; s = json.load(open(sys.argv[1])); print($1)" "$tmp/seen"
}

for result in boot iperf micro icount hostile; do
    file=results/reference/$result.json
    [ $result != hostile ] || file=tests/fixtures/result.json
    run_tare report "$file" "$tmp/$result.html"
    for width in 400 1400; do
        for scheme in light dark; do
            about="$result, $width px, $scheme"
            browse "$tmp/$result.html" $width $scheme
            ok "$about: loads" is $? 0
            ok "$about: no error" is "$(seen 's["errors"]')" "[]"
            ok "$about: no request" is "$(seen 's["requests"]')" "[]"
            ok "$about: every image renders" is "$(seen 's["broken"]')" "[]"
            ok "$about: there are images" test "$(seen 's["images"]')" -ge 1
            ok "$about: as wide as the window" is "$(seen 's["page"]')" $width
            ok "$about: in that scheme" is "$(seen 's["dark"]')" "$([ $scheme = dark ] && echo True || echo False)"
        done
    done
done

# What the test would see: a script that fails, an image that is none, one from elsewhere, a line too long.
cat >"$tmp/bad.html" <<'P'
<!DOCTYPE html><title>bad</title><script>throw new Error("planted")</script>
<img alt=planted src="data:image/png;base64,AAAA"><img alt=elsewhere src="http://127.0.0.1:9/x.png">
<div style="width:900px">wide</div>
P
browse "$tmp/bad.html" 400 light
ok "planted: the error is seen" test "$(seen 'len(s["errors"])')" -ge 1
ok "planted: the request is seen" is "$(seen 's["requests"]')" "['http://127.0.0.1:9/x.png']"
ok "planted: both images are seen" is "$(seen 'sorted(s["broken"])')" "['elsewhere', 'planted']"
ok "planted: the width is seen" test "$(seen 's["page"]')" -ge 900
finish
