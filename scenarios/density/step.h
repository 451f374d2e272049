/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step of scenario density: so many VMs at once, from none to all and back to none. */
#ifndef TARE_DENSITY_STEP_H
#define TARE_DENSITY_STEP_H

#include <cjson/cJSON.h>

#include "bench/base/histogram.h"
#include "scenarios/scenario.h"

/* How long the parts of a step take, and how often they are done. */
struct step_plan {
    double idle_s;      /* nothing is asked of the VMs for so long */
    double load_s;      /* requests at the stated rate are measured for so long */
    unsigned more;      /* boots of one more VM; odd */
    uint64_t spare_kib; /* no further VM is begun with less memory available */
};

struct step {
    unsigned vms;                  /* that were begun */
    unsigned ready, answering;     /* of them */
    bool out_of_memory;            /* fewer were begun than asked for */
    char why[256];                 /* of the first that failed; "" */
    int64_t began, all_ready, end; /* first create call, the last ready, all gone */
    double boot_while_ms;          /* median of one more; 0: not all succeeded, */
    struct error more_fault;       /* for this reason */
    int64_t more_from, more_to;
    double memory_mib;   /* per VM that is ready: fall of MemAvailable until all had been asked */
    double idle_percent; /* of a CPU, per VM */
    struct error idle_fault; /* why that is not known; empty if it is */
    int64_t idle_from, idle_to;
    double rate; /* requests per second to all together */
    uint64_t requests, answered;
    struct histogram latency;
    struct error reply_fault; /* why that counts for nothing; empty if it counts */
    int64_t load_from, load_to;
};

/* Take the step to `vms` VMs, of which there is none now. A VM that fails is counted, and the
 * others go on. 0, or a negative errno with `error` filled when nothing can be told. */
int step_take(struct trial *trial, const struct step_plan *plan, unsigned vms, struct step *step,
              struct error *error);

/* What is kept of it. */
cJSON *step_json(const struct step *step);

#endif
