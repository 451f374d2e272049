# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# For fuzz_calls.sh and fuzz_code.sh: a program that does anything at random, on pith. The kernel never
# panics, and what it serves goes on: within a second a thread of the program answers, throughout
# (guest/fuzz.c, net/heartbeat.c).
#   -max_total_time=N   seconds, in guests of 10 s; otherwise FUZZ_SECONDS, or 30
#   SEED=N              of the first guest; the next one's is one more
. kernels/pith/tests/alone.sh
. kernels/pith/tests/lib.sh
network=$B/tests/pith-network
seconds=${FUZZ_SECONDS:-30}
seed=${SEED:-$(date +%s)}
each=10
guest=10.0.0.2
for argument; do # as clang's fuzzers take them
    [[ $argument = -max_total_time=* ]] && seconds=${argument#*=}
done

# guest WHAT STRICT: one guest, until it ends. How it ended to $status.
guest() {
    rm -f "$tmp/marker"
    qemu-system-x86_64 -accel tcg -cpu max,-erms,-fsrm -display none -nodefaults -no-user-config \
        -no-reboot -M microvm,acpi=off,auto-kernel-cmdline=off -m 128 \
        -serial "file:$tmp/console" -chardev "file,id=d,path=$tmp/marker" \
        -chardev "socket,id=m,path=$tmp/monitor,server=on,wait=off" -mon chardev=m \
        -device isa-debugcon,iobase=0xe9,chardev=d -kernel "$pith" -initrd "$tmp/fuzz.cpio" \
        -append "quiet virtio_mmio.device=512@0xfeb00e00:12 \
ip=$guest::10.0.0.1:255.255.255.0::eth0:off rdinit=/app -- $1 $seed $each" \
        -netdev tap,id=n,ifname=tap0,script=no,downscript=no,vhost=off \
        -device virtio-net-device,netdev=n </dev/null &
    qemu=$!
    "$network" heartbeat $guest $qemu program "$2" monitor "$tmp/monitor" >"$tmp/said" 2>&1
    heard=$?
    kill -KILL $qemu 2>/dev/null
    wait $qemu 2>/dev/null
    status=$(sed -n 's/^E.\{16\}\(..\)$/\1/p' "$tmp/marker" | tail -n 1)
    # Without an end and an answer it has not even begun.
    [ $heard = 0 ] && ! grep -aq 'panic' "$tmp/console" &&
        { [ -n "$status" ] || ! grep -q '^0 answers' "$tmp/said"; }
}

last_word() { # of the kernel, or else of the program
    { grep -a '^pith:' "$tmp/console" || cat "$tmp/console"; } | tail -n 1 | tr -d '\r' | cat -v
}

# fuzz WHAT STRICT: guests of guest/fuzz.c WHAT. STRICT: `strict` where the program has to answer to the end,
# `loose` where it may have lost its voice by rights, and only the kernel has to.
fuzz() {
    local end=$((SECONDS + seconds)) guests=0
    gcc -static-pie -O1 -pthread -o "$tmp/fuzz" kernels/pith/tests/guest/fuzz*.c || exit 1
    pack "$tmp/fuzz.cpio" "$tmp/fuzz"
    "$network" lan tap tap0 && "$network" lan address tap0 10.0.0.1/24 || exit 1
    while [ $guests = 0 ] || [ $SECONDS -lt $end ]; do
        if ! guest "$1" "$2"; then
            echo "FAILED: $1, seed $seed; again: SEED=$seed $0 -max_total_time=1"
            sed 's/^/  | /' "$tmp/said"
            tail -n 20 "$tmp/console" | cat -v | sed 's/^/  console | /'
            exit 1
        fi
        guests=$((guests + 1))
        echo "seed $seed: $(cat "$tmp/said"); ended with $((16#${status:-fff})): $(last_word)"
        seed=$((seed + 1))
    done
    echo "$guests guests"
}
