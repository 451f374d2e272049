/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/escape.h"
#include "bench/base/file.h"
#include "bench/base/json.h"
#include "bench/base/units.h"
#include "bench/report/history.h"
#include "bench/report/output.h"
#include "bench/result/changes.h"
#include "bench/result/fields.h"

#define SCHEMA "tare-history/1"

static cJSON *entry_of(const struct model_series *series)
{
    const struct model_metric *metric = series->metric;
    cJSON *entry = cJSON_CreateObject();
    double ends[2];

    stats_ends(&series->summary, ends);
    cJSON_AddStringToObject(entry, "scenario", metric->scenario);
    cJSON_AddStringToObject(entry, "metric", metric->name);
    cJSON_AddStringToObject(entry, "target", series->target->name);
    cJSON_AddStringToObject(entry, "unit", metric->unit);
    cJSON_AddStringToObject(entry, "title", metric->title);
    cJSON_AddStringToObject(entry, "direction",
                            metric->direction == MODEL_LOWER ? "lower" : "higher");
    cJSON_AddNumberToObject(entry, "n", (double)series->summary.n);
    cJSON_AddNumberToObject(entry, "median", series->summary.median);
    cJSON_AddNumberToObject(entry, "low", ends[0]);
    cJSON_AddNumberToObject(entry, "high", ends[1]);
    return entry;
}

/* Hosts that can be compared with each other, as a name: CPU, cores, accelerator and machine. */
static void class_of(const struct model *model, char *out, size_t size)
{
    char text[256];
    size_t length = 0;

    snprintf(text, sizeof text, "%s %zu %s %s", model->host.cpu, model->host.cores,
             model->run.accel, model->run.machine);
    for (const char *c = text; *c && length + 1 < size; c++) {
        bool plain = isascii(*c) && isalnum((unsigned char)*c);

        if (plain)
            out[length++] = (char)tolower((unsigned char)*c);
        else if (length > 0 && out[length - 1] != '-')
            out[length++] = '-';
    }
    out[length] = '\0';
}

int history_export(const struct model *model, FILE *out)
{
    cJSON *document = cJSON_CreateObject(), *list;
    char class[256];

    class_of(model, class, sizeof class);

    cJSON_AddStringToObject(document, "schema", SCHEMA);
    cJSON_AddStringToObject(document, "id", model->run.id);
    cJSON_AddStringToObject(document, "commit",
                            json_text(json_field(model->document, "run"), "commit"));
    cJSON_AddStringToObject(document, "started", model->run.started);
    cJSON_AddStringToObject(document, "class", class);
    cJSON_AddBoolToObject(document, "valid", model->run.valid);
    list = cJSON_AddArrayToObject(document, "series");
    for (size_t i = 0; i < model->series_count; i++)
        if (model->series[i].summary.n > 0)
            cJSON_AddItemToArray(list, entry_of(&model->series[i]));
    return output_json(document, out);
}

/* What an entry of a file says. */
struct entry {
    struct history_series series;
    struct history_point point;
};

/* Names become those of files. */
static bool is_name(const char *text)
{
    return *text && *text != '.' &&
           !text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")];
}

static int read_entry(const cJSON *item, const char *where, struct entry *entry,
                      struct error *error)
{
    static const char *const directions[] = {"lower", "higher", NULL};
    static const struct field fields[] = {
        NEEDED("scenario", TEXT, entry, series.scenario),
        NEEDED("metric", TEXT, entry, series.metric),
        NEEDED("target", TEXT, entry, series.target),
        NEEDED("unit", TEXT, entry, series.unit),
        MAYBE("title", TEXT, entry, series.title),
        NEEDED_WORD("direction", directions, entry, series.direction),
        NEEDED("median", NUMBER, entry, point.median),
        NEEDED("low", NUMBER, entry, point.ends[0]),
        NEEDED("high", NUMBER, entry, point.ends[1]),
        END_OF_FIELDS,
    };

    int status;

    *entry = (struct entry){.point = {.commit = ""}};
    status = fields_read(item, where, fields, entry, error);
    if (status == 0 && (!is_name(entry->series.scenario) || !is_name(entry->series.metric) ||
                        !is_name(entry->series.target)))
        status = fail(error, EINVAL,
                      "%s: scenario, metric and target must be letters, digits, \"-\", \"_\" and "
                      "\".\"",
                      where);
    return status;
}

static struct history_series *find(const struct history *history, const struct history_series *like)
{
    for (size_t i = 0; i < history->count; i++) {
        struct history_series *series = &history->series[i];

        if (strcmp(series->scenario, like->scenario) == 0 &&
            strcmp(series->metric, like->metric) == 0 &&
            strcmp(series->target, like->target) == 0 && strcmp(series->unit, like->unit) == 0)
            return series;
    }
    return NULL;
}

static int add_point(struct history *history, const struct entry *entry, struct error *error)
{
    struct history_series *series = find(history, &entry->series);
    void *longer;

    if (!series) {
        longer = realloc(history->series, (history->count + 1) * sizeof *series);
        if (!longer)
            return fail(error, ENOMEM, "out of memory");
        history->series = longer;
        series = &history->series[history->count++];
        *series = entry->series;
    }
    longer = realloc(series->points, (series->count + 1) * sizeof *series->points);
    if (!longer)
        return fail(error, ENOMEM, "out of memory");
    series->points = longer;
    series->points[series->count++] = entry->point;
    return 0;
}

