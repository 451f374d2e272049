/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A kernel of others, as small as can be: multiboot 1, 32 bits, console on COM1. It does what its
 * command line says, word by word:
 *
 *     say=TEXT     a line on the console      need=MIB   "out of memory" with less, and halt
 *     write        a sector of the IDE disk   exit=N     isa-debug-exit
 *     off          power-off by ACPI          halt
 */
#include <stdint.h>

#define COM1 0x3f8
#define ATA 0x1f0

__asm__(".section .multiboot, \"a\"\n.align 4\n.long 0x1badb002, 2, -(0x1badb002 + 2)\n"
        ".text\n.globl start\nstart: mov $stack + 4096, %esp\npush %ebx\ncall run\n1: hlt\njmp 1b\n"
        ".bss\n.align 16\nstack: .skip 4096\n.text\n");

static void out8(unsigned short port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void out16(unsigned short port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(unsigned short port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static uint16_t in16(unsigned short port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void say(const char *text, const char *end)
{
    for (; *text && *text != *end; text++)
        out8(COM1, (uint8_t)*text);
    out8(COM1, '\r');
    out8(COM1, '\n');
}

static void halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* Sector 0 by PIO. */
static void ata(uint8_t command)
{
    while (in8(ATA + 7) & 0x80)
        ;
    out8(ATA + 6, 0xe0);
    out8(ATA + 2, 1);
    for (int i = 3; i < 6; i++)
        out8((unsigned short)(ATA + i), 0);
    out8(ATA + 7, command);
    while ((in8(ATA + 7) & 0x88) != 0x08)
        ;
}

static void write_disk(void)
{
    int same = 1;

    ata(0x30);
    for (int i = 0; i < 256; i++)
        out16(ATA, 0x5a5a);
    ata(0x20);
    for (int i = 0; i < 256; i++)
        same &= in16(ATA) == 0x5a5a;
    say(same ? "wrote" : "did not write", "");
}

static unsigned number(const char *text)
{
    unsigned value = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        value = 10 * value + (unsigned)(*text - '0');
    return value;
}

/* Whether `text` begins with `word`. */
static int is(const char *text, const char *word)
{
    while (*word)
        if (*text++ != *word++)
            return 0;
    return 1;
}

struct info {
    uint32_t flags, lower, upper, device;
    const char *cmdline;
};

void run(const struct info *info)
{
    for (const char *word = info->cmdline; *word; word++) {
        if (word > info->cmdline && word[-1] != ' ')
            continue;
        if (is(word, "say="))
            say(word + 4, " ");
        else if (is(word, "need=") && info->upper / 1024 + 2 < number(word + 5)) {
            say("out of memory", "");
            halt();
        } else if (is(word, "write"))
            write_disk();
        else if (is(word, "exit="))
            out16(0x501, (uint16_t)number(word + 5));
        else if (is(word, "off"))
            out16(0x604, 0x2000);
        else if (is(word, "halt"))
            halt();
    }
    halt();
}
