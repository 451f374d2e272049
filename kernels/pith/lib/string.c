/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/lib.h"

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

__attribute__((aligned(256))) void *memcpy(void *restrict to, const void *restrict from,
                                           size_t size)
{
    char *out = to;
    const char *in = from;

    for (; size >= 64; size -= 64, out += 64, in += 64) {
        word *o = (word *)out;
        const word *i = (const word *)in;
        uint64_t a = i[0], b = i[1], c = i[2], d = i[3];

        o[0] = a, o[1] = b, o[2] = c, o[3] = d;
        a = i[4], b = i[5], c = i[6], d = i[7];
        o[4] = a, o[5] = b, o[6] = c, o[7] = d;
    }
    for (; size >= 8; size -= 8, out += 8, in += 8)
        *(word *)out = *(const word *)in;
    while (size--)
        *out++ = *in++;
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    char *out = to;
    const char *in = from;

    if (out <= in || out >= in + size)
        return memcpy(to, from, size);
    while (size--)
        out[size] = in[size];
    return to;
}

__attribute__((aligned(256))) void *memset(void *to, int byte, size_t size)
{
    uint64_t pattern = 0x0101010101010101ull * (uint8_t)byte;
    char *out = to;

    for (; size >= 64; size -= 64, out += 64) {
        word *o = (word *)out;

        o[0] = pattern, o[1] = pattern, o[2] = pattern, o[3] = pattern;
        o[4] = pattern, o[5] = pattern, o[6] = pattern, o[7] = pattern;
    }
    for (; size >= 8; size -= 8, out += 8)
        *(word *)out = pattern;
    while (size--)
        *out++ = (char)byte;
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;

    for (; size && *x == *y; size--, x++, y++)
        ;
    return size ? *x - *y : 0;
}

size_t strlen(const char *text)
{
    const char *end = text;

    while (*end)
        end++;
    return (size_t)(end - text);
}

int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++)
        ;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t size)
{
    for (; size && *a && *a == *b; a++, b++, size--)
        ;
    return size ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *text, int c)
{
    for (; *text != (char)c; text++)
        if (!*text)
            return NULL;
    return (char *)text;
}
