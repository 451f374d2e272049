#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# runs alone: measures
# The ruler: what does tare read when the true delay is known?
. tests/lib.sh
tare=$B/bin/tare # times are measured with what users run

# The guests that start fastest are started by a call that outlasts them, as libvirt's does.
for ms in 1 10 100 1000; do
    null_target "delay$ms" "[{\"resume_ms\":9},{\"at_ms\":$ms,\"marker\":\"M\"},{\"at_ms\":$ms.5,\"marker\":\"X\"},
        {\"at_ms\":$((ms + 1)),\"marker\":\"E\"},{\"at_ms\":$((ms + 1)),\"exit\":0}]"
done

# errors RESULT: |measured - true| in ms of every sample
errors() {
    for ms in 1 10 100 1000; do
        samples "$1" boot app "delay$ms" | awk -v t="$ms" '{ e = $1 - t; print e < 0 ? -e : e }'
    done
}

# The same delays, read by as little as can be: how well this machine wakes programs up.
cat >"$tmp/bare.c" <<'C'
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}
int main(int argc, char **argv)
{
    for (int i = 0; i < atoi(argv[1]); i++) {
        int ends[2];
        double start, delay = atof(argv[2 + i % (argc - 2)]);
        struct timespec due;
        pipe(ends);
        start = now_ms();
        due.tv_sec = (start + delay) / 1e3;
        due.tv_nsec = ((start + delay) / 1e3 - due.tv_sec) * 1e9;
        if (fork() == 0) {
            prctl(PR_SET_TIMERSLACK, 1UL);
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
            _exit(write(ends[1], "x", 1) != 1);
        }
        poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, -1);
        printf("%f\n", fabs(now_ms() - start - delay));
        wait(NULL);
        close(ends[0]);
        close(ends[1]);
    }
}
C
gcc -O2 -w -o "$tmp/bare" "$tmp/bare.c" -lm || exit

measure() { # measure NAME REPEAT SLOW
    local quick=delay1,delay10,delay100
    "$tmp/bare" "$2" 1 10 100 >"$tmp/$1.bare"
    run_tare run --data "$tmp/data" --target $quick --repeat "$2" --out "$tmp/$1.json"
    ok "$1: every trial succeeds" is "$status" 0
    run_tare run --data "$tmp/data" --target delay1000 --repeat "$3" --out "$tmp/$1-slow.json"
    ok "$1: every slow trial succeeds" is "$status" 0
    "$tmp/bare" "$2" 1 10 100 >>"$tmp/$1.bare"
    { errors "$tmp/$1.json" && errors "$tmp/$1-slow.json"; } >"$tmp/$1.errors"
    for what in bare errors; do
        echo "$1 $what: $(wc -l <"$tmp/$1.$what") samples, median error" \
            "$(quantile 0.5 <"$tmp/$1.$what") ms, p99 $(quantile 0.99 <"$tmp/$1.$what") ms"
    done
}

# near QUANTILE MS: of the errors, less than so much above that of the bare reader
near() {
    local is bare
    is=$(quantile "$1" <"$tmp/idle.errors") bare=$(quantile "$1" <"$tmp/idle.bare")
    awk -v is="$is" -v bare="$bare" -v ms="$2" 'BEGIN { exit !(is < bare + ms) }' || {
        echo "  $is ms, while it is $bare for a bare reader"
        return 1
    }
}

measure idle 60 10
ok "idle: 190 samples" is "$(wc -l <"$tmp/idle.errors")" 190
measures "idle: median error less than 0.2 ms above a bare reader's" near 0.5 0.2
measures "idle: p99 of the error less than 5 ms above a bare reader's" near 0.99 5

# The same with every core busy: printed beside, no bound is promised.
busy=()
for _ in $(seq "$(nproc)"); do
    timeout 1800 sh -c 'while :; do :; done' &
    busy+=($!)
done
measure busy 20 3
kill "${busy[@]}"
wait "${busy[@]}" 2>/dev/null
finish
