/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/escape.h"
#include "bench/report/table.h"
#include "bench/report/twins.h"
#include "bench/result/disturbed.h"

enum {
    COLUMN_METRIC,
    COLUMN_TARGET,
    COLUMN_MEDIAN,
    COLUMN_CI,
    COLUMN_SPREAD,
    COLUMN_N,
    COLUMN_RATIO,
    COLUMN_MDE, /* only where noise is known */
    COLUMNS
};

/* Four significant digits are more than the noise lets be true; counts are shown whole. */
static void number(double value, char *out, size_t size)
{
    if (value == floor(value) && fabs(value) >= 1000)
        snprintf(out, size, "%.0f", value);
    else
        snprintf(out, size, "%.*f", fabs(value) >= 1000 ? 0 : fabs(value) >= 100 ? 1 : 2, value);
}

static void print_escaped(FILE *out, const char *before, const char *text, const char *after)
{
    fputs(before, out);
    escape_print(text, out);
    fputs(after, out);
}

static void set(struct libscols_line *line, size_t column, const char *text)
{
    char safe[512];

    escape_text(text, safe, sizeof safe);
    scols_line_set_data(line, column, safe);
}

static void set_pair(struct libscols_line *line, size_t column, double low, double high,
                     double scale, const char *remark)
{
    char from[32], to[32], text[96];

    number(low / scale, from, sizeof from);
    number(high / scale, to, sizeof to);
    snprintf(text, sizeof text, "%s .. %s%s", from, to, remark);
    set(line, column, text);
}

/* What to say beside an interval of a median that does not hold in 95 % of runs: min .. max of few
 * values. NULL where there is none to speak of, that of one value. */
static const char *remark_of(const struct summary *summary, char *out, size_t size)
{
    *out = '\0';
    if (!summary->has_ci95 && summary->coverage == 0)
        return NULL;
    if (!summary->has_ci95)
        snprintf(out, size, " (%.0f %%)", floor(100 * summary->coverage + 1e-6));
    return out;
}

static void set_ratio(struct libscols_line *line, const struct model_ratio *ratio, const char *base)
{
    bool other = strcmp(ratio->base, base) != 0;
    char text[256], remark[16];
    double ends[2];
    int length =
        (size_t)snprintf(text, sizeof text, "%s%s%s%.3g", other ? "to " : "",
                         other ? ratio->base : "", other ? ": " : "", ratio->summary.median);

    stats_ends(&ratio->summary, ends);
    if (remark_of(&ratio->summary, remark, sizeof remark) && length < (int)sizeof text)
        snprintf(text + length, sizeof text - (size_t)length, "  [%.3g .. %.3g%s]", ends[0],
                 ends[1], remark);
    set(line, COLUMN_RATIO, text);
}

/* The words of `note` but "disturbed", which is said of single samples. */
static void words_of(const char *note, char *out, size_t size)
{
    *out = '\0';
    while (*note) {
        size_t length = strcspn(note, ","), used = strlen(out);

        if (strncmp(note, "disturbed", length) != 0)
            snprintf(out + used, size - used, "%s%.*s", used ? ", " : " ", (int)length, note);
        note += length;
        note += strspn(note, ", ");
    }
}

static void note_of(const struct model_series *series, char *out, size_t size)
{
    *out = '\0';
    for (size_t i = 0; i < series->sample_count && !*out; i++)
        words_of(series->samples[i].note, out, size);
}

static size_t count_disturbed(const struct model_series *series)
{
    size_t count = 0;

    for (size_t i = 0; i < series->sample_count; i++)
        count += note_has(series->samples[i].note, "disturbed");
    return count;
}

static void set_values(struct libscols_line *line, const struct model_series *series, bool tails)
{
    const struct summary *summary = &series->summary;
    double scale = series->metric->scale;
    char text[128], median[32], remark[16], note[64];
    double ends[2];

    number(summary->median / scale, median, sizeof median);
    note_of(series, note, sizeof note);
    snprintf(text, sizeof text, "%s%s", median, note);
    set(line, COLUMN_MEDIAN, text);
    stats_ends(summary, ends);
    if (remark_of(summary, remark, sizeof remark))
        set_pair(line, COLUMN_CI, ends[0], ends[1], scale, remark);
    if (summary->has_tails)
        set_pair(line, COLUMN_SPREAD, summary->p5, summary->p95, scale, "");
    else
        set_pair(line, COLUMN_SPREAD, summary->min, summary->max, scale, tails ? " (all)" : "");
}

