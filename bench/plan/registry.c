/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "bench/plan/registry.h"

extern const struct driver driver_libvirt, driver_qemu, driver_process, driver_null;
extern const struct scenario scenario_boot, scenario_density, scenario_iperf, scenario_latency,
    scenario_loopback, scenario_memory, scenario_micro;

const struct driver *const drivers[] = {
    &driver_libvirt, &driver_qemu, &driver_process, &driver_null, NULL,
};

const struct scenario *const scenarios[] = {
    &scenario_boot,     &scenario_density, &scenario_iperf, &scenario_kvm, &scenario_latency,
    &scenario_loopback, &scenario_memory,  &scenario_micro, NULL,
};

const struct driver *driver_find(const char *name)
{
    for (const struct driver *const *driver = drivers; *driver; driver++)
        if (strcmp((*driver)->name, name) == 0)
            return *driver;
    return NULL;
}

const struct scenario *scenario_find(const char *name)
{
    for (const struct scenario *const *scenario = scenarios; *scenario; scenario++)
        if (strcmp((*scenario)->name, name) == 0)
            return *scenario;
    return NULL;
}
