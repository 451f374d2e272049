/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sampling rule of --until: a run goes on until the ratios of its leading metrics are known as
 * closely as asked. docs/method.md says what that does to their intervals.
 */
#ifndef TARE_UNTIL_H
#define TARE_UNTIL_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "bench/base/error.h"
#include "bench/result/stats.h"

#define UNTIL_FIRST 12 /* rounds after which the rule looks first, */
#define UNTIL_EVERY 4  /* and from then on after so many more: each look is a chance to be wrong */
#define UNTIL_REPEAT 100 /* rounds at most, if --repeat does not say */

/* Whether a rule that looks first after `first` rounds and then every `every` looks after `rounds`.
 */
bool until_looks(double rounds, double first, double every);

/* How far the farther end of a ratio's interval is from it, in percent of it; INFINITY without an
 * interval. */
double until_width(const struct summary *ratio);

/* How wide the ratios of the leading metrics are after `rounds` rounds: the
 * until_width() of the widest, INFINITY where there is none. -EINVAL when a value is not finite,
 * -ENOMEM. */
int until_widest(const cJSON *document, double rounds, double *percent);

/* Complete run.until of a document whose run has ended, after `rounds` rounds: what the rule came
 * to, with a warning where it was not met. What until_widest() returns, with `error` filled. */
int until_complete(cJSON *document, double rounds, struct error *error);

#endif
