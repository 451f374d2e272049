/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The payload `noop`: the smallest program. What is measured comes before and after it. */
#include "../payload.h"

int main(void)
{
    payload_mark(MARKER_MAIN, 0);
    payload_mark(MARKER_READY, 0);
    payload_mark(MARKER_EXIT, 0);
    return 0;
}
