/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The CPU time that control groups grant this process. */
#ifndef TARE_QUOTA_H
#define TARE_QUOTA_H

struct host_quota {
    double cpus;        /* the tightest, 0: none */
    double throttled_s; /* for how long it held us back */
};

/* Read those of all groups that hold for this process. `root` as in hostfile.h. */
void host_quota(const char *root, struct host_quota *quota);

#endif
