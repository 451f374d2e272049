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
package=linux-headers-${image#linux-image-}

# What the headers' package needs of the kernel's other packages: NAME, or NAME=VERSION where it says so.
needs() {
    apt-cache show "$package=$version" | sed -n 's/^Depends: //p' | tr , '\n' |
        sed -n 's/^ *\(linux-\(headers\|kbuild\)-[^ ]*\)/\1/p' | sed 's/ (= \(.*\))/=\1/; s/ .*//'
}

if ! cmp -s "$1/package" "$headers/image"; then
    # shellcheck disable=SC2046 # words
    kernels/linux/fetch.sh "$headers" "$package=$version" $(needs) || {
        echo "$0: no headers for $image $version; to follow the distribution, delete $1" >&2
        exit 1
    }
    # The packages expect one another under /usr.
    echo "include $(realpath "$headers"/usr/src/linux-headers-*-common)/Makefile" \
        >"$headers/usr/src/$package/Makefile"
    cp "$1/package" "$headers/image"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$source" "$work/"
echo "obj-m := $(basename "$output" .ko).o" >"$work/Kbuild"
unset MAKEFLAGS MAKELEVEL MFLAGS # the caller's; this is another project's build
# Without type information for BPF, which would need the tool pahole and says nothing to anybody here.
make -s -C "$headers/usr/src/$package" M="$work" CONFIG_DEBUG_INFO_BTF_MODULES= modules
# The build ID is of the temporary path, too: without it the same input gives the same module.
strip --strip-debug -R .note.gnu.build-id "$work/$(basename "$output")"
mkdir -p "$(dirname "$output")"
mv "$work/$(basename "$output")" "$output"
