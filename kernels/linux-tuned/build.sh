#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: build.sh SOURCE_FOLDER CONFIG CACHE OUTPUT
# Build the kernel whose source package was unpacked in SOURCE_FOLDER (kernels/linux/fetch.sh) with
# CONFIG on top of tinyconfig and the patches beside CONFIG. The result is kept under CACHE by the hash of
# all that goes into it, so that it is compiled once.
set -eu -o pipefail
package=$1/package
tarball=$(realpath "$1"/usr/src/linux-source-*.tar.xz)
config=$(realpath "$2")
devices=${config%/*}/devices # what CONFIG_INITRAMFS_SOURCE names
patches=${config%/*}/patches
compile=${config%/*}/compile
mkdir -p "$3"
cache=$(realpath "$3")
output=$(realpath -m "$4")
recipe=2 # to be raised when a change below changes the kernel
files=766       # that it compiles; shown only
cpu_seconds=290 # that takes; shown only

# Of make's output: how many files are compiled, on one line of a terminal, else a line each tenth; and errors.
show_progress() {
    terminal=0
    [ ! -t 1 ] || terminal=1
    awk -v files="$files" -v terminal=$terminal '
        function show(    of) {
            of = n > files ? n : files
            if (terminal)
                printf "\rlinux-tuned: %d of %d files compiled", n, of
            else if (int(10 * n / of) > tenths) {
                tenths = int(10 * n / of)
                printf "linux-tuned: %d of %d files compiled\n", n, of
            }
            fflush()
        }
        /^  (CC|AS|HOSTCC) / { n++; show(); next }
        /rror|\*\*\*/ { print (terminal ? "\n" : "") $0; fflush() }
        END {
            if (terminal)
                print ""
            if (n > files * 1.05 || n < files / 1.05)
                print "linux-tuned: " n " files, not " files "; correct files= in build.sh"
        }'
}

# The headers of compile/, with the flags that fs/ioctl.c was compiled with, but for the names of that file.
precompile() {
    local flags header
    flags=$(sed -n 's/^[a-z]*cmd_[^ ]* := [^ ]*\(.*\) -c -o .*/\1/p' fs/.ioctl.o.cmd |
        sed "s/-include [^ ]*//g; s/-Wp,-MMD,[^ ]*//; s/-D[A-Z_]*KBUILD_[^ ]*//g")
    cp -r "$compile" "$PRECOMPILED"
    for header in core net; do
        # shellcheck disable=SC2086 # words
        gcc $flags -x c-header -o "$PRECOMPILED/$header.h.gch" "$PRECOMPILED/$header.h"
    done
}

hash=$(cat "$package" "$config" "$devices" "$patches"/*.patch "$compile"/* \
    <(gcc --version) <(ld --version) <(echo $recipe) | sha256sum | cut -c 1-16)
kept=$cache/$hash
if [ ! -e "$kept" ]; then
    source=$cache/source
    rm -rf "$source"
    mkdir -p "$source"
    trap 'rm -rf "$source"' EXIT
    echo "linux-tuned: compiling Debian's Linux $(sed -n 's/^Version: //p' "$package"), once:" \
        "some $((cpu_seconds / $(nproc) / 60 + 1)) minutes if nothing else runs"
    # Without sources of which this kernel compiles none. It wants the Kconfig and Makefile beside them.
    without=(--exclude="*/"{sound,arch/{arm,arm64,mips,powerpc}}"/*.[chS]"
        --exclude="*/drivers/"{gpu,infiniband,media,net/{ethernet,wireless},scsi,staging,usb}"/*.[chS]")
    tar -xf "$tarball" -C "$source" --strip-components=1 --wildcards "${without[@]}"
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
    export PRECOMPILED=$source/precompiled
    make -s -j"$(nproc)" CC="$compile/gcc.sh" prepare fs/ioctl.o >/dev/null
    precompile
    make -j"$(nproc)" CC="$compile/gcc.sh" vmlinux 2>&1 | show_progress
    strip -o "$kept.new" vmlinux
    cd "$cache"
    mv "$kept.new" "$kept"
fi
cp "$kept" "$output"
