#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: modules.sh IMAGE_FOLDER OUTPUT_FOLDER MODULE...
# Take MODULEs, and those that they need, out of the kernel package unpacked in IMAGE_FOLDER (by
# fetch.sh). They lie in OUTPUT_FOLDER, uncompressed; OUTPUT_FOLDER/list names them, each after those
# it needs. What is built into the kernel is left out.
set -eu
built_in=$(find "$1" -path '*/lib/modules/*/modules.builtin')
modules=${built_in%/*}
folder=$2
shift 2

add() { # add MODULE
    ! grep -q "/$1\.ko\$" "$built_in" && [ ! -e "$folder/$1.ko" ] || return 0
    file=$(find "$modules" -name "$1.ko" -o -name "$1.ko.??" -o -name "$1.ko.???")
    case $file in
    '')
        echo "$0: $1.ko is not in the package, and not built in" >&2
        exit 1
        ;;
    *.gz) unpack="gzip -dc" ;;
    *.xz) unpack="xz -dc" ;;
    *.zst) unpack="zstd -dc" ;;
    *) unpack='cat' ;;
    esac
    $unpack <"$file" >"$folder/$1.ko"
    # shellcheck disable=SC2013 # words
    for need in $(tr '\0' '\n' <"$folder/$1.ko" | LC_ALL=C sed -n 's/^depends=//p' | tr , ' '); do
        add "$need"
    done
    echo "$1" >>"$folder/names"
}

rm -rf "$folder"
mkdir -p "$folder"
: >"$folder/names"
for module; do add "$module"; done
mv "$folder/names" "$folder/list" # by this make knows that all is there
