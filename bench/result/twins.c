/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/result/concern.h"
#include "bench/result/model.h"
#include "bench/result/paired.h"
#include "bench/result/results.h"
#include "bench/result/twins.h"

/* Under which conditions noise was measured: it holds for no others. */
static const char *const conditions[] = {"machine", "memory_mib", "vcpus",
                                         "pin",     "icount",     "accel"};
#define CONDITIONS (sizeof conditions / sizeof *conditions)

struct pairs {
    double *differences; /* B - A of the same repetition */
    size_t count;
};

static int pair_up(const cJSON *b, const cJSON *a, struct pairs *pairs)
{
    const cJSON *sample;

    *pairs = (struct pairs){0};
    pairs->differences =
        malloc(((size_t)cJSON_GetArraySize(json_field(b, "samples")) + 1) * sizeof(double));
    if (!pairs->differences)
        return -ENOMEM;
    cJSON_ArrayForEach(sample, json_field(b, "samples"))
    {
        const cJSON *ours = json_field(sample, "value");
        const cJSON *theirs = results_value(a, json_number(sample, "repetition"));

        if (cJSON_IsNumber(ours) && cJSON_IsNumber(theirs))
            pairs->differences[pairs->count++] = ours->valuedouble - theirs->valuedouble;
    }
    return 0;
}

/* The series of what `series` is the twin of, or NULL when it is none. */
static const cJSON *original_of(const cJSON *document, const cJSON *series)
{
    const char *original = results_twin_of(document, json_text(series, "target"));

    return *original ? results_series(document, json_text(series, "scenario"),
                                      json_text(series, "metric"), original)
                     : NULL;
}

/* An entry about `series`, whose target is said to be `target`. */
static cJSON *about_series(const cJSON *series, const char *target)
{
    cJSON *entry = cJSON_CreateObject();

    cJSON_AddStringToObject(entry, "scenario", json_text(series, "scenario"));
    cJSON_AddStringToObject(entry, "metric", json_text(series, "metric"));
    cJSON_AddStringToObject(entry, "target", target);
    cJSON_AddStringToObject(entry, "unit", json_text(series, "unit"));
    return entry;
}

/* The entry of noise[] for this scenario, metric and target or its twin, or NULL. */
static const cJSON *noise_of(const cJSON *document, const char *scenario, const char *metric,
                             const char *target)
{
    const char *original = results_twin_of(document, target);

    return results_find(json_field(document, "noise"), scenario, metric,
                        *original ? original : target);
}

/* Append what the twins of `document` say of the noise of `n` pairs; 0: of as many as they are.
 * `few` becomes those that have too few to say it. */
static int add_noise(const cJSON *document, size_t n, uint64_t seed, cJSON *list,
                     struct concern *few)
{
    const cJSON *series;
    int status = 0;

    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        const cJSON *original = original_of(document, series);
        struct pairs pairs;
        double mde;

        if (!original || status < 0)
            continue;
        status = pair_up(series, original, &pairs);
        if (status == 0 && pairs.count < PAIRED_NOISE_MIN) {
            concern_add(few, series, "%zu", pairs.count);
        } else if (status == 0) {
            cJSON *entry;
            size_t used = n ? n : pairs.count;

            status = paired_mde(pairs.differences, pairs.count, used, seed, &mde);
            entry = about_series(series, json_text(original, "target"));
            cJSON_AddNumberToObject(entry, "pairs", (double)pairs.count);
            cJSON_AddNumberToObject(entry, "n", (double)used);
            cJSON_AddNumberToObject(entry, "alpha", PAIRED_ALPHA);
            cJSON_AddNumberToObject(entry, "power", PAIRED_POWER);
            cJSON_AddNumberToObject(entry, "mde", status == 0 ? mde : 0);
            cJSON_AddItemToArray(list, entry);
        }
        free(pairs.differences);
    }
    return status;
}

