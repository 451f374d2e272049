#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: mkpayload.sh OUTPUT.cpio PATH=FILE...
# Pack files into a newc cpio (an initramfs), each FILE at /PATH. The same contents always give the
# same bytes: no time stamp, owner, mode mask, inode number or file order of this machine gets in,
# so that the archive's sha256 tells whether two runs used the same payload.
set -eu
export LC_ALL=C

output=$(realpath "$1")
shift
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

for entry; do
    file=$root/${entry%%=*}
    mkdir -p "${file%/*}"
    cp "${entry#*=}" "$file"
    if [ -x "$file" ]; then chmod 755 "$file"; else chmod 644 "$file"; fi
done

cd "$root"
find . -type d -exec chmod 755 {} +
find . -exec touch -d @0 {} +
find . -mindepth 1 -printf '%P\n' | sort |
    cpio --quiet --create --format=newc --reproducible --owner=0:0 >"$output"
