/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network: lwIP between the sockets (socket/) and the NIC (virtio/nic.c). All of it runs with
 * interrupts off, as the kernel always does, on the kernel stack of the current thread: in a system
 * call, or when the NIC or an alarm interrupts the program or the idle CPU. Callbacks from lwIP
 * into the sockets therefore must not touch the program's memory nor wait: they queue data and wake
 * threads.
 */
#ifndef PITH_NET_H
#define PITH_NET_H

#include "lib/list.h"

struct tcp_pcb;

/* What the network asks of those above it, who else are called by lwIP only. */
struct net_hooks {
    unsigned (*place)(unsigned ahead); /* see struct nic */
    /* So many bytes of data go to the peer of a connection that has had them already. */
    void (*sends_again)(struct tcp_pcb *pcb, unsigned bytes);
    /* How many bytes of a connection, which is past its first SYN, the program has not read. */
    size_t (*holds)(const struct tcp_pcb *pcb);
};

extern const struct net_hooks *net_hooks;

/* Bring up loopback and, where `ip` (the command line's ip=, or NULL) asks for it, the NIC. A boot
 * that asks for no network pays nothing: lwIP begins with the first of net_start() and this. */
void net_init(const char *ip, const struct net_hooks *hooks);

/* Begin if that has not happened yet: before the first socket. */
void net_start(void);

/* Take in what has arrived, run lwIP's timers, send what waits. Sockets call it before they wait,
 * so that a busy program needs no interrupts. */
void net_poll(void);

/* Before something is sent of which lwIP did not know: make up for the seconds that the idle CPU
 * has slept through. They are not to count for who is asked from now on, whom lwIP would give up at
 * once. A connection's segments need no such call: while there is one, no second is missed. */
void net_wake(void);

/* The NIC has interrupted. */
void net_interrupt(void);

/* Whoever finds nothing else to do calls it: net_poll() where frames were left for later, so that
 * the program came first, or where packets from this host to itself wait. Whether there were any.
 */
bool net_catch_up(void);

/* The same, for the idle CPU before it halts. If the last frame came soon after it had begun to
 * idle, it waits awake for the next: to halt and to be interrupted costs more. False: it is to
 * halt. */
bool net_idle(void);

/* From lwIP's callbacks: a socket is nearly full whose program keeps reading it. What else has
 * arrived stays with the device until the program polls again, a millisecond at most, and is not
 * dropped: the feedback from full queues of Mogul and Ramakrishnan, "Eliminating receive livelock
 * in an interrupt-driven kernel", ACM TOCS 15(3), 1997. */
void net_hold(void);

/* Whether that was asked for since the last call. */
bool net_held(void);

/* In lwIP's callbacks: whether frames are taken in because they have lain for a millisecond, or
 * since the program has nothing to do. */
bool net_is_late(void);

/* An ACK has been put off (TF_ACK_DELAY): send it as soon as the CPU idles or is interrupted, which
 * is within a millisecond. */
void net_owe(void);

/* Send those ACKs. */
void net_settle(void);

/* How many bytes a connection or a socket may have lie here, unread or unsent: a part of what is
 * left for all. So greedy ones, however many there are, leave something for the next: the dynamic
 * thresholds of Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet
 * switches", IEEE/ACM Transactions on Networking 6(2), 1998. Of nearly all, a part is as much as a
 * connection may have anyway. */
#define NET_GREED 16
size_t net_may_hold(void);

/* Whether nearly nothing is left: only those who hold next to nothing get more. */
bool net_is_short(void);

/* Send what has been queued since. Sockets call it after they queued data. */
void net_flush(void);

/* Threads that wait for room in the NIC's queue, after lwIP said ERR_MEM: queue_wait(). */
extern struct list net_room;

#endif
