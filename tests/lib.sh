# shellcheck shell=bash disable=SC2034 # tests read status and worker
# SPDX-License-Identifier: GPL-3.0-or-later
# What the end-to-end tests share. A test is a bash script that sources this, checks, and ends with
# `finish`. It runs from the root of the tree, with B naming the build directory.
set -u
B=${B:-build}
B=$(realpath "$B")
tare=${TARE:-$B/bin-sanitize/tare} # found to leak or to misbehave, it fails the test
share=$B/share/tare
tmp=$(mktemp -d)
passed=0 failed=0 doubtful=0
trap 'rm -rf "$tmp"' EXIT

ok() { # ok DESCRIPTION COMMAND...: the command must succeed; if not, what tare last said stands below
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok: $what"
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
        [ ! -s "$tmp/err" ] || tail -n 20 "$tmp/err" | sed 's/^/    /'
    fi
}

# measures DESCRIPTION COMMAND...: the same of what also depends on who else uses the machine. A test that
# has such a line says "# runs alone: measures" in its head, for CI/check.
measures() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok: $what"
    else
        doubtful=$((doubtful + 1))
        echo "NOT MET: $what"
    fi
}

# machine_use: in ticks of 10 ms, what programs have used of all CPUs since boot, what a hypervisor
# withheld, what this test and all it has waited for used, and the time. Interrupts are nobody's: the test's
# own packets cause most of them.
machine_use() {
    local all own now
    read -r -a all </proc/stat
    read -r -a own <"/proc/$$/stat"
    read -r now _ </proc/uptime
    echo "$((all[1] + all[2] + all[3])) ${all[8]} $((own[13] + own[14] + own[15] + own[16])) ${now/./}"
}

# judge_or_skip: what was not met counts against the program, unless during this test the machine was not
# quiet as docs/method.md has it: other programs used 0.3 CPUs or more on average, or the hypervisor withheld
# 1 % of the CPU time or more. Then the test ends with 77 and the reason: it cannot tell.
judge_or_skip() {
    local before after cpus time others withheld
    read -r -a before <<<"$machine_use_before"
    read -r -a after < <(machine_use)
    cpus=$(nproc --all)
    time=$((after[3] - before[3] + 1))
    others=$((100 * (after[0] - before[0] - after[2] + before[2]) / time)) # hundredths of a CPU
    withheld=$((1000 * (after[1] - before[1]) / time / cpus))             # thousandths of all
    if [ $others -ge 30 ] || [ $withheld -ge 10 ]; then
        printf 'too busy to judge: %d not met, while others used %d.%02d of %d CPUs and %d.%d %% were withheld\n' \
            $doubtful $((others / 100)) $((others % 100)) "$cpus" $((withheld / 10)) $((withheld % 10))
        exit 77
    fi
    failed=$((failed + doubtful))
}

# run_tare ARGUMENT...: run it; its status in $status, its words in $tmp/out and $tmp/err. What has not ended
# by then never will. No result is invalid because other tests run beside.
run_tare() {
    [ "$1" != run ] || set -- run --unjudged "${@:2}"
    timeout 1800 "$tare" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
    status=$?
}

# says PATTERN...: standard error holds every (extended regular) pattern
says() {
    local pattern
    for pattern in "$@"; do
        grep -Eq -- "$pattern" "$tmp/err" || {
            echo "  expected /$pattern/ in:"
            sed 's/^/  | /' "$tmp/err"
            return 1
        }
    done
}

is() { # is ACTUAL EXPECTED
    [ "$1" = "$2" ] || {
        echo "  is $1, expected $2"
        return 1
    }
}

# samples RESULT SCENARIO METRIC TARGET: its values, one per line
samples() {
    "$tare" export tsv "$1" | awk -F'\t' -v s="$2" -v m="$3" -v t="$4" '
        NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
        $column["scenario"] == s && $column["metric"] == m && $column["target"] == t &&
            $column["value"] != "" && $column["repetition"] > 0 { print $column["value"] }'
}

# quantile Q: of the numbers on standard input (nearest rank)
quantile() {
    sort -g | awk -v q="$1" '{ v[NR] = $1 } END { i = int(q * NR + 0.999999); print v[i < 1 ? 1 : i] }'
}

# pith_tree: a copy of pith's sources and of what is built of them, with the times of the files, so that nothing
# but what changes is compiled
pith_tree() {
    mkdir -p "$tmp/source" "$tmp/build/obj/kernels" "$tmp/build/cache"
    cp -a Makefile bench drivers kernels plots scenarios tests "$tmp/source/"
    cp -a "$B/obj/lwip" "$tmp/build/obj/"
    cp -a "$B/obj/kernels/pith" "$tmp/build/obj/kernels/"
    cp -a "$B/cache/lwip" "$tmp/build/cache/"
}

