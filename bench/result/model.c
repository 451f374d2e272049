/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/base/units.h"
#include "bench/result/fields.h"
#include "bench/result/model.h"
#include "bench/result/parts.h"
#include "bench/result/results.h"

const char *model_mark(const struct model_target *target)
{
    return *target->unequal ? "*" : "";
}

const struct model_target *model_target(const struct model *model, const char *name)
{
    for (size_t i = 0; i < model->target_count; i++)
        if (strcmp(model->targets[i].name, name) == 0)
            return &model->targets[i];
    return NULL;
}

const struct model_metric *model_metric(const struct model *model, const char *scenario,
                                        const char *name)
{
    for (size_t i = 0; i < model->metric_count; i++)
        if (strcmp(model->metrics[i].scenario, scenario) == 0 &&
            strcmp(model->metrics[i].name, name) == 0)
            return &model->metrics[i];
    return NULL;
}

const struct model_series *model_series(const struct model_metric *metric, const char *target)
{
    for (size_t i = 0; i < metric->series_count; i++)
        if (strcmp(metric->series[i]->target->name, target) == 0)
            return metric->series[i];
    return NULL;
}

bool model_is_virtual(const struct model_metric *metric)
{
    return strstr(metric->clock, "-icount") != NULL; /* as VIRTUAL_CLOCK of scenarios/scenario.h */
}

bool model_has_failures(const struct model *model)
{
    for (size_t i = 0; i < model->series_count; i++)
        if (model->series[i].failed > 0)
            return true;
    return !model->run.complete;
}

/* By their targets, as the document lists those. */
static int by_target(const void *a, const void *b)
{
    const struct model_series *const *first = a, *const *second = b;

    return ((*first)->target > (*second)->target) - ((*first)->target < (*second)->target);
}

/* Give each metric its series and the unit in which it is shown. */
static int group_series(struct reader *reader)
{
    const struct model *model = reader->model;

    for (size_t m = 0; m < model->metric_count; m++) {
        struct model_metric *metric = &reader->metrics[m];
        double largest = 0;

        metric->series = parts_room(reader, model->series_count, sizeof *metric->series);
        if (!metric->series)
            return -ENOMEM;
        for (size_t s = 0; s < model->series_count; s++) {
            if (model->series[s].metric != metric)
                continue;
            metric->series[metric->series_count++] = &model->series[s];
            largest = fmax(largest, fabs(model->series[s].summary.median));
        }
        qsort(metric->series, metric->series_count, sizeof *metric->series, by_target);
        metric->shown_unit = unit_shown(metric->unit, largest, &metric->scale);
    }
    return 0;
}

static int group_metrics(struct reader *reader)
{
    struct model *model = reader->model;
    struct model_scenario *scenarios = parts_room(reader, model->metric_count, sizeof *scenarios);

    if (!scenarios)
        return -ENOMEM;
    model->scenarios = scenarios;
    for (size_t m = 0; m < model->metric_count; m++) {
        const struct model_metric *metric = &model->metrics[m];
        struct model_scenario *scenario = scenarios;

        while (scenario->name && strcmp(scenario->name, metric->scenario) != 0)
            scenario++;
        if (!scenario->name) {
            scenario->name = metric->scenario;
            scenario->metrics = parts_room(reader, model->metric_count, sizeof *scenario->metrics);
            if (!scenario->metrics)
                return -ENOMEM;
            model->scenario_count++;
        }
        scenario->metrics[scenario->metric_count++] = metric;
    }
    return 0;
}

#define OLD_COVERAGE 0.95 /* of the interval of a comparison that does not say it */

/* What an entry of ratios[], comparisons[] and noise[] is about, with what it says. */
struct entry {
    const char *scenario, *metric, *target;
    struct model_ratio ratio;
    struct model_twin twin;
    struct model_noise noise;
};

#define ABOUT                                                                                      \
    NEEDED("scenario", NAME, entry, scenario), NEEDED("metric", NAME, entry, metric),              \
        NEEDED("target", NAME, entry, target)