/* Read the file; its document and name become the history's. */
static int add_file(struct history *history, const char *directory, const char *name,
                    struct error *error)
{
    char path[PATH_MAX];
    struct file file;
    const cJSON *item;
    cJSON *document;
    int status;
    size_t index = 0;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    status = file_read(path, &file, error);
    if (status < 0)
        return status;
    document = cJSON_ParseWithLength(file.data, file.size);
    file_free(&file);
    history->documents[history->files] = document;
    history->names[history->files++] = strndup(name, strlen(name) - strlen(".json"));
    if (strcmp(json_text(document, "schema"), SCHEMA) != 0)
        return fail(
            error, EINVAL,
            "%s: field \"schema\": must be \"" SCHEMA "\"; make it with tare export history", path);
    cJSON_ArrayForEach(item, json_field(document, "series"))
    {
        struct entry entry;
        char where[64];

        snprintf(where, sizeof where, "series[%zu]", index++);
        if ((status = read_entry(item, where, &entry, error)) < 0) {
            error_prefix(error, "%s", path);
            return status;
        }
        entry.point.commit = history->names[history->files - 1];
        if ((status = add_point(history, &entry, error)) < 0)
            return status;
    }
    return 0;
}

static int is_json(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

static int find_changes(struct history_series *series, struct error *error)
{
    double *values = malloc(series->count * sizeof *values);
    int status;

    series->changes = malloc(series->count * sizeof *series->changes);
    if (!values || !series->changes) {
        free(values);
        return fail(error, ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < series->count; i++)
        values[i] = series->points[i].median;
    status = changes_find(values, series->count, 1, series->changes, &series->change_count);
    free(values);
    return status < 0 ? fail(error, -status, "%s.%s of %s: %s", series->scenario, series->metric,
                             series->target, strerror(-status))
                      : 0;
}

int history_load(const char *directory, struct history *history, struct error *error)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, is_json, alphasort), status = 0;

    *history = (struct history){0};
    if (count < 0)
        return fail(error, errno, "%s: %s", directory, strerror(errno));
    if (count == 0)
        status = fail(error, ENOENT,
                      "%s: holds no *.json; make one with tare export history RESULT", directory);
    history->documents = calloc((size_t)count + 1, sizeof *history->documents);
    history->names = calloc((size_t)count + 1, sizeof *history->names);
    if (!history->documents || !history->names)
        status = fail(error, ENOMEM, "out of memory");
    for (int i = 0; i < count; i++) {
        if (status == 0)
            status = add_file(history, directory, entries[i]->d_name, error);
        free(entries[i]);
    }
    free(entries);
    for (size_t i = 0; i < history->count && status == 0; i++)
        status = find_changes(&history->series[i], error);
    return status;
}

void history_free(struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        free(history->series[i].points);
        free(history->series[i].changes);
    }
    for (size_t i = 0; i < history->files; i++) {
        cJSON_Delete(history->documents[i]);
        free(history->names[i]);
    }
    free(history->series);
    free(history->documents);
    free(history->names);
    *history = (struct history){0};
}

struct history_level history_level(const struct history_series *series, size_t index)
{
    struct history_level level = {
        .from = index ? series->changes[index - 1] : 0,
        .end = index < series->change_count ? series->changes[index] : series->count,
    };
    size_t count = level.end - level.from;
    double *values = malloc((count + 1) * sizeof *values);
    struct summary summary = {.median = NAN};

    for (size_t i = 0; i < count && values; i++)
        values[i] = series->points[level.from + i].median;
    if (values)
        stats_summary(values, count, &summary);
    free(values);
    level.median = summary.median;
    return level;
}

double history_growth(const struct history_series *series, size_t index)
{
    double before = history_level(series, index).median;

    return before == 0 ? 0 : 100 * (history_level(series, index + 1).median / before - 1);
}

bool history_improves(const struct history_series *series, size_t index)
{
    bool grew = history_level(series, index + 1).median > history_level(series, index).median;

    return grew == (series->direction == MODEL_HIGHER);
}

static void print_change(const struct history_series *series, size_t change, FILE *out)
{
    size_t at = series->changes[change];
    double before = history_level(series, change).median;
    double after = history_level(series, change + 1).median, scale;
    const char *unit = unit_shown(series->unit, after, &scale);

    fputs("  ", out);
    escape_print(series->scenario, out);
    fputc('.', out);
    escape_print(series->metric, out);
    fputc(' ', out);
    escape_print(series->target, out);
    fprintf(out, ": %.4g -> %.4g ", before / scale, after / scale);
    escape_print(unit, out);
    if (before != 0)
        fprintf(out, " (%+.2g %%)", history_growth(series, change));
    fprintf(out, ", %s, after ", history_improves(series, change) ? "better" : "worse");
    escape_print(series->points[at - 1].commit, out);
    fputs(", at ", out);
    escape_print(series->points[at].commit, out);
    fputs(" the latest\n", out);
}

int history_print(const struct history *history, FILE *out)
{
    size_t changes = 0;

    for (size_t i = 0; i < history->count; i++)
        changes += history->series[i].change_count;
    fprintf(out, "%zu results, %zu series, %zu changes of level\n", history->files, history->count,
            changes);
    for (size_t i = 0; i < history->count; i++)
        for (size_t c = 0; c < history->series[i].change_count; c++)
            print_change(&history->series[i], c, out);
    return output_finish(out);
}
