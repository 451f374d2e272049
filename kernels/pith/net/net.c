/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/net.h"
#include "cpu/console.h"
#include "cpu/cpu.h"
#include "cpu/timer.h"
#include "memory/paging.h"
#include "net/address.h"
#include "net/guard.h"
#include "net/netif.h"
#include "net/segments.h"
#include "sched/alarm.h"
#include "virtio/nic.h"
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/nd6.h>
#include <lwip/priv/tcp_priv.h>

#define MS 1000000ll
#define LATE 1    /* ms: how long a program that only computes may leave frames lying, or ACKs */
#define EARLY 100 /* ms: how long who asks for a connection is kept for a program that starts */
#define SECOND (1000 * MS)
#define DHCP_SECONDS 20
#define SILENT 6     /* s: who waits for an answer that long, of ARP or of a router, asks again */
#define NAP 60       /* s */
#define AWAKE 300000 /* ns: how long the idle CPU waits awake (decision 0036) */

const struct net_hooks *net_hooks;
struct list net_room = LIST(net_room);
uint32_t net_tcp_window, net_tcp_send_buffer;

/*
 * What is remembered from one call to the next:
 *
 *             set by                   cleared by               what it means
 *   started   net_start()              -                        lwIP is there
 *   addressed net_init(), with a NIC   -                        the NIC is asked for frames
 *   early     the same                 the first net_poll()     its interrupts are not heeded
 *   behind    net_poll(), net_init()   net_poll() that took all frames lie in the ring
 *   late      net_catch_up(), behind   the same, at its end     net_is_late(), for the sockets
 *   held      net_hold()               each frame, net_poll()   no more frames in this round
 *   watchful  a frame soon after idle  none in AWAKE            the idle CPU waits awake
 *   owing     net_owe()                net_settle()             an ACK was put off
 *
 * An alarm is set while there is something for it to do:
 *
 *   tcp_alarm    while there are connections, each TCP_TMR_INTERVAL
 *   second_alarm from net_init() on, with a NIC, see on_second(): ARP, reassembly, neighbours
 *   dhcp_alarm   the same, with ip=dhcp
 *   early_alarm  once, EARLY after net_init(): net_catch_up(), which ends `early`
 *   late_alarm   LATE after `behind` or `owing` was set: net_catch_up(), for which it is
 */
static bool started, addressed, behind, owing, early, held, late, watchful;
static int64_t idle_since;  /* when the CPU began to idle; 0: a frame came since */
static int64_t busy_since;  /* when that frame came */
static int64_t busy, idle;  /* how long it is either, on average of late */
static int64_t next_second; /* when second_round() is due */
static unsigned silent;     /* how often it came since `queued` changed */
static uint32_t queued;     /* nic_queued() */
static struct alarm tcp_alarm, second_alarm, dhcp_alarm, early_alarm, late_alarm;

static void tcp_round(void *unused)
{
    (void)unused;
    segments_before_timer();
    guard_blames = NULL;
    tcp_tmr();
}

/* Which one lwIP's timer was about to see to when it ended: it goes by the list, and marks whom it
 * has come to. */
static struct tcp_pcb *last_marked(void)
{
    struct tcp_pcb *pcb = tcp_active_pcbs;

    while (pcb && pcb->next && pcb->next->last_timer == pcb->last_timer)
        pcb = pcb->next;
    return pcb;
}

/* lwIP's timers, of which only those run that have something to do: an idle VM sleeps. */
static void on_tcp(struct alarm *alarm)
{
    if (!guard(tcp_round, NULL) && !guard_blames)
        guard_drop(last_marked());
    nic_kick(true);
    if (tcp_active_pcbs || tcp_tw_pcbs)
        alarm_set(alarm, timer_now() + TCP_TMR_INTERVAL * MS);
    net_poll();
}

void tcp_timer_needed(void)
{
    if (!alarm_is_set(&tcp_alarm))
        alarm_set(&tcp_alarm, timer_now() + TCP_TMR_INTERVAL * MS);
}

static void second_round(void *unused)
{
    (void)unused;
    etharp_tmr();
    ip_reass_tmr();
    nd6_tmr();
    ip6_reass_tmr();
}

/* Where nothing was sent nobody is waited for, and what ages meanwhile is not seen: then this comes
 * once a NAP, or with what wakes the network, and makes up for the seconds in between. */
static void keep_seconds(void)
{
    int64_t now = timer_now();

    if (now - next_second > NAP * SECOND)
        next_second = now - NAP * SECOND; /* the machine stood still */
    for (; next_second <= now; next_second += SECOND, silent++)
        guard(second_round, NULL);
    if (queued != nic_queued())
        silent = 0;
    queued = nic_queued();
    alarm_set(&second_alarm, next_second + (silent < SILENT ? 0 : NAP - 1) * SECOND);
}

void net_wake(void)
{
    if (silent >= SILENT && next_second <= timer_now())
        keep_seconds();
}

static void on_second(struct alarm *alarm)
{
    (void)alarm;
    keep_seconds();
    net_poll();
}

static void on_late(struct alarm *alarm)
{
    (void)alarm;
    net_catch_up();
}

static void set_late(void)
{
    if (!alarm_is_set(&late_alarm))
        alarm_set(&late_alarm, timer_now() + LATE * MS);
}

