#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tare run --payload: the user's own program, with its arguments, on every target.
. tests/lib.sh

cat >"$tmp/app.c" <<'C'
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef MARKERS
#include "payload.h"
#else
#define payload_mark(kind, status)
#endif
int main(int argc, char **argv)
{
    int status = argc > 1 && strcmp(argv[1], "fail") == 0 ? 3 : 0;

    payload_mark(MARKER_MAIN, 0);
    printf("%d words:", argc);
    for (int i = 1; i < argc; i++)
        printf(" <%s>", argv[i]);
    printf("\nready to serve\n");
    while (argc > 1 && strcmp(argv[1], "serve") == 0)
        pause();
    payload_mark(MARKER_EXIT, (unsigned)status);
    return status;
}
C
musl-gcc -static -O2 -o "$tmp/app" "$tmp/app.c" || exit
musl-gcc -static -O2 -DMARKERS -Iscenarios -o "$tmp/marking" "$tmp/app.c" || exit

measure() { # measure NAME TARGETS REPEAT OPTION...
    local name=$1 targets=$2 repeat=$3
    shift 3
    run_tare run --target "$targets" --repeat "$repeat" --warmup 0 --accel tcg \
        --out "$tmp/$name.json" "$@"
}

counts() { # counts NAME METRIC: its number of samples on host, pith and linux
    for target in host pith linux; do samples "$tmp/$1.json" boot "$2" $target | wc -l; done | xargs
}

failures() { # failures NAME PATTERN: how many failed samples say so
    "$tare" export tsv "$tmp/$1.json" | grep -Ec "$2"
}

field() { # field NAME PYTHON: of its document d
    python3 -c "import json; d = json.load(open('$tmp/$1.json')); print($2)"
}

sha256() {
    sha256sum "$1" | cut -d ' ' -f 1
}

# --- it runs, with its arguments, and is ready by a line of its console
words='3 words: <-p> <a=b;$(c)&'\''>'
measure args host,pith,linux 2 --payload "$tmp/app" --args "  -p   a=b;\$(c)&' " \
    --ready 'console:^3 words: <-p> <a=b;\$\(c\)&'\''>$'
ok "console: exit status" is "$status" 0
ok "console: app on every target: $words" is "$(counts args app)" "2 2 2"
ok "console: create and total" is "$(counts args create) $(counts args total)" "2 2 2 2 2 2"
ok "console: no exit" is "$(counts args exit)" "0 0 0"
ok "console: the table says what ran" grep -q "^payload: $tmp/app .*; ready: console:" "$tmp/out"
ok "console: fits the schema" python3 -m jsonschema -i "$tmp/args.json" results/schema.json
ok "records the program" is "$(field args "d['payloads'][0]['program_sha256']")" \
    "$(sha256 "$tmp/app")"
ok "records path and arguments" is "$(field args "d['run']['payload'] + d['run']['args']")" \
    "$tmp/app  -p   a=b;\$(c)&' "
ok "records the rule" is "$(field args "d['run']['ready'][:18]")" "console:^3 words: "
ok "no word but these ends the command lines" is "$(field args "[l['cmdline'].endswith(' -p a=b;\$(c)&\'')
    for t in d['targets'] if t['name'] != 'host' for l in t['launches']]")" "[True, True]"

cp "$tmp/app" "$tmp/copy"
touch -d 2001-01-01 "$tmp/copy"
chmod 600 "$tmp/copy"
measure copy host 1 --payload "$tmp/copy" --ready console:ready
ok "the same program makes the same archive" is "$(field copy "d['payloads'][0]['sha256']")" \
    "$(field args "d['payloads'][0]['sha256']")"

# --- a server never ends: tare ends it. One that fails has failed, though it was ready.
measure serve floor,host,pith,linux 1 --payload "$tmp/app" --args "serve $$" --ready 'console:^ready'
ok "server: exit status" is "$status" 0
ok "server: app on every target" is "$(counts serve app)" "1 1 1"
ok "server: floor counts by its markers" is "$(samples "$tmp/serve.json" boot exit floor | wc -l)" 1
ok "server: nothing is left of it" bash -c "! pgrep -fx '/app serve $$'"
measure fail host,pith,linux 1 --payload "$tmp/app" --args fail --ready 'console:^ready'
ok "failing program: exit status" is "$status" 1
ok "failing program: create, its parts, app and total fail on all" \
    is "$(failures fail 'the payload ended with status 3')" 13
measure never host,pith 1 --payload "$tmp/app" --ready 'console:^never'
ok "no such line: exit status" is "$status" 1
ok "no such line: says so" is "$(failures never 'ended with status 0 .*no line .* matched')" 8

# --- by its markers
measure marker host,pith,linux 2 --payload "$tmp/marking" --args "one"
ok "marker: exit status" is "$status" 0
ok "marker: app and exit on every target" is "$(counts marker app) $(counts marker exit)" \
    "2 2 2 2 2 2"
