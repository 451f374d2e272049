/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PITH_END_H
#define PITH_END_H

#include <stdint.h>

/* Remember where the firmware's ACPI tables begin; 0 where it has none. */
void end_use_acpi(uint64_t rsdp);

#endif
