/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/segments.h"
#include "net/connections.h"
#include "net/guard.h"
#include "net/lwip_hooks.h"
#include "net/net.h"
#include "net/netif.h"
#include "sched/thread.h"
#include <lwip/priv/tcp_priv.h>

#define RTO_MIN 3       /* lwIP's slow ticks, of 100 ms: nobody answers that late who will answer */
#define FIRST_WINDOW 10 /* segments: RFC 6928 */
#define LEAST_MSS 48    /* as Linux has it: with less, the headers and the work are all there is */
#define LITTLE 4096     /* bytes */
#define SEGMENT 160     /* bytes that a pbuf of a segment costs, its data not counted, or more */

/* What lwIP's pcb has no room for: in tcp_ext_arg, as bits of the pointer. */
union extra {
    void *argument;
    struct {
        uint16_t mss; /* what the peer agreed to; 0: not yet connected */
        bool recovering;
        uint32_t recovered; /* sequence number: the loss is repaired when this is acknowledged */
    };
};

static uint8_t slot;
static unsigned largest_ip4, largest_ip6;

void segments_init(void)
{
    slot = tcp_ext_arg_alloc_id();
}

void segments_allow(unsigned over_ip4, unsigned over_ip6)
{
    largest_ip4 = over_ip4;
    largest_ip6 = over_ip6;
}

static union extra get(const struct tcp_pcb *pcb)
{
    return (union extra){tcp_ext_arg_get(pcb, slot)};
}

static void set(struct tcp_pcb *pcb, union extra extra)
{
    tcp_ext_arg_set(pcb, slot, extra.argument);
}

/* How large segments may be now: two at least are to fit in the congestion window, or each would
 * wait for the ACK of the one before. */
static uint16_t size_now(const struct tcp_pcb *pcb, union extra extra)
{
    unsigned largest = IP_IS_V6_VAL(pcb->remote_ip) ? largest_ip6 : largest_ip4;
    unsigned size;

    if (ip_addr_isloopback(&pcb->remote_ip))
        largest = SEGMENT_LARGEST;
    size = pcb->cwnd / 2 < largest ? pcb->cwnd / 2 : largest;
    if (extra.recovering || size < 2u * extra.mss)
        return extra.mss;
    return (uint16_t)(size / extra.mss * extra.mss);
}

uint16_t segments_begin(struct tcp_pcb *pcb)
{
    union extra extra = {.mss = LWIP_MAX(pcb->mss, LEAST_MSS)};

    set(pcb, extra);
    pcb->mss = extra.mss;
    if (pcb->cwnd < FIRST_WINDOW * pcb->mss)
        pcb->cwnd = FIRST_WINDOW * pcb->mss;
    pcb->mss = size_now(pcb, extra);
    return extra.mss;
}

err_t segments_write(struct tcp_pcb *pcb, const void *data, uint16_t size, uint8_t flags)
{
    const struct tcp_seg *last = pcb->unsent;
    tcpwnd_size_t window = pcb->snd_wnd_max;
    uint16_t mss = pcb->mss;
    err_t status;

    if (pcb->unsent && pcb->snd_queuelen * (size_t)SEGMENT > net_may_hold())
        return ERR_MEM;
    while (last && last->next)
        last = last->next;
    /* lwIP fills up the last segment first, and does not expect it to be larger than the MSS, nor
     * than half of the largest window that it knew of, which was another when it was made. */
    if (last && last->len > mss)
        pcb->mss = last->len;
    if (window)
        pcb->snd_wnd_max = LWIP_MAX(window, 2 * LEAST_MSS);
    if (last && last->len > pcb->snd_wnd_max / 2)
        pcb->snd_wnd_max = 2u * last->len;
    status = tcp_write(pcb, data, size, flags);
    pcb->mss = mss;
    pcb->snd_wnd_max = window;
    return status;
}

uint16_t segments_mss(const struct tcp_hdr *header, const ip_addr_t *remote)
{
    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        if (pcb->local_port == lwip_ntohs(header->src) &&
            pcb->remote_port == lwip_ntohs(header->dest) && ip_addr_cmp(&pcb->remote_ip, remote))
            return get(pcb).mss;
    return 0;
}

