/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/base/clock.h"

int64_t clock_now(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

int64_t clock_read(clockid_t clock)
{
    struct timespec now;

    return clock_gettime(clock, &now) < 0 ? -1 : (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
