#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the payloads are linked from, as JSON: scenarios/built.sh CC PAYLOAD_CC. A library's package is the one
# that its file belongs to.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cc=$1 payload_cc=$2

library() { # library COMPILER FILE
    local path package
    # musl-gcc's -print-file-name names glibc's: ask the linker
    path=$(echo 'int main(void) { return 0; }' | "$1" -static -Wl,--trace -x c - -o "$tmp/program" "-l:$2" |
        grep -m 1 -o "^/[^ ()]*/$2") || return 0
    path=$(realpath "$path")
    package=$(dpkg-query -S "$path" 2>/dev/null | cut -d: -f1 | head -n 1) || package=
    [ -z "$package" ] || package=$(dpkg-query -W -f '${Package} ${Version}' "$package")
    printf '%s\n    {"file": "%s", "package": "%s", "sha256": "%s"}' "$separator" "$2" \
        "${package:-unknown}" "$(sha256sum "$path" | cut -d' ' -f1)"
    separator=,
}

separator=
printf '{\n  "compiler": "%s",\n  "libraries": [' "$("$cc" --version | head -n 1)"
for name in libc.a libiperf.a libssl.a libcrypto.a libsctp.a libevent.a libevent_openssl.a; do
    library "$cc" $name
done
library "$payload_cc" libc.a
printf '\n  ]\n}\n'
