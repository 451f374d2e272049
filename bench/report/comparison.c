/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cjson/cJSON.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <string.h>

#include "bench/base/escape.h"
#include "bench/base/units.h"
#include "bench/report/comparison.h"
#include "bench/report/output.h"

enum { METRIC, TARGET, OLD, NEW, RATIO, P, THRESHOLD, VERDICT, REMARK, COLUMNS };

static const char *const headings[COLUMNS] = {"METRIC",      "TARGET",           "OLD",
                                              "NEW",         "NEW / OLD [95 %]", "P (HOLM)",
                                              "COUNTS FROM", "VERDICT",          "DIFFERS"};

static const char *const verdicts[] = {"better", "worse", "same", "unclear"};
static const char *const methods[] = {"signed-rank", "mann-whitney", "exact"};

/* One line, as texts. */
struct line {
    char cells[COLUMNS][256];
};

static void put_amount(const struct model_series *series, char *out, size_t size)
{
    double scale;
    const char *unit = unit_shown(series->metric->unit, series->summary.median, &scale);

    if (series->summary.n)
        snprintf(out, size, "%.4g %s", series->summary.median / scale, unit);
    else
        snprintf(out, size, "no sample");
}

static void put_verdict(const struct comparison *about, char *out, size_t size)
{
    if (about->reason)
        snprintf(out, size, "not compared: %s", about->reason);
    else if (about->verdict == COMPARE_UNCLEAR && about->more)
        snprintf(out, size, "unclear (%zu more samples)", about->more);
    else
        snprintf(out, size, "%s", verdicts[about->verdict]);
}

static void put_ratio(const struct comparison *about, char *out, size_t size)
{
    int length = snprintf(out, size, "%.4g", about->ratio);

    if (about->method == COMPARE_EXACT)
        snprintf(out + length, size - (size_t)length, " exactly");
    else if (about->coverage > 0)
        snprintf(out + length, size - (size_t)length, " [%.4g .. %.4g]", about->interval[0],
                 about->interval[1]);
}

static void write_line(const struct comparison *about, struct line *line)
{
    const struct model_metric *metric = about->new->metric;
    const char *old = about->old->target->name, *new = about->new->target->name;

    *line = (struct line){0};
#define PUT(column, ...) snprintf(line->cells[column], sizeof line->cells[column], __VA_ARGS__)
    PUT(METRIC, "%s.%s", metric->scenario, metric->name);
    PUT(TARGET, "%s%s%s", strcmp(old, new) == 0 ? "" : old, strcmp(old, new) == 0 ? "" : " -> ",
        new);
    put_amount(about->old, line->cells[OLD], sizeof line->cells[OLD]);
    put_amount(about->new, line->cells[NEW], sizeof line->cells[NEW]);
    put_verdict(about, line->cells[VERDICT], sizeof line->cells[VERDICT]);
    PUT(REMARK, "%s", about->remark);
    if (about->reason)
        return;
    put_ratio(about, line->cells[RATIO], sizeof line->cells[RATIO]);
    if (about->method != COMPARE_EXACT)
        PUT(P, "%.2g (%.2g)", about->p, about->holm);
    PUT(THRESHOLD, "%.2g %%", 100 * about->threshold);
#undef PUT
}

static bool has_remark(const struct comparisons *comparisons)
{
    for (size_t i = 0; i < comparisons->count; i++)
        if (*comparisons->list[i].remark)
            return true;
    return false;
}

/* What a reader must know to read the columns. */
static void explain(const struct comparisons *comparisons, FILE *out)
{
    size_t counts[4] = {0}, none = 0;

    for (size_t i = 0; i < comparisons->count; i++)
        if (comparisons->list[i].reason)
            none++;
        else
            counts[comparisons->list[i].verdict]++;
    fprintf(out, "%zu better, %zu worse, %zu same, %zu unclear", counts[COMPARE_BETTER],
            counts[COMPARE_WORSE], counts[COMPARE_SAME], counts[COMPARE_UNCLEAR]);
    fprintf(out, none ? ", %zu not compared\n" : "\n", none);
}

