#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CI/deps installs what is missing, or prints a line that does: for root, for one with sudo, for one without.
# dpkg-query, apt-get, id, sudo and su are programs of this test: nothing is installed.
. tests/lib.sh
mkdir "$tmp/bin"
export LOG=$tmp/log

fake() { # fake NAME: a program of which the body is on standard input
    { echo '#!/bin/sh' && cat; } >"$tmp/bin/$1"
    chmod +x "$tmp/bin/$1"
}
fake dpkg-query <<'F'
for name; do :; done
case " $HAS " in *" $name "* | " all ") echo installed ;; esac
F
fake apt-get <<'F'
echo "$USER_ID: apt-get $*" >>"$LOG"
F
fake id <<'F'
echo "$USER_ID"
F
fake sudo <<'F'
asks=1
[ "$1" != -n ] || { asks=0 && shift; }
[ $PASSWORD = 0 ] || [ $asks = 1 ] || exit 1
[ $PASSWORD = 0 ] || [ "$1" = true ] || echo asked >>"$LOG"
USER_ID=0 exec "$@"
F
fake su <<'F'
[ "$1" = -c ] && USER_ID=0 exec sh -c "$2"
F
for name in sh sed true; do ln -s "$(type -P $name)" "$tmp/bin/"; done

# deps GROUP...: the outcome in $status, $tmp/out, $tmp/err and $LOG
deps() {
    : >"$LOG"
    PATH=$tmp/bin CI/deps "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
    status=$?
}
# did STATUS LINE...: so it ended, and that is what ran
did() {
    is "$status" "$1" || return
    shift
    for line; do echo "$line"; done | cmp -s - "$LOG" || { sed 's/^/  | /' "$LOG" && false; }
}
# the_line: run the line that was printed
the_line() {
    : >"$LOG"
    sed -n 's/^    //p' "$tmp/err" >"$tmp/line"
    PATH=$tmp/bin sh "$tmp/line"
    status=$?
}
update="0: apt-get update -q"
two="0: apt-get install -y --no-install-recommends mmdebstrap"

export HAS='' USER_ID=0 PASSWORD=0
deps distro
ok 'root: installs, after an update' did 0 "$update" "$two"
NO_INSTALL=1 deps distro
ok 'NO_INSTALL=1: installs nothing' did 1
ok 'NO_INSTALL=1: says what is missing' says mmdebstrap
the_line
ok 'the line that it prints does it' did 0 "$update" "$two"

HAS=mmdebstrap deps distro
ok 'nothing is missing: does nothing' did 0
ok 'nothing is missing: says nothing' is "$(cat "$tmp/out" "$tmp/err")" ""
HAS=mmdebstrap deps distro lint
ok 'two groups: installs what is missing of either' grep -q 'recommends clang.* shellcheck$' "$LOG"
deps none
ok 'a group that there is not' did 2
ok 'a group that there is not: says so' says 'no group none'

export USER_ID=1000
deps distro
ok 'sudo that needs no password: installs' did 0 "$update" "$two"
export PASSWORD=1
deps distro
ok 'sudo that would ask, no terminal: does not wait for an answer' did 1
ok 'sudo that would ask, no terminal: says why' says password
the_line
ok 'the line that it prints does it, and asks' did 0 asked "$update" "$two"
: >"$LOG"
PATH=$tmp/bin:$PATH script -qec 'CI/deps distro' /dev/null >"$tmp/out" </dev/null
status=$?
ok 'on a terminal sudo asks' did 0 asked "$update" "$two"

rm "$tmp/bin/sudo"
deps distro
ok 'neither root nor sudo: does nothing' did 1
ok 'neither root nor sudo: says why' says 'not root'
the_line
ok 'the line that it prints does it' did 0 "$update" "$two"

fake apt-get <<'F'
exit 100
F
USER_ID=0 deps distro
ok 'apt fails: so does this' did 1
ok 'apt fails: gives the line to look into it' says 'could not be installed' 'apt-get update'
finish
