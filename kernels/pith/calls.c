/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of system calls, and the way into it. */
#include "cpu/console.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/signal.h"

#define CALLS 512

bool syscall(struct trap_frame *frame);

typedef long call_type(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);

/* The calls take what they need of six arguments, which the System V ABI passes in registers, so
 * that the rest does no harm. By way of void (*)(void), or the compiler would warn. */
#define CALL(number, name, arguments) [number] = (call_type *)(void (*)(void))sys_##name,
#define ALSO(number, name, other) CALL(number, other, )
static call_type *const table[CALLS] = {
#include "linux/calls.def"
};

/* Calls that C libraries probe for and do without: not worth a line. */
static bool is_probe(uint64_t number)
{
    return number == 334 /* rseq */;
}

static long missing(uint64_t number)
{
    static uint64_t told[CALLS / 64];

    if (is_probe(number))
        return -ENOSYS;
    if (number < CALLS) {
        if (told[number / 64] >> number % 64 & 1)
            return -ENOSYS;
        told[number / 64] |= 1ull << number % 64;
    }
    print("pith: system call %ld is not there (ENOSYS); see syscall_64.tbl for its name\n",
          (long)number);
    return -ENOSYS;
}

/* traps.S calls it for every `syscall`. Whether more than the result was changed in `frame`. */
bool syscall(struct trap_frame *frame)
{
    uint64_t number = frame->rax;
    long result;

    current->frame = frame;
    if (number >= CALLS || !table[number])
        result = missing(number);
    else
        result =
            table[number](frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9);
    frame->rax = (uint64_t)result;
    if (!work_pending && result != -ERESTARTSYS)
        return false;
    return signals_before_return(frame) || frame->vector != VECTOR_SYSCALL;
}
