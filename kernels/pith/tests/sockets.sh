#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sockets over loopback: what programs see on Linux and on pith is the same.
set -u
. kernels/pith/tests/lib.sh

for what in ${PARTS:-sockets sockets_tcp sockets_udp sockets_v6 sockets_options sockets_poll sockets_wait \
    sockets_unix sockets_bulk sockets_lent}; do
    for kind in musl glibc; do
        compile $kind "kernels/pith/tests/guest/$what.c" "$tmp/$what"
        pack "$tmp/$what.cpio" "$tmp/$what"
        compare "$kind $what" "$tmp/$what.cpio"
    done
done

finish
