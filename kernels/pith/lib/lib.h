/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a C library would bring, as far as a kernel needs it. */
#ifndef PITH_LIB_H
#define PITH_LIB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* C's own, for the compiler and for us. Plain 64-bit moves: `rep movs` is ten times slower under
 * TCG, and the kernel may not use SSE, whose registers are the program's. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strchr(const char *text, int c);

/* Read a number of base 10 or 16 and of no more than `most` digits, which 64 bits must hold, and
 * move *text behind it. How many digits it has: 0 when there is none. */
unsigned read_digits(const char **text, unsigned base, unsigned most, uint64_t *out);

/* Format into `out` (always terminated): %s %c %d %u %x %lx %ld %lu %p %%, with 0 and width.
 * Returns the length it would have had. */
size_t format(char *out, size_t size, const char *pattern, ...)
    __attribute__((format(printf, 3, 4)));
size_t vformat(char *out, size_t size, const char *pattern, va_list arguments);

#endif
