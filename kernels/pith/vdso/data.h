/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the vDSO needs to tell the time, in the page before it. */
#ifndef PITH_VDSO_DATA_H
#define PITH_VDSO_DATA_H

#include <stdint.h>

struct vdso_data {
    uint64_t tsc_start, tsc_scale; /* ns = (tsc - start) * scale >> 32; scale 0: not yet known */
    int64_t boot_time;             /* ns since 1970; 0: not yet known */
};

/* In the kernel (image.S): that page, and the vDSO's own. */
extern struct vdso_data vdso_page;
extern const char vdso_image[];

#endif
