/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of the machine. */
#include "cpu/end.h"
#include "cpu/layout.h"
#include "cpu/console.h"
#include "cpu/cpu.h"
#include "scenarios/marker.h"

#define SLEEP_ENABLE 0x2000 /* with sleep type 0, which is S5 in QEMU's DSDT */

static uint64_t rsdp_address;

void end_use_acpi(uint64_t rsdp)
{
    rsdp_address = rsdp;
}

/* ACPI tables lie in low memory; anything else is not followed. */
static const uint8_t *table_at(uint64_t address, size_t size)
{
    return address && address + size <= LOW_MEMORY ? direct(address) : NULL;
}

static uint32_t word_at(const uint8_t *table, size_t offset)
{
    uint32_t value;

    memcpy(&value, table + offset, sizeof value);
    return value;
}

/* The PM1a control port, by RSDP -> RSDT -> FADT (ACPI 6.5, 5.2.5-5.2.9); 0 where there is none. */
static uint16_t power_port(void)
{
    const uint8_t *rsdp = table_at(rsdp_address, 20), *rsdt, *table;
    uint32_t length;

    if (!rsdp || memcmp(rsdp, "RSD PTR ", 8) != 0)
        return 0;
    rsdt = table_at(word_at(rsdp, 16), 36);
    if (!rsdt || memcmp(rsdt, "RSDT", 4) != 0)
        return 0;
    length = word_at(rsdt, 4);
    if (length > 4096)
        return 0;
    for (uint32_t at = 36; at + 4 <= length; at += 4) {
        table = table_at(word_at(rsdt, at), 116);
        if (table && memcmp(table, "FACP", 4) == 0)
            return (uint16_t)word_at(table, 64);
    }
    return 0;
}

static _Noreturn void reset(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) nothing = {0, 0};

    /* No trap can be delivered: the third fault in a row resets the CPU. */
    __asm__ volatile("lidt %0; ud2" : : "m"(nothing));
    __builtin_unreachable();
}

void machine_end(unsigned status)
{
    uint16_t port;

    __asm__ volatile("cli");
    console_drain();
    marker_port(MARKER_END, status & 0xff);
    port = power_port();
    if (port)
        out16(port, SLEEP_ENABLE);
    reset();
}

void panic(const char *pattern, ...)
{
    va_list arguments;
    char line[256];

    va_start(arguments, pattern);
    vformat(line, sizeof line, pattern, arguments);
    va_end(arguments);
    print("pith: panic: %s\n", line);
    machine_end(255);
}