static void add_line(struct libscols_table *table, const struct model *model,
                     const struct model_series *series, bool first, bool tails)
{
    const struct model_metric *metric = series->metric;
    struct libscols_line *line = scols_table_new_line(table, NULL);
    size_t length, disturbed = count_disturbed(series);
    char text[128], name[128];

    snprintf(text, sizeof text, "%s (%s)", metric->name, metric->shown_unit);
    set(line, COLUMN_METRIC, first ? text : "");
    snprintf(name, sizeof name, "%s%s", series->target->name, model_mark(series->target));
    set(line, COLUMN_TARGET, name);
    if (series->summary.n > 0)
        set_values(line, series, tails);
    else
        set(line, COLUMN_MEDIAN, "no sample");
    length = (size_t)snprintf(text, sizeof text, "%zu", series->summary.n);
    if (series->failed)
        length +=
            (size_t)snprintf(text + length, sizeof text - length, ", %zu FAILED", series->failed);
    if (disturbed)
        snprintf(text + length, sizeof text - length, ", %zu disturbed", disturbed);
    set(line, COLUMN_N, text);
    if (series->ratio)
        set_ratio(line, series->ratio, model->base);
    if (series->noise) {
        number(series->noise->mde / metric->scale, text, sizeof text);
        set(line, COLUMN_MDE, text);
    }
}

static struct libscols_table *new_table(const struct model *model, bool tails)
{
    struct libscols_table *table = scols_new_table();
    char heading[96];

    snprintf(heading, sizeof heading, "RATIO TO %s [95 %%]", *model->base ? model->base : "-");
    scols_table_new_column(table, "METRIC", 0, 0);
    scols_table_new_column(table, "TARGET", 0, 0);
    scols_table_new_column(table, "MEDIAN", 0, SCOLS_FL_RIGHT);
    scols_table_new_column(table, "95 % OF MEDIAN", 0, SCOLS_FL_RIGHT);
    scols_table_new_column(table, tails ? "P5 .. P95" : "MIN .. MAX", 0, SCOLS_FL_RIGHT);
    scols_table_new_column(table, "N", 0, SCOLS_FL_RIGHT);
    scols_table_new_column(table, heading, 0, SCOLS_FL_RIGHT);
    if (model->has_noise)
        scols_table_new_column(table, "MDE", 0, SCOLS_FL_RIGHT);
    return table;
}

/* Print `lines`, the heading and a line for each series, with each metric's title above its first:
 * as a column it would make the table too wide. */
static void print_lines(const struct model_scenario *scenario, const char *lines, FILE *out)
{
    const char *end = lines + strcspn(lines, "\n");

    fprintf(out, "%.*s\n", (int)(end - lines), lines);
    for (size_t m = 0; m < scenario->metric_count; m++) {
        const struct model_metric *metric = scenario->metrics[m];

        if (*metric->title)
            print_escaped(out, "", metric->title, "\n");
        for (size_t s = 0; s < metric->series_count && *end; s++) {
            lines = end + 1;
            end = lines + strcspn(lines, "\n");
            fprintf(out, "%.*s\n", (int)(end - lines), lines);
        }
    }
}

/* Whether some series of the scenario has enough values for quantiles. */
static bool has_tails(const struct model_scenario *scenario)
{
    for (size_t m = 0; m < scenario->metric_count; m++)
        for (size_t s = 0; s < scenario->metrics[m]->series_count; s++)
            if (scenario->metrics[m]->series[s]->summary.has_tails)
                return true;
    return false;
}

static void print_scenario(const struct model *model, const struct model_scenario *scenario,
                           FILE *out)
{
    bool tails = has_tails(scenario);
    struct libscols_table *table = new_table(model, tails);
    char *lines = NULL;

    /* The document lists series as they came; here all targets of a metric stand together. */
    for (size_t m = 0; m < scenario->metric_count; m++)
        for (size_t s = 0; s < scenario->metrics[m]->series_count; s++)
            add_line(table, model, scenario->metrics[m]->series[s], s == 0, tails);
    print_escaped(out, "\n", scenario->name, "\n");
    if (scols_print_table_to_string(table, &lines) == 0)
        print_lines(scenario, lines, out);
    free(lines);
    scols_unref_table(table);
}

