/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options that compare a target with another build of itself, for argp as a child of run's. */
#include <argp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bench/options.h"
#include "bench/result/paired.h"
#include "bench/result/until.h"

#define REPEAT_DEFAULT 10

enum { KEY_AB = 0x200, KEY_AA, KEY_NOISE };

static const struct argp_option table[] = {
    {"ab", KEY_AB, "[A,]B", 0,
     "Compare two kernel files of one target, interleaved: is B, run as TARGET-b, different from A "
     "(if not given: the target's own kernel)? Also: --ab A B",
     0},
    {"aa", KEY_AA, 0, 0,
     "Run every target twice, alike: what is the smallest difference this host can show?", 0},
    {"noise", KEY_NOISE, "FILE", 0,
     "The result of an --aa run: show its answer beside this run's ratios, and let differences "
     "that are smaller not count",
     0},
    {0},
};

static void set_kind(struct argp_state *state, struct plan_options *options, enum twins kind)
{
    if (options->twins != TWINS_NONE)
        argp_error(state, "--ab and --aa: one of them, once");
    options->twins = kind;
}

static void take_builds(struct argp_state *state, struct plan_options *options, char *text)
{
    static char first[PATH_MAX]; /* argv is recorded, so it stays whole */
    const char *comma = strchr(text, ',');

    set_kind(state, options, TWINS_AB);
    if (comma)
        snprintf(first, sizeof first, "%.*s", (int)(comma - text), text);
    options->builds[0] = comma ? first : NULL;
    options->builds[1] = comma ? comma + 1 : text;
    if (!*options->builds[1] || (comma && !*first))
        argp_error(state, "--ab: needs the file of a kernel, or two as A,B");
}

/* The B of "--ab A B". */
static void take_argument(struct argp_state *state, struct plan_options *options, char *text)
{
    if (!options->builds[1] || options->builds[0])
        argp_error(state, "\"%s\": run takes options only", text);
    options->builds[0] = options->builds[1];
    options->builds[1] = text;
}

/* argp tells children of the end first, so that run's own checks see these defaults. */
static void check(struct argp_state *state, struct plan_options *options)
{
    if (options->repeat == 0)
        options->repeat = options->twins == TWINS_AA ? PAIRED_NOISE_MIN
                          : options->until > 0       ? UNTIL_REPEAT
                                                     : REPEAT_DEFAULT;
    if ((options->twins != TWINS_NONE || options->noise) && options->repeat < PAIRED_MIN)
        argp_error(state,
                   "--ab, --aa and --noise need --repeat %d or more: with fewer pairs chance alone "
                   "makes any difference more often than once in 100",
                   PAIRED_MIN);
    if (options->twins == TWINS_AA && options->repeat < PAIRED_NOISE_MIN)
        argp_error(state,
                   "--aa needs --repeat %d or more: fewer pairs know too little of the noise",
                   PAIRED_NOISE_MIN);
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct plan_options *options = state->input;

    switch (key) {
    case KEY_AB:
        take_builds(state, options, text);
        break;
    case KEY_AA:
        set_kind(state, options, TWINS_AA);
        break;
    case KEY_NOISE:
        options->noise = text;
        break;
    case ARGP_KEY_ARG:
        take_argument(state, options, text);
        break;
    case ARGP_KEY_END:
        check(state, options);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp options_twins = {.options = table, .parser = parse};
