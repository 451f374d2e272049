/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel command line, as Linux reads it (Documentation/admin-guide/kernel-parameters): words,
 * with "quotes" around spaces; what the kernel does not know goes to the program's environment
 * (NAME=VALUE) or arguments; all words after "--" are arguments. Pure.
 */
#ifndef PITH_CMDLINE_H
#define PITH_CMDLINE_H

#include "lib/lib.h"

#define CMDLINE_WORDS 64

struct cmdline {
    const char *program; /* rdinit=, else init=, else /init */
    const char *ip;      /* ip=, or NULL */
    const char *tsc_khz; /* tsc_early_khz=, or NULL */
    bool quiet;
    const char *devices[CMDLINE_WORDS];       /* virtio_mmio.device= */
    const char *arguments[CMDLINE_WORDS + 1]; /* arguments[0] is the program; ends with NULL */
    const char *environment[CMDLINE_WORDS + 1];
    unsigned device_count, argument_count, environment_count;
};

/* Take `text` apart in place: its bytes are changed and pointed to. Returns 0, or -E2BIG when there
 * are more words than Linux passes on. */
long cmdline_parse(char *text, struct cmdline *out);

#endif
