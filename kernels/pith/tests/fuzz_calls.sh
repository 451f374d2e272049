#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# System calls with any arguments: see fuzz_guest.sh.
set -u
. kernels/pith/tests/fuzz_guest.sh
fuzz calls strict
