/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segments.h"
#include "../lib/lib.h"
#include "../sched/thread.h"
#include "hooks.h"
#include "lwip/priv/tcp_priv.h"

#define RTO_MIN 3 /* lwIP's slow ticks: no ACK is that late just because the host was busy */

static uint8_t slot; /* of tcp_ext_arg: the peer's MSS, as a number in a pointer */
static unsigned largest;

void segments_init(void)
{
    slot = tcp_ext_arg_alloc_id();
}

void segments_allow(unsigned size)
{
    largest = size;
}

static uint16_t real_mss(const struct tcp_pcb *pcb)
{
    return (uint16_t)(uintptr_t)tcp_ext_arg_get(pcb, slot);
}

void segments_begin(struct tcp_pcb *pcb)
{
    tcp_ext_arg_set(pcb, slot, (void *)(uintptr_t)pcb->mss);
    if (largest > pcb->mss)
        pcb->mss = (uint16_t)(largest / pcb->mss * pcb->mss);
    if (pcb->cwnd < pcb->mss)
        pcb->cwnd = pcb->mss;
}

uint16_t segments_mss(uint16_t local_port, uint16_t remote_port)
{
    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        if (pcb->local_port == lwip_ntohs(local_port) &&
            pcb->remote_port == lwip_ntohs(remote_port))
            return real_mss(pcb);
    return 0;
}

err_t net_tcp_packet(struct tcp_pcb *pcb, const struct tcp_hdr *header)
{
    (void)pcb, (void)header;
    return ERR_OK;
}

void segments_before_timer(void)
{
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        if (pcb->rto < RTO_MIN)
            pcb->rto = RTO_MIN;
}

void segments_after_input(void)
{
}

void segments_room(void)
{
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        if (pcb->unsent)
            tcp_output(pcb);
    queue_wake(&net_room, UINT32_MAX);
}
