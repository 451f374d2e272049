/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linux/ports.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "memory/copy.h"
#include "memory/heap.h"

#define CLI 0xfa
#define STI 0xfb

/* Ports of the current thread's own, to be changed. NULL: memory is out. */
static struct ports *own_ports(void)
{
    struct ports *old = current->ports, *ports;

    if (old && old->threads == 1)
        return old;
    ports = heap_take_uncleared(sizeof *ports);
    if (!ports)
        return NULL;
    if (old) {
        *ports = *old;
        old->threads--;
    } else {
        memset(ports, 0xff, sizeof *ports);
        ports->level = 0;
        ports->refused[FIRST_PORT / 64] &= ~(1ull << FIRST_PORT % 64);
    }
    ports->threads = 1;
    return current->ports = ports;
}

void ports_share(struct thread *thread)
{
    thread->ports = current->ports;
    if (thread->ports)
        thread->ports->threads++;
}

void ports_forget(struct thread *thread)
{
    struct ports *ports = thread->ports;

    if (ports && --ports->threads == 0)
        heap_give(ports, sizeof *ports);
}

long sys_ioperm(uint64_t from, uint64_t count, int allow)
{
    struct ports *ports;

    if (from + count <= from || from + count > PORTS)
        return -EINVAL;
    ports = own_ports();
    if (!ports)
        return -ENOMEM;
    for (uint64_t port = from; port < from + count; port++) {
        uint64_t bit = 1ull << port % 64, *word = &ports->refused[port / 64];

        *word = allow ? *word & ~bit : *word | bit;
    }
    thread_use_ports();
    return 0;
}

long sys_iopl(unsigned level)
{
    struct ports *ports;

    if (level > 3)
        return -EINVAL;
    ports = own_ports();
    if (!ports)
        return -ENOMEM;
    ports->level = level;
    thread_use_ports();
    return 0;
}

bool ports_pretend(struct trap_frame *frame)
{
    uint8_t instruction;

    if (frame->vector != VECTOR_PROTECTION || !current->ports || current->ports->level != 3 ||
        copy_from(&instruction, frame->rip, 1) < 0 || (instruction != CLI && instruction != STI))
        return false;
    frame->rip++;
    return true;
}
