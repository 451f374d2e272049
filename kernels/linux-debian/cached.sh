#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: cached.sh CACHE FOLDER BUILD INPUT...
# Have FOLDER hold what BUILD made of the INPUTs, the last of which is the payload's starter, under CACHE/KEY.
# FOLDER/made says which key. Fails where it cannot be made; FOLDER has then no image.
set -eu
cache=$1
folder=$2
build=$3
shift 2
key=$( (
    . /etc/os-release
    echo "${VERSION_CODENAME:-}"
    cat "$@"
) | sha256sum | cut -c 1-16)
for starter; do :; done

rm -f "$folder/made" "$folder/vmlinuz" "$folder/initrd.img" "$folder/root.img"
if [ ! -e "$cache/$key/packages" ]; then
    echo "linux-debian: making an image of Debian, some minutes"
    "$build" "$cache/$key" "$starter"
fi
for file in vmlinuz initrd.img root.img; do
    ln -f "$cache/$key/$file" "$folder/" 2>/dev/null || cp --sparse=always "$cache/$key/$file" "$folder/"
done
echo "$key" >"$folder/made"
