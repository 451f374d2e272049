/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/compare.h"
#include "bench/result/model.h"

/* What was loaded, and what stands beside the lines of each. */
struct inputs {
    struct model models[COMPARE_FILES], noise;
    char remarks[COMPARE_FILES][160];
};

static int load(const struct compare_options *options, struct inputs *inputs, struct error *error)
{
    int status = 0;

    for (int i = 0; i < options->count && status == 0; i++) {
        status = model_load(options->files[i], &inputs->models[i], error);
        model_forget_numbers(&inputs->models[i]);
    }
    if (status == 0 && options->noise)
        status = model_load(options->noise, &inputs->noise, error);
    return status;
}

static void unload(struct inputs *inputs)
{
    for (int i = 0; i < COMPARE_FILES; i++)
        model_free(&inputs->models[i]);
    model_free(&inputs->noise);
    free(inputs);
}

/* A verdict on what a run itself calls invalid says so. */
static void add_doubt(const struct model *model, const char *what, char *remark, size_t size)
{
    size_t length = strlen(remark);

    if (!model->run.valid)
        snprintf(remark + length, size - length, "%s%s is invalid", length ? ", " : "", what);
}

/* Compare NEW number `i` with OLD. */
static int compare_file(const struct compare_options *options, struct inputs *inputs, int i,
                        const struct compare_rules *rules, struct comparisons *list,
                        struct error *error)
{
    const struct model *old = &inputs->models[0], *new = &inputs->models[i];
    char *remark = inputs->remarks[i];
    size_t size = sizeof inputs->remarks[i];

    if (compare_conditions(old->document, new->document, remark, size) && !options->anyway)
        return fail(error, EINVAL,
                    "%s and %s are not comparable, they differ in: %s (--anyway compares them, and "
                    "says so on every line)",
                    options->files[0], options->files[i], remark);
    add_doubt(old, "OLD", remark, size);
    add_doubt(new, "NEW", remark, size);
    return compare_runs(old, new, remark, rules, list);
}

static int compare_inputs(const struct compare_options *options, struct inputs *inputs,
                          struct comparisons *list, struct error *error)
{
    const struct compare_rules rules = {options->threshold, options->exact_threshold,
                                        options->noise ? &inputs->noise : NULL, 1};
    int status = 0;

    if (options->count == 1) {
        add_doubt(&inputs->models[0], "the run", inputs->remarks[0], sizeof inputs->remarks[0]);
        status =
            compare_targets(&inputs->models[0], options->base, inputs->remarks[0], &rules, list);
    }
    for (int i = 1; i < options->count && status == 0; i++)
        status = compare_file(options, inputs, i, &rules, list, error);
    if (status == 0 && list->count == 0)
        status = fail(error, EINVAL, "%s: nothing to compare: %s", options->files[0],
                      options->count > 1 ? "the results share no metric of a target"
                      : options->base    ? "there is no such target in it, or no other"
                                         : "it holds no build that was measured beside another "
                                           "(tare run --ab); name a target with --base, or a "
                                           "second result");
    return status == 0 ? compare_judge(list) : status;
}

int compare_print(const struct compare_options *options, FILE *out, struct error *error)
{
    struct inputs *inputs = calloc(1, sizeof *inputs);
    struct comparisons list = {0};
    int status, result = 0;

    if (!inputs)
        return fail(error, ENOMEM, "out of memory");
    status = load(options, inputs, error);
    if (status == 0)
        status = compare_inputs(options, inputs, &list, error);
    if (status == 0 && (status = options->write(&list, out)) < 0)
        fail(error, -status, "standard output: %s", strerror(-status));
    if (status == 0)
        result = comparison_has_worse(&list);
    compare_free(&list);
    unload(inputs);
    return status < 0 ? status : result;
}
