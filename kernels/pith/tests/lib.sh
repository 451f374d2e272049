# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# For tests that boot programs on Linux and on pith, in QEMU without tare.
. tests/lib.sh
pith=${PITH:-$B/share/tare/kernels/pith/pith.elf}
linux=${LINUX:-$B/share/tare/kernels/linux-tuned}
hang=900 # s: a guest that has not ended by then never will
instructions="-icount shift=0" # an instruction takes a nanosecond of the guest's time

pack() { # pack CPIO APP: an initramfs with APP as /app
    mkdir -p "$tmp/root"
    cp "$2" "$tmp/root/app"
    (cd "$tmp/root" && echo app | cpio -o -H newc --quiet) >"$1"
}

# boot KERNEL INITRD APPEND [QEMU OPTION...]: console to $tmp/console, status of the end to $status. Its
# time is that of its instructions, and waiting for a timer takes none of ours: what it sees follows from what it
# does, and not from how fast this host is or what else it has to do.
boot() {
    local kernel=$1 initrd=$2 append=$3
    shift 3
    rm -f "$tmp/console" "$tmp/marker"
    # shellcheck disable=SC2086
    timeout $hang qemu-system-x86_64 -accel tcg $instructions,sleep=off -cpu max,-erms,-fsrm \
        -display none -nodefaults -no-user-config -no-reboot -M "${machine:-microvm,acpi=off}" \
        -m "${memory:-256}" -serial "file:$tmp/console" -chardev "file,id=d,path=$tmp/marker" \
        -device isa-debugcon,iobase=0xe9,chardev=d -kernel "$kernel" ${initrd:+-initrd "$initrd"} \
        -append "$append" "$@" </dev/null
    qemu_status=$?
    sed -i 's/\r$//' "$tmp/console"
    status=$(sed -n 's/^E.\{16\}\(..\)$/\1/p' "$tmp/marker")
    status=$((16#${status:-fff}))
}

check() { # check NAME STATUS [PATTERN...]: how it ended, and what stands on the console
    local name=$1 want=$2 good=1 pattern
    shift 2
    [ "$qemu_status" = 0 ] || { good=0; echo "  QEMU ended with $qemu_status"; }
    [ "$status" = "$want" ] || { good=0; echo "  status $status, expected $want"; }
    for pattern in "$@"; do
        grep -Eq -- "$pattern" "$tmp/console" || { good=0; echo "  no /$pattern/ on the console"; }
    done
    if [ $good = 1 ]; then
        passed=$((passed + 1))
        echo "ok: $name"
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
        sed 's/^/  | /' "$tmp/console"
    fi
}

equal() { # equal NAME: the console is what Linux printed
    if diff "$tmp/expected" "$tmp/console" >"$tmp/diff"; then
        passed=$((passed + 1))
        echo "ok: $1: as on Linux ($(wc -l <"$tmp/console") lines)"
    else
        failed=$((failed + 1))
        echo "FAILED: $1: < Linux, > pith"
        sed 's/^/  | /' "$tmp/diff"
    fi
}

# compile KIND SOURCE OUTPUT: a static program, by both C libraries, position-independent or not
compile() {
    case $1 in
    musl) musl-gcc -static -no-pie -O1 -w -D_GNU_SOURCE -o "$3" "$2" ;;
    pie) gcc -static-pie -O1 -w -pthread -D_GNU_SOURCE -o "$3" "$2" ;;
    glibc) gcc -static -no-pie -O1 -w -pthread -D_GNU_SOURCE -o "$3" "$2" ;;
    esac
}

# compare NAME CPIO [ARGUMENT...]: the same program, the same arguments, on Linux and on pith: the
# same words. The Linux is the tuned one, which boots faster and has the same system calls.
compare() {
    local name=$1 cpio=$2
    shift 2
    cat "$cpio" "$linux/init.cpio" >"$tmp/linux.cpio"
    boot "$linux/vmlinux" "$tmp/linux.cpio" "console=ttyS0 loglevel=0 reboot=t no_timer_check \
nolapic_timer tsc_early_khz=1000000 VAR=value rdinit=/init -- ${program:-/app} $*"
    # An empty output would be equal to another one.
    cp "$tmp/console" "$tmp/expected"
    [ -s "$tmp/expected" ] || echo "nothing from Linux" >"$tmp/expected"
    boot "$pith" "$cpio" "console=ttyS0 quiet VAR=value rdinit=${program:-/app} -- $*"
    check "$name" 0
    equal "$name"
}

# activity: of the vCPU of $qemu, a thread known by its name: for how many ns it ran, and how many it waited to, and
# how often it went to sleep
# shellcheck disable=SC2154 # who calls it has started the guest
activity() {
    local thread ran waited
    thread=$(grep -l '^CPU ' "/proc/$qemu/task/"*/comm) || return
    read -r ran waited _ <"${thread%comm}schedstat"
    echo "$ran $waited $(awk '/^voluntary/ { print $2 }' "${thread%comm}status")"
}

# idle SECONDS: the guest of $qemu has nothing to do, and sleeps. It does not run half of the time; from one sleep
# to the next it runs and waits to for less than 100 ms, which is more than a thread that wakes up has to wait for
# a busy CPU; and it wakes up no more often than its timers ask for, and a PC's, whose edges come 36 times a
# second.
idle() {
    local before after ran waited wakes
    read -r -a before < <(activity)
    sleep "$1" # what is measured
    read -r -a after < <(activity)
    [ ${#after[@]} = 3 ] || return
    ran=$(((after[0] - before[0]) / 1000000))
    waited=$(((after[1] - before[1]) / 1000000))
    wakes=$((after[2] - before[2]))
    echo "ran for $ran ms of $1 s, waited to for $waited ms, slept $wakes times"
    awk -v s="$1" -v ran=$ran -v waited=$waited -v wakes=$wakes \
        'BEGIN { exit !(ran < 500 * s && (ran + waited) / (wakes + 1) < 100 && wakes <= 50 + 100 * s) }'
}
