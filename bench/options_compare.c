/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <argp.h>
#include <math.h>
#include <stdlib.h>

#include "bench/options.h"

enum { KEY_THRESHOLD = 0x100, KEY_EXACT, KEY_NOISE, KEY_ANYWAY, KEY_MARKDOWN, KEY_JSON, KEY_BASE };

static const struct argp_option table[] = {
    {"threshold", KEY_THRESHOLD, "PERCENT", 0,
     "How large a change must be to count, on the host's clock [5]", 0},
    {"exact-threshold", KEY_EXACT, "PERCENT", 0, "The same, in virtual time [0.1]", 0},
    {"noise", KEY_NOISE, "FILE", 0,
     "The result of an --aa run on this host: no change counts that is below what it can find", 0},
    {"base", KEY_BASE, "TARGET", 0,
     "Within one RESULT: compare every other target with this one, by pairs", 0},
    {"anyway", KEY_ANYWAY, 0, 0,
     "Compare what is not comparable; every line then says what differs", 0},
    {"markdown", KEY_MARKDOWN, 0, 0, "Write a Markdown table", 0},
    {"json", KEY_JSON, 0, 0, "Write JSON", 0},
    {0},
};

static double percent(struct argp_state *state, const char *name, const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !isfinite(value) || value < 0 || value > 1000)
        argp_error(state, "--%s: \"%s\" is not a number of percent, from 0 to 1000", name, text);
    return value / 100;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct compare_options *options = state->input;

    switch (key) {
    case KEY_THRESHOLD:
        options->threshold = percent(state, "threshold", text);
        break;
    case KEY_EXACT:
        options->exact_threshold = percent(state, "exact-threshold", text);
        break;
    case KEY_NOISE:
        options->noise = text;
        break;
    case KEY_BASE:
        options->base = text;
        break;
    case KEY_ANYWAY:
        options->anyway = true;
        break;
    case KEY_MARKDOWN:
        options->write = comparison_markdown;
        break;
    case KEY_JSON:
        options->write = comparison_json;
        break;
    case ARGP_KEY_ARG:
        if (options->count == COMPARE_FILES)
            argp_error(state, "takes at most %d results", COMPARE_FILES);
        options->files[options->count++] = text;
        break;
    case ARGP_KEY_END:
        if (options->count == 0)
            argp_error(state, "needs OLD and NEW, or one RESULT of several targets");
        if (options->count > 1 && options->base)
            argp_error(state, "--base compares targets within one result, not several results");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

void options_compare(int argc, char **argv, struct compare_options *options)
{
    static const struct argp argp = {
        .options = table,
        .parser = parse,
        .args_doc = "OLD NEW [NEW...]\nRESULT",
        .doc =
            "Say of every metric and target whether NEW is better, worse or the same, or that it "
            "cannot be told. Of one RESULT: each build against that which it was measured "
            "beside (--ab), or with --base each target against that one."
            "\vExit status: 1 when something is worse, 2 when there is nothing to compare or the "
            "results are not comparable. docs/method.md says how it is decided.",
    };

    argp_err_exit_status = 2;
    options->threshold = 0.05;
    options->exact_threshold = 0.001;
    options->write = comparison_table;
    argp_parse(&argp, argc, argv, 0, NULL, options);
}
