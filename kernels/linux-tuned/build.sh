#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: build.sh SOURCE_FOLDER CONFIG CACHE OUTPUT
# Build the kernel whose source package was unpacked in SOURCE_FOLDER (kernels/linux/fetch.sh) with
# CONFIG on top of tinyconfig and the patches beside CONFIG. The result is kept under CACHE by the hash of
# all that goes into it, so that it is compiled once. Takes 3 to 6 minutes on two cores.
set -eu -o pipefail
package=$1/package
tarball=$(realpath "$1"/usr/src/linux-source-*.tar.xz)
config=$(realpath "$2")
devices=${config%/*}/devices # what CONFIG_INITRAMFS_SOURCE names
patches=${config%/*}/patches
mkdir -p "$3"
cache=$(realpath "$3")
output=$(realpath -m "$4")
recipe=2 # to be raised when a change below changes the kernel

hash=$(cat "$package" "$config" "$devices" "$patches"/*.patch <(gcc --version) <(ld --version) <(echo $recipe) |
    sha256sum | cut -c 1-16)
kept=$cache/$hash
if [ ! -e "$kept" ]; then
    source=$cache/source
    rm -rf "$source"
    mkdir -p "$source"
    trap 'rm -rf "$source"' EXIT
    echo "linux-tuned: unpacking $(sed -n 's/^Version: //p' "$package")"
    tar -xf "$tarball" -C "$source" --strip-components=1
    unset MAKEFLAGS MAKELEVEL MFLAGS # the caller's; this is another project's build
    # Nothing of this machine gets in: the same input gives the same kernel.
    export KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=tare KBUILD_BUILD_HOST=tare
    for patch in "$patches"/*.patch; do
        patch -s -p1 -d "$source" <"$patch"
    done
    cp "$devices" "$source"
    cd "$source"
    make -s tinyconfig >/dev/null
    scripts/kconfig/merge_config.sh -m .config "$config" >/dev/null
    make -s olddefconfig 2>/dev/null # it warns of every option that replaces a default
    # An option that another one overrules must not be lost in silence.
    grep -E '^CONFIG_' "$config" | while read -r line; do
        grep -qxF "$line" .config || { echo "$config: $line: the kernel refuses it" >&2; exit 1; }
    done
    make -j"$(nproc)" vmlinux 2>&1 |
        awk '/^  (CC|AS) / { if (++n % 200 == 0) { print "linux-tuned: " n " files compiled"; fflush() } next }
             /rror|\*\*\*/ { print; fflush() }'
    strip -o "$kept.new" vmlinux
    cd "$cache"
    mv "$kept.new" "$kept"
fi
cp "$kept" "$output"
