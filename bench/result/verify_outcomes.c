/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What follows from the samples, computed anew by the same functions, and compared. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/result/disturbed.h"
#include "bench/result/results.h"
#include "bench/result/summarise.h"
#include "bench/result/verify_checks.h"

/* The warnings that summarise() may give. */
static const char *const codes[] = {"failed",    "bad-markers", "outliers",      "bimodal", "drift",
                                    "few-pairs", "aa-differs",  "noise-differs", NULL};

struct place {
    char text[256];
};

static struct place place_of(const char *list, const cJSON *entry)
{
    struct place place;

    snprintf(place.text, sizeof place.text, "%s: %s.%s of %s", list, json_text(entry, "scenario"),
             json_text(entry, "metric"), json_text(entry, "target"));
    return place;
}

static struct place inner(const char *where, const char *field)
{
    struct place place;

    snprintf(place.text, sizeof place.text, "%s: %s", where, field);
    return place;
}

/* What the document `says` must be what `is`. */
static void compare(const char *where, const cJSON *says, const cJSON *is, struct verify *verify)
{
    const cJSON *ours, *theirs = says->child;

    if (says->type != is->type) {
        verify_fault(verify, "%s: is of another type", where);
    } else if (cJSON_IsNumber(is)) {
        if (!verify_is_close(says->valuedouble, is->valuedouble))
            verify_fault(verify, "%s: says %.10g, the samples give %.10g", where, says->valuedouble,
                         is->valuedouble);
    } else if (cJSON_IsString(is)) {
        if (strcmp(says->valuestring, is->valuestring) != 0)
            verify_fault(verify, "%s: says \"%s\", the samples give \"%s\"", where,
                         says->valuestring, is->valuestring);
    } else if (cJSON_IsArray(is)) {
        for (ours = is->child; ours && theirs; ours = ours->next, theirs = theirs->next)
            compare(where, theirs, ours, verify);
        if (ours || theirs)
            verify_fault(verify, "%s: has another length", where);
    }
    for (ours = is->child; cJSON_IsObject(is) && cJSON_IsObject(says) && ours; ours = ours->next) {
        theirs = json_field(says, ours->string);
        if (theirs)
            compare(inner(where, ours->string).text, theirs, ours, verify);
        else
            verify_fault(verify, "%s: field \"%s\": missing", where, ours->string);
    }
    for (theirs = says->child; cJSON_IsObject(is) && theirs; theirs = theirs->next)
        if (theirs->string && !json_field(is, theirs->string))
            verify_fault(verify, "%s: field \"%s\": does not follow from the samples", where,
                         theirs->string);
}

/* Compare lists of entries about one series each. */
static void compare_list(const char *name, const cJSON *document, const cJSON *anew,
                         struct verify *verify)
{
    const cJSON *says = json_field(document, name), *is = json_field(anew, name), *entry;

    cJSON_ArrayForEach(entry, is)
    {
        const cJSON *found = results_find(says, json_text(entry, "scenario"),
                                          json_text(entry, "metric"), json_text(entry, "target"));

        if (found)
            compare(place_of(name, entry).text, found, entry, verify);
        else
            verify_fault(verify, "%s: missing", place_of(name, entry).text);
    }
    cJSON_ArrayForEach(entry, says)
    {
        const char *scenario = json_text(entry, "scenario"), *metric = json_text(entry, "metric"),
                   *target = json_text(entry, "target");

        if (results_find(says, scenario, metric, target) != entry)
            verify_fault(verify, "%s: twice", place_of(name, entry).text);
        else if (!results_find(is, scenario, metric, target))
            verify_fault(verify, "%s: does not follow from the samples",
                         place_of(name, entry).text);
    }
}

/* What evidence tells of a sample. */
static void compare_marks(const cJSON *series, const char *list, const cJSON *anew,
                          struct verify *verify)
{
    static const char *const fields[] = {"evidence", "disturbed", "note"};
    const cJSON *sample, *other = json_field(anew, list)->child;

    cJSON_ArrayForEach(sample, json_field(series, list))
    {
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
            const cJSON *says = json_field(sample, fields[i]), *is = json_field(other, fields[i]);

            if ((says || is) && !cJSON_Compare(says, is, true))
                verify_fault(verify, "%s: order %.0f: field \"%s\": is not what its evidence says",
                             place_of(list, series).text, json_number(sample, "order"), fields[i]);
        }
        other = other->next;
    }
}

/* Mark the samples of `anew`, a copy of the document. Earlier versions kept no evidence. */
static void check_disturbed(const cJSON *document, cJSON *anew, struct verify *verify)
{
    const cJSON *about = json_field(document, "run"), *series,
                *other = json_field(anew, "metrics")->child;
    struct disturbed found;
    const cJSON *warning = json_find(json_field(document, "warnings"), "code", "disturbed");
    char text[64];

    if (!json_field(about, "judged"))
        return;
    found = disturbed_mark(anew);
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        compare_marks(series, "samples", other, verify);
        compare_marks(series, "warmup", other, verify);
        other = other->next;
    }
    snprintf(text, sizeof text, "%zu of %zu samples disturbed", found.disturbed, found.samples);
    if (found.disturbed ? strcmp(json_text(warning, "text"), text) != 0 : warning != NULL)
        verify_fault(verify, "warnings: none says: %s", text);
    if ((double)found.disturbed > DISTURBED_SHARE * (double)found.samples &&
        cJSON_IsTrue(json_field(about, "judged")) && cJSON_IsTrue(json_field(about, "valid")))
        verify_fault(verify, "run: is valid, though %s", text);
}

