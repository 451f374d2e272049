#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a careless or hostile caller, file or path could do to the host.
. tests/lib.sh
null_target script '[{"at_ms":20,"marker":"M"},{"at_ms":21,"marker":"X"},{"at_ms":22,"marker":"E"},{"exit":0,"at_ms":23}]'
run() { # run OUT [OPTION...]
    run_tare run --data "$tmp/data" --target script --accel tcg --out "$@"
}

# Closed descriptors: what tare says must not become part of a file.
for closed in '0<&-' '1>&-' '2>&-' '0<&- 1>&- 2>&-'; do
    rm -f "$tmp/r.json"
    bash -c "'$tare' run --data '$tmp/data' --target script --repeat 3 --out '$tmp/r.json' $closed" \
        >/dev/null 2>&1 </dev/null
    ok "$closed: all samples are kept" is "$(samples "$tmp/r.json" boot app script | wc -l)" 3
done
bash -c "'$tare' show '$tmp/r.json' 1>&-" 2>"$tmp/err"
ok "a closed standard output is an error" is $? 1
for command in "show $tmp/r.json" "export csv $tmp/r.json" list "verify $tmp/r.json" --help; do
    # shellcheck disable=SC2086
    "$tare" $command >/dev/full 2>"$tmp/err"
    ok "$command to a full disk fails" is $? 1
done

# A place that is not a result's.
mkfifo "$tmp/pipe"
mknod "$tmp/device" c 1 3 2>/dev/null
ln -s pipe "$tmp/link"
for place in pipe device link . ''; do
    [ "$place" != device ] || [ -e "$tmp/device" ] || continue # only root makes devices
    kind=$(stat -c %F "$tmp/$place")
    run "${place:+$tmp/$place}"
    ok "--out '$place': refused" is "$status" 2
    ok "--out '$place': as it was" is "$(stat -c %F "$tmp/$place")" "$kind"
done

# Two runs to one file.
begin_tare run --data "$tmp/data" --target script --repeat 200 --accel tcg --out "$tmp/two.json"
until [ "$(grep -c trial "$tmp/two.json.journal" 2>/dev/null)" -ge 1 ] 2>/dev/null || ! kill -0 $pid; do :; done
first=$pid
run "$tmp/two.json"
ok "a second run to the same file is refused" says 'another tare is writing it'
ok "and does not advise to delete the first's journal" bash -c "! grep -qi delete '$tmp/err'"
kill -INT "$first"
wait "$first"
ok "the first keeps its samples" test "$(samples "$tmp/two.json" boot app script | wc -l)" -ge 1

# A signal before the first trial leaves no journal in the next run's way. It comes as soon as there is one.
for signal in TERM INT HUP; do
    "$tare" run --data "$tmp/data" --target script --repeat 3 --out "$tmp/early.json" >/dev/null 2>"$tmp/err" &
    until [ -e "$tmp/early.json.journal" ] || ! kill -0 $!; do :; done
    kill -$signal $!
    wait $!
    ok "$signal at the start: no journal is left" test ! -e "$tmp/early.json.journal" -o -e "$tmp/early.json"
    rm -f "$tmp"/early.json*
done

# A journal is no program: what it says passes the command line's checks. A cut run, then edited.
begin_tare run --data "$tmp/data" --target script --repeat 200 --accel tcg --out "$tmp/cut.json"
until [ "$(grep -c trial "$tmp/cut.json.journal" 2>/dev/null)" -ge 1 ] 2>/dev/null || ! kill -0 $pid; do :; done
kill -INT $pid
wait $pid
cp "$tmp/cut.json.journal" "$tmp/journal"
printf '#!/bin/sh\ntouch %s/ran\n' "$tmp" >"$tmp/script"
chmod +x "$tmp/script"
edit() { # edit PYTHON: of the first line, d
    python3 - "$tmp/journal" "$tmp/cut.json.journal" "$1" <<'PY'
import json, sys
lines = open(sys.argv[1]).read().split("\n")
d = json.loads(lines[0])
exec(sys.argv[3])
open(sys.argv[2], "w").write("\n".join([json.dumps(d)] + lines[1:]))
PY
    run_tare run --data "$tmp/data" --resume "$tmp/cut.json"
}
edit "d['run']['pin'] = \"0'/><emulator>$tmp/script</emulator><x y='\""
ok "a pin that is XML is refused" is "$status" 2
ok "a pin that is XML: message" says 'no list of CPUs'
ok "a pin that is XML ran nothing" test ! -e "$tmp/ran"
SECONDS=0
edit "d['run']['repeat'] = 10**9"
ok "a thousand million repetitions are refused" says 'repeat: 1000000000 is not from 1 to 100000'
edit "lines = [l.replace('\"script\"', '\"../../x\"') for l in lines]; d = json.loads(lines[0])"
ok "a target that is a path is refused" says 'is no name'
edit "lines = [l.replace('\"script\"', '\"./x/target.json\"') for l in lines]; d = json.loads(lines[0])"
ok "the path of a target.json, too" says 'is no name'
edit "d['run']['machine'] = '\x1b[31m'"
ok "a machine that is none is refused" says 'machine: .*none of the choices'
ok "and its escape sequence does not reach the terminal" bash -c "! grep -q $'\033' '$tmp/err'"
edit "d['run']['until'] = {'percent': 2, 'first': 12, 'every': 4, 'most': 200}
lines.insert(1, '{\"stopped\": {\"rounds\": 1e9, \"ended\": \"narrow\"}}')"
ok "a run that was stopped after more rounds than it has is refused" says 'rounds.*: 1000000000 is not from 1 to the most, 200'
if [ "$(id -u)" = 0 ]; then # only root gives files away
    cp "$tmp/journal" "$tmp/cut.json.journal"
    chown 12345 "$tmp/cut.json.journal"
    run_tare run --data "$tmp/data" --resume "$tmp/cut.json"
    ok "a journal of another user is refused: it names programs to run" says "another user's"
