/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A polled 16550 at COM1. QEMU's needs no set-up: it sends whatever is written. In a VM every
 * access to a port ends in the hypervisor, so its status is read once for as much as its FIFO
 * holds. */
#include "cpu/console.h"
#include "cpu/cpu.h"

#define COM1 0x3f8
#define FIFO_CONTROL (COM1 + 2) /* which reads as what there is */
#define FIFO_ENABLE 0x01
#define FIFO_IS_ON 0xc0
#define FIFO_SIZE 16
#define LINE_STATUS (COM1 + 5)
#define HAS_BYTE 0x01
#define CAN_SEND 0x20
#define ALL_SENT 0x40

static void send(char c)
{
    static unsigned size, room; /* of the FIFO: it is empty when it can send */

    if (!size) {
        out8(FIFO_CONTROL, FIFO_ENABLE);
        size = (in8(FIFO_CONTROL) & FIFO_IS_ON) == FIFO_IS_ON ? FIFO_SIZE : 1;
    }
    if (!room) {
        while (!(in8(LINE_STATUS) & CAN_SEND))
            __asm__ volatile("pause");
        room = size;
    }
    room--;
    out8(COM1, (uint8_t)c);
}

void console_write(const char *text, size_t size)
{
    for (; size; size--, text++) {
        if (*text == '\n')
            send('\r');
        send(*text);
    }
}

int console_read(void)
{
    return in8(LINE_STATUS) & HAS_BYTE ? in8(COM1) : -1;
}

void print(const char *pattern, ...)
{
    va_list arguments;
    char line[512];
    size_t length;

    va_start(arguments, pattern);
    length = vformat(line, sizeof line, pattern, arguments);
    va_end(arguments);
    console_write(line, length < sizeof line ? length : sizeof line - 1);
}

void console_drain(void)
{
    while (!(in8(LINE_STATUS) & ALL_SENT))
        __asm__ volatile("pause");
}
