#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: build.sh SOURCE_FOLDER CONFIG CACHE OUTPUT
# Build the kernel whose source package was unpacked in SOURCE_FOLDER (kernels/linux/fetch.sh) with
# CONFIG on top of tinyconfig and the patches beside CONFIG. The result is kept under CACHE by the hash of
# all that goes into it, so that it is compiled once.
set -eu -o pipefail
package=$(realpath "$1/package")
tarball=$(realpath "$1"/usr/src/linux-source-*.tar.xz)
config=$(realpath "$2")
devices=${config%/*}/devices # what CONFIG_INITRAMFS_SOURCE names
patches=${config%/*}/patches
later=${config%/*}/later # forms of patches, and options that are gone, for sources which have moved on
compile=${config%/*}/compile
mkdir -p "$3"
cache=$(realpath "$3")
output=$(realpath -m "$4")
recipe=2 # to be raised when a change below changes the kernel
files=766       # that it compiles of Linux 6.1, some more of later ones; shown only
cpu_seconds=290 # that takes; shown only

# Of make's output: how many files are compiled, on one line of a terminal, else a line each tenth; and errors.
show_progress() {
    local line n=0 of tenths=0
    while IFS='' read -r line; do
        case $line in
        '  CC '* | '  AS '* | '  HOSTCC '*)
            n=$((n + 1))
            of=$((n > files ? n : files))
            if [ -t 1 ]; then
                printf '\rlinux-tuned: %d of %d files compiled' $n $of
            elif [ $((10 * n / of)) -gt $tenths ]; then
                tenths=$((10 * n / of))
                printf 'linux-tuned: %d of %d files compiled\n' $n $of
            fi
            ;;
        *rror* | *'***'*) echo "$line" ;;
        esac
    done
    [ ! -t 1 ] || echo
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

# key FILE...: the hash of what goes into the kernel, with FILEs of later/.
key() {
    cat "$package" "$config" "$devices" "$patches"/*.patch "$@" "$compile"/* \
        <(gcc --version) <(ld --version) <(echo $recipe) | sha256sum | cut -c 1-16
}

# Whether the source has an option.
has() {
    [ -e options ] || find . -name 'Kconfig*' -exec sed -nE 's/^[[:space:]]*(menu)?config /CONFIG_/p' {} + >options
    grep -qx "$1" options
}

# Whether the source has moved on: a patch does not apply, or an option of config is gone.
moved_on() {
    local patch option
    for patch in "$patches"/*.patch; do
        patch -s -p1 --dry-run -i "$patch" >/dev/null || return 0
    done
    for option in $(sed -n 's/^\(CONFIG_[^=]*\)=.*/\1/p' "$config"); do
        has "$option" || return 0
    done
    return 1
}

# Apply the patches; of one that does not apply, its form of later/.
apply_patches() {
    local patch
    for patch in "$patches"/*.patch; do
        patch -s -p1 --dry-run -i "$patch" >/dev/null || patch=$later/${patch##*/}
        patch -s -p1 -i "$patch"
    done
}

# An option that another one overrules must not be lost in silence; nor one that the source does not have, unless
# later/gone names it.
check_config() {
    local line option
    grep -E '^CONFIG_' "$config" | while read -r line; do
        option=${line%%=*}
        grep -qxF "$line" .config || { ! has "$option" && grep -qx "$option" "$later/gone"; } ||
            { echo "$config: $line: the kernel refuses it" >&2; exit 1; }
    done
}

kept=$cache/$(key)
[ -e "$kept" ] || kept=$cache/$(key "$later"/*)
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
    cp "$devices" "$source"
    cd "$source"
    moved_on || kept=$cache/$(key)
    apply_patches
    make -s tinyconfig >/dev/null
    scripts/kconfig/merge_config.sh -m .config "$config" >/dev/null
    make -s olddefconfig 2>/dev/null # it warns of every option that replaces a default
    check_config
    export PRECOMPILED=$source/precompiled
    make -s -j"$(nproc)" CC="$compile/gcc.sh" prepare fs/ioctl.o >/dev/null
    precompile
    make -j"$(nproc)" CC="$compile/gcc.sh" vmlinux 2>&1 | show_progress
    strip -o "$kept.new" vmlinux
    cd "$cache"
    mv "$kept.new" "$kept"
fi
cp "$kept" "$output"
