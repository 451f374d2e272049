#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Any instructions, by which the program may well take its own voice: see fuzz_guest.sh.
set -u
. kernels/pith/tests/fuzz_guest.sh
fuzz code loose
