/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan, and whether every sample is one of its trials'. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/base/shuffle.h"
#include "bench/result/results.h"
#include "bench/result/verify_checks.h"

/* A planned trial, and what the samples say of it. */
struct trial {
    const char *target, *scenario;
    double repetition;
    double t;       /* NaN: no sample */
    size_t samples; /* of how many series, those without which a trial can be not counted */
    bool any;       /* there is one */
    bool failed;    /* some metric */
};

struct trials {
    struct trial *list;
    size_t count;
    struct verify *verify;
};

static int read_order(const cJSON *document, struct trials *trials)
{
    const cJSON *order = json_field(json_field(document, "run"), "order"), *item;

    trials->list = calloc((size_t)cJSON_GetArraySize(order) + 1, sizeof *trials->list);
    if (!trials->list)
        return -ENOMEM;
    cJSON_ArrayForEach(item, order) trials->list[trials->count++] =
        (struct trial){.target = json_text(item, "target"),
                       .scenario = json_text(item, "scenario"),
                       .repetition = json_number(item, "repetition"),
                       .t = NAN};
    return 0;
}

static bool is_same(const struct trial *a, const char *scenario, const char *target)
{
    return strcmp(a->scenario, scenario) == 0 && strcmp(a->target, target) == 0;
}

/* Fill `round` with what a round of `count` trials holds, in the order before it is shuffled:
 * scenarios as in payloads[], targets as in targets[]. Returns how many of them the first round
 * has. */
static size_t list_round(const cJSON *document, const struct trials *trials, size_t count,
                         struct trial *round)
{
    const cJSON *payloads = json_field(document, "payloads"), *payload, *target;
    size_t found = 0;

    cJSON_ArrayForEach(payload, payloads)
    {
        const char *scenario = json_text(payload, "scenario");

        if (json_find(payloads, "scenario", scenario) != payload)
            continue; /* another program of the same */
        cJSON_ArrayForEach(target, json_field(document, "targets"))
        {
            for (size_t i = 0; i < count && found < count; i++)
                if (is_same(&trials->list[i], scenario, json_text(target, "name"))) {
                    round[found++] = trials->list[i];
                    break;
                }
        }
    }
    return found;
}

/* The order is the one that the seed gives. */
static int check_order(const cJSON *document, const struct trials *trials)
{
    const cJSON *about = json_field(document, "run");
    double warmup = json_number(about, "warmup"), rounds = json_number(about, "repeat") + warmup;
    size_t count = rounds > 0 ? trials->count / (size_t)rounds : 0;
    unsigned *places = calloc(trials->count + 1, sizeof *places);
    struct trial *round = calloc(count + 1, sizeof *round);
    int status = places && round ? 0 : -ENOMEM;

    if (status == 0 && (count == 0 || (double)count * rounds != (double)trials->count ||
                        list_round(document, trials, count, round) != count)) {
        verify_fault(trials->verify, "run: order: is not %.0f rounds of every target", rounds);
    } else if (status == 0) {
        status =
            shuffle_rounds((uint64_t)json_number(about, "seed"), (size_t)rounds, count, places);
        for (size_t i = 0; i < trials->count && status == 0; i++) {
            const struct trial *trial = &trials->list[i], *planned = &round[places[i]];
            double repetition = fmax(floor((double)i / (double)count) - warmup + 1, 0);

            if (is_same(trial, planned->scenario, planned->target) &&
                trial->repetition == repetition)
                continue;
            verify_fault(trials->verify,
                         "run: order[%zu]: is %s of %s #%.0f, the seed gives %s of %s #%.0f", i,
                         trial->scenario, trial->target, trial->repetition, planned->scenario,
                         planned->target, repetition);
            break; /* one wrong place makes many */
        }
    }
    free(places);
    free(round);
    return status;
}

static void check_sample(const cJSON *series, const cJSON *sample, bool warmup, double *last,
                         struct trials *trials)
{
    const char *scenario = json_text(series, "scenario"), *target = json_text(series, "target");
    double order = json_number(sample, "order"), t = json_number(sample, "t");
    struct trial *trial = order < (double)trials->count ? &trials->list[(size_t)order] : NULL;
    struct verify *verify = trials->verify;

    if (!trial || !is_same(trial, scenario, target) ||
        trial->repetition != json_number(sample, "repetition")) {
        verify_fault(verify, "%s.%s of %s: order %.0f, repetition %.0f: is another trial", scenario,
                     json_text(series, "metric"), target, order, json_number(sample, "repetition"));
        return;
    }
    if ((trial->repetition == 0) != warmup)
        verify_fault(verify, "%s.%s of %s: order %.0f: is %sa warm-up", scenario,
                     json_text(series, "metric"), target, order, warmup ? "not " : "");
    if (order <= *last)
        verify_fault(verify, "%s.%s of %s: order %.0f: twice, or not in the order of the run",
                     scenario, json_text(series, "metric"), target, order);
    if (json_field(sample, "value") && json_field(sample, "error"))
        verify_fault(verify, "%s.%s of %s: order %.0f: has a value and an error", scenario,
                     json_text(series, "metric"), target, order);
    if (!isnan(trial->t) && trial->t != t)
        verify_fault(verify, "%s.%s of %s: order %.0f: began at %g s, by other metrics at %g s",
                     scenario, json_text(series, "metric"), target, order, t, trial->t);
    verify_rate(series, sample, verify);
    trial->t = t;
    trial->any = true;
    trial->samples += !json_field(series, "conditional");
    trial->failed |= json_field(sample, "error") != NULL;
    *last = order;
}

