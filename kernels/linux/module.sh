#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: module.sh IMAGE_FOLDER HEADERS_FOLDER SOURCE.c OUTPUT.ko
# Compile a kernel module for the kernel package unpacked in IMAGE_FOLDER (by fetch.sh), with the
# distribution's headers for just that package, which are unpacked in HEADERS_FOLDER. Nothing is
# installed.
set -eu
image=$(sed -n 's/^Package: //p' "$1/package")
version=$(sed -n 's/^Version: //p' "$1/package")
headers=$2
source=$(realpath "$3")
output=$(realpath -m "$4")

release=${image#linux-image-}                      # 6.1.0-56-cloud-amd64
common=linux-headers-${release%-cloud-*}-common    # the part that all flavours share
kbuild=linux-kbuild-$(echo "$release" | cut -d . -f 1,2)

if ! cmp -s "$1/package" "$headers/package"; then
    rm -rf "$headers"
    mkdir -p "$headers"
    if ! (cd "$headers" && apt-get -q -o APT::Sandbox::User=root download \
        "linux-headers-$release=$version" "$common=$version" "$kbuild"); then
        echo "$0: no headers for $image $version; to follow the distribution, delete $1" >&2
        exit 1
    fi
    for package in "$headers"/*.deb; do
        dpkg-deb -x "$package" "$headers"
        rm "$package"
    done
    # The packages expect one another under /usr.
    echo "include $(realpath "$headers")/usr/src/$common/Makefile" \
        >"$headers/usr/src/linux-headers-$release/Makefile"
    cp "$1/package" "$headers/package"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$source" "$work/"
echo "obj-m := $(basename "$output" .ko).o" >"$work/Kbuild"
make -s -C "$headers/usr/src/linux-headers-$release" M="$work" MAKEFLAGS= modules
# The build ID is of the temporary path, too: without it the same input gives the same module.
strip --strip-debug -R .note.gnu.build-id "$work/$(basename "$output")"
mkdir -p "$(dirname "$output")"
mv "$work/$(basename "$output")" "$output"
