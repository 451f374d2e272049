/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/base/escape.h"
#include "bench/progress.h"
#include "bench/measure/trial.h"

static unsigned count_done(const struct run *run, unsigned index)
{
    unsigned before = 0; /* trials of earlier parts of the run took none of this part's time */

    for (unsigned i = 0; i <= index && i < run->plan->trial_count; i++)
        before += run->done[i];
    return index + 1 - before;
}

static void print_name(const struct run *run, unsigned index)
{
    const struct plan *plan = run->plan;
    const struct planned *planned = &plan->trials[index];

    fprintf(stderr, "[%u/%u] %s %s", index + 1, run->plan->trial_count,
            plan->scenarios[planned->scenario]->name, plan->targets[planned->target].name);
    if (planned->repetition)
        fprintf(stderr, " #%u", planned->repetition);
    else
        fprintf(stderr, " warm-up");
}

void progress_print(const struct run *run, unsigned index, const char *text)
{
    bool terminal = isatty(STDERR_FILENO);
    double spent = (double)(clock_now() - run->start_ns) / 1e9;
    double left = spent / count_done(run, index) * (run->plan->trial_count - index - 1);

    if (!run->accel_decided && text) {
        fprintf(stderr, "%s\n", text);
        return;
    }
    if (terminal)
        fputs("\r\033[K", stderr);
    print_name(run, index);
    if (text) {
        fputs(": FAILED: ", stderr);
        escape_print(text, stderr);
    }
    if (terminal && !text)
        fprintf(stderr, "  %.0f s left", left);
    else
        fputc('\n', stderr);
    fflush(stderr);
}

void progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}
