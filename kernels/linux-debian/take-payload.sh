#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# In the initramfs, before it makes way: the payload came in an archive before Debian's own, and goes to where all
# targets have it.
[ "$1" != prereqs ] || exit 0
[ ! -e /app ] || cp -a /app "${rootmnt:?}/app"
