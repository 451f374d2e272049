/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "bench/result/model.h"
#include "bench/compare.h"

/* Compare NEW number `i` of `models` with OLD. */
static int compare_file(const struct compare_options *options, const struct model *models, int i,
                        char remark[128], const struct compare_rules *rules,
                        struct comparisons *list, struct error *error)
{
    const struct model *old = &models[0], *new = &models[i];

    if (compare_conditions(old->document, new->document, remark, 128) && !options->anyway)
        return fail(error, EINVAL,
                    "%s and %s are not comparable, they differ in: %s (--anyway compares them, and "
                    "says so on every line)",
                    options->files[0], options->files[i], remark);
    return compare_runs(old, new, remark, rules, list);
}

int compare_print(const struct compare_options *options, FILE *out, struct error *error)
{
    struct model models[COMPARE_FILES] = {0}, noise = {0};
    static char remarks[COMPARE_FILES][128];
    struct compare_rules rules = {options->threshold, options->exact_threshold, NULL, 1};
    struct comparisons list = {0};
    int status = 0, result = 0;

    for (int i = 0; i < options->count && status == 0; i++) {
        status = model_load(options->files[i], &models[i], error);
        model_forget_numbers(&models[i]);
    }
    if (status == 0 && options->noise && (status = model_load(options->noise, &noise, error)) == 0)
        rules.noise = &noise;
    if (status == 0 && options->count == 1)
        status = compare_targets(&models[0], options->base, &rules, &list);
    for (int i = 1; i < options->count && status == 0; i++)
        status = compare_file(options, models, i, remarks[i], &rules, &list, error);
    if (status == 0 && list.count == 0)
        status = fail(error, EINVAL, "%s: nothing to compare: %s", options->files[0],
                      options->count > 1 ? "the results share no metric of a target"
                      : options->base    ? "there is no such target in it, or no other"
                                         : "it holds no build that was measured beside another "
                                           "(tare run --ab); name a target with --base, or a "
                                           "second result");
    if (status == 0)
        status = compare_judge(&list);
    if (status == 0 && options->write(&list, out) < 0)
        status = fail(error, EIO, "standard output: %s", strerror(errno));
    if (status == 0)
        result = comparison_has_worse(&list);
    compare_free(&list);
    model_free(&noise);
    for (int i = 0; i < options->count; i++)
        model_free(&models[i]);
    return status < 0 ? status : result;
}
