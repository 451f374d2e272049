/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a rate is what is kept beside it. */
#include <math.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/result/verify_checks.h"

/* A sample, and where it is. */
struct rate {
    const cJSON *series, *sample;
    double value;
    struct verify *verify;
};

static void expect(const struct rate *rate, const char *what, double says, double is)
{
    if (!verify_is_close(says, is))
        verify_fault(rate->verify, "%s.%s of %s: repetition %.0f: %s is %.10g, not %.10g",
                     json_text(rate->series, "scenario"), json_text(rate->series, "metric"),
                     json_text(rate->series, "target"), json_number(rate->sample, "repetition"),
                     what, says, is);
}

/* The intervals: each with its own rate, and as long together as the test. */
static void check_intervals(const struct rate *rate, const cJSON *intervals)
{
    const cJSON *received = json_field(rate->sample, "received"), *interval, *stream;
    double seconds = 0;

    cJSON_ArrayForEach(interval, intervals)
    {
        double bytes = json_number(interval, "bytes"), length = json_number(interval, "seconds");
        double sum = 0;

        if (length > 0)
            expect(rate, "an interval", json_number(interval, "value"), 8 * bytes / length);
        if (!json_field(interval, "warmup"))
            seconds += length;
        cJSON_ArrayForEach(stream, json_field(interval, "streams")) sum += stream->valuedouble;
        if (json_field(interval, "streams"))
            expect(rate, "an interval's bytes", bytes, sum);
    }
    if (received)
        expect(rate, "the length of the test", json_number(received, "seconds"), seconds);
}

/* The rate that a search found: what arrived at the highest one that passed. */
static void check_steps(const struct rate *rate, const cJSON *steps)
{
    double offered = 0, received = 0;
    const cJSON *step;

    cJSON_ArrayForEach(step, steps)
    {
        check_intervals(&(struct rate){rate->series, step, 0, rate->verify},
                        json_field(step, "series"));
        if (cJSON_IsTrue(json_field(step, "passed")) && json_number(step, "offered") > offered) {
            offered = json_number(step, "offered");
            received = json_number(step, "received");
        }
    }
    expect(rate, "the rate that was found", rate->value, received);
}

void verify_rate(const cJSON *series, const cJSON *sample, struct verify *verify)
{
    const cJSON *value = json_field(sample, "value"), *each = json_field(sample, "each");
    const cJSON *received = json_field(sample, "received"), *steps = json_field(sample, "steps");
    struct rate rate = {series, sample, value ? value->valuedouble : 0, verify};
    bool is_rate = strcmp(json_text(series, "unit"), "bit/s") == 0;

    if (is_rate)
        check_intervals(&rate, json_field(sample, "series"));
    if (!value)
        return;
    if (is_rate && received)
        expect(&rate, "the rate", rate.value,
               8 * json_number(received, "bytes") / json_number(received, "seconds"));
    if (cJSON_GetArraySize(each) == 2) {
        double a = each->child->valuedouble, b = each->child->next->valuedouble;

        expect(&rate, is_rate ? "the sum" : "the share", rate.value,
               is_rate ? a + b : 100 * fmin(a, b) / (a + b));
    }
    if (is_rate && steps)
        check_steps(&rate, steps);
}
