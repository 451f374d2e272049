/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What cmocka wants included before it. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>
#undef fail /* ours takes arguments */
