/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/escape.h"
#include "bench/gate.h"
#include "bench/report/html.h"
#include "bench/run/session.h"

#define FLOOR "floor"

int gate_run(const struct gate_options *options, progress_hook *progress, cJSON **document,
             struct error *error)
{
    struct plan_options run = {
        .datadir = options->datadir,
        .scenarios = options->scenarios,
        .repeat = 1, /* exact: a second one would tell the same */
        .seed = 1,
        .profile = PROFILE_QUICK,
        .twins = TWINS_AB,
        .twin_of = options->target,
        .builds = {options->base, options->new},
        .accel = CHOOSE_TCG,
        .machine = machine_usual,
        .out = options->out,
        .argv = options->argv,
        .argc = options->argc,
    };
    char *targets;
    int status;

    *document = NULL;
    run.machine.icount = true;
    if (asprintf(&targets, FLOOR ",%s", options->target) < 0)
        return fail(error, ENOMEM, "out of memory");
    run.targets = targets;
    status = session_run(&run, NULL, progress, document, error);
    if (status < 0) {
        cJSON_Delete(*document);
        *document = NULL;
    }
    free(targets);
    return status;
}

/* Whether the metric holds what the machine itself costs, which the floor shows: it counts from
 * reset on. The others are differences already. */
static bool counts_from_reset(const struct model_metric *metric)
{
    return strcmp(metric->start, "reset") == 0;
}

__attribute__((format(printf, 2, 3))) static void refuse(struct gate_row *row, const char *format,
                                                         ...)
{
    va_list arguments;

    if (row->verdict == GATE_REFUSED)
        return; /* the first reason is the cause */
    row->verdict = GATE_REFUSED;
    va_start(arguments, format);
    vsnprintf(row->reason, sizeof row->reason, format, arguments);
    va_end(arguments);
}

/* Whether it repeats exactly in a run in virtual time: what counts instructions, and what is no
 * time at all. */
static bool is_exact(const struct model_metric *metric)
{
    return model_is_virtual(metric) || strncmp(metric->clock, "none", 4) == 0;
}

/* The one exact value of `target`; 0 with the row refused when there is none. */
static double exact_value(const struct model_metric *metric, struct gate_row *row,
                          const char *target, const char *what)
{
    const struct model_series *series = model_series(metric, target);
    const struct model_sample *sample = series && series->sample_count ? &series->samples[0] : NULL;

    if (!sample)
        refuse(row, "%s was not measured", what);
    else if (!sample->has_value)
        refuse(row, "%s failed: %.200s", what, sample->failure);
    else if (strcmp(sample->note, "idle") == 0)
        refuse(row,
               "%s is inexact (idle): its vCPU halted, and virtual time jumped to the next timer",
               what);
    return sample ? sample->value : 0;
}

static void compare(struct gate_row *row, double threshold)
{
    if (row->base != 0)
        row->growth = 100 * (row->new - row->base) / fabs(row->base);
    else
        row->growth = row->new > 0 ? INFINITY : 0;
    row->verdict = row->growth > threshold ? GATE_GREW : GATE_PASS;
}

static void judge(const struct model_metric *metric, const char *target, double threshold,
                  struct gate_row *row)
{
    bool less_floor = counts_from_reset(metric);
    char twin[256];
    double floor = 0;

    *row = (struct gate_row){
        .scenario = metric->scenario, .metric = metric->name, .unit = metric->unit};
    snprintf(twin, sizeof twin, "%s-b", target);
    row->base = exact_value(metric, row, target, "BASE");
    row->new = exact_value(metric, row, twin, "NEW");
    if (less_floor)
        floor = exact_value(metric, row, FLOOR, "the floor");
    row->base -= floor;
    row->new -= floor;
    if (less_floor && (row->base <= 0 || row->new <= 0))
        refuse(row, "%s costs no more than the empty kernel: does it run the program?",
               row->base <= 0 ? "BASE" : "NEW");
    if (row->verdict != GATE_REFUSED)
        compare(row, threshold);
}

/* The sizes of the two kernels; false where a target has none. */
static bool judge_kernel(const struct model *model, const char *target, double threshold,
                         struct gate_row *row)
{
    const struct model_target *base = model_target(model, target), *new;
    char twin[256];

    snprintf(twin, sizeof twin, "%s-b", target);
    new = model_target(model, twin);
    if (!base || !new || !base->has_kernel || !new->has_kernel)
        return false;
    *row = (struct gate_row){.scenario = "image",
                             .metric = "kernel",
                             .unit = "B",
                             .base = (double)base->kernel.bytes,
                             .new = (double)new->kernel.bytes};
    compare(row, threshold);
    return true;
}

