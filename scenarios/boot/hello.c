/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The payload `hello`: `noop` plus one line on the console, to include the console's cost. */
#include <stdio.h>

#include "../payload.h"

int main(void)
{
    payload_mark(MARKER_MAIN, 0);
    /* Flushed before READY: a buffered line would reach the console only after EXIT. */
    if (puts("hello") == EOF || fflush(stdout) != 0) {
        payload_mark(MARKER_EXIT, 1);
        return 1;
    }
    payload_mark(MARKER_READY, 0);
    payload_mark(MARKER_EXIT, 0);
    return 0;
}
