/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For programs that run on Linux and on pith and must print the same. */
#ifndef PITH_ABI_H
#define PITH_ABI_H

#include <errno.h>
#include <stdio.h>

#define TRY(call) TRY_AS(#call, call)

/* For a macro that was given the call. */
#define TRY_AS(text, call)                                                                         \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long result_ = (long)(call);                                                               \
        printf("%s: %ld E%d\n", text, result_, result_ == -1 ? errno : 0);                         \
    } while (0)

/* For a value that is not an error. */
#define TELL(value) printf("%s: %ld\n", #value, (long)(value))

#endif
