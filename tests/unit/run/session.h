/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole runs of scripted guests, for session.c and rounds.c. */
#ifndef TARE_TEST_SESSION_H
#define TARE_TEST_SESSION_H

#include "tests/unit/test.h"

#include <dirent.h>
#include <signal.h>
#include <sys/file.h>

#include "bench/result/model.h"
#include "bench/result/results.h"
#include "bench/result/verify.h"
#include "bench/run/host.h"
#include "bench/run/record.h"
#include "bench/run/session.h"
#include "tests/unit/fixture.h"

static inline void say_nothing(const struct run *run, unsigned index, const char *text)
{
    (void)run;
    (void)index;
    (void)text;
}

/* In the worker, once the first trial is in the journal. */
static inline void interrupt(const struct run *run, unsigned index, const char *text)
{
    say_nothing(run, index, text);
    if (index != NO_TRIAL)
        kill(getpid(), SIGINT);
}

static inline void die(const struct run *run, unsigned index, const char *text)
{
    say_nothing(run, index, text);
    if (index != NO_TRIAL)
        kill(getpid(), SIGKILL);
}

/* A host that forbids the sandbox runs nothing. */
static inline int run_it(const struct plan_options *options, const char *resume,
                         progress_hook *hook, cJSON **document, struct error *error)
{
    int status = session_run(options, resume, hook, document, error);

    if (status == -EPERM) {
        print_message("%s\n", error->text);
        skip();
    }
    return status;
}

static inline bool exists(const struct fixture *fixture, const char *name)
{
    return access(fixture_path(fixture, name), F_OK) == 0;
}

/* How many files the folder holds beside the data directory and the program. */
static inline int count_left(const struct fixture *fixture)
{
    DIR *folder = opendir(fixture->root);
    struct dirent *entry;
    int count = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder)))
        count += entry->d_name[0] != '.' && strcmp(entry->d_name, "data") != 0 &&
                 strcmp(entry->d_name, "program") != 0;
    closedir(folder);
    return count;
}

static inline double count(const cJSON *document, const char *target, const char *what)
{
    const cJSON *series = results_series(document, "boot", "app", target);

    return json_number(json_field(series, "summary"), what);
}

static inline bool is_complete(const cJSON *document)
{
    return cJSON_IsTrue(json_field(json_field(document, "run"), "complete"));
}

/* Three repetitions, after a warm-up, into result.json. */
static inline struct plan_options to_result(const struct fixture *fixture)
{
    struct plan_options options = fixture_options(fixture);

    options.out = fixture_path(fixture, "result.json");
    options.repeat = 3;
    options.warmup = 1;
    return options;
}

/* Every planned trial has its sample, once. */
static inline void check_orders(const cJSON *document)
{
    const cJSON *list = json_field(json_field(document, "run"), "order"), *series, *sample;
    int trials = cJSON_GetArraySize(list), seen = 0;

    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        if (strcmp(json_text(series, "metric"), "app") != 0)
            continue;
        cJSON_ArrayForEach(sample, json_field(series, "samples"))
        {
            const cJSON *planned = cJSON_GetArrayItem(list, (int)json_number(sample, "order"));

            assert_string_equal(json_text(planned, "target"), json_text(series, "target"));
            assert_float_equal(json_number(planned, "repetition"),
                               json_number(sample, "repetition"), 0);
            seen++;
        }
        seen += cJSON_GetArraySize(json_field(series, "warmup"));
    }
    assert_int_equal(seen, trials);
}

#endif
