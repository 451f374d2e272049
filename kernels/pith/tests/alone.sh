# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# For tests with a network, read before anything else: begin again in namespaces of the test's own.
if [ -z "${INSIDE:-}" ]; then
    # The namespaces' first process dies with unshare, unshare with whoever started this.
    INSIDE=1 exec setpriv --pdeathsig KILL unshare -Urnpmf --kill-child --mount-proc "$0" "$@"
fi
mount -t tmpfs tmpfs /mnt || exit 1 # temporary files end with the namespace
export TMPDIR=/mnt
