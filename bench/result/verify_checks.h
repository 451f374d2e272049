/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a verification. Only verify*.c include this. */
#ifndef TARE_VERIFY_CHECKS_H
#define TARE_VERIFY_CHECKS_H

#include "bench/result/verify.h"

void verify_fault(struct verify *verify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether two numbers are the same but for the last digits, which another libm may give. */
bool verify_is_close(double a, double b);

/* The plan is that of the seed, every sample belongs to its trial, none is missing. -ENOMEM. */
int verify_trials(const cJSON *document, struct verify *verify);

/* A rate is what its intervals, its two ways, or the steps of its search give. */
void verify_rate(const cJSON *series, const cJSON *sample, struct verify *verify);

/* The steps of scenario density go on as they must, and its metrics say what they say. */
void verify_density(const cJSON *document, struct verify *verify);

/* All targets had the same machine, the one that the run names, and the same files. -ENOMEM. */
int verify_machines(const cJSON *document, struct verify *verify);

/* Summaries, ratios, comparisons and warnings follow from the samples. -EINVAL, -ENOMEM. */
int verify_outcomes(const cJSON *document, struct verify *verify, struct error *error);

/* The run ended where its sampling rule says. -EINVAL, -ENOMEM. */
int verify_until(const cJSON *document, struct verify *verify, struct error *error);

#endif
