/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/connections.h"
#include <lwip/priv/tcp_priv.h>

#define TIME_WAIT_MOST 256

static struct tcp_pcb *oldest_half_open(const struct tcp_pcb_listen *listener)
{
    struct tcp_pcb *oldest = NULL;

    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        if (pcb->state == SYN_RCVD && pcb->listener == listener &&
            (!oldest || (int32_t)(pcb->tmr - oldest->tmr) < 0))
            oldest = pcb;
    return oldest;
}

void connections_make_room(const struct tcp_pcb_listen *listener)
{
    struct tcp_pcb *pcb = NULL;

    if (listener->accepts_pending >= listener->backlog)
        pcb = oldest_half_open(listener);
    if (pcb)
        tcp_abandon(pcb, 0);
}

void connections_reopen(const ip_addr_t *remote, const struct tcp_hdr *syn)
{
    struct tcp_pcb *pcb = tcp_tw_pcbs;

    while (pcb &&
           !(pcb->remote_port == lwip_ntohs(syn->src) && pcb->local_port == lwip_ntohs(syn->dest) &&
             ip_addr_cmp(&pcb->remote_ip, remote)))
        pcb = pcb->next;
    if (pcb && TCP_SEQ_GEQ(lwip_ntohl(syn->seqno), pcb->rcv_nxt))
        tcp_abandon(pcb, 0);
}

void connections_limit(void)
{
    struct tcp_pcb *pcb = tcp_tw_pcbs;

    for (unsigned i = 1; pcb && i < TIME_WAIT_MOST; i++)
        pcb = pcb->next;
    while (pcb && pcb->next)
        tcp_abort(pcb->next); /* of this state nobody hears */
}
