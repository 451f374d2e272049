#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Targets that are programs of this host: they answer on a tap, end wrongly, do not want to end, are not there.
. tests/lib.sh

# tender NAME FIELDS SCRIPT: the target $tmp/NAME, whose tender is the script
tender() {
    mkdir -p "$tmp/$1"
    printf '%s\n' "$3" >"$tmp/$1/run"
    chmod +x "$tmp/$1/run"
    printf '{"name": "%s", "summary": "test", "driver": "process", "payload": "baked", %s}\n' "$1" "$2" \
        >"$tmp/$1/target.json"
}

measure() { # measure NAME TARGETS OPTION...: of $tmp, and others that are called as tare calls them
    local name=$1 targets
    targets=$(for target in ${2//,/ }; do
        [ -d "$tmp/$target" ] && echo "$tmp/$target/target.json" || echo "$target"
    done | paste -sd ,)
    shift 2
    run_tare run --target "$targets" --repeat 1 --warmup 0 --accel tcg --out "$tmp/$name.json" "$@"
}

count() { # count NAME METRIC TARGET: of its values
    samples "$tmp/$1.json" "${2%.*}" "${2#*.}" "$3" | wc -l
}

failed_as() { # failed_as NAME TARGET PATTERN: all samples of that target failed, saying so
    python3 - "$tmp/$1.json" "$2" "$3" <<'PY'
import json, re, sys
samples = [s for m in json.load(open(sys.argv[1]))["metrics"] if m["target"] == sys.argv[2] for s in m["samples"]]
assert samples and all(re.search(sys.argv[3], s.get("error", "")) for s in samples), samples
PY
}

# --- it answers on a tap of its own, with and without the header of virtio-net
answerer=$(cat tests/answerer.py)
tender plain '"tender": ["run", "{tap}", "{ip}", "plain", "{args}", "{mac}", "{prefix} {netmask} {gateway}"],
    "vnet_hdr": false, "ready": "ping", "end": "never"' "$answerer"
tender headed '"tender": ["./run", "{tap}", "{ip}", "header"], "ready": "ping", "end": "never"' "$answerer"
measure taps plain,headed,host
ok "taps: exit status" is "$status" 0
ok "taps: a reply from each" is "$(count taps boot.reply plain) $(count taps boot.reply headed)" "1 1"
ok "taps: to be ready is to reply" is "$(samples "$tmp/taps.json" boot app plain)" \
    "$(samples "$tmp/taps.json" boot reply plain)"
ok "taps: fits the schema" python3 -m jsonschema -i "$tmp/taps.json" results/schema.json
run_tare verify "$tmp/taps.json"
ok "taps: verifies" is "$status" 0
words=$(python3 -c "import json; print(next(t for t in json.load(open('$tmp/taps.json'))['targets']
    if t['name'] == 'plain')['launches'][0]['argv'])")
ok "taps: the words in braces are replaced" is "$words" \
    "['run', 'vm0', '10.0.0.2', 'plain', '52:54:0a:00:00:02', '16 255.255.0.0 10.0.0.1']"

# What it finds before it attaches is what target.json asks for, and --args are words of their own.
tender looks '"tender": ["run", "{tap}", "{ip}", "plain", "{args}"], "vnet_hdr": false,
    "ready": "console:^words: vm0 10.0.0.2 plain plain$", "end": "never"' "$answerer"
tender finds '"tender": ["run", "{tap}", "{ip}", "header"], "ready": "console:^words: .* header header$",
    "end": "never"' "$answerer"
measure finds looks,finds
ok "taps: each is as asked for" is "$(count finds boot.app looks) $(count finds boot.app finds)" "1 1"

# --- how it ends is looked at, and the next is unharmed
tender wrong '"tender": ["run"], "ready": "console:^up", "end": "exit"' '#!/bin/sh
echo up
echo "cannot go on" >&2
exit 3'
tender right '"tender": ["run"], "ready": "console:^up", "end": "exit", "end_status": 3' '#!/bin/sh
echo up
exit 3'
tender silent '"tender": ["run"], "ready": "console:^up", "end": "exit"' '#!/bin/sh
exit 0'
measure ends wrong,right,silent,host
ok "ends: exit status" is "$status" 1
ok "ends: another status than the good one" failed_as ends wrong 'status 3'
ok "ends: what it said is kept" grep -q 'cannot go on' "$tmp/ends.json"
ok "ends: the good one, which is not 0" is "$(count ends boot.app right)" 1
ok "ends: before it was ready" failed_as ends silent 'no line of the console matched'
ok "ends: the others are unharmed" is "$(count ends boot.app host)" 1

# --- it does not want to end, nor does what it has started
snapshot >"$tmp/before"
tender stubborn '"tender": ["run"], "ready": "console:^up", "end": "never"' '#!/bin/bash
trap "" TERM HUP INT
(setsid sleep '"$$"'.25 & exec sleep '"$$"'.5) &
echo up
while :; do read -r -t 1000 <>/dev/null; wait; done'
measure stubborn stubborn
ok "stubborn: exit status" is "$status" 0
ok "stubborn: nothing is left of it" bash -c "! pgrep -f 'sleep $$\.'"
tender deaf '"tender": ["run", "{tap}"], "vnet_hdr": false, "ready": "ping", "end": "never"' '#!/bin/bash
trap "" TERM HUP INT
sleep '"$$"'.75'
begin_tare run --target "$tmp/deaf/target.json" --repeat 1 --warmup 0 --out "$tmp/killed.json"
until inside | grep -q sleep || ! kill -0 $pid; do :; done
ok "kill -9 of tare while a tender has its tap: it had" kill -9 $pid
wait $pid 2>/dev/null
ok "kill -9 of tare while a tender has its tap: nothing left" clean

# --- the memory that it is told
tender takes '"tender": ["run", "--mem={memory}"], "ready": "console:^up$", "end": "never"' '#!/bin/bash
[ "${1#--mem=}" -ge 5 ] || exit 1
echo up
exec sleep 1000'
measure memory takes,host --scenario memory --memory 16
ok "memory: exit status" is "$status" 0
ok "memory: the smallest" is "$(samples "$tmp/memory.json" memory minimum takes)" 5
ok "memory: of its process" is "$(count memory memory.pss takes) $(count memory memory.uss takes)" "1 1"
ok "memory: a process that is told nothing has no smallest" is "$(count memory memory.minimum host)" 0

# --- it is not there
mkdir "$tmp/lost" && sed 's/"plain"/"lost"/; s/"run"/"no-such-tender"/' "$tmp/plain/target.json" >"$tmp/lost/target.json"
measure lost lost
ok "no tender: exit status" is "$status" 2
ok "no tender: says so" says 'field "tender": there is no program no-such-tender'
sed -i 's/{/{"image": true, /' "$tmp/lost/target.json"
measure lost lost,host
ok "no tender, whose files are the user's: skipped" is "$status $(count lost boot.app host)" "0 1"
ok "no tender, whose files are the user's: says so" grep -q 'tender was not found: no-such-tender' "$tmp/lost.json"
finish