/* A difference is found when chance hardly makes one like it. Where the host's noise is known it
 * counts only if it may be as large as what that noise lets be told: if its interval reaches that
 * far. */
static const char *verdict_of(const cJSON *series, const struct paired_shift *shift, double p,
                              const cJSON *known)
{
    double reach = fmax(fabs(shift->interval[0]), fabs(shift->interval[1]));
    bool up = strcmp(json_text(series, "direction"), "higher") == 0;

    if (p >= PAIRED_ALPHA || shift->estimate == 0)
        return "none";
    if (known && reach < json_number(known, "mde"))
        return "too-small";
    return (shift->estimate > 0) == up ? "better" : "worse";
}

static void add_comparison(cJSON *document, const cJSON *series, const char *base, size_t pairs,
                           const struct paired_shift *shift, double p)
{
    const cJSON *known =
        noise_of(document, json_text(series, "scenario"), json_text(series, "metric"), base);
    cJSON *entry = about_series(series, json_text(series, "target"));

    cJSON_AddStringToObject(entry, "base", base);
    cJSON_AddNumberToObject(entry, "pairs", (double)pairs);
    cJSON_AddNumberToObject(entry, "difference", shift->estimate);
    cJSON_AddItemToObject(entry, "interval", cJSON_CreateDoubleArray(shift->interval, 2));
    cJSON_AddNumberToObject(entry, "coverage", shift->coverage);
    cJSON_AddNumberToObject(entry, "p", p);
    cJSON_AddNumberToObject(entry, "alpha", PAIRED_ALPHA);
    if (known) {
        cJSON_AddNumberToObject(entry, "mde", json_number(known, "mde"));
        cJSON_AddStringToObject(entry, "mde_from", "noise");
    }
    cJSON_AddStringToObject(entry, "verdict", verdict_of(series, shift, p, known));
    cJSON_AddItemToArray(json_field(document, "comparisons"), entry);
}

static int judge(cJSON *document, const cJSON *series, const cJSON *original, struct concern *few)
{
    struct paired_shift shift;
    struct pairs pairs;
    double p;
    int status = pair_up(series, original, &pairs);

    if (status == 0 && pairs.count < PAIRED_MIN) {
        concern_add(few, series, "%zu", pairs.count);
    } else if (status == 0) {
        status = paired_test(pairs.differences, pairs.count, &p);
        if (status == 0)
            status = paired_shift(pairs.differences, pairs.count, PAIRED_ALPHA, &shift);
        if (status == 0)
            add_comparison(document, series, json_text(original, "target"), pairs.count, &shift, p);
    }
    free(pairs.differences);
    return status;
}

/* Beside each p its q, over all comparisons of the document. */
static int add_false_finds(cJSON *comparisons)
{
    size_t count = (size_t)cJSON_GetArraySize(comparisons), i = 0;
    double *p = malloc((count + 1) * sizeof *p), *q = malloc((count + 1) * sizeof *q);
    int status = p && q ? 0 : -ENOMEM;
    cJSON *entry;

    if (status == 0) {
        cJSON_ArrayForEach(entry, comparisons) p[i++] = json_number(entry, "p");
        status = paired_false_finds(p, count, q);
    }
    if (status == 0) {
        i = 0;
        cJSON_ArrayForEach(entry, comparisons) cJSON_AddNumberToObject(entry, "q", q[i++]);
    }
    free(p);
    free(q);
    return status;
}

/* Twins that are equal should look equal. */
static void warn_of_difference(cJSON *document)
{
    struct concern differing = {0};
    const cJSON *entry;

    cJSON_ArrayForEach(entry, json_field(document, "comparisons"))
    {
        if (strcmp(json_text(entry, "verdict"), "none") != 0)
            concern_add(&differing, entry, "p=%.2g", json_number(entry, "p"));
    }
    concern_warn(&differing, document, "aa-differs",
                 "more often than chance, the host is not fit to compare on",
                 "twins differ, though they are the same (chance alone: 1 metric in 100)");
}

