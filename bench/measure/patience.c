/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "bench/base/clock.h"
#include "bench/measure/patience.h"

/* A chain of shifts and exclusive ors, in which every instruction waits for the one before: six
 * cycles a step, on any processor. At 2.4 GHz it takes 20 ms, and that is what is expected. */
#define STEPS 8000000
#define EXPECTED_NS 20e6
#define SLOWNESS_MAX 10 /* what is slower still is not waited for */

/* How many times slower than expected this host now runs one thread: from 1 to SLOWNESS_MAX. */
static double host_slowness(void)
{
    int64_t begun = clock_now();
    uint64_t value = 1;
    double slowness;

    for (unsigned i = 0; i < STEPS; i++) {
        value ^= value << 13;
        value ^= value >> 7;
        value ^= value << 17;
        __asm__ volatile("" : "+r"(value)); /* or the compiler would leave it out */
    }
    slowness = (double)(clock_now() - begun) / EXPECTED_NS;
    return slowness < 1 ? 1 : slowness > SLOWNESS_MAX ? SLOWNESS_MAX : slowness;
}

static void set_deadline(struct patience *patience)
{
    patience->deadline =
        patience->begun_ns + (int64_t)(patience->seconds * patience->slowness * 1e9);
}

void patience_begin(struct patience *patience, double seconds)
{
    *patience = (struct patience){.seconds = seconds, .slowness = 1, .begun_ns = clock_now()};
    set_deadline(patience);
}

bool patience_extend(struct patience *patience)
{
    double slowness = patience->exact ? 1 : host_slowness();

    if (slowness > patience->slowness)
        patience->slowness = slowness;
    set_deadline(patience);
    return patience->deadline > clock_now();
}

const char *patience_text(const struct patience *patience)
{
    static char text[96];

    if (patience->slowness > 1)
        snprintf(text, sizeof text, "%.3g s (%g s on a host %.2g times as fast)",
                 patience->seconds * patience->slowness, patience->seconds, patience->slowness);
    else
        snprintf(text, sizeof text, "%g s", patience->seconds);
    return text;
}
