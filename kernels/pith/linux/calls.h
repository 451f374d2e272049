/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PITH_CALLS_H
#define PITH_CALLS_H

#include <stdint.h>

/* sys_read() and its kin: calls.def. */
#define CALL(number, name, arguments) long sys_##name arguments;
#define ALSO(number, name, other)
#include "linux/calls.def"
#undef CALL
#undef ALSO

/* What many of them come to. */
long sys_zero(void);
long sys_no_processes(void);

#endif