/* Cut the first segment of *list, pcb->unsent or pcb->unacked, so that it has at most `size` bytes
 * beside those that are acknowledged already: lwIP would not send one of which all are. It cuts
 * unsent ones only, leaves FIN on both halves, and insists on its idea of the MSS. */
static void cut(struct tcp_pcb *pcb, struct tcp_seg **list, uint32_t size)
{
    struct tcp_seg *first = *list, *unsent = pcb->unsent;
    uint16_t mss = pcb->mss;
    uint32_t known;

    if (!first)
        return;
    known = pcb->lastack - lwip_ntohl(first->tcphdr->seqno);
    if ((int32_t)known > 0)
        size += known;
    if (first->len <= size)
        return;
    pcb->unsent = first;
    pcb->mss = UINT16_MAX;
    if (tcp_split_unsent_seg(pcb, (uint16_t)size) == ERR_OK)
        TCPH_UNSET_FLAG(first->tcphdr, TCP_FIN | TCP_PSH);
    pcb->mss = mss;
    pcb->unsent = unsent;
}

/* Data that are not to be kept: beyond the window, of which lwIP takes care only where they are the
 * next, or more than one connection may hold. */
static bool is_too_much(const struct tcp_pcb *pcb, const struct tcp_hdr *header, unsigned size)
{
    uint32_t ahead = header->seqno - pcb->rcv_nxt;
    size_t holds;

    if (pcb->state < SYN_RCVD || pcb->state == TIME_WAIT)
        return false;
    if ((int32_t)ahead > 0 && ahead + size + !!(TCPH_FLAGS(header) & TCP_FIN) > pcb->rcv_wnd)
        return true;
    /* That many may be in its window, too: they are no longer refused lightly. */
    holds = net_hooks->holds(pcb);
    return holds > 4 * net_may_hold() || (holds > LITTLE && net_is_short());
}

err_t net_tcp_packet(struct tcp_pcb *pcb, const struct tcp_hdr *header, const struct pbuf *packet)
{
    union extra extra;

    in_hand.pcb = NULL;
    if (pcb->state == LISTEN) {
        if (TCPH_FLAGS(header) & TCP_SYN)
            connections_make_room((const struct tcp_pcb_listen *)pcb);
        return ERR_OK;
    }
    guard_blames = pcb;
    if (packet->tot_len && is_too_much(pcb, header, packet->tot_len))
        return ERR_MEM;
    extra = get(pcb);
    if (!extra.mss)
        return ERR_OK;
    in_hand.pcb = pcb;
    in_hand.acknowledged = pcb->lastack;
    in_hand.window = pcb->cwnd;
    /* The third ACK of the same has lwIP send the first segment again: it is to be a small one. */
    if (pcb->dupacks >= 2 && header->ackno == pcb->lastack) {
        cut(pcb, &pcb->unacked, extra.mss);
        pcb->mss = extra.mss;
    }
    return ERR_OK;
}

void net_tcp_sends(struct tcp_pcb *pcb, const struct tcp_hdr *header, const struct pbuf *packet)
{
    unsigned data = packet->tot_len - TCPH_HDRLEN_BYTES(header);

    if (!pcb || !data || pcb->state < ESTABLISHED || pcb->state == TIME_WAIT ||
        TCP_SEQ_GEQ(lwip_ntohl(header->seqno), pcb->snd_nxt))
        return;
    net_hooks->sends_again(pcb, data);
}

/*
 * Loss recovery: small segments from the first sign of loss on until everything that was under way
 * then is acknowledged. An ACK of only a part of that shows the next gap, which is filled at once
 * (NewReno, RFC 6582); lwIP would wait for three more ACKs, or for the timer.
 */
static void recover(struct tcp_pcb *pcb, union extra *extra)
{
    if (!extra->recovering && pcb->flags & (TF_INFR | TF_RTO)) {
        extra->recovering = true;
        extra->recovered = pcb->snd_nxt;
    } else if (extra->recovering && TCP_SEQ_GEQ(pcb->lastack, extra->recovered)) {
        extra->recovering = false;
    } else if (extra->recovering && pcb->lastack != in_hand.acknowledged &&
               !(pcb->flags & TF_RTO)) {
        cut(pcb, &pcb->unacked, extra->mss);
        tcp_rexmit(pcb);
    }
}

