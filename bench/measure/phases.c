/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stddef.h>

#include "bench/measure/phases.h"

static int record(struct trial *trial, const struct metric *metric, unsigned number,
                  unsigned repeat, struct error *error)
{
    struct phase_mark begin, end;

    if (!trial_phase(trial, 2 * number, &begin) || !trial_phase(trial, 2 * number + 1, &end))
        return fail(error, EPIPE, "the payload did not mark phase %u (%s)", number, metric->name);
    trial_record(trial, metric->name, trial_tsc_ns(trial, begin.tsc, end.tsc) / repeat,
                 trial_icount(trial) && end.halts != begin.halts ? "idle" : NULL);
    trial_observe(trial, metric->name, trial_stamp(trial, EVENT_MAIN),
                  trial_stamp(trial, EVENT_END), true);
    return 0;
}

int phases_measure(struct trial *trial, const struct metric *metrics, const unsigned *repeat,
                   unsigned count, struct error *error)
{
    int status = trial_wait(trial, EVENT_GONE, error);

    if (status < 0)
        return status;
    if (trial_stamp(trial, EVENT_END) < 0 || trial_status(trial, EVENT_END) != 0)
        return fail(error, EPIPE, "the payload ended with status %u: a bit for each failed phase",
                    trial_status(trial, EVENT_END));
    for (unsigned i = 0; i < count && status == 0; i++)
        status = record(trial, &metrics[2 * i + trial_icount(trial)], i, repeat[i], error);
    return status;
}
