/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/result/compare.h"
#include "bench/result/paired.h"
#include "bench/result/results.h"
#include "bench/result/unpaired.h"

#define SHOWN_ALPHA 0.05 /* of the interval that people are shown */

/* Logarithms of values: a ratio is then a difference. */
struct logs {
    double *values;
    size_t count;
};

/* Whether `values` of both series exist, all above 0. */
static const char *reason_of(const struct model_series *old, const struct model_series *new)
{
    const struct model_series *const both[] = {old, new};

    for (int i = 0; i < 2; i++) {
        if (both[i]->summary.n == 0)
            return i ? "NEW has no sample" : "OLD has no sample";
        if (both[i]->summary.min <= 0)
            return "values of 0 have no ratio";
    }
    return NULL;
}

static int logs_of(const struct model_series *series, struct logs *out)
{
    *out = (struct logs){malloc((series->sample_count + 1) * sizeof(double)), 0};
    if (!out->values)
        return -ENOMEM;
    for (size_t i = 0; i < series->sample_count; i++)
        if (series->samples[i].has_value)
            out->values[out->count++] = log(series->samples[i].value);
    return 0;
}

static const struct model_sample *of_repetition(const struct model_series *series, size_t number)
{
    for (size_t i = 0; i < series->sample_count; i++)
        if (series->samples[i].repetition == number && series->samples[i].has_value)
            return &series->samples[i];
    return NULL;
}

/* The differences of the logarithms, new - old, of the same repetition. */
static int pairs_of(const struct model_series *old, const struct model_series *new,
                    struct logs *out)
{
    *out = (struct logs){malloc((new->sample_count + 1) * sizeof(double)), 0};
    if (!out->values)
        return -ENOMEM;
    for (size_t i = 0; i < new->sample_count; i++) {
        const struct model_sample *ours = &new->samples[i];
        const struct model_sample *theirs = of_repetition(old, ours->repetition);

        if (ours->has_value && theirs)
            out->values[out->count++] = log(ours->value) - log(theirs->value);
    }
    return 0;
}

static bool is_exact(const struct model_series *old, const struct model_series *new)
{
    return model_is_virtual(old->metric) && model_is_virtual(new->metric) &&
           old->summary.min == old->summary.max && new->summary.min == new->summary.max;
}

/* The relative minimum detectable effect of the metric on the host that `noise` is of, for n
 * values; 0 where it does not say. */
static int noise_floor(const struct compare_rules *rules, const struct model_series *about,
                       size_t n, double *floor)
{
    const struct model_metric *metric =
        rules->noise ? model_metric(rules->noise, about->metric->scenario, about->metric->name)
                     : NULL;
    const char *name = about->target->a ? about->target->a->name : about->target->name;
    struct logs logs;
    double mde;
    int status = 0;

    *floor = 0;
    for (size_t i = 0; metric && i < metric->series_count && status == 0; i++) {
        const struct model_series *b = metric->series[i];
        const struct model_series *a =
            b->target->a ? model_series(metric, b->target->a->name) : NULL;

        if (!a || strcmp(a->target->name, name) != 0 || reason_of(a, b))
            continue;
        status = pairs_of(a, b, &logs);
        if (status == 0 && logs.count >= PAIRED_NOISE_MIN) {
            status = paired_mde(logs.values, logs.count, n < PAIRED_MIN ? PAIRED_MIN : n,
                                rules->seed, &mde);
            *floor = status == 0 ? expm1(mde) : 0;
        }
        free(logs.values);
    }
    return status;
}

static int by_pairs(struct comparison *about)
{
    struct paired_shift shown, same;
    struct logs logs;
    int status = pairs_of(about->old, about->new, &logs);

    about->n_old = about->n_new = logs.count;
    if (status == 0 && logs.count == 0)
        about->reason = "no pair of the same repetition";
    else if (status == 0 && (status = paired_test(logs.values, logs.count, &about->p)) == 0 &&
             (status = paired_shift(logs.values, logs.count, SHOWN_ALPHA, &shown)) == 0 &&
             (status = paired_shift(logs.values, logs.count, 2 * COMPARE_SAME_ALPHA, &same)) == 0) {
        about->ratio = exp(shown.estimate);
        about->interval[0] = exp(shown.interval[0]);
        about->interval[1] = exp(shown.interval[1]);
        about->coverage = isfinite(shown.interval[0]) ? shown.coverage : 0;
        memcpy(about->same, same.interval, sizeof about->same);
    }
    free(logs.values);
    return status;
}