int gate_judge(const struct model *model, const char *target, double threshold,
               struct gate_row rows[GATE_ROWS], struct error *error)
{
    int count = 0;

    for (size_t i = 0; i < model->metric_count && count < GATE_ROWS - 1; i++) {
        const struct model_metric *metric = &model->metrics[i];

        if (is_exact(metric) && metric->direction == MODEL_LOWER && model_series(metric, target))
            judge(metric, target, threshold, &rows[count++]);
    }
    if (count == 0)
        return fail(error, EINVAL, "target %s: the scenarios have no exact metric of it to compare",
                    target);
    return count + judge_kernel(model, target, threshold, &rows[count]);
}

/* A count as people read it. */
static const char *number(double value, char *out, size_t size)
{
    snprintf(out, size, fabs(value) < 100 ? "%.4g" : "%.0f", value);
    return out;
}

static void add_row(struct libscols_table *table, const struct gate_row *row, double threshold)
{
    static const char *const verdicts[] = {"pass", "FAIL", "REFUSED"};
    struct libscols_line *line = scols_table_new_line(table, NULL);
    char text[128], escaped[256];

    snprintf(text, sizeof text, "%s.%s (%s)", row->scenario, row->metric, row->unit);
    escape_text(text, escaped, sizeof escaped);
    scols_line_set_data(line, 0, escaped);
    if (row->verdict != GATE_REFUSED) {
        scols_line_set_data(line, 1, number(row->base, text, sizeof text));
        scols_line_set_data(line, 2, number(row->new, text, sizeof text));
        snprintf(text, sizeof text, "%+.3f %%", row->growth);
        scols_line_set_data(line, 3, text);
    }
    snprintf(text, sizeof text, "%g %%", threshold);
    scols_line_set_data(line, 4, text);
    scols_line_set_data(line, 5, verdicts[row->verdict]);
}

bool gate_print(const struct gate_row *rows, int count, double threshold, FILE *out)
{
    static const char *const headings[] = {"METRIC", "BASE", "NEW", "GROWTH", "THRESHOLD"};
    struct libscols_table *table;
    bool all = true;

    scols_init_debug(0);
    table = scols_new_table();
    scols_table_set_stream(table, out);
    for (int i = 0; i < 5; i++)
        scols_table_new_column(table, headings[i], 0, i ? SCOLS_FL_RIGHT : 0);
    scols_table_new_column(table, "VERDICT", 0, 0);
    for (int i = 0; i < count; i++) {
        add_row(table, &rows[i], threshold);
        all &= rows[i].verdict == GATE_PASS;
    }
    scols_print_table(table);
    scols_unref_table(table);
    for (int i = 0; i < count; i++) {
        if (rows[i].verdict != GATE_REFUSED)
            continue;
        fprintf(out, "%s.%s: ", rows[i].scenario, rows[i].metric);
        escape_print(rows[i].reason, out);
        fputc('\n', out);
    }
    return all;
}

static void put_case(const struct gate_row *row, double threshold, FILE *out)
{
    char base[32], new[32];

    fputs("  <testcase classname=\"", out);
    html_text(row->scenario, out);
    fputs("\" name=\"", out);
    html_text(row->metric, out);
    if (row->verdict == GATE_PASS) {
        fputs("\"/>\n", out);
    } else if (row->verdict == GATE_GREW) {
        fprintf(out, "\">\n    <failure message=\"%s -&gt; %s ",
                number(row->base, base, sizeof base), number(row->new, new, sizeof new));
        html_text(row->unit, out);
        fprintf(out, ": %+.3f %%, threshold %g %%\"/>\n  </testcase>\n", row->growth, threshold);
    } else {
        fputs("\">\n    <error message=\"", out);
        html_text(row->reason, out);
        fputs("\"/>\n  </testcase>\n", out);
    }
}

void gate_junit(const struct gate_row *rows, int count, double threshold, FILE *out)
{
    int verdicts[] = {[GATE_PASS] = 0, [GATE_GREW] = 0, [GATE_REFUSED] = 0};

    for (int i = 0; i < count; i++)
        verdicts[rows[i].verdict]++;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"tare gate\" tests=\"%d\" failures=\"%d\" errors=\"%d\">\n",
            count, verdicts[GATE_GREW], verdicts[GATE_REFUSED]);
    for (int i = 0; i < count; i++)
        put_case(&rows[i], threshold, out);
    fputs("</testsuite>\n", out);
}
