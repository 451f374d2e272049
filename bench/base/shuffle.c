/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "bench/base/shuffle.h"

int shuffle_rounds(uint64_t seed, size_t rounds, size_t count, unsigned *out)
{
    gsl_rng *random;

    if (count == 0)
        return 0; /* which GSL takes for an error */
    random = gsl_rng_alloc(gsl_rng_mt19937);
    if (!random)
        return -ENOMEM;
    gsl_rng_set(random, seed);
    for (; rounds > 0; rounds--, out += count) {
        for (size_t i = 0; i < count; i++)
            out[i] = (unsigned)i;
        gsl_ran_shuffle(random, out, count, sizeof *out);
    }
    gsl_rng_free(random);
    return 0;
}