static int by_ranks(struct comparison *about)
{
    struct unpaired_shift shown, same;
    struct logs old, new = {NULL, 0};
    int status = logs_of(about->old, &old);

    if (status == 0)
        status = logs_of(about->new, &new);
    about->n_old = old.count;
    about->n_new = new.count;
    if (status == 0 &&
        (status = unpaired_test(old.values, old.count, new.values, new.count, &about->p)) == 0 &&
        (status = unpaired_shift(old.values, old.count, new.values, new.count, SHOWN_ALPHA,
                                 &shown)) == 0 &&
        (status = unpaired_shift(old.values, old.count, new.values, new.count,
                                 2 * COMPARE_SAME_ALPHA, &same)) == 0) {
        about->ratio = exp(shown.estimate);
        about->interval[0] = exp(shown.interval[0]);
        about->interval[1] = exp(shown.interval[1]);
        about->coverage = shown.coverage;
        memcpy(about->same, same.interval, sizeof about->same);
    }
    free(old.values);
    free(new.values);
    return status;
}

static void by_fact(struct comparison *about)
{
    about->ratio = about->new->summary.median / about->old->summary.median;
    about->n_old = about->old->summary.n;
    about->n_new = about->new->summary.n;
    about->interval[0] = about->interval[1] = about->ratio;
    about->same[0] = about->same[1] = log(about->ratio);
    about->coverage = 1;
}

static int add(const struct model_series *old, const struct model_series *new, const char *remark,
               enum compare_method method, const struct compare_rules *rules,
               struct comparisons *out)
{
    struct comparison *longer = realloc(out->list, (out->count + 1) * sizeof *longer), *about;
    double floor;
    int status = 0;

    if (!longer)
        return -ENOMEM;
    out->list = longer;
    about = &longer[out->count++];
    *about = (struct comparison){
        .old = old,
        .new = new,
        .remark = remark,
        .method = is_exact(old, new) ? COMPARE_EXACT : method,
        .threshold = model_is_virtual(old->metric) ? rules->exact_threshold : rules->threshold,
        .verdict = COMPARE_UNCLEAR,
        .p = 1,
        .holm = 1,
        .reason = reason_of(old, new),
    };
    if (about->reason)
        return 0;
    if (about->method == COMPARE_EXACT)
        by_fact(about);
    else
        status = about->method == COMPARE_PAIRS ? by_pairs(about) : by_ranks(about);
    if (status == 0 && about->method != COMPARE_EXACT) {
        size_t n = about->n_old < about->n_new ? about->n_old : about->n_new;

        status = noise_floor(rules, new, n, &floor);
        about->threshold = fmax(about->threshold, status == 0 ? floor : 0);
    }
    return status;
}

int compare_runs(const struct model *old, const struct model *new, const char *remark,
                 const struct compare_rules *rules, struct comparisons *out)
{
    int status = 0;

    for (size_t m = 0; m < old->metric_count; m++) {
        const struct model_metric *metric = &old->metrics[m];
        const struct model_metric *other = model_metric(new, metric->scenario, metric->name);

        if (!other || strcmp(other->unit, metric->unit) != 0)
            continue;
        for (size_t s = 0; s < metric->series_count && status == 0; s++) {
            const struct model_series *theirs =
                model_series(other, metric->series[s]->target->name);

            if (theirs)
                status = add(metric->series[s], theirs, remark, COMPARE_RANKS, rules, out);
        }
    }
    return status;
}

int compare_targets(const struct model *model, const char *base, const char *remark,
                    const struct compare_rules *rules, struct comparisons *out)
{
    int status = 0;

    for (size_t m = 0; m < model->metric_count; m++) {
        const struct model_metric *metric = &model->metrics[m];

        for (size_t s = 0; s < metric->series_count && status == 0; s++) {
            const struct model_series *new = metric->series[s], *old;
            const char *against = base ? base : new->target->a ? new->target->a->name : NULL;

            old = against ? model_series(metric, against) : NULL;
            if (old && old != new)
                status = add(old, new, remark, COMPARE_PAIRS, rules, out);
        }
    }
    return status;
}

int compare_holm(const double *p, size_t n, double *corrected)
{
    size_t *order = malloc((n + 1) * sizeof *order);
    double largest = 0;

    if (!order)
        return -ENOMEM;
    if (n)
        gsl_sort_index(order, p, 1, n);
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fmin(1, (double)(n - i) * p[order[i]]));
        corrected[order[i]] = largest;
    }
    free(order);
    return 0;
}

/* The fewest values of each side for which the test can give so small a p at all. */
static size_t fewest(enum compare_method method, double p)
{
    size_t n = 1;

    while (n < 1000 &&
           (method == COMPARE_PAIRS ? exp2(1 - (double)n)
                                    : 2 / gsl_sf_choose(2 * (unsigned)n, (unsigned)n)) >= p)
        n++;
    return n;
}

/* How many more values of each side might decide, should the ratio stay as it looks: an interval
 * narrows with the root of n, and so does what a test can tell (Noether 1987). */