static bool holds(const cJSON *warnings, const cJSON *warning)
{
    const cJSON *other;

    cJSON_ArrayForEach(other, warnings)
    {
        if (strcmp(json_text(other, "code"), json_text(warning, "code")) == 0 &&
            strcmp(json_text(other, "text"), json_text(warning, "text")) == 0)
            return true;
    }
    return false;
}

static bool is_of_samples(const char *code)
{
    const char *const *known = codes;

    while (*known && strcmp(*known, code) != 0)
        known++;
    return *known;
}

static void compare_warnings(const cJSON *document, const cJSON *anew, struct verify *verify)
{
    const cJSON *says = json_field(document, "warnings"), *is = json_field(anew, "warnings"),
                *warning;

    cJSON_ArrayForEach(warning, is)
    {
        if (!holds(says, warning))
            verify_fault(verify, "warnings: missing: %s", json_text(warning, "text"));
    }
    cJSON_ArrayForEach(warning, says)
    {
        if (is_of_samples(json_text(warning, "code")) && !holds(is, warning))
            verify_fault(verify, "warnings: does not follow from the samples: %s",
                         json_text(warning, "text"));
    }
}

/* Without coverage in any summary the intervals are by another method. */
static bool is_earlier(const cJSON *document)
{
    const cJSON *series;
    bool any = false;

    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        const cJSON *summary = json_field(series, "summary");

        if (json_field(summary, "coverage"))
            return false;
        any |= json_number(summary, "n") > 0;
    }
    return any;
}

static bool is_below(double a, double b)
{
    return a < b && !verify_is_close(a, b);
}

/* Whether an interval of an earlier version is around the median, within the values. */
static void check_interval(const char *where, const cJSON *says, const cJSON *is,
                           struct verify *verify)
{
    const cJSON *interval = json_field(says, "ci95");
    double median = json_number(is, "median");
    double low = interval ? interval->child->valuedouble : median;
    double high = interval ? interval->child->next->valuedouble : median;

    if (is_below(low, json_number(is, "min")) || is_below(median, low) || is_below(high, median) ||
        is_below(json_number(is, "max"), high))
        verify_fault(verify, "%s: ci95: is not around the median, within the values", where);
}

/* The parts of a median that every version computes alike. */
static void compare_earlier(const char *where, const cJSON *says, const cJSON *is,
                            struct verify *verify)
{
    static const char *const same[] = {"n",   "failed", "pairs", "median", "min",
                                       "max", "base",   "p5",    "p95",    NULL};

    for (const char *const *name = same; *name; name++) {
        const cJSON *ours = json_field(is, *name), *theirs = json_field(says, *name);

        if (ours && theirs)
            compare(inner(where, *name).text, theirs, ours, verify);
        else if (ours && json_field(is, "n"))
            verify_fault(verify, "%s: field \"%s\": missing", where, *name);
    }
    check_interval(where, says, is, verify);
}

/* The base of the ratios of an earlier version, which ranked targets otherwise. */
static void adopt_base(cJSON *anew)
{
    const cJSON *ratio = json_field(anew, "ratios")->child, *target;
    cJSON *base = results_target(anew, json_text(ratio, "base"));

    cJSON_ArrayForEach(target, json_field(anew, "targets"))
    {
        if (json_field(target, "baseline_rank"))
            return;
    }
    if (base)
        cJSON_AddNumberToObject(base, "baseline_rank", 1);
}

static void compare_all_earlier(const cJSON *document, const cJSON *anew, struct verify *verify)
{
    const cJSON *ratio, *series, *other = json_field(anew, "metrics")->child;

    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        compare_earlier(place_of("summary", series).text, json_field(series, "summary"),
                        json_field(other, "summary"), verify);
        other = other->next;
    }
    cJSON_ArrayForEach(ratio, json_field(document, "ratios"))
    {
        const cJSON *is = results_find(json_field(anew, "ratios"), json_text(ratio, "scenario"),
                                       json_text(ratio, "metric"), json_text(ratio, "target"));

        if (is)
            compare_earlier(place_of("ratios", ratio).text, ratio, is, verify);
    }
}

static void compare_all(const cJSON *document, const cJSON *anew, struct verify *verify)
{
    const cJSON *series, *other = json_field(anew, "metrics")->child;

    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        compare(place_of("summary", series).text, json_field(series, "summary"),
                json_field(other, "summary"), verify);
        other = other->next;
    }
    compare_list("ratios", document, anew, verify);
    compare_list("comparisons", document, anew, verify);
    compare_list("noise", document, anew, verify);
    compare_warnings(document, anew, verify);
}

int verify_outcomes(const cJSON *document, struct verify *verify, struct error *error)
{
    cJSON *anew = cJSON_Duplicate(document, true);
    int status;

    if (!anew)
        return -ENOMEM;
    verify->earlier = is_earlier(document);
    if (verify->earlier)
        adopt_base(anew);
    check_disturbed(document, anew, verify);
    json_replace(anew, "warnings", cJSON_CreateArray());
    cJSON_DeleteItemFromObjectCaseSensitive(anew, "comparisons");
    if (!json_field(document, "noise_from")) /* that of another run stays as it is */
        cJSON_DeleteItemFromObjectCaseSensitive(anew, "noise");
    status = summarise(anew, error);
    if (status == 0)
        (verify->earlier ? compare_all_earlier : compare_all)(document, anew, verify);
    cJSON_Delete(anew);
    return status;
}
