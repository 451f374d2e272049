/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order within rounds, which a seed fixes: whoever has the seed can repeat it. */
#ifndef TARE_SHUFFLE_H
#define TARE_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

/* Fill `out`, `rounds` times `count` places, with the numbers below `count` in an order of its own
 * for each round (Fisher-Yates, GSL's mt19937 seeded with `seed`). -ENOMEM. */
int shuffle_rounds(uint64_t seed, size_t rounds, size_t count, unsigned *out);

#endif
