/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/result/disturbed.h"
#include "bench/result/stats.h"

#define LEAST 0.1        /* of the median interval */
#define WAITED_S 0.002   /* and this */
#define WAITED 0.25      /* of the measured interval */
#define LOAD 0.3         /* CPUs that others use */
#define FULL 0.95        /* of the CPUs are busy */
#define FULL_AFTER_S 0.2 /* ticks are too coarse for less */

/* What is seen in `evidence` from `limit` on. */
static const struct rule {
    const char *field;
    double limit;
    const char *words; /* with the value */
} rules[] = {
    {"still_s", 0.1, "the guest did nothing for %.2f s"},
    {"late_s", 0.1, "the machine stood still for %.2f s"},
    {"burst_other_s", 0.1, "other programs used %.2f s of CPU time within 0.25 s"},
    {"burst_steal_s", 0.1, "the hypervisor withheld %.2f s of CPU time within 0.25 s"},
    {"silence_s", 0.09, "no byte for %.2f s"},
};

bool note_has(const char *note, const char *word)
{
    size_t length = strlen(word);

    for (; *note; note += strcspn(note, ","), note += strspn(note, ", "))
        if (strncmp(note, word, length) == 0 && (note[length] == ',' || note[length] == '\0'))
            return true;
    return false;
}

/* Add `word` to the sample's note, or take it away. */
static void note(cJSON *sample, const char *word, bool is)
{
    const char *before = json_text(sample, "note");
    char text[256] = "";

    while (*before) {
        size_t length = strcspn(before, ","), used = strlen(text);

        if (strncmp(before, word, length) != 0 || word[length] != '\0')
            snprintf(text + used, sizeof text - used, "%s%.*s", used ? ", " : "", (int)length,
                     before);
        before += length;
        before += strspn(before, ", ");
    }
    if (is)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", *text ? ", " : "", word);
    if (*text)
        json_replace(sample, "note", cJSON_CreateString(text));
    else
        cJSON_DeleteItemFromObjectCaseSensitive(sample, "note");
}

static cJSON *evidence_of(cJSON *sample)
{
    cJSON *evidence = json_field(sample, "evidence");

    return evidence ? evidence : cJSON_AddObjectToObject(sample, "evidence");
}

/* The measured intervals, without what is left over at an end; the caller frees them. */
static double *measured(const cJSON *series, size_t *count, double *silence)
{
    double *values = malloc(((size_t)cJSON_GetArraySize(series) + 1) * sizeof *values);
    double longest = 0, silent = 0;
    const cJSON *interval;

    *count = 0;
    *silence = 0;
    cJSON_ArrayForEach(interval, series) longest = fmax(longest, json_number(interval, "seconds"));
    cJSON_ArrayForEach(interval, series)
    {
        double seconds = json_number(interval, "seconds");

        if (!values || json_field(interval, "warmup"))
            continue;
        silent = json_number(interval, "bytes") > 0 ? 0 : silent + seconds;
        *silence = fmax(*silence, silent);
        if (seconds >= longest / 2)
            values[(*count)++] = json_number(interval, "value");
    }
    return values;
}

/* What the intervals of a sample tell. */
static void look_at_intervals(cJSON *sample)
{
    const cJSON *series = json_field(sample, "series");
    struct summary summary;
    size_t count;
    double silence, *values;

    if (!series)
        return;
    values = measured(series, &count, &silence);
    if (values && count > 2 && stats_summary(values, count, &summary) == 0 && summary.median > 0) {
        json_replace(evidence_of(sample), "silence_s", cJSON_CreateNumber(silence));
        json_replace(evidence_of(sample), "least_of_median",
                     cJSON_CreateNumber(summary.min / summary.median));
    }
    free(values);
}

/* How long the program lets the guest stand still of its own accord. Ours never does; what a user's
 * does, it does each time. */
static double own_stillness(const cJSON *document, const cJSON *series)
{
    const cJSON *sample;
    double least = INFINITY;

    if (!json_field(json_field(document, "run"), "payload"))
        return 0;
    cJSON_ArrayForEach(sample, json_field(series, "samples"))
    {
        const cJSON *evidence = json_field(sample, "evidence");

        if (json_field(evidence, "still_s"))
            least = fmin(least, json_number(evidence, "still_s"));
    }
    return isfinite(least) ? least : 0;
}

/* How much of the machine others used, in CPUs. */
static double load_of(const cJSON *evidence)
{
    double seconds = json_number(evidence, "looked_s");

    return seconds > 0 ? json_number(evidence, "other_cpu_s") / seconds : 0;
}

/* For how long the guest's CPU waited for one, where that was others' doing: 0 where it was not
 * much, or not theirs. With its client it may need more CPUs than there are. */
static double waited(const cJSON *evidence)
{
    double delay = json_number(evidence, "vcpu_delay_s");

    return delay >= WAITED_S && delay >= WAITED * json_number(evidence, "seconds") &&
                   load_of(evidence) >= LOAD
               ? delay
               : 0;
}

static void say(cJSON *list, const char *words, double value)
{
    char text[128];

    snprintf(text, sizeof text, words, value);
    cJSON_AddItemToArray(list, cJSON_CreateString(text));
}

static bool is_full(const cJSON *document, const cJSON *sample)
{
    const cJSON *evidence = json_field(sample, "evidence");
    double cores = json_number(json_field(document, "host"), "cores");
    double seconds = json_number(evidence, "looked_s");

    return json_field(sample, "series") && seconds >= FULL_AFTER_S &&
           json_number(evidence, "idle_cpu_s") < (1 - FULL) * seconds * cores;
}

static bool mark(const cJSON *document, cJSON *sample, double stillness)
{
    cJSON *seen = cJSON_CreateArray();
    const cJSON *evidence, *least;
    bool is;

    look_at_intervals(sample);
    evidence = json_field(sample, "evidence");
    least = json_field(evidence, "least_of_median");
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        double value = json_number(evidence, rules[i].field);

        if (value - (i == 0 ? stillness : 0) >= rules[i].limit)
            say(seen, rules[i].words, value);
    }
    if (waited(evidence) > 0)
        say(seen, "the guest waited for a CPU for %.3f s, beside other programs", waited(evidence));
    if (least && least->valuedouble < LEAST)
        say(seen, "an interval of %.2f times the median", least->valuedouble);
    is = cJSON_GetArraySize(seen) > 0;
    cJSON_DeleteItemFromObjectCaseSensitive(sample, "disturbed");
    if (is)
        cJSON_AddItemToObject(sample, "disturbed", seen);
    else
        cJSON_Delete(seen);
    note(sample, "host-bound", evidence && is_full(document, sample));
    note(sample, "disturbed", is);
    return is;
}

struct disturbed disturbed_mark(cJSON *document)
{
    struct disturbed found = {0};
    cJSON *series, *sample;

    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        double stillness = own_stillness(document, series);

        cJSON_ArrayForEach(sample, json_field(series, "samples"))
        {
            found.samples++;
            found.disturbed += mark(document, sample, stillness);
        }
        cJSON_ArrayForEach(sample, json_field(series, "warmup")) mark(document, sample, stillness);
    }
    return found;
}
