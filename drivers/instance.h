/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What distinguishes guests that run at once. All of it follows from a number, which no two of them
 * share. Instance 0 has the same names in every run.
 */
#ifndef TARE_INSTANCE_H
#define TARE_INSTANCE_H

#include "bench/base/error.h"

#define NETWORK_HOST "10.0.0.1" /* the harness's end of the bridge */
#define NETWORK_PREFIX 16
#define NETWORK_MASK "255.255.0.0"

/* As many addresses as the network has, less its own, the harness's and the broadcast address. */
#define INSTANCES_MAX ((1u << (32 - NETWORK_PREFIX)) - 3)

struct instance {
    unsigned number;
    char interface[16]; /* the host's end of its link: a tap, or of a veth pair; IFNAMSIZ */
    char address[16];   /* IPv4, dotted; in NETWORK_HOST's network */
    unsigned char mac[6];
};

/* Fill `instance` for `number`, less than INSTANCES_MAX; -ERANGE otherwise. */
int instance_make(unsigned number, struct instance *instance, struct error *error);

#endif
