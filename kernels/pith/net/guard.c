/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/guard.h"
#include "cpu/console.h"
#include "cpu/cpu.h"
#include <lwip/priv/tcp_priv.h>

#define TOLD_MOST 16 /* lines: whoever can cause one can cause many */

/* guard.S: call work(argument), and leave that call from wherever it has come to. */
bool guard_call(void (*work)(void *argument), void *argument);
_Noreturn void guard_leave(void);

void *guard_stack; /* of the call that guard_leave() leaves; NULL: none */
struct tcp_pcb *guard_blames;

_Noreturn void guard_assertion(const char *message, const char *file, int line)
{
    static unsigned told;

    if (!guard_stack)
        panic("lwIP: %s (%s:%d)", message, file, line);
    if (told++ < TOLD_MOST)
        print("pith: lwIP: %s (%s:%d): dropped\n", message, file, line);
    guard_leave();
}

static bool is_in(const struct tcp_pcb *list, const struct tcp_pcb *pcb)
{
    while (list && list != pcb)
        list = list->next;
    return list;
}

/* Out of the list, without a look at anything it has. */
static void forget(struct tcp_pcb **list, const struct tcp_pcb *pcb)
{
    while (*list != pcb)
        list = &(*list)->next;
    *list = pcb->next;
}

static void abandon(void *pcb)
{
    tcp_abandon(pcb, 1);
}

/* Where it cannot even be reset, it is at least no longer found. */
void guard_drop(struct tcp_pcb *pcb)
{
    struct tcp_pcb **list = is_in(tcp_active_pcbs, pcb) ? &tcp_active_pcbs
                            : is_in(tcp_tw_pcbs, pcb)   ? &tcp_tw_pcbs
                                                        : NULL;

    if (!list || guard_call(abandon, pcb) || !is_in(*list, pcb))
        return;
    forget(list, pcb);
    for (unsigned i = 0; i < LWIP_TCP_PCB_NUM_EXT_ARGS; i++)
        if (pcb->ext_args[i].callbacks && pcb->ext_args[i].callbacks->destroy)
            pcb->ext_args[i].callbacks->destroy((u8_t)i, pcb->ext_args[i].data);
}

bool guard(void (*work)(void *argument), void *argument)
{
    struct tcp_pcb *blamed = guard_blames;

    /* Below another guard: this is part of what is under way there. */
    if (guard_stack) {
        work(argument);
        guard_blames = blamed;
        return true;
    }
    guard_blames = NULL;
    if (guard_call(work, argument))
        return true;
    tcp_input_pcb = NULL;
    if (guard_blames)
        guard_drop(guard_blames);
    return false;
}
