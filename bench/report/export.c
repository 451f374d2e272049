/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "bench/base/escape.h"
#include "bench/report/export.h"
#include "bench/result/results.h"

static void put_tsv(const char *text, FILE *out)
{
    escape_print(text, out);
}

static void put_csv(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void put_sample(const cJSON *series, const cJSON *sample, char separator,
                       void (*put)(const char *text, FILE *out), FILE *out)
{
    static const char *const names[] = {"scenario", "metric", "target", "unit"};
    const cJSON *value = json_field(sample, "value");

    for (int i = 0; i < 4; i++) {
        put(json_text(series, names[i]), out);
        fputc(separator, out);
    }
    fprintf(out, "%.0f%c%.0f%c%.6f%c", json_number(sample, "order"), separator,
            json_number(sample, "repetition"), separator, json_number(sample, "t"), separator);
    if (cJSON_IsNumber(value))
        fprintf(out, "%.17g", value->valuedouble);
    fputc(separator, out);
    put(json_text(sample, "error"), out);
    fputc(separator, out);
    put(json_text(sample, "note"), out);
    fputc('\n', out);
}

static int export_all(const cJSON *document, char separator,
                      void (*put)(const char *text, FILE *out), FILE *out)
{
    static const char *const lists[] = {"warmup", "samples"};
    static const char *const names[] = {"scenario",   "metric", "target", "unit",  "order",
                                        "repetition", "t",      "value",  "error", "note"};
    const cJSON *series, *sample;

    for (int i = 0; i < 10; i++)
        fprintf(out, "%s%c", names[i], i < 9 ? separator : '\n');
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        for (int i = 0; i < 2; i++)
            cJSON_ArrayForEach(sample, json_field(series, lists[i]))
                put_sample(series, sample, separator, put, out);
    }
    return fflush(out) == 0 && !ferror(out) ? 0 : -EIO;
}

int export_tsv(const cJSON *document, FILE *out)
{
    return export_all(document, '\t', put_tsv, out);
}

int export_csv(const cJSON *document, FILE *out)
{
    return export_all(document, ',', put_csv, out);
}

/* The target's series with at least one value, or NULL. */
static const cJSON *drawable(const cJSON *document, const char *scenario, const char *metric,
                             const cJSON *target)
{
    const cJSON *series = results_series(document, scenario, metric, json_text(target, "name"));

    return json_number(json_field(series, "summary"), "n") > 0 ? series : NULL;
}

int export_figure(const cJSON *document, const char *scenario, const char *metric, FILE *out)
{
    const cJSON *target, *sample;
    double scale;
    int index = 0;

    results_unit(document, scenario, metric, &scale);
    cJSON_ArrayForEach(target, json_field(document, "targets"))
    {
        const cJSON *series = drawable(document, scenario, metric, target);
        const cJSON *summary = json_field(series, "summary");
        const cJSON *ci95 = json_field(summary, "ci95");

        if (!series)
            continue;
        fprintf(out, "%d\t", index++);
        escape_print(json_text(target, "name"), out);
        fprintf(out, "\t%.17g\t%.17g\t%.17g\n", json_number(summary, "median") / scale,
                cJSON_GetNumberValue(cJSON_GetArrayItem(ci95, 0)) / scale,
                cJSON_GetNumberValue(cJSON_GetArrayItem(ci95, 1)) / scale);
    }
    fputs("\n\n", out);
    index = 0;
    cJSON_ArrayForEach(target, json_field(document, "targets"))
    {
        const cJSON *series = drawable(document, scenario, metric, target);

        if (!series)
            continue;
        cJSON_ArrayForEach(
            sample, json_field(series, "samples")) if (cJSON_IsNumber(json_field(sample, "value")))
            fprintf(out, "%d\t%.17g\n", index, json_number(sample, "value") / scale);
        index++;
    }
    return ferror(out) ? -EIO : index;
}
