#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `tare verify`: honest results pass, and each of some fifty small edits of them is caught for what it is.
. tests/lib.sh

# Of virtual machines and a process; and of two builds, which differ. The second holds a failure.
run_tare run --target floor,pith,host --repeat 6 --accel tcg --out "$tmp/boot.json"
ok "a run of VMs succeeds" is "$status" 0
good='{"at_ms":2,"marker":"M"},{"at_ms":3,"marker":"X"},{"at_ms":3,"marker":"E"},{"exit":0,"at_ms":4}'
null_target script "[$good]"
echo "[$good]" >"$tmp/a.json"
echo "[${good//ms\":2/ms\":5}]" | sed 's/ms":[34]/ms":6/g' >"$tmp/b.json"
run_tare run --data "$tmp/data" --target script --ab "$tmp/a.json,$tmp/b.json" --repeat 10 \
    --out "$tmp/twins.json"
ok "a run of two builds succeeds" is "$status" 0
null_target broken '[{"at_ms":1,"crash":11}]'
run_tare run --data "$tmp/data" --target script,broken --repeat 3 --out "$tmp/failed.json"
ok "a run of a guest that fails is one" is "$status" 1

null_target soon "[${good//ms\":[234]/ms\":20}]"
null_target late "[${good//ms\":[234]/ms\":40}]"
run_tare run --data "$tmp/data" --target soon,late --until 100% --repeat 30 --out "$tmp/until.json"
ok "a run until its ratios are known succeeds" is "$status" 0
ok "it ends at the first look" grep -q "until 100 %: met after 12 repetitions of 30 at most" "$tmp/out"

for result in "$tmp"/{boot,twins,failed,until}.json results/reference/{,*/}*.json; do
    run_tare verify "$result"
    ok "an honest result passes: ${result##*/}" is "$status" 0
    ok "and nothing is said against it" test ! -s "$tmp/err"
done

cat >"$tmp/lies.py" <<'PY'
import copy, json, random, re, sys
folder = sys.argv[1]
documents = {name: json.load(open(f"{folder}/{name}.json")) for name in ("boot", "twins", "failed", "until")}

def series(d, metric, target):
    return next(m for m in d["metrics"] if (m["metric"], m["target"]) == (metric, target))
def summary(d): return series(d, "app", "pith")["summary"]
def sample(d, i=2): return series(d, "app", "pith")["samples"][i]
def ratio(d): return next(r for r in d["ratios"] if (r["metric"], r["target"]) == ("app", "pith"))
def launch(d): return next(t for t in d["targets"] if t["name"] == "pith")["launches"][0]
def target(d, name): return next(t for t in d["targets"] if t["name"] == name)
def change(place, name, value): place[name] = value
def replace(place, name, old, new):
    assert old in place[name], (name, old)
    place[name] = place[name].replace(old, new)

def forget(d):
    """One sample, with a summary as it would be without: the liar can count."""
    s = series(d, "create", "floor")
    del s["samples"][1]
    values = sorted(x["value"] for x in s["samples"])
    s["summary"] = {"n": 5, "failed": 0, "median": values[2], "coverage": 0.9375,
                    "min": values[0], "max": values[-1]}

def seed(d):
    d["run"]["seed"] = 2
    d["run"]["id"] = d["run"]["id"].split("-")[0] + "-2"

