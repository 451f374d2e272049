/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lwIP asks of its platform. */
#ifndef PITH_NET_CC_H
#define PITH_NET_CC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* None of the C library's headers, whose types are not the kernel's. */
#define LWIP_NO_LIMITS_H 1
#define INT_MAX __INT_MAX__
#define SSIZE_MAX __LONG_MAX__
typedef long ssize_t;
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_CTYPE_H 1

_Noreturn void guard_assertion(const char *message, const char *file, int line);

#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(message) guard_assertion(message, __FILE__, __LINE__)

/* The Internet checksum's sum, not yet complemented (RFC 1071). */
uint16_t net_sum(const void *data, int size);
#define LWIP_CHKSUM net_sum

uint32_t net_random(void);
#define LWIP_RAND() net_random()

#endif
