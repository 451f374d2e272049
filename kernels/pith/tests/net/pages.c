/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is what the guest's program reads into whole pages right, whatever it does to those pages? */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tool.h"

enum { WORDS = 1 << 14 }; /* in a block: echod's BLOCK */

int pages_main(char **arguments)
{
    static uint64_t block[WORDS];
    int fd = dial(arguments[0], PAGES_PORT, STALL_MS);
    long blocks = number(arguments[1]), start = now_ms(), got, wrong;
    char text[64] = "";

    if (fd < 0)
        die("connect: %s", strerror(-fd));
    for (long i = 0; i < blocks; i++) {
        for (long k = 0; k < WORDS; k++)
            block[k] = (uint64_t)(i * WORDS + k) * PAGES_FACTOR;
        send_all(fd, block, sizeof block);
    }
    shutdown(fd, SHUT_WR);
    if (ready(fd, POLLIN, STALL_MS) != 0 || recv(fd, text, sizeof text - 1, 0) <= 0 ||
        sscanf(text, "%ld %ld", &got, &wrong) != 2)
        die("no answer after %ld blocks", blocks);
    if (got != blocks || wrong)
        die("of %ld blocks %ld came, %ld words wrong", blocks, got, wrong);
    printf("%ld blocks of 128 KB into whole pages, all right, %.0f Mbit/s\n", blocks,
           (double)blocks * sizeof block * 8e-3 / (double)(now_ms() - start + 1));
    return 0;
}
