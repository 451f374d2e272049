/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/base/escape.h"
#include "bench/base/units.h"
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

/* After the first round of this part of the run, what the others will take by it. */
static void print_rest(const struct run *run, unsigned index, double left)
{
    const struct plan *plan = run->plan;
    unsigned done = count_done(run, index);
    char time[32];

    if (done != plan->round_size || plan->trial_count - index - 1 < plan->round_size)
        return;
    fprintf(stderr, "by the first round, %s%s left\n", plan->options.until > 0 ? "at most " : "",
            duration_text(left, time, sizeof time));
}

void progress_print(const struct run *run, unsigned index, const char *text)
{
    bool terminal = isatty(STDERR_FILENO);
    double spent = (double)(clock_now() - run->first_ns) / 1e9, left;
    char time[32];

    if (index == NO_TRIAL) {
        fprintf(stderr, "%s\n", text);
        return;
    }
    left = spent / count_done(run, index) * (run->plan->trial_count - index - 1);
    if (terminal)
        fputs("\r\033[K", stderr);
    print_name(run, index);
    if (text) {
        fputs(": FAILED: ", stderr);
        escape_print(text, stderr);
    }
    if (terminal && !text)
        fprintf(stderr, "  %s left", duration_text(left, time, sizeof time));
    else
        fputc('\n', stderr);
    if (!terminal)
        print_rest(run, index, left);
    fflush(stderr);
}

void progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}