# pith_build NAME [PYTHON [FILE]]: pith of that copy as $tmp/NAME.elf, main.c, or FILE, changed by PYTHON (text in
# s)
pith_build() {
    local file=kernels/pith/${3:-main.c}
    python3 - "$tmp/source/$file" "${2:-}" <<'PY'
import sys
path, change = sys.argv[1:]
names = {"s": open(path).read()}
before = names["s"]
exec(change, names)
assert not change or names["s"] != before, "the change did not apply"
open(path, "w").write(names["s"])
PY
    make -s -C "$tmp/source" B="$tmp/build" "$tmp/build/share/tare/kernels/pith/pith.elf" \
        >"$tmp/$1.log" 2>&1 || sed 's/^/  | /' "$tmp/$1.log"
    cp "$file" "$tmp/source/$file"
    mv "$tmp/build/share/tare/kernels/pith/pith.elf" "$tmp/$1.elf"
}

# hanging_kernel FILE: one that never ends
hanging_kernel() {
    gcc -m32 -nostdlib -static -ffreestanding -fno-pic -no-pie -Wl,--build-id=none -x c - -o "$1" <<'C'
__asm__(".section .note.pvh, \"a\", @note\n.long 4, 4, 18\n.asciz \"Xen\"\n.long _start\n"
        ".text\n.globl _start\n_start: hlt\njmp _start\n");
C
}

# null_target NAME SCRIPT: a scripted target in the data directory $tmp/data
null_target() {
    mkdir -p "$tmp/data/kernels/$1"
    [ -e "$tmp/data/payloads" ] || ln -s "$share/payloads" "$tmp/data/payloads"
    printf '{"name":"%s","summary":"test","driver":"null","in_all":false,"script":%s}\n' \
        "$1" "$2" >"$tmp/data/kernels/$1/target.json"
}

# sandbox_of PID: its child in a user namespace of its own. Others may be what it asks for their versions.
sandbox_of() {
    local child space
    for child in $(pgrep -P "$1"); do
        space=$(readlink "/proc/$child/ns/user") && [ "$space" != "$(readlink /proc/self/ns/user)" ] &&
            echo "$child" && return
    done
    return 1
}

# begin_tare ARGUMENT...: start it in the background; its process id in $pid. Waits until its sandbox is
# there, and notes the user namespace in which all its processes are. It is held open, since the kernel
# would give its number to another one.
begin_tare() {
    [ "$1" != run ] || set -- run --unjudged "${@:2}"
    "$tare" "$@" >"$tmp/out" 2>"$tmp/err" &
    pid=$!
    until reaper=$(sandbox_of $pid) && worker=$(pgrep -o -P "$reaper"); do
        kill -0 $pid || return
    done
    exec {held}<"/proc/$reaper/ns/user"
    readlink "/proc/self/fd/$held" >>"$tmp/namespaces"
}

# inside: the processes in any sandbox that begin_tare noted, and their names
inside() {
    local process
    for process in /proc/[0-9]*; do
        readlink "$process/ns/user" 2>/dev/null | grep -qFxf "$tmp/namespaces" 2>/dev/null &&
            echo "${process#/proc/} $(cat "$process/comm")"
    done
}

# snapshot: what a run could leave behind: processes, interfaces, files. Unit tests, which may run beside, have
# files of their own.
snapshot() {
    {
        inside
        ls /sys/class/net
        find /tmp /var/tmp /run /dev/shm /var/lib/libvirt -maxdepth 1 \( -name '*tare*' \
            -o -name '*libvirt*' -o -name '*qemu*' -o -name guest -o -name stage \) ! -name 'tare-test*'
    } 2>/dev/null | sort
}

# clean: nothing remains of what was not there when the test put `snapshot` into $tmp/before. The kernel
# tears a namespace down after its last process, so it is given until the deadline to have done so.
clean() {
    local deadline=$((SECONDS + 60))
    until snapshot >"$tmp/left" && diff "$tmp/before" "$tmp/left" >"$tmp/diff"; do
        [ "$SECONDS" -lt "$deadline" ] || {
            cat "$tmp/diff"
            return 1
        }
    done
}

finish() {
    echo "$passed passed, $((failed + doubtful)) failed"
    [ $failed != 0 ] || [ $doubtful = 0 ] || judge_or_skip
    [ $failed = 0 ]
    exit
}

machine_use_before=$(machine_use)
