/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lwIP asks of its platform. */
#ifndef PITH_NET_CC_H
#define PITH_NET_CC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Debian's sources compare with SSIZE_MAX without the header that has it. */
#include <limits.h>
#include <sys/types.h>
#ifndef SSIZE_MAX
#define SSIZE_MAX LONG_MAX
#endif
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_CTYPE_H 1

_Noreturn void panic(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(message) panic("lwIP: %s (%s:%d)", message, __FILE__, __LINE__)

uint32_t net_random(void);
#define LWIP_RAND() net_random()

#endif