LIES = [  # document, the lie, what verify must say of it
    ("boot", lambda d: change(sample(d), "value", sample(d)["value"] * 0.9), "of pith: .*(and app give|samples give)"),
    ("boot", lambda d: change(series(d, "total", "host")["samples"][3], "value", 1), "total is 1, but create and app"),
    ("boot", forget, "order .*: boot of floor has [0-9]* of [0-9]* metrics"),
    ("boot", lambda d: change(summary(d), "median", summary(d)["median"] * 1.001), "median: says"),
    ("boot", lambda d: summary(d)["ci95"].reverse(), "ci95: says"),
    ("boot", lambda d: change(summary(d), "coverage", 0.99), "coverage: says 0.99"),
    ("boot", lambda d: summary(d).pop("coverage"), 'field "coverage": missing'),
    ("boot", lambda d: change(summary(d), "n", 7), "n: says 7, the samples give 6"),
    ("boot", lambda d: change(summary(d), "failed", 1), "failed: says 1"),
    ("boot", lambda d: change(summary(d), "min", 0), "min: says 0"),
    ("boot", lambda d: change(summary(d), "max", 1e6), "max: says"),
    ("boot", lambda d: change(summary(d), "p95", 1), 'field "p95": does not follow'),
    ("boot", lambda d: change(ratio(d), "median", 0.5), "ratios: boot.app of pith: median: says 0.5"),
    ("boot", lambda d: change(ratio(d), "pairs", 5), "pairs: says 5"),
    ("boot", lambda d: change(ratio(d), "base", "host"), "base: says"),
    ("boot", lambda d: d["ratios"].remove(ratio(d)), "ratios: boot.app of pith: missing"),
    ("boot", lambda d: d["ratios"].append(ratio(d)), "ratios: boot.app of pith: twice"),
    ("boot", lambda d: d["ratios"].append({**ratio(d), "target": "floor"}), "of floor: does not follow"),
    ("boot", lambda d: change(sample(d), "error", "it failed"), "a value and an error"),
    ("boot", lambda d: d["run"]["order"].reverse(), r"order\[0\]: is"),
    ("boot", seed, r"order\[[0-9]+\]: is"),
    ("boot", lambda d: change(d["run"], "seed", 2), "the seed is 2, and by its id 1"),
    ("boot", lambda d: change(d["run"], "started", "2020-01-01T00:00:00Z"), "by its id at another time"),
    ("boot", lambda d: change(d["run"], "repeat", 7), "is not 8 rounds of every target"),
    ("boot", lambda d: change(d["run"], "warmup", 0), "is not 6 rounds of every target"),
    ("boot", lambda d: change(sample(d), "order", 0), "order 0, .*is another trial"),
    ("boot", lambda d: change(sample(d), "repetition", 1), "is another trial"),
    ("boot", lambda d: series(d, "app", "pith")["warmup"].append(sample(d)), "is not a warm-up"),
    ("boot", lambda d: series(d, "app", "pith")["samples"].insert(3, sample(d)), "twice, or not in the order"),
    ("boot", lambda d: series(d, "app", "pith")["samples"].reverse(), "not in the order of the run"),
    ("boot", lambda d: change(sample(d), "t", sample(d)["t"] + 1), "by other metrics at"),
    ("boot", lambda d: [change(s, "t", 0.5) for m in d["metrics"] for s in m["samples"] if s["order"] == 9], "the one before at"),
    ("boot", lambda d: change(d["run"], "duration_s", 1), "run: took 1 s, but"),
    ("boot", lambda d: change(d["run"], "complete", False), "but every trial has its samples"),
    ("boot", lambda d: d["metrics"].clear() or d["ratios"].clear(), "is complete, but 21 trials have no sample"),
    ("boot", lambda d: change(d["run"], "valid", not d["run"]["valid"]), "run: is (in)?valid, with [0-9]+ reasons"),
    ("boot", lambda d: d["warnings"].clear(), "none says that TCG does not predict KVM"),
    ("boot", lambda d: d["warnings"].append({"code": "drift", "text": "downhill", "remedy": ""}), "does not follow .*: downhill"),
    ("boot", lambda d: d["warnings"].append({"code": "bad-markers", "text": "noise", "remedy": ""}), "does not follow .*: noise"),
    ("boot", lambda d: change(d["run"], "accel", "kvm"), "of type qemu, the run's accelerator kvm"),
    ("boot", lambda d: change(d["run"], "memory_mib", 512), "262144 KiB of memory, the run 512"),
    ("boot", lambda d: change(d["run"], "vcpus", 2), "has not the run's 2 vCPUs"),
    ("boot", lambda d: change(d["run"], "machine", "q35"), "is a microvm, not a q35"),
    ("boot", lambda d: change(d["run"], "pin", "1"), "is not pinned"),
    ("boot", lambda d: change(d["run"], "icount", True), "counts instructions, or not"),
    ("boot", lambda d: replace(launch(d), "xml", "'erms'", "'avx2'"), "their domains differ"),
    ("boot", lambda d: change(launch(d), "machine_sha256", "0" * 64), "not that of the others"),
    ("boot", lambda d: replace(launch(d), "cmdline", "quiet", "loud"), "command line is not the domain's"),
    ("boot", lambda d: replace(launch(d), "xml", "<name>pith<", "<name>linux<"), "is called linux"),
    ("boot", lambda d: change(launch(d), "payload", "other"), "other is no payload of boot"),
    ("boot", lambda d: target(d, "pith")["launches"].clear(), "has values, but was never launched"),
    ("boot", lambda d: change(d["payloads"][1], "path", d["payloads"][0]["path"]), "not the same bytes"),
    ("boot", lambda d: change(series(d, "app", "pith"), "definition", "to the first byte"), '"definition": differs'),
    ("boot", lambda d: change(series(d, "app", "pith"), "unit", "us"), '"unit": is not that of'),
    ("boot", lambda d: change(series(d, "app", "pith"), "target", "floor"), "boot.app of floor: twice"),
    ("boot", lambda d: change(target(d, "pith"), "dropped", "KVM refused it"), "left out, and yet has samples"),
    ("boot", lambda d: change(target(d, "pith"), "baseline_rank", 1), "ratios: boot.app of floor: missing"),
    ("boot", lambda d: change(target(d, "pith"), "twin_of", "floor"), '"compare": missing'),
    ("boot", lambda d: change(target(d, "pith"), "name", "../pith"), "must be a name"),
    ("boot", lambda d: change(d, "noise", [{**ratio(d), "mde": 1, "power": 0.95}]), "noise: boot.app of pith: does not follow"),
    ("twins", lambda d: change(d["comparisons"][0], "p", 0.5), "comparisons: .*: p: says 0.5"),
    ("twins", lambda d: change(d["comparisons"][0], "q", 0.5), "comparisons: .*: q: says 0.5"),
    ("twins", lambda d: change(d["comparisons"][1], "difference", 0), "difference: says 0"),
    ("twins", lambda d: change(d["comparisons"][1], "verdict", "better"), 'verdict: says "better"'),
    ("twins", lambda d: change(d["comparisons"][1]["interval"], 0, -1), "interval: .*says -1"),
    ("twins", lambda d: d["comparisons"].pop(), "comparisons: .*: missing"),
    ("twins", lambda d: d["run"].pop("compare"), '"compare": missing'),
    ("until", lambda d: change(d["run"]["until"], "percent", 1e-9), "met, the samples say otherwise"),
    ("until", lambda d: change(d["run"]["until"], "widest", 0), "widest: says 0"),
    ("until", lambda d: d["run"]["until"].update(first=8, percent=1e9), "after 8 rounds, and went on to 12"),
    ("until", lambda d: change(d["run"]["until"], "first", 11), "where it does not look"),
    ("until", lambda d: change(d["run"]["until"], "met", False), "says not met"),
    ("until", lambda d: series(d, "app", "late").pop("leads"), '"leads": differs'),
    ("failed", lambda d: d["warnings"].clear(), "warnings: missing: .*samples failed"),
    ("failed", lambda d: [change(s, "value", 3) or s.pop("error") for s in series(d, "app", "broken")["samples"]], "failed: says 3"),
]
for number, (name, lie, words) in enumerate(LIES):
    d = copy.deepcopy(documents[name])
    lie(d)
    assert d != documents[name], words
    json.dump(d, open(f"{folder}/lie{number}.json", "w"))
    print(f"lie{number}\t{words}")