int comparison_table(const struct comparisons *comparisons, FILE *out)
{
    struct libscols_table *table = scols_new_table();
    int columns = has_remark(comparisons) ? COLUMNS : REMARK;

    for (int c = 0; c < columns; c++)
        scols_table_new_column(table, headings[c], 0,
                               c >= OLD && c <= THRESHOLD ? SCOLS_FL_RIGHT : 0);
    for (size_t i = 0; i < comparisons->count; i++) {
        struct libscols_line *row = scols_table_new_line(table, NULL);
        struct line line;

        write_line(&comparisons->list[i], &line);
        for (int c = 0; c < columns; c++) {
            char safe[512];

            escape_text(line.cells[c], safe, sizeof safe);
            scols_line_set_data(row, (size_t)c, safe);
        }
    }
    scols_table_enable_maxout(table, 0);
    scols_table_set_stream(table, out);
    scols_print_table(table);
    scols_unref_table(table);
    fputc('\n', out);
    explain(comparisons, out);
    return output_finish(out);
}

/* A cell of Markdown: nothing of it is markup. */
static void put_markdown(const char *text, FILE *out)
{
    char safe[512];

    escape_text(text, safe, sizeof safe);
    for (const char *c = safe; *c; c++) {
        if (strchr("\\|`*_[]<>&#!~", *c))
            fputc('\\', out);
        fputc(*c, out);
    }
}

int comparison_markdown(const struct comparisons *comparisons, FILE *out)
{
    int columns = has_remark(comparisons) ? COLUMNS : REMARK;

    for (int c = 0; c < columns; c++)
        fprintf(out, "| %s ", headings[c]);
    fputs("|\n", out);
    for (int c = 0; c < columns; c++)
        fputs(c >= OLD && c <= THRESHOLD ? "|--:" : "|---", out);
    fputs("|\n", out);
    for (size_t i = 0; i < comparisons->count; i++) {
        struct line line;

        write_line(&comparisons->list[i], &line);
        for (int c = 0; c < columns; c++) {
            fputs("| ", out);
            put_markdown(line.cells[c], out);
            fputc(' ', out);
        }
        fputs("|\n", out);
    }
    fputc('\n', out);
    explain(comparisons, out);
    return output_finish(out);
}

static cJSON *entry_of(const struct comparison *about)
{
    const struct model_metric *metric = about->new->metric;
    cJSON *entry = cJSON_CreateObject();

    cJSON_AddStringToObject(entry, "scenario", metric->scenario);
    cJSON_AddStringToObject(entry, "metric", metric->name);
    cJSON_AddStringToObject(entry, "target", about->new->target->name);
    cJSON_AddStringToObject(entry, "base", about->old->target->name);
    cJSON_AddStringToObject(entry, "unit", metric->unit);
    cJSON_AddStringToObject(entry, "differs", about->remark);
    if (about->reason) {
        cJSON_AddStringToObject(entry, "reason", about->reason);
        return entry;
    }
    cJSON_AddStringToObject(entry, "verdict", verdicts[about->verdict]);
    cJSON_AddStringToObject(entry, "method", methods[about->method]);
    cJSON_AddNumberToObject(entry, "old", about->old->summary.median);
    cJSON_AddNumberToObject(entry, "new", about->new->summary.median);
    cJSON_AddNumberToObject(entry, "n_old", (double)about->n_old);
    cJSON_AddNumberToObject(entry, "n_new", (double)about->n_new);
    cJSON_AddNumberToObject(entry, "ratio", about->ratio);
    if (about->coverage > 0)
        cJSON_AddItemToObject(entry, "interval", cJSON_CreateDoubleArray(about->interval, 2));
    cJSON_AddNumberToObject(entry, "coverage", about->coverage);
    cJSON_AddNumberToObject(entry, "p", about->p);
    cJSON_AddNumberToObject(entry, "p_holm", about->holm);
    cJSON_AddNumberToObject(entry, "threshold", about->threshold);
    cJSON_AddNumberToObject(entry, "more_samples", (double)about->more);
    return entry;
}

int comparison_json(const struct comparisons *comparisons, FILE *out)
{
    cJSON *document = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(document, "schema", "tare-compare/1");
    cJSON_AddNumberToObject(document, "alpha", COMPARE_ALPHA);
    list = cJSON_AddArrayToObject(document, "comparisons");
    for (size_t i = 0; i < comparisons->count; i++)
        cJSON_AddItemToArray(list, entry_of(&comparisons->list[i]));
    return output_json(document, out);
}

bool comparison_has_worse(const struct comparisons *comparisons)
{
    for (size_t i = 0; i < comparisons->count; i++)
        if (!comparisons->list[i].reason && comparisons->list[i].verdict == COMPARE_WORSE)
            return true;
    return false;
}