static void warn_of_conditions(cJSON *document)
{
    const cJSON *from = json_field(document, "noise_from"), *about = json_field(document, "run");
    char differing[256] = "";

    if (!from)
        return;
    for (size_t i = 0; i < CONDITIONS; i++)
        if (!cJSON_Compare(json_field(from, conditions[i]), json_field(about, conditions[i]), true))
            snprintf(differing + strlen(differing), sizeof differing - strlen(differing), " %s",
                     conditions[i]);
    if (strcmp(json_text(from, "cpu"), json_text(json_field(document, "host"), "cpu")) != 0)
        snprintf(differing + strlen(differing), sizeof differing - strlen(differing), " cpu");
    if (*differing)
        results_warn(document, "noise-differs", "repeat the A/A run under this run's conditions",
                     "the noise was measured under other conditions:%s", differing);
}

static int judge_all(cJSON *document)
{
    cJSON *comparisons = cJSON_CreateArray();
    struct concern few = {0};
    const cJSON *series;
    int status = 0;

    json_replace(document, "comparisons", comparisons);
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        const cJSON *original = original_of(document, series);

        if (original && status == 0)
            status = judge(document, series, original, &few);
    }
    concern_warn(&few, document, "few-pairs", "repeat more often, --repeat",
                 "too few pairs to compare");
    return status == 0 ? add_false_finds(comparisons) : status;
}

int twins_complete(cJSON *document)
{
    const cJSON *about = json_field(document, "run");
    uint64_t seed = (uint64_t)json_number(about, "seed");
    const char *kind = json_text(about, "compare");
    struct concern few = {0};
    int status = 0;

    warn_of_conditions(document);
    if (strcmp(kind, "aa") == 0) {
        json_replace(document, "noise", cJSON_CreateArray());
        status = add_noise(document, 0, seed, json_field(document, "noise"), &few);
        concern_warn(&few, document, "few-pairs", "repeat more often, --repeat",
                     "too few pairs for a minimum detectable effect");
    }
    if (*kind && status == 0)
        status = judge_all(document);
    if (status == 0 && strcmp(kind, "aa") == 0)
        warn_of_difference(document);
    return status;
}

/* Where noise comes from, and what must be the same where it is used. */
static cJSON *origin(const cJSON *document)
{
    const cJSON *about = json_field(document, "run");
    cJSON *from = cJSON_CreateObject();

    cJSON_AddStringToObject(from, "id", json_text(about, "id"));
    cJSON_AddStringToObject(from, "cpu", json_text(json_field(document, "host"), "cpu"));
    for (size_t i = 0; i < CONDITIONS; i++)
        if (json_field(about, conditions[i]))
            cJSON_AddItemToObject(from, conditions[i],
                                  cJSON_Duplicate(json_field(about, conditions[i]), true));
    return from;
}

int twins_read_noise(const char *path, unsigned n, uint64_t seed, cJSON **noise,
                     struct error *error)
{
    struct model model;
    cJSON *list = cJSON_CreateArray();
    struct concern few = {0};
    int status = model_load(path, &model, error);

    if (status == 0 && !model.run.alike)
        status = fail(error, EINVAL, "%s: not the result of an A/A run; make one with --aa", path);
    if (status == 0)
        status = add_noise(model.document, n, seed, list, &few);
    if (status == 0 && cJSON_GetArraySize(list) == 0)
        status = fail(error, EINVAL, "%s: holds fewer than %d pairs of any metric", path,
                      PAIRED_NOISE_MIN);
    if (status == 0) {
        *noise = cJSON_CreateObject();
        cJSON_AddItemToObject(*noise, "noise", list);
        cJSON_AddItemToObject(*noise, "noise_from", origin(model.document));
    } else {
        fail(error, -status, "%s: %s", path, strerror(-status));
        cJSON_Delete(list);
    }
    concern_free(&few);
    model_free(&model);
    return status;
}