void segments_after_input(void)
{
    struct tcp_pcb *pcb = tcp_active_pcbs; /* where lwIP has moved it, if it still lives */
    union extra extra;
    uint32_t room;

    if (!in_hand.pcb || pcb != in_hand.pcb)
        return;
    in_hand.pcb = NULL;
    extra = get(pcb);
    if (extra.recovering || pcb->flags & (TF_INFR | TF_RTO)) {
        recover(pcb, &extra);
        set(pcb, extra);
    }
    /* In slow start lwIP adds what was acknowledged, as Linux does; in congestion avoidance one MSS
     * each round trip (RFC 5681), which is to be the real one. */
    if (in_hand.window >= pcb->ssthresh && pcb->cwnd > in_hand.window + extra.mss &&
        !extra.recovering)
        pcb->cwnd = in_hand.window + extra.mss;
    pcb->mss = size_now(pcb, extra);
    /* A segment that is larger than the whole window would wait for the persist timer. */
    room = pcb->snd_wnd < pcb->cwnd ? pcb->snd_wnd : pcb->cwnd;
    if (pcb->unsent && !pcb->unacked && room >= extra.mss)
        cut(pcb, &pcb->unsent, room < UINT16_MAX ? room / extra.mss * extra.mss : UINT16_MAX);
    if (pcb->unsent)
        tcp_output(pcb);
}

static void output_all(void *unused)
{
    (void)unused;
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        if (pcb->unsent) {
            guard_blames = pcb;
            tcp_output(pcb);
        }
}

void segments_room(void)
{
    guard(output_all, NULL);
    queue_wake(&net_room, UINT32_MAX);
}

/* lwIP's timer, of a pcb that waits for the window to open, takes it for certain that some data are
 * unsent and none unacknowledged, which an ACK of what was to be sent again makes untrue; and cuts
 * a segment that is larger than the window only where the MSS is not smaller (see cut()). So this
 * does that, as soon as the window did not open at once. */
static void before_persist(struct tcp_pcb *pcb)
{
    uint32_t room = LWIP_MIN(pcb->snd_wnd, pcb->cwnd);

    if (!pcb->unsent || pcb->unacked) {
        pcb->persist_backoff = 0;
    } else if (pcb->snd_wnd && pcb->persist_cnt) {
        cut(pcb, &pcb->unsent, LWIP_MIN(room, UINT16_MAX));
        pcb->mss = UINT16_MAX; /* until the next ACK: there may be no memory to cut with */
        tcp_output(pcb);
    }
}

/* lwIP's timer has all that is unacknowledged sent again, before what is unsent. But of that the
 * first may be older: lost, it was to be sent again while the window was closed. Behind younger
 * ones it would never go: they reach beyond the congestion window, of one MSS. */
static void put_in_order(struct tcp_pcb *pcb)
{
    for (struct tcp_seg **at = &pcb->unacked; *at && pcb->unsent; at = &(*at)->next) {
        struct tcp_seg *first = pcb->unsent;

        if (TCP_SEQ_LT(lwip_ntohl(first->tcphdr->seqno), lwip_ntohl((*at)->tcphdr->seqno))) {
            pcb->unsent = first->next;
            first->next = *at;
            *at = first;
        }
    }
}

void segments_before_timer(void)
{
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next) {
        union extra extra = get(pcb);

        guard_blames = pcb;
        if (pcb->persist_backoff)
            before_persist(pcb);
        if (pcb->rto < RTO_MIN)
            pcb->rto = RTO_MIN;
        if (!extra.mss || !pcb->unacked || pcb->rtime + 1 < pcb->rto)
            continue;
        /* The timer is about to send again, with a congestion window of one MSS. */
        extra.recovering = true;
        extra.recovered = pcb->snd_nxt;
        set(pcb, extra);
        pcb->mss = extra.mss;
        put_in_order(pcb);
        cut(pcb, &pcb->unacked, extra.mss);
    }
}