static bool is_about(const struct entry *entry, const struct model_series *series,
                     const struct model_target *target)
{
    return target && strcmp(entry->target, target->name) == 0 &&
           strcmp(entry->metric, series->metric->name) == 0 &&
           strcmp(entry->scenario, series->metric->scenario) == 0;
}

static void take_ratio(const struct entry *entry, struct model_series *series)
{
    if (is_about(entry, series, series->target))
        series->ratio = &entry->ratio;
}

static void take_twin(const struct entry *entry, struct model_series *series)
{
    if (is_about(entry, series, series->target))
        series->twin = &entry->twin;
}

/* The noise of A is that of B too. */
static void take_noise(const struct entry *entry, struct model_series *series)
{
    if (is_about(entry, series, series->target) || is_about(entry, series, series->target->a))
        series->noise = &entry->noise;
}

/* Read the entries of `list`, which may be NULL, and have every series take what is about it. */
static int read_entries(struct reader *reader, const cJSON *list, const char *name,
                        const struct field *fields,
                        void (*take)(const struct entry *entry, struct model_series *series))
{
    struct entry *entry = parts_room(reader, (size_t)cJSON_GetArraySize(list), sizeof *entry);
    const cJSON *item;
    size_t index = 0;
    int status = entry ? 0 : -ENOMEM;

    cJSON_ArrayForEach(item, list)
    {
        char where[64];

        if (status < 0)
            break;
        snprintf(where, sizeof where, "%s[%zu]", name, index++);
        entry->ratio.summary.has_ci95 = json_field(item, "ci95") != NULL;
        entry->twin.coverage = OLD_COVERAGE;
        status = fields_read(item, where, fields, entry, reader->error);
        for (size_t i = 0; i < reader->model->series_count && status == 0; i++)
            take(entry, &reader->series[i]);
        entry++;
    }
    return status;
}

static int read_outcomes(struct reader *reader)
{
    static const char *const verdicts[] = {"none", "too-small", "worse", "better", NULL};
    static const struct field ratio[] = {
        ABOUT,
        NEEDED("base", NAME, entry, ratio.base),
        NEEDED("pairs", COUNT, entry, ratio.summary.n),
        NEEDED("median", NUMBER, entry, ratio.summary.median),
        MAYBE("ci95", PAIR, entry, ratio.summary.ci95),
        MAYBE("coverage", NUMBER, entry, ratio.summary.coverage),
        MAYBE("min", NUMBER, entry, ratio.summary.min),
        MAYBE("max", NUMBER, entry, ratio.summary.max),
        END_OF_FIELDS,
    };
    static const struct field twin[] = {
        ABOUT,
        NEEDED("pairs", COUNT, entry, twin.pairs),
        NEEDED("difference", NUMBER, entry, twin.difference),
        MAYBE("ci95", PAIR, entry, twin.interval), /* of earlier versions */
        MAYBE("interval", PAIR, entry, twin.interval),
        MAYBE("coverage", NUMBER, entry, twin.coverage),
        NEEDED("p", NUMBER, entry, twin.p),
        MAYBE("q", NUMBER, entry, twin.q),
        NEEDED_WORD("verdict", verdicts, entry, twin.verdict),
        END_OF_FIELDS,
    };
    static const struct field noise[] = {
        ABOUT,
        NEEDED("mde", NUMBER, entry, noise.mde),
        NEEDED("power", NUMBER, entry, noise.power),
        END_OF_FIELDS,
    };
    int status = read_entries(reader, reader->ratios, "ratios", ratio, take_ratio);

    if (status == 0)
        status = read_entries(reader, reader->comparisons, "comparisons", twin, take_twin);
    if (status == 0)
        status = read_entries(reader, reader->noise, "noise", noise, take_noise);
    reader->model->has_twins = cJSON_GetArraySize(reader->comparisons) > 0;
    reader->model->has_noise = reader->noise != NULL;
    return status;
}

/* That of the first target that has one. Twins have bases of their own, and so have the VMs of each
 * driver. */
