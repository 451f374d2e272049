/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <string.h>

#include "bench/result/twins.h"
#include "bench/base/escape.h"
#include "bench/result/results.h"
#include "bench/report/table.h"

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

static void set(struct libscols_line *line, size_t column, const char *text)
{
    char safe[512];

    escape_text(text, safe, sizeof safe);
    scols_line_set_data(line, column, safe);
}

static void set_pair(struct libscols_line *line, size_t column, double low, double high,
                     double scale)
{
    char from[32], to[32], text[80];

    number(low / scale, from, sizeof from);
    number(high / scale, to, sizeof to);
    snprintf(text, sizeof text, "%s .. %s", from, to);
    set(line, column, text);
}

static double element(const cJSON *array, int index)
{
    const cJSON *item = cJSON_GetArrayItem(array, index);

    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

/* What the heading of the ratios names: the base of all targets but twins. */
static const char *main_base(const cJSON *document)
{
    const cJSON *ratios = json_field(document, "ratios"), *ratio;

    cJSON_ArrayForEach(ratio, ratios)
    {
        if (!*results_twin_of(document, json_text(ratio, "target")))
            return json_text(ratio, "base");
    }
    return ratios->child ? json_text(ratios->child, "base") : "-";
}

static void set_ratio(struct libscols_line *line, const cJSON *ratio, const char *base)
{
    const cJSON *ci95 = json_field(ratio, "ci95");
    bool other = strcmp(json_text(ratio, "base"), base) != 0;
    char text[256];

    if (!ratio)
        return;
    snprintf(text, sizeof text, "%s%s%s%.3g  [%.3g .. %.3g]", other ? "to " : "",
             other ? json_text(ratio, "base") : "", other ? ": " : "", json_number(ratio, "median"),
             element(ci95, 0), element(ci95, 1));
    set(line, COLUMN_RATIO, text);
}

static void set_noise(struct libscols_line *line, const cJSON *noise, double scale)
{
    char text[32];

    if (!noise)
        return;
    number(json_number(noise, "mde") / scale, text, sizeof text);
    set(line, COLUMN_MDE, text);
}

static const char *note_of(const cJSON *series)
{
    const cJSON *sample;

    cJSON_ArrayForEach(sample, json_field(series, "samples"))
    {
        if (*json_text(sample, "note"))
            return json_text(sample, "note");
    }
    return "";
}

static void add_line(struct libscols_table *table, const cJSON *document, const cJSON *series,
                     bool first)
{
    const cJSON *summary = json_field(series, "summary"), *ci95 = json_field(summary, "ci95");
    struct libscols_line *line = scols_table_new_line(table, NULL);
    double failed = json_number(summary, "failed"), n = json_number(summary, "n");
    char text[128], median[32];
    double scale;
    const char *unit =
        results_unit(document, json_text(series, "scenario"), json_text(series, "metric"), &scale);

    snprintf(text, sizeof text, "%s (%s)", json_text(series, "metric"), unit);
    set(line, COLUMN_METRIC, first ? text : "");
    set(line, COLUMN_TARGET, json_text(series, "target"));
    if (n > 0) {
        number(json_number(summary, "median") / scale, median, sizeof median);
        snprintf(text, sizeof text, "%s%s%s", median, *note_of(series) ? " " : "", note_of(series));
        set(line, COLUMN_MEDIAN, text);
        set_pair(line, COLUMN_CI, element(ci95, 0), element(ci95, 1), scale);
        set_pair(line, COLUMN_SPREAD, json_number(summary, "p5"), json_number(summary, "p95"),
                 scale);
    } else {
        set(line, COLUMN_MEDIAN, "no sample");
    }
    snprintf(text, sizeof text, failed > 0 ? "%.0f, %.0f FAILED" : "%.0f", n, failed);
    set(line, COLUMN_N, text);
    set_ratio(line,
              results_ratio(document, json_text(series, "scenario"), json_text(series, "metric"),
                            json_text(series, "target")),
              main_base(document));
    set_noise(line,
              compare_noise_of(document, json_text(series, "scenario"), json_text(series, "metric"),
                               json_text(series, "target")),
              scale);
}

static void print_scenario(const cJSON *document, const char *scenario, FILE *out, bool color)
{
    struct libscols_table *table = scols_new_table();
    const cJSON *metrics = json_field(document, "metrics"), *series, *other;
    char heading[96];

    snprintf(heading, sizeof heading, "RATIO TO %s [95 %%]", main_base(document));
    scols_table_set_stream(table, out);
    scols_table_enable_colors(table, color);
    scols_table_new_column(table, "METRIC", 0, 0);
    scols_table_new_column(table, "TARGET", 0, 0);
    scols_table_new_column(table, "MEDIAN", 0, SCOLS_FL_RIGHT);
    scols_table_new_column(table, "95 % OF MEDIAN", 0, SCOLS_FL_RIGHT);
    scols_table_new_column(table, "P5 .. P95", 0, SCOLS_FL_RIGHT);
    scols_table_new_column(table, "N", 0, SCOLS_FL_RIGHT);
    scols_table_new_column(table, heading, 0, SCOLS_FL_RIGHT);
    if (json_field(document, "noise"))
        scols_table_new_column(table, "MDE", 0, SCOLS_FL_RIGHT);
    /* The document lists series as they came; here all targets of a metric stand together. */
    cJSON_ArrayForEach(series, metrics)
    {
        bool first = true;

        if (strcmp(json_text(series, "scenario"), scenario) != 0)
            continue;
        cJSON_ArrayForEach(other, metrics)
        {
            if (strcmp(json_text(other, "scenario"), scenario) != 0 ||
                strcmp(json_text(other, "metric"), json_text(series, "metric")) != 0)
                continue;
            if (first && other != series)
                break; /* this metric was printed at its first series */
            add_line(table, document, other, first);
            first = false;
        }
    }
    fprintf(out, "\n%s\n", scenario);
    scols_print_table(table);
    scols_unref_table(table);
}

static void print_escaped(FILE *out, const char *before, const char *text, const char *after)
{
    fputs(before, out);
    escape_print(text, out);
    fputs(after, out);
}

/* How large the file is that each target boots. */
static void print_kernels(const cJSON *document, FILE *out)
{
    const char *separator = "kernels: ";
    const cJSON *target;

    cJSON_ArrayForEach(target, json_field(document, "targets"))
    {
        const cJSON *kernel = json_field(target, "kernel");

        if (!cJSON_IsObject(kernel))
            continue;
        print_escaped(out, separator, json_text(target, "name"), "");
        fprintf(out, " %.0f KB", json_number(kernel, "bytes") / 1000);
        separator = ", ";
    }
    if (*separator == ',')
        fputs("\n", out);
}

static void print_conditions(const cJSON *document, FILE *out, bool color)
{
    const cJSON *about = json_field(document, "run"), *host = json_field(document, "host"), *reason;
    const char *strong = color ? "\033[1;33m" : "", *plain = color ? "\033[0m" : "";
    bool tcg = strcmp(json_text(about, "accel"), "tcg") == 0;

    print_escaped(out, "\n", json_text(about, "machine"), "");
    fprintf(out, ", %.0f MiB, %.0f vCPU, %s, on ", json_number(about, "memory_mib"),
            json_number(about, "vcpus"),
            cJSON_IsTrue(json_field(about, "icount")) ? "icount" : "wall clock");
    print_escaped(out, "", json_text(host, "cpu"), "");
    fprintf(out, ", %.0f cores; %s\n", json_number(host, "cores"),
            cJSON_IsTrue(json_field(about, "quiet")) ? "quiet" : "not quiet");
    fputs(tcg ? strong : "", out);
    print_escaped(out, "accelerator: ", json_text(about, "accel"), "");
    if (tcg)
        fputs(" -- TCG, does not predict KVM", out);
    fputs(tcg ? plain : "", out);
    print_escaped(out, " (", json_text(about, "accel_reason"), ")\n");
    print_kernels(document, out);
    if (*json_text(about, "payload")) {
        print_escaped(out, "payload: ", json_text(about, "payload"), "");
        print_escaped(out, *json_text(about, "args") ? " " : "", json_text(about, "args"), "");
        print_escaped(out, "; ready: ", json_text(about, "ready"), "\n");
    }
    if (!cJSON_IsTrue(json_field(about, "valid"))) {
        cJSON_ArrayForEach(reason, json_field(about, "invalid_reasons"))
        {
            fprintf(out, "%sINVALID: ", strong);
            print_escaped(out, "", cJSON_GetStringValue(reason), "");
            fprintf(out, "%s\n", plain);
        }
    }
}

void table_print(const cJSON *document, FILE *out, bool color)
{
    const cJSON *series, *before, *warning;

    scols_init_debug(0);
    print_conditions(document, out, color);
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        const char *scenario = json_text(series, "scenario");

        for (before = json_field(document, "metrics")->child; before != series;
             before = before->next)
            if (strcmp(json_text(before, "scenario"), scenario) == 0)
                break;
        if (before == series)
            print_scenario(document, scenario, out, color);
    }
    compare_print(document, out);
    if (cJSON_GetArraySize(json_field(document, "warnings")) > 0)
        fputs("\nwarnings\n", out);
    cJSON_ArrayForEach(warning, json_field(document, "warnings"))
    {
        print_escaped(out, "  ", json_text(warning, "text"), "");
        print_escaped(out, " (", json_text(warning, "remedy"), ")\n");
    }
}
