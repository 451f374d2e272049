/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "bench/base/escape.h"
#include "bench/base/units.h"
#include "bench/report/twins.h"

static void put(const char *before, const char *text, FILE *out)
{
    fputs(before, out);
    escape_print(text, out);
}

static void number(double value, FILE *out)
{
    fprintf(out, fabs(value) >= 1000 ? "%.0f" : "%.3g", value);
}

static void put_amount(double value, const char *of_unit, FILE *out)
{
    double scale;
    const char *unit = unit_shown(of_unit, value, &scale);

    number(value / scale, out);
    put(" ", unit, out);
}

/* What B is: slower or faster, or where the unit is no time, higher or lower. */
static const char *word_of(const char *unit, bool more)
{
    static const char *const times[] = {"s", "ms", "us", "ns", NULL};

    for (int i = 0; times[i]; i++)
        if (strcmp(unit, times[i]) == 0)
            return more ? "slower" : "faster";
    return more ? "higher" : "lower";
}

/* The interval, mirrored where a difference is told without its sign. */
static void put_interval(const struct model_twin *twin, bool mirrored, double scale, FILE *out)
{
    number((mirrored ? -twin->interval[1] : twin->interval[0]) / scale, out);
    fputs(" .. ", out);
    number((mirrored ? -twin->interval[0] : twin->interval[1]) / scale, out);
}

static void print_found(const struct model_series *series, FILE *out)
{
    const struct model_twin *twin = series->twin;
    const char *unit = series->metric->unit;
    double size = fabs(twin->difference), scale;
    bool more = twin->difference > 0;

    unit_shown(unit, size, &scale);
    fprintf(out, "B %s by ", word_of(unit, more));
    put_amount(size, unit, out);
    fprintf(out, " (%.0f %% ", floor(100 * twin->coverage + 1e-6));
    put_interval(twin, !more, scale, out);
    fputs(")", out);
}

/* Not "equal": what B may still be. */
static void print_none(const struct model_series *series, FILE *out)
{
    const struct model_twin *twin = series->twin;
    const char *unit = series->metric->unit;
    double scale;

    unit = unit_shown(unit, fmax(fabs(twin->interval[0]), fabs(twin->interval[1])), &scale);
    fputs("no difference found, B - A is ", out);
    put_interval(twin, false, scale, out);
    put(" ", unit, out);
    fprintf(out, " (%.0f %%)", floor(100 * twin->coverage + 1e-6));
}

static void print_series(const struct model_series *series, FILE *out)
{
    const struct model_twin *twin = series->twin;

    put("  ", series->metric->scenario, out);
    put(".", series->metric->name, out);
    fputs(": ", out);
    (twin->verdict == MODEL_NONE ? print_none : print_found)(series, out);
    fprintf(out, ", p=%.2g", twin->p);
    if (twin->q > 0)
        fprintf(out, ", q=%.2g", twin->q);
    fprintf(out, ", %zu pairs", twin->pairs);
    if (series->noise) {
        fputs(twin->verdict == MODEL_TOO_SMALL ? "; too small to count: " : "; ", out);
        fputs("the minimum detectable effect is ", out);
        put_amount(series->noise->mde, series->metric->unit, out);
        fprintf(out, " (found in %.0f %% of runs)", 100 * series->noise->power);
    }
    fputc('\n', out);
}

static void print_build(const char *letter, const struct model_target *target, FILE *out)
{
    char hash[64];

    put(letter, target->name, out);
    if (target->has_kernel) {
        put(", ", target->kernel.path, out);
        escape_text(target->kernel.sha256, hash, sizeof hash);
        fprintf(out, ", sha256 %.12s", hash);
    }
    fputc('\n', out);
}

void twins_print(const struct model *model, FILE *out)
{
    for (size_t t = 0; t < model->target_count && model->has_twins; t++) {
        const struct model_target *b = &model->targets[t];

        if (!b->a)
            continue;
        fprintf(out, "\nB against A%s\n", model->run.alike ? ", which are the same" : "");
        print_build("  A: ", b->a, out);
        print_build("  B: ", b, out);
        for (size_t s = 0; s < model->series_count; s++)
            if (model->series[s].target == b && model->series[s].twin)
                print_series(&model->series[s], out);
    }
}
