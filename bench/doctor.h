/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this host can and cannot do, each with its remedy.
 */
#ifndef TARE_DOCTOR_H
#define TARE_DOCTOR_H

#include <stdbool.h>

enum finding_level { FINDING_OK, FINDING_WEAK, FINDING_CANNOT };

struct finding {
    const char *what;
    enum finding_level level;
    char detail[512];
    const char *remedy; /* NULL where there is nothing to mend */
};

#define FINDINGS_MAX 16

/* Examine the host; `datadir` is where kernels and payloads should be. Fills `findings`
 * (FINDINGS_MAX of them) and returns how many. FINDING_CANNOT: no VM can be measured here. */
unsigned doctor_examine(const char *datadir, struct finding *findings);

#endif