/* How large the file is that each target boots. */
static void print_kernels(const struct model *model, FILE *out)
{
    const char *separator = "kernels: ";

    for (size_t i = 0; i < model->target_count; i++) {
        if (!model->targets[i].has_kernel)
            continue;
        print_escaped(out, separator, model->targets[i].name, "");
        fprintf(out, " %.0f KB", (double)model->targets[i].kernel.bytes / 1000);
        separator = ", ";
    }
    if (*separator == ',')
        fputs("\n", out);
}

void table_until(const struct model_until *until, FILE *out)
{
    fprintf(out, "until %g %%: %s after %zu repetitions of %zu at most", until->percent,
            until->met ? "met" : "not met", until->rounds, until->most);
    if (until->minutes > 0)
        fprintf(out, " and %g minutes", until->minutes);
    if (until->widest > 0)
        fprintf(out, "; the widest leading ratio is known to %.2g %%", until->widest);
}

/* Whose values are not those of equal work on an equal machine, and what was not measured. */
static void print_unequal(const struct model *model, FILE *out)
{
    for (size_t i = 0; i < model->target_count; i++) {
        const struct model_target *target = &model->targets[i];

        if (!*target->unequal)
            continue;
        print_escaped(out, "* ", target->name, " is not equal: ");
        print_escaped(out, "", target->unequal, "\n");
    }
    for (size_t i = 0; i < model->skipped_count; i++) {
        print_escaped(out, "", model->skipped[i].scenario, " not measured of ");
        print_escaped(out, "", model->skipped[i].target, ": ");
        print_escaped(out, "", model->skipped[i].reason, "\n");
    }
}

static void print_conditions(const struct model *model, FILE *out, bool color)
{
    const char *strong = color ? "\033[1;33m" : "", *plain = color ? "\033[0m" : "";
    const struct model_run *run = &model->run;

    print_escaped(out, "\n", run->machine, "");
    fprintf(out, ", %zu MiB, %zu vCPU, %s, on ", run->memory_mib, run->vcpus,
            run->icount ? "icount" : "wall clock");
    print_escaped(out, "", model->host.cpu, "");
    fprintf(out, ", %zu cores%s\n", model->host.cores,
            !run->judged ? ""
            : run->quiet ? "; quiet"
                         : "; not quiet");
    fputs(run->tcg ? strong : "", out);
    print_escaped(out, "accelerator: ", run->accel, "");
    if (run->tcg)
        fputs(" -- TCG, does not predict KVM", out);
    fputs(run->tcg ? plain : "", out);
    print_escaped(out, " (", run->accel_reason, ")\n");
    print_kernels(model, out);
    if (run->until.percent > 0) {
        table_until(&run->until, out);
        fputc('\n', out);
    }
    print_unequal(model, out);
    if (*run->payload) {
        print_escaped(out, "payload: ", run->payload, "");
        print_escaped(out, *run->args ? " " : "", run->args, "");
        print_escaped(out, "; ready: ", run->ready, "\n");
    }
    for (size_t i = 0; i < run->invalid_count && !run->valid; i++) {
        fprintf(out, "%sINVALID: ", strong);
        print_escaped(out, "", run->invalid_reasons[i], "");
        fprintf(out, "%s\n", plain);
    }
}

void table_print(const struct model *model, FILE *out, bool color)
{
    scols_init_debug(0);
    print_conditions(model, out, color);
    for (size_t i = 0; i < model->scenario_count; i++)
        print_scenario(model, &model->scenarios[i], out);
    twins_print(model, out);
    if (model->warning_count > 0)
        fputs("\nwarnings\n", out);
    for (size_t i = 0; i < model->warning_count; i++) {
        print_escaped(out, "  ", model->warnings[i].text, "");
        print_escaped(out, " (", model->warnings[i].remedy, ")\n");
    }
}