fi
ok "all at once" test $SECONDS -lt 60

# More files than a machine's memory map is made for.
mkdir -p "$tmp/data/kernels/many"
cp "$share/kernels/floor/floor.elf" "$tmp/data/kernels/many/"
python3 - "$tmp/data/kernels/many/target.json" <<'PY'
import json, sys
json.dump({"name": "many", "summary": "", "driver": "libvirt", "kernel": "floor.elf", "in_all": False,
           "initrd": ["payload"] + ["floor.elf"] * 200}, open(sys.argv[1], "w"))
PY
run_tare run --data "$tmp/data" --target many --out "$tmp/many.json"
ok "200 further files in an initrd: refused" is "$status" 2
ok "200 further files in an initrd: message" says 'many/target.json: field "initrd": more than 32 files'

# Texts of a file: no terminal obeys them. Names: no path, no program.
python3 - "$tmp" <<'PY'
import json, sys
d = json.load(open("results/reference/boot.json"))
esc = "\x1b[2J\x1b]0;x\x07\x9b31m"
d["run"]["accel_reason"] = d["host"]["cpu"] = d["targets"][0]["summary"] = esc
d["warnings"].append({"code": esc, "text": esc, "remedy": esc})
for m in d["metrics"]:
    m["title"] = m["definition"] = esc
    m["samples"][0]["note"] = esc
json.dump(d, open(sys.argv[1] + "/escapes.json", "w"))
for field in ("scenario", "metric", "target"):
    bad = json.loads(json.dumps(d))
    for m in bad["metrics"]:
        m[field] = "../../outside" + esc
    json.dump(bad, open(f"{sys.argv[1]}/{field}.json", "w"))
d["run"]["invalid_reasons"] = [5]
json.dump(d, open(sys.argv[1] + "/five.json", "w"))
PY
for command in show verify "export csv" "export tsv"; do
    # shellcheck disable=SC2086
    "$tare" $command "$tmp/escapes.json" >"$tmp/out" 2>"$tmp/err"
    ok "$command: no control characters" bash -c "! grep -qaP '[\x00-\x08\x0b-\x1f\x7f-\xff]' '$tmp/out' '$tmp/err'"
done
for field in scenario metric target; do
    run_tare plot "$tmp/$field.json" "$tmp/plots"
    ok "a $field that leads out of the folder is refused" is "$status" 2
    ok "a $field: message" says "$field.json: .*field \"$field\": must be a name"
done
ok "nothing was drawn elsewhere" bash -c "! ls -d '$tmp'/../outside* 2>/dev/null"
run_tare show "$tmp/five.json"
ok "a reason that is a number is refused" says 'invalid_reasons.*must be texts'

# Paths are never part of a command.
home="$tmp/a \$(touch ran) \`touch ran\` ; touch ran"
mkdir -p "$home/bin" "$home/share/tare"
cp "$tare" "$home/bin/tare"
cp -r plots "$home/share/tare/"
for folder in '|touch ran' '<touch ran' "it's \"here\""; do
    (cd "$tmp" && "$home/bin/tare" plot "$OLDPWD/results/reference/boot.json" "$folder") >"$tmp/out" 2>"$tmp/err"
    ok "plot from a strange place to $folder" is $? 0
    ok "plot to $folder: it is there" test -s "$tmp/$folder/boot-app.svg" -a -s "$tmp/$folder/boot-app.png"
done
ok "no path was run" test ! -e "$tmp/ran" -a ! -e ran
finish
