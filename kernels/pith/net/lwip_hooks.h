/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where lwIP asks us: included by all of its files. */
#ifndef PITH_NET_LWIP_HOOKS_H
#define PITH_NET_LWIP_HOOKS_H

#include <lwip/err.h>

struct pbuf;
struct tcp_pcb;
struct tcp_hdr;

/* Before a TCP packet is handed to `pcb`, which may be a listening one: its header, in the host's
 * byte order, and in `packet` its data. ERR_OK, or the packet is dropped. */
err_t net_tcp_packet(struct tcp_pcb *pcb, const struct tcp_hdr *header, const struct pbuf *packet);
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, length, length1, options2, packet)                 \
    net_tcp_packet(pcb, header, packet)

/* Each TCP packet that `pcb` (or NULL) sends, its header filled in. It is made for adding options;
 * ours adds none. */
void net_tcp_sends(struct tcp_pcb *pcb, const struct tcp_hdr *header, const struct pbuf *packet);
#define LWIP_HOOK_TCP_OUT_ADD_TCPOPTS(packet, header, pcb, options)                                \
    (net_tcp_sends((struct tcp_pcb *)(pcb), header, packet), (options))

#endif
