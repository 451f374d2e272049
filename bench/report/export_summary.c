/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "bench/report/export_summary.h"
#include "bench/report/output.h"

/* Prometheus wants base units, spelled out, at the end of a metric's name. */
struct base_unit {
    const char *unit, *name;
    double scale; /* what to multiply values by */
};

static struct base_unit base_unit_of(const char *unit)
{
    static const struct base_unit known[] = {
        {"ms", "seconds", 1e-3},   {"us", "seconds", 1e-6},
        {"ns", "seconds", 1e-9},   {"s", "seconds", 1},
        {"%", "ratio", 1e-2},      {"bit/s", "bytes_per_second", 0.125},
        {"B", "bytes", 1},         {"KiB", "bytes", 1024},
        {"MiB", "bytes", 1048576}, {"s/GB", "seconds_per_byte", 1e-9},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].unit, unit) == 0)
            return known[i];
    return (struct base_unit){unit, "", 1};
}

/* Whether a word of a metric's name tells its unit: the base unit at the end does that. */
static bool is_unit(const char *word, size_t length)
{
    static const char *const units[] = {"s", "ms", "us", "ns", "per", "gb", NULL};

    for (int i = 0; units[i]; i++)
        if (strlen(units[i]) == length && strncmp(units[i], word, length) == 0)
            return true;
    return false;
}

/* "_" and each word of `text`: letters and digits. */
static void put_words(const char *text, FILE *out)
{
    while (*text) {
        size_t length = 0;

        while (isascii(text[length]) && isalnum((unsigned char)text[length]))
            length++;
        if (length && !is_unit(text, length))
            fprintf(out, "_%.*s", (int)length, text);
        text += length + (text[length] != '\0');
    }
}

/* A label's value, or, less the quotes, a help text. */
static void put_text(const char *text, FILE *out)
{
    for (; *text; text++)
        if (*text == '\n')
            fputs("\\n", out);
        else if (*text == '\\' || *text == '"')
            fprintf(out, "\\%c", *text);
        else
            fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

static void put_family(const struct model_metric *metric, const struct base_unit *unit, FILE *out)
{
    fputs("tare", out);
    put_words(metric->scenario, out);
    put_words(metric->name, out);
    fprintf(out, "%s%s", *unit->name ? "_" : "", unit->name);
}

static void put_gauge(const struct model_series *series, const struct base_unit *unit,
                      const char *statistic, double value, FILE *out)
{
    put_family(series->metric, unit, out);
    fputs("{target=\"", out);
    put_text(series->target->name, out);
    fprintf(out, "\",statistic=\"%s\"} %.9g\n", statistic, value * unit->scale);
}

static void put_metric(const struct model_metric *metric, FILE *out)
{
    struct base_unit unit = base_unit_of(metric->unit);

    fputs("# HELP ", out);
    put_family(metric, &unit, out);
    fputc(' ', out);
    put_text(*metric->title ? metric->title : metric->definition, out);
    fputs("\n# TYPE ", out);
    put_family(metric, &unit, out);
    fputs(" gauge\n", out);
    for (size_t i = 0; i < metric->series_count; i++) {
        const struct model_series *series = metric->series[i];
        double ends[2];

        if (series->summary.n == 0)
            continue;
        stats_ends(&series->summary, ends);
        put_gauge(series, &unit, "median", series->summary.median, out);
        put_gauge(series, &unit, "low", ends[0], out);
        put_gauge(series, &unit, "high", ends[1], out);
    }
}

static void put_counts(const struct model *model, bool failed, FILE *out)
{
    const char *name = failed ? "tare_failed_samples" : "tare_samples";

    fprintf(out, "# HELP %s How many samples %s\n# TYPE %s gauge\n", name,
            failed ? "failed" : "have a value", name);
    for (size_t i = 0; i < model->series_count; i++) {
        const struct model_series *series = &model->series[i];

        fprintf(out, "%s{scenario=\"", name);
        put_text(series->metric->scenario, out);
        fputs("\",metric=\"", out);
        put_text(series->metric->name, out);
        fputs("\",target=\"", out);
        put_text(series->target->name, out);
        fprintf(out, "\"} %zu\n", failed ? series->failed : series->summary.n);
    }
}

int export_openmetrics(const struct model *model, FILE *out)
{
    for (size_t i = 0; i < model->metric_count; i++)
        put_metric(&model->metrics[i], out);
    put_counts(model, false, out);
    put_counts(model, true, out);
    fputs("# HELP tare_valid Whether the run was valid\n# TYPE tare_valid gauge\n", out);
    fprintf(out, "tare_valid{accelerator=\"");
    put_text(model->run.accel, out);
    fprintf(out, "\"} %d\n# EOF\n", model->run.valid);
    return output_finish(out);
}

static void name_of(const struct model_series *series, char *out, size_t size)
{
    snprintf(out, size, "%s.%s %s", series->metric->scenario, series->metric->name,
             series->target->name);
}

static cJSON *github_entry(const struct model *model, const struct model_series *series)
{
    const struct summary *summary = &series->summary;
    cJSON *entry = cJSON_CreateObject();
    double ends[2];
    char text[300];

    stats_ends(summary, ends);
    name_of(series, text, sizeof text);
    cJSON_AddStringToObject(entry, "name", text);
    cJSON_AddStringToObject(entry, "unit", series->metric->unit);
    cJSON_AddNumberToObject(entry, "value", summary->median);
    snprintf(text, sizeof text, "%.6g .. %.6g", ends[0], ends[1]);
    cJSON_AddStringToObject(entry, "range", text);
    snprintf(text, sizeof text, "median of %zu, %s%s", summary->n, model->run.accel,
             model->run.valid ? "" : ", INVALID");
    cJSON_AddStringToObject(entry, "extra", text);
    return entry;
}

static int export_github(const struct model *model, enum model_direction direction, FILE *out)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < model->series_count; i++)
        if (model->series[i].metric->direction == direction && model->series[i].summary.n > 0)
            cJSON_AddItemToArray(list, github_entry(model, &model->series[i]));
    return output_json(list, out);
}

int export_github_smaller(const struct model *model, FILE *out)
{
    return export_github(model, MODEL_LOWER, out);
}

int export_github_larger(const struct model *model, FILE *out)
{
    return export_github(model, MODEL_HIGHER, out);
}

int export_bmf(const struct model *model, FILE *out)
{
    cJSON *document = cJSON_CreateObject();

    for (size_t i = 0; i < model->series_count; i++) {
        const struct model_series *series = &model->series[i];
        cJSON *benchmark, *measure;
        char text[300];
        double ends[2];

        if (series->summary.n == 0)
            continue;
        stats_ends(&series->summary, ends);
        name_of(series, text, sizeof text);
        benchmark = cJSON_AddObjectToObject(document, text);
        snprintf(text, sizeof text, "%s (%s)", series->metric->name, series->metric->unit);
        measure = cJSON_AddObjectToObject(benchmark, text);
        cJSON_AddNumberToObject(measure, "value", series->summary.median);
        cJSON_AddNumberToObject(measure, "lower_value", ends[0]);
        cJSON_AddNumberToObject(measure, "upper_value", ends[1]);
    }
    return output_json(document, out);
}
