#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: extract-vmlinux.sh BZIMAGE VMLINUX
# Take the uncompressed ELF kernel out of a bzImage. QEMU boots it by its PVH note, past the real
# mode set-up code and the decompressor. Where it lies is in the set-up header (the kernel's
# Documentation/x86/boot.rst: setup_sects, payload_offset, payload_length).
set -eu
image=$1
vmlinux=$2

die() {
    echo "$image: $1" >&2
    exit 1
}
number() { # number OFFSET BYTES
    od -An -v -j "$1" -N "$2" -t "u$2" "$image" | tr -d ' '
}

[ "$(head -c 518 "$image" | tail -c 4)" = HdrS ] || die "not a bzImage: no HdrS at offset 514"
sectors=$(number 497 1)
[ "$sectors" != 0 ] || sectors=4
start=$(((sectors + 1) * 512 + $(number 584 4)))
length=$(number 588 4)

# The build appends the uncompressed size, four bytes which are no part of the stream; gzip ends
# with such a number by itself.
case $(od -An -v -j $start -N 4 -t x1 "$image" | tr -d ' ') in
1f8b*) unpack="gzip -dc" ;;
fd377a58) unpack="xz -dc" length=$((length - 4)) ;;
28b52ffd) unpack="zstd -dc" length=$((length - 4)) ;;
02214c18) unpack="lz4 -dc" length=$((length - 4)) ;;
*) die "the kernel is compressed in a way this script does not know" ;;
esac
tail -c +$((start + 1)) "$image" | head -c "$length" | $unpack >"$vmlinux"

# Note type 18 is XEN_ELFNOTE_PHYS32_ENTRY, which older readelfs print as a bare number.
readelf -n "$vmlinux" | grep -qa 'Xen .*(0x00000012)\|PHYS32_ENTRY' ||
    die "the kernel has no PVH entry point"
