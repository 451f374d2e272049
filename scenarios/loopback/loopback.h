/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phases of the payload `loopback` and the repetitions of each, by which the scenario divides.
 * A phase lies between the markers P with status 2 * phase and 2 * phase + 1. */
#ifndef TARE_LOOPBACK_H
#define TARE_LOOPBACK_H

enum loopback { LOOPBACK_REQUEST, LOOPBACK_CONNECT, LOOPBACK_IN, LOOPBACK_OUT, LOOPBACK_COUNT };

#define LOOPBACK_MB 1000000 /* bytes */

/* Requests, connections, and megabytes. */
static const unsigned loopback_repeat[LOOPBACK_COUNT] = {
    [LOOPBACK_REQUEST] = 1000,
    [LOOPBACK_CONNECT] = 200,
    [LOOPBACK_IN] = 16,
    [LOOPBACK_OUT] = 16,
};

#endif
