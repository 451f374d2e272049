#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The target linux-debian where its image cannot be made, or is not: nothing else suffers. With its image:
# tests/long/debian.sh.
. tests/lib.sh

mkdir "$tmp/bin"
PATH=$tmp/bin /bin/sh kernels/linux-debian/build.sh "$tmp/image" none >"$tmp/out" 2>"$tmp/err"
ok "no mmdebstrap: fails" is $? 1
ok "no mmdebstrap: a line says so, and what to do" is "$(cat "$tmp/err")" \
    "linux-debian is not there: no mmdebstrap; it needs what CI/deps debian installs"
ok "no mmdebstrap: nothing is made" test ! -e "$tmp/image"

# As make has it where that happened.
mkdir -p "$tmp/data/kernels/linux-debian"
cp -r "$share/kernels/host" "$tmp/data/kernels/"
ln -s "$share/payloads" "$tmp/data/payloads"
cp kernels/linux-debian/target.json "$tmp/data/kernels/linux-debian/"
run_tare run --data "$tmp/data" --target linux-debian,host --repeat 1 --warmup 0 --accel tcg --out "$tmp/r.json"
ok "no image: the others are measured" is "$status $(samples "$tmp/r.json" boot app host | wc -l)" "0 1"
ok "no image: it says where to read on" \
    grep -q 'image not found: vmlinuz; see kernels/linux-debian/README.md' "$tmp/r.json"

builds() { # builds MAKE-ARGUMENT...: whether that would make the image
    make --no-print-directory -n B="$tmp/build" "$@" 2>/dev/null | grep -q 'kernels/linux-debian/cached.sh'
}
ok "make bench for it makes it" builds needed TARGETS=linux,linux-debian SCENARIO=boot
ok "make bench for all does not" bash -c '! make -n B="$1" needed 2>/dev/null | grep -q linux-debian' - "$tmp/build"
ok "nor does make" bash -c '! make -n B="$1" all 2>/dev/null | grep -q linux-debian' - "$tmp/build"
finish
