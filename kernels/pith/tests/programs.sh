#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real programs on Linux and on pith print the same: Debian's static busybox, and SQLite.
set -u
. kernels/pith/tests/lib.sh
busybox=$B/cache/busybox-static/bin/busybox
sqlite=$B/cache/libsqlite3-dev/usr
memory=512

mkdir -p "$tmp/root/tree/a/b" "$tmp/root/tree/c"
cp "$busybox" "$tmp/root/busybox"
seq 1 300000 | sed 's/$/ the quick brown fox jumps over the lazy dog/' | head -c 52428800 >"$tmp/line"
while [ "$(stat -c %s "$tmp/line")" -lt 52428800 ]; do
    cat "$tmp/line" "$tmp/line" | head -c 52428800 >"$tmp/lines" && mv "$tmp/lines" "$tmp/line"
done
mv "$tmp/line" "$tmp/root/large" # 50 MB
seq 60000 -1 1 | awk '{ print $1 * 7919 % 60013, $1 }' >"$tmp/root/numbers"
for name in tree/one tree/a/two tree/a/b/three tree/c/four; do echo $name >"$tmp/root/$name"; done
ln -s one "$tmp/root/tree/link"
(cd "$tmp/root" && find . -mindepth 1 | sort | cpio -o -H newc --quiet --reproducible) >"$tmp/busybox.cpio"

program=/busybox
# Arguments are split at spaces: a script of builtins is given as a file.
cat >"$tmp/root/script" <<'S'
total=0
for i in 1 2 3 4 5 6 7 8 9 10; do total=$((total + i * i)); done
echo "sum of squares $total"
case "$total" in 385) echo right ;; *) echo wrong ;; esac
square() { local n=$1; echo "$n squared is $((n * n))"; }
square 12
while read -r number rest; do [ "$number" -gt 59990 ] && echo "$number $rest"; done </numbers
printf '%05d %s %x\n' 42 word 255
set -- a b c; shift; echo "$# $*"
echo written >/out; echo more >>/out; while read -r line; do echo "read $line"; done </out
cd /tree/a && pwd; [ -d b ] && [ ! -e none ] && test -f two && echo tests
umask; trap 'echo bye' EXIT; echo "${total%5} ${total#3} ${#total} ${none:-default}"
S
echo '{ s += $1 * $2 } END { print s, NR }' >"$tmp/root/sum"
(cd "$tmp/root" && printf 'script\nsum\n' | cpio -o -H newc --quiet) >>"$tmp/busybox.cpio"
compare "busybox sh, builtins" "$tmp/busybox.cpio" sh /script
compare "busybox sh -c" "$tmp/busybox.cpio" sh -c '"echo $((6*7)) $#"'
compare "busybox sha256sum of 50 MB" "$tmp/busybox.cpio" sha256sum /large /numbers
compare "busybox sort" "$tmp/busybox.cpio" sort -n /numbers
compare "busybox gzip of 50 MB" "$tmp/busybox.cpio" gzip -c /large
compare "busybox find" "$tmp/busybox.cpio" find /tree -type f -name '*o*'
compare "busybox ls" "$tmp/busybox.cpio" ls -ln /tree /tree/a
compare "busybox wc" "$tmp/busybox.cpio" wc /large
compare "busybox md5sum" "$tmp/busybox.cpio" md5sum /large
compare "busybox awk" "$tmp/busybox.cpio" awk -f /sum /numbers

program=/app
gcc -O1 -w -static -I "$sqlite/include" -o "$tmp/sqlite" kernels/pith/tests/guest/sqlite.c \
    "$sqlite/lib/x86_64-linux-gnu/libsqlite3.a" -lm -lpthread 2>/dev/null
rm -rf "$tmp/root"
pack "$tmp/sqlite.cpio" "$tmp/sqlite"
compare "sqlite3, 100,000 rows" "$tmp/sqlite.cpio"

compile musl kernels/pith/tests/guest/storm.c "$tmp/storm"
pack "$tmp/storm.cpio" "$tmp/storm"
compare "1,000 threads, a mutex storm, 1,000,000 futex round trips" "$tmp/storm.cpio"

finish
