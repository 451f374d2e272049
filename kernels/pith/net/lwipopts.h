/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lwIP as pith uses it: the raw API, called with interrupts off. opt.h of lwIP explains each. */
#ifndef PITH_NET_LWIPOPTS_H
#define PITH_NET_LWIPOPTS_H

#include <stddef.h>
#include <stdint.h>

#define NO_SYS 1
#define NO_SYS_NO_TIMERS 1 /* net.c runs lwIP's by the kernel's alarms */
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0

/* Memory is the kernel's heap, bounded by net_malloc(). */
#define MEM_ALIGNMENT 16
#define MEMP_MEM_MALLOC 1
#if __has_include(<lwip/acd.h>) /* from lwIP 2.2 on */
#define MEM_CUSTOM_ALLOCATOR 1
#define MEM_CUSTOM_MALLOC net_malloc
#define MEM_CUSTOM_CALLOC net_calloc
#define MEM_CUSTOM_FREE net_free
#else
#define MEM_LIBC_MALLOC 1
#define mem_clib_malloc net_malloc
#define mem_clib_calloc net_calloc
#define mem_clib_free net_free
#endif
void *net_malloc(size_t size);
void *net_calloc(size_t count, size_t size);
void net_free(void *block);
size_t net_may_hold(void); /* net/net.h */

/* Before every Ethernet header: virtio-net's own, so that both go out as one piece. */
#define PBUF_LINK_ENCAPSULATION_HLEN 12
#define ETH_PAD_SIZE 0
#define LWIP_SUPPORT_CUSTOM_PBUF 1

#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define IP_DEFAULT_TTL 64
#define LWIP_ICMP 1
#define LWIP_ICMP6 1
#define LWIP_RAW 1
#define LWIP_DHCP 1
#define DHCP_DOES_ARP_CHECK 0
#define LWIP_DHCP_DOES_ACD_CHECK 0 /* the same, from lwIP 2.2 on */
#define LWIP_IPV6_AUTOCONFIG 1
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0
#define LWIP_IPV6_SEND_ROUTER_SOLICIT 1
#define LWIP_IPV6_MLD 0
#define LWIP_ND6_QUEUEING 1
#define MEMP_NUM_ND6_QUEUE 20
#define ARP_QUEUEING 1
/* Whether what waits for a neighbour's address must be a copy: where a pbuf does not hold its data
 * itself. TCP's refer to the program's or to a socket's pages, which may be others' by then. */
#define PBUF_NEEDS_COPY(p) (!((p)->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS))
#define ARP_TABLE_SIZE 64

/* Large segments are cut up by the device: lwIP must not do it. */
#define IP_FRAG 0
#define LWIP_IPV6_FRAG 0
#define IP_REASSEMBLY 1
#define LWIP_IPV6_REASS 1
#define IPV6_FRAG_COPYHEADER                                                                       \
    1 /* its own bookkeeping is larger than a header where pointers are                            \
       */
#define IP_REASS_MAX_PBUFS 256

#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_LOOPBACK_MAX_PBUFS 0
#define LWIP_NETIF_HOSTNAME 0

/* The device computes checksums, where it offers to. */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

#define LWIP_TCP 1
#define TCP_TMR_INTERVAL 50    /* ms: acknowledgements are late by no more, Linux's by 40 */
#define LWIP_TCP_RTO_TIME 1000 /* RFC 6298 */
#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 7
/* Sizes that depend on the machine's memory. init.c, which only checks them, gets a constant. */
extern uint32_t net_tcp_window, net_tcp_send_buffer;
#ifndef TCP_WND
#define TCP_WND net_tcp_window
#endif
#define TCP_SND_BUF net_tcp_send_buffer
#define TCP_SND_QUEUELEN 8192
#define TCP_SNDLOWAT 1
#define TCP_SNDQUEUELOWAT 1
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
#define TCP_WND_UPDATE_THRESHOLD (TCP_WND / 8)
#define TCP_OVERSIZE 0
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_BYTES_LIMIT(pcb) net_may_hold()
#define TCP_OOSEQ_PBUFS_LIMIT(pcb) ((u16_t)LWIP_MIN(net_may_hold() / 512, 4096))
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_MAX_SACK_NUM 4
#define TCP_LISTEN_BACKLOG 1
#define TCP_DEFAULT_LISTEN_BACKLOG 255
#define LWIP_TCP_KEEPALIVE 1
#define SO_REUSE 1
#define SO_REUSE_RXTOALL 1
#define LWIP_TCP_PCB_NUM_EXT_ARGS 2 /* segments.c, stream.c */

#define LWIP_UDP 1
#define LWIP_MULTICAST_TX_OPTIONS 0

#define LWIP_STATS 0
#define LWIP_HOOK_FILENAME "net/lwip_hooks.h"

#endif
