/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <unistd.h>

#include "bench/base/cpus.h"

bool cpus_parse(const char *line, struct cpus *cpus)
{
    const int64_t tick = 1000000000 / sysconf(_SC_CLK_TCK);
    long long user, nice, system, idle, wait, irq, softirq, steal;

    if (sscanf(line, "cpu %lld %lld %lld %lld %lld %lld %lld %lld", &user, &nice, &system, &idle,
               &wait, &irq, &softirq, &steal) != 8)
        return false;
    cpus->busy = (user + nice + system + (irq == 0 ? softirq : 0)) * tick;
    cpus->idle = (idle + wait) * tick;
    cpus->stolen = steal * tick;
    return true;
}
