#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The fuzzer of the readers of results, with room for a whole result.
exec "$B/tests/reader-fuzz" -max_len=65536 "$@"