ok "marker: records the rule" is "$(field marker "d['run']['ready']")" marker
measure icount pith 2 --payload "$tmp/marking" --args "one" --icount
ok "marker: under icount too" is "$(samples "$tmp/icount.json" boot virtual_ns pith | sort -u | wc -l)" 1
measure silent host 1 --payload "$tmp/app"
ok "marker: a program without says what to do" \
    is "$(failures silent 'before payload main; .*needs --ready console:REGEX')" 4

# --- by an answer on the wire
cat >"$tmp/server.c" <<'C'
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
extern char **environ;
int main(int argc, char **argv)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
    struct timespec pause = {.tv_nsec = 200000000};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    printf("words: %d %s\nenvironment:", argc, argv[1]);
    for (char **variable = environ; *variable; variable++)
        if (**variable == 'H' || **variable != 'T' || (*variable)[1] == 'E')
            printf(" %s", *variable);
    printf("\n");
    fflush(stdout);
    nanosleep(&pause, NULL); /* who connects now is refused: the words are not ready */
    if (bind(fd, (struct sockaddr *)&any, sizeof any) != 0 || listen(fd, 4) != 0)
        return 2;
    nanosleep(&pause, NULL); /* who connects now waits: that it listens is ready, not accept() */
    while (argc == 2)
        close(accept(fd, NULL, NULL));
    return 3;
}
C
musl-gcc -static -O2 -o "$tmp/server" "$tmp/server.c" || exit
measure tcp floor,host,linux,linux-tuned 2 --payload "$tmp/server" --args 80 --ready tcp:80
ok "tcp: exit status" is "$status" 0
for target in host linux linux-tuned; do
    ok "tcp: app and reply on $target are one" is \
        "$(samples "$tmp/tcp.json" boot app $target)" "$(samples "$tmp/tcp.json" boot reply $target)"
    ok "tcp: two of them" is "$(samples "$tmp/tcp.json" boot app $target | wc -l)" 2
    ok "tcp: not before it listens on $target" test \
        "$(samples "$tmp/tcp.json" boot app $target | sort -g | head -n 1 | cut -d . -f 1)" -ge 200
done
ok "tcp: floor counts by its markers, and has no reply" is \
    "$(samples "$tmp/tcp.json" boot app floor | wc -l) $(samples "$tmp/tcp.json" boot reply floor | wc -l)" "2 0"
ok "tcp: fits the schema" python3 -m jsonschema -i "$tmp/tcp.json" results/schema.json
measure tcpfail host,linux,linux-tuned 1 --payload "$tmp/server" --args "80 once" --ready tcp:80
ok "tcp: a program that fails after its answer has failed" \
    is "$(failures tcpfail 'the payload ended with status 3')" 16
# What the guest was told of its address must reach neither arguments nor environment.
ok "tcp: arguments and environment are the same on all" is "$(python3 -c "
import json
for m in json.load(open('$tmp/tcpfail.json'))['metrics']:
    if m['metric'] == 'app':
        said = m['samples'][0]['console'].replace('\\\\x0d', '').splitlines()
        print(*[l for l in said if l[:6] in ('words:', 'enviro')])" | sort -u)" \
    "words: 3 80 environment: HOME=/ TERM=linux"
measure tcpwrong host 1 --payload "$tmp/server" --args "80 once" --ready tcp:81
ok "tcp: another port says so" is "$(failures tcpwrong \
    'ended with status 3 before payload ready; nothing accepted a connection to TCP port 81')" 4

# --- the stamp is that of the line's last byte
null_target slow '[{"at_ms":20,"console":"re"},{"at_ms":120,"console":"ady\n"},{"hang":true,"at_ms":130}]'
measure stamp slow 1 --data "$tmp/data" --payload "$tmp/app" --ready 'console:^ready$'
# After its start it is watched for a second.
ok "stamp: when the line is whole" awk -v ms="$(samples "$tmp/stamp.json" boot app slow)" \
    'BEGIN { exit !(ms >= 120 && ms < 1120) }'

# --- bad input
refused() { # refused DESCRIPTION PATTERN... -- OPTION...
    local what=$1 patterns=()
    shift
    while [ "$1" != -- ]; do
        patterns+=("$1")
        shift
    done
    shift
    measure bad host,pith 1 "$@"
    ok "$what: exit status 2" is "$status" 2
    ok "$what: message" says "${patterns[@]}"
    ok "$what: no result" test ! -e "$tmp/bad.json" -a ! -e "$tmp/bad.json.journal"
}

remedy='gcc -static'
printf '#!/bin/sh\n' >"$tmp/script"
printf 'int main(void) { return 0; }\n' >"$tmp/main.c"
gcc -o "$tmp/dynamic" "$tmp/main.c"
gcc -c -o "$tmp/object" "$tmp/main.c"
gcc -shared -fPIC -o "$tmp/library" "$tmp/main.c"
head -c 9000 "$tmp/app" >"$tmp/cut"
refused "a script" "$tmp/script: not an ELF program" "$remedy" -- --payload "$tmp/script"
refused "dynamically linked" "$tmp/dynamic: dynamically linked" -static -- --payload "$tmp/dynamic"
refused "an object file" "$tmp/object: an ELF file, but not a program" "$remedy" -- \
    --payload "$tmp/object"
