#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The target linux-debian: a program that runs as a service of a whole Debian gets what every other target's gets.
. tests/lib.sh
MAKEFLAGS='' make --no-print-directory -s B="$B" needed TARGETS=linux-debian >"$tmp/out" 2>&1
if [ ! -e "$share/kernels/linux-debian/made" ]; then
    tail -n 1 "$tmp/out"
    exit 77
fi

cat >"$tmp/app.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "payload.h"
extern char **environ;
int main(int argc, char **argv)
{
    payload_mark(MARKER_MAIN, 0);
    printf("%d words:", argc);
    for (int i = 0; i < argc; i++)
        printf(" <%s>", argv[i]);
    printf("\nenvironment:");
    for (char **variable = environ; *variable; variable++)
        printf(" %s", *variable);
    printf("\nuser %d, parent is 1: %d, from %s\n", getuid(), getppid() == 1, access("/etc/debian_version", R_OK) ? "?" : "Debian");
    fflush(stdout);
    payload_mark(MARKER_EXIT, (unsigned)atoi(argv[1]));
    return atoi(argv[1]);
}
C
musl-gcc -static -O2 -Iscenarios -o "$tmp/app" "$tmp/app.c" || exit

run_tare run --scenario boot --target linux-debian --repeat 1 --warmup 0 --accel tcg --payload "$tmp/app" \
    --args "3 -h single emergency 5" --out "$tmp/words.json"
ok "a program that fails: exit status" is "$status" 1
ok "a program that fails: with its status" grep -q 'the payload ended with status 3' "$tmp/words.json"
ok "its words, of which none is systemd's" \
    grep -q '6 words: </app> <3> <-h> <single> <emergency> <5>' "$tmp/words.json"
ok "its environment" grep -q 'environment: HOME=/ TERM=linux\\\\x0d\\n' "$tmp/words.json"
ok "it is root's, a service's, in Debian" grep -q 'user 0, parent is 1: 0, from Debian' "$tmp/words.json"

run_tare run --scenario boot,memory --target linux-debian,linux --repeat 1 --warmup 0 --accel tcg --out "$tmp/r.json"
ok "boot and memory: exit status" is "$status" 0
ok "fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
run_tare verify "$tmp/r.json"
ok "verifies" is "$status" 0
for metric in create app total exit reply; do
    ok "boot.$metric" is "$(samples "$tmp/r.json" boot $metric linux-debian | wc -l)" 1
done
for metric in guest_touched minimum pss uss image httpd_minimum; do
    ok "memory.$metric" is "$(samples "$tmp/r.json" memory $metric linux-debian | wc -l)" 1
done
ok "it needs more than Debian's kernel alone" awk -v more="$(samples "$tmp/r.json" memory minimum linux-debian)" \
    -v less="$(samples "$tmp/r.json" memory minimum linux)" 'BEGIN { exit !(more > less) }'
ok "it is marked" grep -Eq '^\* linux-debian is not equal: .*q35' <("$tare" show "$tmp/r.json")
finish