# Two members of one name, of which readers take different ones.
text = json.dumps(documents["boot"])
open(f"{folder}/twice.json", "w").write(text.replace('"vcpus": 1', '"vcpus": 1, "vcpus": 2', 1))
print('twice\tfield "vcpus": twice')
# No lies: members in another order, and one that this tare does not know.
d = documents["boot"]
d = {key: d[key] for key in random.Random(1).sample(sorted(d), len(d))}
d["weather"] = "fair"
json.dump(d, open(f"{folder}/same.json", "w"), indent=3)
PY
ok "the lies are told" python3 "$tmp/lies.py" "$tmp" >"$tmp/lies"
count=0
while IFS=$'\t' read -r name words; do
    [[ $name = lie* || $name = twice ]] || continue
    count=$((count + 1))
    run_tare verify "$tmp/$name.json"
    ok "$name is caught: $words" says "$words"
    ok "$name: exit status" test "$status" -ne 0
done <"$tmp/lies"
ok "there were more than 50 lies" test $count -gt 50
run_tare verify "$tmp/same.json"
ok "the same in other words passes" is "$status" 0

# Who reads a result is told.
run_tare show "$tmp/lie3.json"
ok "show says it, too" says "lie3.json: .*median: says"
ok "show: exit status" is "$status" 1
ok "show shows it all the same" grep -q "pith" "$tmp/out"
run_tare plot "$tmp/lie3.json" "$tmp/plots"
ok "plot: exit status" is "$status" 1
ok "the figure says it" grep -q "DOES NOT VERIFY" "$tmp/plots/boot-app.svg"
finish