static void dhcp_round(void *unused)
{
    static unsigned fine;

    (void)unused;
    dhcp_fine_tmr();
    if (++fine * DHCP_FINE_TIMER_MSECS % DHCP_COARSE_TIMER_MSECS == 0)
        dhcp_coarse_tmr();
}

static void on_dhcp(struct alarm *alarm)
{
    guard(dhcp_round, NULL);
    alarm_set(alarm, timer_now() + DHCP_FINE_TIMER_MSECS * MS);
    net_poll();
}

/* A connection may hold a 64th of the memory each way, of 64 KB to 2 MB. */
static uint32_t buffer_size(void)
{
    uint64_t share = memory.total_pages * PAGE / 64;

    return (uint32_t)(share < 65536 ? 65536 : share < 2 << 20 ? share : 2 << 20);
}

void net_start(void)
{
    if (started)
        return;
    started = true;
    alarm_init(&tcp_alarm, on_tcp);
    alarm_init(&second_alarm, on_second);
    alarm_init(&dhcp_alarm, on_dhcp);
    alarm_init(&early_alarm, on_late);
    alarm_init(&late_alarm, on_late);
    net_tcp_window = net_tcp_send_buffer = buffer_size();
    segments_init();
    lwip_init();
}

/* The program is to find the network up, as it would on Linux. */
static void wait_for_address(void)
{
    int64_t deadline = timer_now() + DHCP_SECONDS * SECOND;

    alarm_set(&dhcp_alarm, timer_now() + DHCP_FINE_TIMER_MSECS * MS);
    net_poll();
    while (!netif_has_address() && timer_now() < deadline)
        cpu_idle();
    if (!netif_has_address())
        print("pith: no answer by DHCP in %d s; going on without an address\n", DHCP_SECONDS);
}

void net_init(const char *ip, const struct net_hooks *hooks)
{
    struct address address;

    net_hooks = hooks;
    if (!ip || !address_parse(ip, &address))
        return;
    net_start();
    if (!netif_start(&address))
        return;
    addressed = behind = early = true;
    alarm_set(&early_alarm, timer_now() + EARLY * MS);
    next_second = timer_now() + SECOND;
    alarm_set(&second_alarm, next_second);
    if (address.dhcp)
        wait_for_address();
}

static void poll_loopback(void *unused)
{
    (void)unused;
    netif_poll_all();
}

void net_poll(void)
{
    if (!started)
        return;
    net_wake();
    early = held = false;
    if (addressed)
        behind = nic_receive();
    guard(poll_loopback, NULL);
    nic_flush();
    netif_resolve();
    if (behind)
        set_late();
    if (silent >= SILENT && queued != nic_queued())
        keep_seconds();
}

/* `average` of late, of which `latest` is the next. */
static int64_t average_with(int64_t average, int64_t latest)
{
    return average + (latest - average) / 8;
}

/* The CPU idles, since now or still. */
static void begin_idling(void)
{
    if (idle_since)
        return;
    idle_since = timer_now();
    busy = average_with(busy, idle_since - busy_since);
}

static void end_idling(void)
{
    int64_t took;

    if (!idle_since)
        return;
    busy_since = timer_now();
    took = busy_since - idle_since;
    idle = average_with(idle, took < AWAKE ? took : AWAKE);
    watchful = took < AWAKE;
    idle_since = 0;
}

void net_interrupt(void)
{
    /* A connection that is asked for before the program has come to listen would be refused. */
    if (early)
        return;
    end_idling();
    net_poll();
    net_settle();
}

void net_hold(void)
{
    held = true;
}

bool net_held(void)
{
    bool was = held;

    held = false;
    return was;
}

bool net_is_late(void)
{
    return late;
}

void net_owe(void)
{
    owing = true;
    set_late();
}

static void send_owed(void *unused)
{
    (void)unused;
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next) {
        if (pcb->flags & TF_ACK_DELAY) {
            guard_blames = pcb;
            tcp_ack_now(pcb);
            tcp_output(pcb);
        }
    }
}

void net_settle(void)
{
    if (!owing)
        return;
    owing = false;
    guard(send_owed, NULL);
    nic_flush();
}

/* Whether a packet to this host has not come yet. */
static bool loopback_waits(void)
{
    for (const struct netif *netif = netif_list; netif; netif = netif->next)
        if (netif->loop_first)
            return true;
    return false;
}

bool net_catch_up(void)
{
    net_settle();
    if (!behind && !loopback_waits())
        return false;
    late = true;
    net_poll();
    late = false;
    return true;
}

/* Whether a frame comes before it is time to halt. No alarm is late for it. */
static bool wait_awake(void)
{
    int64_t until = idle_since + AWAKE, alarm = alarm_next();

    if (alarm < until)
        until = alarm;
    while (!nic_has_frame())
        if (timer_now() >= until)
            return false;
    end_idling();
    return true;
}

bool net_idle(void)
{
    if (net_catch_up())
        return true;
    if (!addressed || early)
        return false;
    begin_idling();
    /* A CPU that has much to do leaves its host's to the others: their work is what it waits for.
     */
    if (!watchful || busy > 2 * idle)
        return false;
    watchful = wait_awake();
    net_poll(); /* from now on frames interrupt again */
    net_settle();
    return true;
}

void net_flush(void)
{
    net_poll();
}
