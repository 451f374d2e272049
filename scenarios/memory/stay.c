/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The payload `stay`: `hello` that does not end, so that what it holds can be weighed. */
#include <stdio.h>

#include "../payload.h"

int main(void)
{
    payload_mark(MARKER_MAIN, 0);
    if (puts("hello") == EOF || fflush(stdout) != 0) {
        payload_mark(MARKER_EXIT, 1);
        return 1;
    }
    payload_mark(MARKER_READY, 0);
    for (;;)
        pause();
}
