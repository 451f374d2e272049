/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <argp.h>
#include <math.h>
#include <stdlib.h>

#include "bench/options.h"

#define GATE_SCENARIOS "boot,loopback,micro"

enum { KEY_THRESHOLD = 0x100, KEY_DATA, KEY_JUNIT };

static const struct argp_option table[] = {
    {"target", 't', "NAME", 0, "The target whose kernel they are [pith]", 0},
    {"scenario", 's', "LIST", 0, "Scenarios to run, comma-separated, or all [" GATE_SCENARIOS "]",
     0},
    {"threshold", KEY_THRESHOLD, "PERCENT", 0, "How much growth still passes [0.1]", 0},
    {"out", 'o', "FILE", 0, "Keep the result of the run in FILE", 0},
    {"junit", KEY_JUNIT, "FILE", 0, "Write the verdicts to FILE, as JUnit's XML", 0},
    {"data", KEY_DATA, "DIR", 0, "Kernels and payloads [../share/tare from this program]", 0},
    {0},
};

static double percent(struct argp_state *state, const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !isfinite(value) || value < 0)
        argp_error(state, "--threshold: \"%s\" is not a number of percent, 0 or more", text);
    return value;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct gate_options *options = state->input;

    switch (key) {
    case 't':
        options->target = text;
        break;
    case 's':
        options->scenarios = text;
        break;
    case KEY_THRESHOLD:
        options->threshold = percent(state, text);
        break;
    case 'o':
        options->out = text;
        break;
    case KEY_JUNIT:
        options->junit = text;
        break;
    case KEY_DATA:
        options->datadir = text;
        break;
    case ARGP_KEY_ARG:
        if (options->new)
            argp_error(state, "\"%s\": gate takes two kernels", text);
        *(options->base ? &options->new : &options->base) = text;
        break;
    case ARGP_KEY_END:
        if (!options->new)
            argp_error(state, "needs two kernel files, BASE and NEW");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

void options_gate(int argc, char **argv, struct gate_options *options)
{
    static const struct argp argp = {
        .options = table,
        .parser = parse,
        .args_doc = "BASE NEW",
        .doc = "Run two builds of a kernel in virtual time, once, and fail when NEW takes more "
               "instructions, memory or bytes than BASE. What the empty kernel takes to boot is no "
               "part of either."
               "\vExit status: 0 when every metric passes, 1 when one does not, 2 and 3 when there "
               "was no answer.",
    };

    argp_err_exit_status = 2;
    options->target = "pith";
    options->scenarios = GATE_SCENARIOS;
    options->threshold = 0.1;
    options->argc = argc;
    options->argv = argv;
    argp_parse(&argp, argc, argv, 0, NULL, options);
}
