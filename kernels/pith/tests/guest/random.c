/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entropy: what the kernel gives at the start, by getrandom() and by /dev/random is never the same
 * twice. Ends with 0 when it is so. */
#include "abi.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <unistd.h>

enum { START = 16, ASKED = 104, ALL = START + 2 * ASKED };

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, 8);
}

int main(void)
{
    static unsigned char bytes[ALL];
    int fd = open("/dev/random", O_RDONLY), same = 0;

    memcpy(bytes, (const void *)getauxval(AT_RANDOM), START);
    TRY(getrandom(bytes + START, ASKED, 0));
    TRY(read(fd, bytes + START + ASKED, ASKED));
    qsort(bytes, ALL / 8, 8, compare);
    for (int i = 8; i < ALL; i += 8)
        same += memcmp(bytes + i, bytes + i - 8, 8) == 0;
    TELL(same);
    return same != 0;
}
