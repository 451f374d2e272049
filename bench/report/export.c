/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "bench/base/escape.h"
#include "bench/report/export.h"
#include "bench/report/export_summary.h"
#include "bench/report/history.h"
#include "bench/report/output.h"
#include "bench/report/percentiles.h"

/* How a format of one line for each sample writes. */
struct lines {
    char separator;
    void (*put)(const char *text, FILE *out);
};

static void put_csv(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        if (*text == '\n')
            fputc('\n', out);
        else
            escape_print((char[]){*text, '\0'}, out); /* terminals obey control characters */
    }
    fputc('"', out);
}

static void put_sample(const struct lines *format, const struct model_series *series,
                       const struct model_sample *sample, FILE *out)
{
    const struct model_metric *metric = series->metric;
    const char *const texts[] = {metric->scenario, metric->name, series->target->name,
                                 metric->unit};
    char separator = format->separator;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        format->put(texts[i], out);
        fputc(separator, out);
    }
    fprintf(out, "%zu%c%zu%c%.6f%c", sample->order, separator, sample->repetition, separator,
            sample->t, separator);
    if (sample->has_value)
        fprintf(out, "%.17g", sample->value);
    fputc(separator, out);
    format->put(sample->failure, out);
    fputc(separator, out);
    format->put(sample->note, out);
    fputc('\n', out);
}

static int write_lines(const struct lines *format, const struct model *model, FILE *out)
{
    static const char *const names[] = {"scenario",   "metric", "target", "unit",  "order",
                                        "repetition", "t",      "value",  "error", "note"};

    for (int i = 0; i < 10; i++)
        fprintf(out, "%s%c", names[i], i < 9 ? format->separator : '\n');
    for (size_t s = 0; s < model->series_count; s++) {
        const struct model_series *series = &model->series[s];

        for (size_t i = 0; i < series->warmup_count; i++)
            put_sample(format, series, &series->warmups[i], out);
        for (size_t i = 0; i < series->sample_count; i++)
            put_sample(format, series, &series->samples[i], out);
    }
    return output_finish(out);
}

static int write_tsv(const struct model *model, FILE *out)
{
    return write_lines(&(struct lines){'\t', escape_print}, model, out);
}

static int write_csv(const struct model *model, FILE *out)
{
    return write_lines(&(struct lines){',', put_csv}, model, out);
}

/* The histograms as HdrHistogram's percentile text, each after a line of its name. */
static int write_hdr(const struct model *model, FILE *out)
{
    for (size_t s = 0; s < model->series_count; s++) {
        const struct model_series *series = &model->series[s];
        struct percentiles percentiles;
        int status = percentiles_of(series, &percentiles);

        if (status < 0)
            return status;
        if (status == 0)
            continue;
        fprintf(out, "#[%s.%s of ", series->metric->scenario, series->metric->name);
        escape_print(series->target->name, out);
        fputs(", us]\n", out);
        percentiles_write(&percentiles, out);
        fputc('\n', out);
        percentiles_free(&percentiles);
    }
    return output_finish(out);
}

const struct exporter exporters[] = {
    {"tsv", "tsv", write_tsv},
    {"csv", "csv", write_csv},
    {"hdr", "hgrm", write_hdr},
    {"openmetrics", "prom", export_openmetrics},
    {"github", "json", export_github_smaller},
    {"github-larger", "json", export_github_larger},
    {"bmf", "json", export_bmf},
    {"history", "json", history_export},
    {NULL, NULL, NULL},
};

const struct exporter *export_find(const char *name)
{
    const struct exporter *exporter = exporters;

    while (exporter->name && strcmp(exporter->name, name) != 0)
        exporter++;
    return exporter->name ? exporter : NULL;
}
