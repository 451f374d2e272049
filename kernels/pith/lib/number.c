/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/lib.h"

static unsigned digit_of(char c)
{
    unsigned decimal = (unsigned)c - '0', letter = ((unsigned)c | 32) - 'a';

    return decimal < 10 ? decimal : letter < 6 ? letter + 10 : 16;
}

unsigned read_digits(const char **text, unsigned base, unsigned most, uint64_t *out)
{
    unsigned count = 0, digit;

    *out = 0;
    while (count < most && (digit = digit_of(**text)) < base) {
        *out = *out * base + digit;
        ++*text;
        count++;
    }
    return count;
}