static size_t count_series(const cJSON *document, const struct trial *trial)
{
    const cJSON *series;
    size_t count = 0;

    cJSON_ArrayForEach(series, json_field(document, "metrics")) count +=
        is_same(trial, json_text(series, "scenario"), json_text(series, "target")) &&
        !json_field(series, "conditional");
    return count;
}

/* Every trial that was done tells of every metric of its target, unless something failed. */
static void check_whole(const cJSON *document, const struct trials *trials)
{
    const cJSON *about = json_field(document, "run");
    size_t missing = 0, first = 0;
    double last = -1;

    for (size_t i = 0; i < trials->count; i++) {
        const struct trial *trial = &trials->list[i];
        bool dropped = json_field(results_target(document, trial->target), "dropped") != NULL;
        size_t metrics = count_series(document, trial);

        if (!trial->any) {
            if (!dropped && missing++ == 0)
                first = i;
            continue;
        }
        if (dropped)
            verify_fault(trials->verify, "targets: %s: was left out, and yet has samples",
                         trial->target);
        if (trial->samples < metrics && !trial->failed)
            verify_fault(trials->verify, "order %zu: %s of %s has %zu of %zu metrics", i,
                         trial->scenario, trial->target, trial->samples, metrics);
        if (trial->t <= last)
            verify_fault(trials->verify, "order %zu: began at %g s, the one before at %g s", i,
                         trial->t, last);
        last = trial->t;
    }
    if (missing > 0 && cJSON_IsTrue(json_field(about, "complete")))
        verify_fault(trials->verify,
                     "run: is complete, but %zu trials have no sample: order %zu first", missing,
                     first);
    if (missing == 0 && !cJSON_IsTrue(json_field(about, "complete")))
        verify_fault(trials->verify, "run: is not complete, but every trial has its samples");
    if (last > json_number(about, "duration_s"))
        verify_fault(trials->verify, "run: took %g s, but a trial began at %g s",
                     json_number(about, "duration_s"), last);
}

static bool is_about(const cJSON *series, const cJSON *other)
{
    return strcmp(json_text(series, "scenario"), json_text(other, "scenario")) == 0 &&
           strcmp(json_text(series, "target"), json_text(other, "target")) == 0 &&
           strcmp(json_text(series, "unit"), json_text(other, "unit")) == 0 &&
           strcmp(json_text(series, "clock"), json_text(other, "clock")) == 0;
}

static bool meet(const cJSON *a, const char *end, const cJSON *b, const char *other)
{
    return *json_text(a, end) && strcmp(json_text(a, end), json_text(b, other)) == 0;
}

/* `whole` is from where `first` starts to where `second` stops. */
static void check_parts(const cJSON *whole, const cJSON *first, const cJSON *second,
                        struct verify *verify)
{
    const cJSON *sample;

    cJSON_ArrayForEach(sample, json_field(whole, "samples"))
    {
        double repetition = json_number(sample, "repetition");
        const cJSON *sum = json_field(sample, "value"), *a = results_value(first, repetition),
                    *b = results_value(second, repetition);

        if (sum && a && b && !verify_is_close(sum->valuedouble, a->valuedouble + b->valuedouble))
            verify_fault(verify, "%s of %s: repetition %.0f: %s is %g, but %s and %s give %g",
                         json_text(whole, "scenario"), json_text(whole, "target"), repetition,
                         json_text(whole, "metric"), sum->valuedouble, json_text(first, "metric"),
                         json_text(second, "metric"), a->valuedouble + b->valuedouble);
    }
}

/* A size, for one. */
static bool is_no_time(const cJSON *series)
{
    return meet(series, "start", series, "stop");
}

/* Times between the same events add up. */
static void check_sums(const cJSON *metrics, struct verify *verify)
{
    const cJSON *whole, *first, *second;

    cJSON_ArrayForEach(first, metrics)
    {
        cJSON_ArrayForEach(second, metrics)
        {
            if (!is_about(first, second) || !meet(first, "stop", second, "start") ||
                is_no_time(first) || is_no_time(second))
                continue;
            cJSON_ArrayForEach(whole, metrics)
            {
                if (is_about(first, whole) && meet(whole, "start", first, "start") &&
                    meet(whole, "stop", second, "stop"))
                    check_parts(whole, first, second, verify);
            }
        }
    }
}

int verify_trials(const cJSON *document, struct verify *verify)
{
    struct trials trials = {.verify = verify};
    const cJSON *series, *sample;
    int status = read_order(document, &trials);

    if (status == 0)
        status = check_order(document, &trials);
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        double last = -1;

        if (status < 0)
            break;
        cJSON_ArrayForEach(sample, json_field(series, "warmup"))
            check_sample(series, sample, true, &last, &trials);
        cJSON_ArrayForEach(sample, json_field(series, "samples"))
            check_sample(series, sample, false, &last, &trials);
    }
    if (status == 0) {
        check_whole(document, &trials);
        check_sums(json_field(document, "metrics"), verify);
    }
    free(trials.list);
    return status;
}