refused "a library" "$tmp/library: .*library" "$remedy" -- --payload "$tmp/library"
refused "a truncated program" "$tmp/cut: .*outside the file" -- --payload "$tmp/cut"
refused "no such file" "$tmp/none: No such file" 'readable static' -- --payload "$tmp/none"
refused "a directory" "$tmp: not a regular file" 'readable static' -- --payload "$tmp"
mkfifo "$tmp/fifo"
refused "a FIFO" "$tmp/fifo: not a regular file" -- --payload "$tmp/fifo"
refused "a double quote" 'args: "a"b": holds a double quote' -- --payload "$tmp/app" --args 'x a"b'
refused "a tab" 'args: holds byte 0x09' -- --payload "$tmp/app" --args $'a\tb'
refused "arguments of nothing" 'program of --payload' -- --args x
for port in '' 0 65536 http 80x -1; do
    refused "tcp:$port" 'ready tcp:.*: must be a port from 1 to 65535' -- \
        --payload "$tmp/app" --ready "tcp:$port"
done
refused "tcp under icount" 'ready tcp:80: cannot go with --icount' -- \
    --payload "$tmp/app" --ready tcp:80 --icount
refused "a broken expression" 'ready console:\(: .*POSIX extended' -- \
    --payload "$tmp/app" --ready 'console:('
refused "an unknown rule" 'ready soon: is none of marker, console:REGEX, tcp:PORT' -- --payload "$tmp/app" --ready soon
refused "console under icount" 'ready console:x: cannot go with --icount' -- \
    --payload "$tmp/app" --ready console:x --icount
# A user who may not read it; root may read everything, so another one is made.
cp "$tmp/app" "$tmp/secret"
chmod 000 "$tmp/secret"
unshare -U --map-user=1000 --map-group=1000 "$tare" run --unjudged --payload "$tmp/secret" --target host \
    --out "$tmp/bad.json" >"$tmp/out" 2>"$tmp/err"
ok "unreadable: exit status 2" is $? 2
ok "unreadable: message" says "$tmp/secret: Permission denied" 'readable static'
mkdir -p "$tmp/data/kernels/deaf"
cp "$share/kernels/floor/floor.elf" "$tmp/data/kernels/deaf/"
echo '{"name":"deaf","summary":"takes no arguments","driver":"libvirt","kernel":"floor.elf",
    "initrd":["payload"],"cmdline":"quiet"}' >"$tmp/data/kernels/deaf/target.json"
run_tare run --data "$tmp/data" --target deaf --payload "$tmp/app" --ready tcp:80 --out "$tmp/bad.json"
ok "a target without the network: exit status 2" is "$status" 2
ok "a target without the network: message" says 'ready tcp: target deaf .*"cmdline".*no \{network\}'
run_tare run --data "$tmp/data" --target deaf --payload "$tmp/app" --args x --out "$tmp/bad.json"
ok "a target that passes no arguments on: exit status 2" is "$status" 2
ok "a target that passes no arguments on: message" says 'target deaf: .*"cmdline".*no \{args\}'

# --- a run that was cut goes on with the same program, or not at all
cp "$tmp/app" "$tmp/resumed"
"$tare" run --unjudged --payload "$tmp/resumed" --args serve --ready console:ready --target host --repeat 3 \
    --warmup 0 --out "$tmp/cut.json" >"$tmp/out" 2>"$tmp/err" &
pid=$!
until grep -q '"trial"' "$tmp/cut.json.journal" 2>/dev/null || ! kill -0 $pid; do sleep 0.05; done
kill -INT $pid
wait $pid
mv "$tmp/resumed" "$tmp/away"
run_tare run --resume "$tmp/cut.json"
ok "resume, program gone: exit status 2" is "$status" 2
ok "resume, program gone: message" says 'resume' "$tmp/resumed: No such file"
cp "$tmp/marking" "$tmp/resumed"
run_tare run --resume "$tmp/cut.json"
ok "resume, program changed: exit status 2" is "$status" 2
ok "resume, program changed: message" says "resume: $tmp/resumed, .*has changed.*start a new run"
run_tare run --resume "$tmp/cut.json" --payload "$tmp/app"
ok "resume with another program: exit status 2" is "$status" 2
mv "$tmp/away" "$tmp/resumed"
run_tare run --resume "$tmp/cut.json"
ok "resume: exit status" is "$status" 0
ok "resume: all samples" is "$(samples "$tmp/cut.json" boot app host | wc -l)" 3
ok "resume: the same rule" is "$(field cut "d['run']['args'] + ' ' + d['run']['ready']")" \
    "serve console:ready"
finish