static size_t more_of(const struct comparison *about, size_t family)
{
    size_t n = about->n_old < about->n_new ? about->n_old : about->n_new;
    double limit = log1p(about->threshold), effect = fabs(log(about->ratio)), needed;
    double alpha = COMPARE_ALPHA / (double)family;

    if (!isfinite(about->same[0]) || !isfinite(about->same[1])) {
        needed = 0;
    } else if (effect < limit) {
        double half = (about->same[1] - about->same[0]) / 2;

        needed = (double)n * pow(half / (limit - effect), 2);
    } else {
        double have = gsl_cdf_ugaussian_Qinv(about->p / 2),
               want = gsl_cdf_ugaussian_Qinv(alpha / 2);

        needed = have > 0 ? (double)n * pow(want / have, 2) : 0;
    }
    needed = fmax(needed, (double)fewest(about->method, alpha));
    return needed <= (double)n || needed > 1e6 ? 0 : (size_t)ceil(needed) - n;
}

static enum compare_verdict verdict_of(const struct comparison *about)
{
    double limit = log1p(about->threshold), effect = log(about->ratio);
    bool up = about->new->metric->direction == MODEL_HIGHER;
    /* In virtual time a difference is a fact. */
    bool found = about->method == COMPARE_EXACT || about->holm < COMPARE_ALPHA;

    if (about->same[0] >= -limit && about->same[1] <= limit)
        return COMPARE_SAME;
    if (found && fabs(effect) >= limit)
        return (effect > 0) == up ? COMPARE_BETTER : COMPARE_WORSE;
    return COMPARE_UNCLEAR;
}

int compare_judge(struct comparisons *comparisons)
{
    double *p = malloc((comparisons->count + 1) * sizeof *p);
    double *corrected = malloc((comparisons->count + 1) * sizeof *corrected);
    size_t family = 0;
    int status = p && corrected ? 0 : -ENOMEM;

    for (size_t i = 0; i < comparisons->count && status == 0; i++)
        if (!comparisons->list[i].reason && comparisons->list[i].method != COMPARE_EXACT)
            p[family++] = comparisons->list[i].p;
    if (status == 0)
        status = compare_holm(p, family, corrected);
    for (size_t i = 0, next = 0; i < comparisons->count && status == 0; i++) {
        struct comparison *about = &comparisons->list[i];

        if (about->reason)
            continue;
        if (about->method != COMPARE_EXACT)
            about->holm = corrected[next++];
        about->verdict = verdict_of(about);
        if (about->verdict == COMPARE_UNCLEAR)
            about->more = more_of(about, family);
    }
    free(p);
    free(corrected);
    return status;
}

void compare_free(struct comparisons *comparisons)
{
    free(comparisons->list);
    *comparisons = (struct comparisons){NULL, 0};
}

static void differs(char *out, size_t size, const char *what)
{
    size_t length = strlen(out);

    if (!strstr(out, what))
        snprintf(out + length, size - length, "%s%s", length ? ", " : "", what);
}

/* Payloads of one scenario and name that are not the same program. */
static bool payloads_differ(const cJSON *old, const cJSON *new)
{
    const cJSON *ours, *theirs;

    cJSON_ArrayForEach(ours, json_field(new, "payloads")) cJSON_ArrayForEach(
        theirs,
        json_field(old, "payloads")) if (strcmp(json_text(ours, "scenario"),
                                                json_text(theirs, "scenario")) == 0 &&
                                         strcmp(json_text(ours, "payload"),
                                                json_text(theirs, "payload")) == 0 &&
                                         strcmp(json_text(ours, "sha256"),
                                                json_text(theirs, "sha256")) != 0) return true;
    return false;
}

bool compare_conditions(const cJSON *old, const cJSON *new, char *out, size_t size)
{
    static const struct {
        const char *part, *field, *word;
    } conditions[] = {
        {"run", "accel", "accelerator"}, {"run", "icount", "clock"},
        {"run", "machine", "machine"},   {"run", "memory_mib", "memory"},
        {"run", "vcpus", "vCPUs"},       {"run", "pin", "pinning"},
        {"run", "profile", "profile"},   {"run", "args", "arguments"},
        {"host", "cpu", "host"},         {"host", "cores", "host"},
        {"host", "memory_mib", "host"},  {"host", "qemu", "QEMU"},
    };

    *out = '\0';
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        const cJSON *ours = json_field(json_field(new, conditions[i].part), conditions[i].field);
        const cJSON *theirs = json_field(json_field(old, conditions[i].part), conditions[i].field);

        if (ours && theirs && !cJSON_Compare(ours, theirs, true))
            differs(out, size, conditions[i].word);
    }
    if (payloads_differ(old, new))
        differs(out, size, "payload");
    return *out != '\0';
}
