/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare_print(): what comparing twins came to, in words. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "bench/result/twins.h"
#include "bench/base/escape.h"
#include "bench/result/results.h"
#include "bench/base/units.h"

static void put(const char *before, const char *text, FILE *out)
{
    fputs(before, out);
    escape_print(text, out);
}

static void number(double value, FILE *out)
{
    fprintf(out, fabs(value) >= 1000 ? "%.0f" : "%.3g", value);
}

static void put_amount(double value, const cJSON *entry, FILE *out)
{
    double scale;
    const char *unit = unit_shown(json_text(entry, "unit"), value, &scale);

    number(value / scale, out);
    put(" ", unit, out);
}

/* What B is: slower or faster, or where the unit is no time, higher or lower. */
static const char *word_of(const cJSON *entry)
{
    static const char *const times[] = {"s", "ms", "us", "ns", NULL};
    bool more = json_number(entry, "difference") > 0;

    for (int i = 0; times[i]; i++)
        if (strcmp(json_text(entry, "unit"), times[i]) == 0)
            return more ? "slower" : "faster";
    return more ? "higher" : "lower";
}

static void print_difference(const cJSON *entry, FILE *out)
{
    const cJSON *ci95 = json_field(entry, "ci95");
    double low = cJSON_GetNumberValue(cJSON_GetArrayItem(ci95, 0));
    double high = cJSON_GetNumberValue(cJSON_GetArrayItem(ci95, 1));
    double size = fabs(json_number(entry, "difference")), scale;
    bool more = json_number(entry, "difference") > 0;

    unit_shown(json_text(entry, "unit"), size, &scale);
    fprintf(out, "B %s by ", word_of(entry));
    put_amount(size, entry, out);
    fputs(" (95 % ", out);
    number((more ? low : -high) / scale, out);
    fputs(" .. ", out);
    number((more ? high : -low) / scale, out);
    fprintf(out, "), p=%.2g", json_number(entry, "p"));
    if (strcmp(json_text(entry, "verdict"), "too-small") == 0) {
        fputs("; too small to count: the minimum detectable effect is ", out);
        put_amount(json_number(entry, "mde"), entry, out);
    }
    fputc('\n', out);
}

static void print_entry(const cJSON *entry, bool same, FILE *out)
{
    put("  ", json_text(entry, "scenario"), out);
    put(".", json_text(entry, "metric"), out);
    fputs(": ", out);
    if (strcmp(json_text(entry, "verdict"), "none") != 0) {
        print_difference(entry, out);
        return;
    }
    fprintf(out, "no difference found, p=%.2g; ", json_number(entry, "p"));
    fputs(same ? "minimum detectable effect: " : "smallest that would have been: ", out);
    put_amount(json_number(entry, "mde"), entry, out);
    fprintf(out, ", %.0f pairs\n", json_number(entry, "pairs"));
}

static void print_build(const cJSON *document, const char *letter, const char *name, FILE *out)
{
    const cJSON *target = results_target(document, name);
    const cJSON *kernel = json_field(target, "kernel");
    char hash[64];

    put(letter, name, out);
    if (cJSON_IsObject(kernel)) {
        put(", ", json_text(kernel, "path"), out);
        escape_text(json_text(kernel, "sha256"), hash, sizeof hash);
        fprintf(out, ", sha256 %.12s", hash);
    }
    fputc('\n', out);
}

void compare_print(const cJSON *document, FILE *out)
{
    const cJSON *list = json_field(document, "comparisons"), *target, *entry;
    bool same = strcmp(json_text(json_field(document, "run"), "compare"), "aa") == 0;

    cJSON_ArrayForEach(target, json_field(document, "targets"))
    {
        const char *name = json_text(target, "name"), *original = json_text(target, "twin_of");

        if (!*original || cJSON_GetArraySize(list) == 0)
            continue;
        fprintf(out, "\nB against A%s\n", same ? ", which are the same" : "");
        print_build(document, "  A: ", original, out);
        print_build(document, "  B: ", name, out);
        cJSON_ArrayForEach(entry, list)
        {
            if (strcmp(json_text(entry, "target"), name) == 0)
                print_entry(entry, same, out);
        }
    }
}
