/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "drivers/instance.h"

int instance_make(unsigned number, struct instance *instance, struct error *error)
{
    unsigned host = number + 2; /* 10.0.0.1 is the harness */

    if (number >= INSTANCES_MAX)
        return fail(error, ERANGE, "guest number %u: the network has %u addresses", number,
                    INSTANCES_MAX);
    *instance = (struct instance){
        .number = number,
        /* Locally administered (52:54 is QEMU's own prefix), then the address. */
        .mac = {0x52, 0x54, 10, 0, (unsigned char)(host >> 8), (unsigned char)host},
    };
    snprintf(instance->interface, sizeof instance->interface, "vm%u", number);
    snprintf(instance->address, sizeof instance->address, "10.0.%u.%u", host >> 8, host & 255);
    return 0;
}