static const char *base_of(const struct model *model)
{
    const struct model_series *first = NULL;

    for (size_t i = 0; i < model->series_count; i++) {
        const struct model_series *series = &model->series[i];
        bool twin = series->target->a != NULL;

        if (series->ratio &&
            (!first ||
             (twin == (first->target->a != NULL) ? series->target < first->target : !twin)))
            first = series;
    }
    return first ? first->ratio->base : "";
}

static int read_warnings(struct reader *reader)
{
    static const struct field fields[] = {
        NEEDED("text", TEXT, model_warning, text),
        NEEDED("remedy", TEXT, model_warning, remedy),
        END_OF_FIELDS,
    };
    struct model *model = reader->model;
    const void *warnings;
    int status = parts_list(reader, reader->warnings, "warnings", fields, sizeof *model->warnings,
                            &warnings, &model->warning_count);

    model->warnings = warnings;
    return status;
}

static int read_skipped(struct reader *reader)
{
    static const struct field fields[] = {
        NEEDED("scenario", NAME, model_skip, scenario),
        NEEDED("target", NAME, model_skip, target),
        NEEDED("reason", TEXT, model_skip, reason),
        END_OF_FIELDS,
    };
    struct model *model = reader->model;
    const void *skipped;
    int status = parts_list(reader, reader->skipped, "skipped", fields, sizeof *model->skipped,
                            &skipped, &model->skipped_count);

    model->skipped = skipped;
    return status;
}

static int read_document(struct reader *reader, const cJSON *document)
{
    static const struct field fields[] = {
        NEEDED("run", OBJECT, reader, run),
        NEEDED("host", OBJECT, reader, host),
        NEEDED("targets", LIST, reader, target_list),
        NEEDED("metrics", LIST, reader, series_list),
        NEEDED("ratios", LIST, reader, ratios),
        NEEDED("warnings", LIST, reader, warnings),
        MAYBE("skipped", LIST, reader, skipped),
        MAYBE("noise", LIST, reader, noise),
        MAYBE("comparisons", LIST, reader, comparisons),
        END_OF_FIELDS,
    };
    static int (*const steps[])(struct reader * reader) = {
        parts_read_run, parts_read_host, parts_read_targets, parts_read_series, group_series,
        group_metrics,  read_outcomes,   read_warnings,      read_skipped};
    int status;

    if (strcmp(json_text(document, "schema"), "tare/1") != 0)
        return fail(reader->error, EINVAL,
                    "field \"schema\": must be \"tare/1\"; is this a tare result?");
    status = fields_read(document, "the document", fields, reader, reader->error);
    for (size_t i = 0; i < sizeof steps / sizeof *steps && status == 0; i++)
        status = steps[i](reader);
    return status;
}

int model_read(const cJSON *document, struct model *model, struct error *error)
{
    struct reader reader = {.model = model, .error = error};
    int status;

    *model = (struct model){.base = ""};
    status = read_document(&reader, document);
    if (status == 0)
        model->base = base_of(model);
    else
        model_free(model);
    return status;
}

int model_load(const char *path, struct model *model, struct error *error)
{
    cJSON *document;
    int status = results_load(path, &document, error);

    *model = (struct model){.base = ""};
    if (status < 0)
        return status;
    status = model_read(document, model, error);
    if (status < 0) {
        error_prefix(error, "%s", path);
        cJSON_Delete(document);
    } else {
        model->document = document;
    }
    return status;
}

void model_forget_numbers(struct model *model)
{
    cJSON *series, *sample;

    cJSON_ArrayForEach(series, json_field(model->document, "metrics"))
    {
        cJSON_ArrayForEach(sample, json_field(series, "samples"))
        {
            for (cJSON *field = sample->child, *next; field; field = next) {
                next = field->next;
                if (cJSON_IsNumber(field))
                    cJSON_Delete(cJSON_DetachItemViaPointer(sample, field));
            }
        }
    }
}

void model_free(struct model *model)
{
    struct chunk *chunk = model->memory;

    while (chunk) {
        struct chunk *next = chunk->next;

        free(chunk);
        chunk = next;
    }
    cJSON_Delete(model->document);
    *model = (struct model){.base = ""};
}
