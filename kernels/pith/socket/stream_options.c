/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP sockets: options, and what TCP_INFO tells. */
#include "lib/errno.h"
#include "memory/copy.h"
#include "net/net.h"
#include "socket/binding.h"
#include "socket/stream.h"

#define SECOND_MS 1000u
#define MTU 1500
#define LOOPBACK_MTU 65536
#define CONGESTION "reno"
#define MIN_MSS 88

enum { TCP_MAXSEG = 2, TCP_INFO = 11, TCP_CONGESTION = 13 };
enum { SO_ACCEPTCONN = 30, IP_MTU = 14, IPV6_MTU = 24 };

void stream_begin(struct socket *socket)
{
    struct stream *stream = stream_of(socket);

    list_init(&stream->waiting);
    list_init(&stream->link);
    stream->send_limit = net_tcp_send_buffer;
    socket->options[OPTION_SEND_BUFFER] = (int)net_tcp_send_buffer;
    socket->options[OPTION_RECEIVE_BUFFER] = (int)net_tcp_window;
}

static void set_flag(struct tcp_pcb *pcb, unsigned flag, int on)
{
    pcb->so_options = (u8_t)(on ? pcb->so_options | flag : pcb->so_options & ~flag);
}

/* All that lwIP is to know; a listener's pcb has only what the first lines set. */
void stream_apply_options(struct stream *stream)
{
    const int *options = stream->socket.options;
    bool six = stream->socket.family == AF_INET6;
    struct tcp_pcb *pcb = stream->pcb;

    set_flag(pcb, SOF_REUSEADDR, options[OPTION_REUSE_ADDRESS]);
    set_flag(pcb, SOF_REUSEPORT, options[OPTION_REUSE_PORT]);
    set_flag(pcb, SOF_KEEPALIVE, options[OPTION_KEEP_ALIVE]);
    pcb->ttl = (u8_t)options[six ? OPTION_V6_HOPS : OPTION_TTL];
    pcb->tos = (u8_t)options[six ? OPTION_V6_CLASS : OPTION_TOS];
    if (pcb->state == LISTEN)
        return;
    pcb->keep_idle = (u32_t)options[OPTION_KEEP_IDLE] * SECOND_MS;
    pcb->keep_intvl = (u32_t)options[OPTION_KEEP_INTERVAL] * SECOND_MS;
    pcb->keep_cnt = (u32_t)options[OPTION_KEEP_COUNT];
    tcp_nagle_disable(pcb); /* see stream_send.c */
}

long stream_option_changed(struct socket *socket, enum option option, int value)
{
    struct stream *stream = stream_of(socket);

    switch (option) {
    case OPTION_V6_ONLY:
        if (stream->pcb && stream->pcb->local_port)
            return -EINVAL;
        stream_abort(stream); /* the next one is of another kind */
        break;
    case OPTION_MULTICAST_TTL:
        return -EINVAL;
    case OPTION_MAX_SEGMENT:
        if (value && value < MIN_MSS)
            return -EINVAL;
        break;
    case OPTION_SEND_BUFFER:
        stream->send_limit = LWIP_MIN((uint32_t)value / 2, net_tcp_send_buffer);
        break;
    case OPTION_FAST_OPEN:
        if (stream_state(stream) != CLOSED && stream_state(stream) != LISTEN)
            return -EINVAL;
        break;
    default:
        break;
    }
    socket->options[option] = value;
    if (stream->pcb)
        stream_apply_options(stream);
    if ((option == OPTION_NO_DELAY && value) || (option == OPTION_CORK && !value)) {
        stream_push(stream, NOW);
        net_flush();
    }
    return 0;
}

static long set_congestion(uint64_t at, int size)
{
    char name[16] = "";

    if (size < 1)
        return -EINVAL;
    if (copy_from(name, at, (size_t)LWIP_MIN(size, (int)sizeof name - 1)) < 0)
        return -EFAULT;
    return strcmp(name, CONGESTION) == 0 ? 0 : -ENOENT;
}

long stream_set_option(struct socket *socket, int level, int name, uint64_t at, int size)
{
    (void)socket;
    if (level != IPPROTO_TCP || name != TCP_CONGESTION)
        return -ENOPROTOOPT;
    return set_congestion(at, size);
}

/* struct tcp_info, as Linux 6.1 has it. */
struct info {
    uint8_t state, congestion_state, retransmits, probes, backoff, options, scales, flags;
    uint32_t rto, ato, send_mss, receive_mss;
    uint32_t unacknowledged, sacked, lost, retransmitted, fackets;
    uint32_t last_sent, last_ack_sent, last_received, last_ack_received;
    uint32_t mtu, receive_threshold, rtt, rtt_variance, send_threshold, send_window, advertised_mss,
        reordering;
    uint32_t receive_rtt, receive_space, total_retransmits;
    uint64_t pacing[2], acknowledged, received;
    uint32_t segments[2], not_sent, least_rtt, data_segments[2];
    uint64_t delivery, busy, limited[2];
    uint32_t delivered[2];
    uint64_t sent, sent_again;
    uint32_t duplicates, reordered, out_of_order, peer_window;
};

static uint8_t linux_state(const struct stream *stream)
{
    static const uint8_t states[] = {
        [CLOSED] = 7,     [LISTEN] = 10,    [SYN_SENT] = 2,   [SYN_RCVD] = 3, [ESTABLISHED] = 1,
        [FIN_WAIT_1] = 4, [FIN_WAIT_2] = 5, [CLOSE_WAIT] = 8, [CLOSING] = 11, [LAST_ACK] = 9,
    };

    return states[stream_state(stream)];
}

static bool is_local(const struct stream *stream)
{
    return ip_addr_isloopback(&stream->remote.ip);
}

static void describe(const struct stream *stream, struct info *info)
{
    const struct tcp_pcb *pcb = stream->pcb;
    uint32_t tick = TCP_SLOW_INTERVAL * 1000, flight = pcb->snd_nxt - pcb->lastack;

    info->retransmits = pcb->nrtx;
    info->probes = pcb->persist_probe;
    info->options = (uint8_t)((pcb->flags & TF_SACK ? 2 : 0) | (pcb->flags & TF_WND_SCALE ? 4 : 0));
    info->scales = (uint8_t)(pcb->snd_scale | pcb->rcv_scale << 4);
    info->rto = (uint32_t)pcb->rto * tick;
    info->ato = TCP_TMR_INTERVAL * 1000;
    info->send_mss = info->receive_mss = info->advertised_mss = stream->mss;
    info->unacknowledged = (flight + stream->mss - 1) / stream->mss;
    info->mtu = is_local(stream) ? LOOPBACK_MTU : MTU;
    info->receive_threshold = info->receive_space = pcb->rcv_wnd;
    /* lwIP keeps 8 times the round trip and 4 times its variance, in ticks. */
    info->rtt = info->least_rtt = (uint32_t)(pcb->sa > 0 ? pcb->sa : 0) * tick / 8;
    info->rtt_variance = (uint32_t)(pcb->sv > 0 ? pcb->sv : 0) * tick / 4;
    info->send_threshold = pcb->ssthresh / stream->mss;
    info->send_window = LWIP_MAX(pcb->cwnd / stream->mss, 1);
    info->reordering = 3;
    info->not_sent = pcb->snd_lbb - pcb->snd_nxt + stream->unwritten;
    info->peer_window = pcb->snd_wnd;
    info->total_retransmits = stream->sent_again;
}

static void sends_again(struct tcp_pcb *pcb, unsigned bytes)
{
    struct stream *stream = pcb->callback_arg;

    stream->sent_again += (bytes + stream->mss - 1) / stream->mss;
}

static size_t holds(const struct tcp_pcb *pcb)
{
    const struct stream *stream = pcb->callback_arg;

    return stream->held;
}

const struct net_hooks socket_hooks = {
    .place = stream_place, .sends_again = sends_again, .holds = holds};

static long get_info(const struct stream *stream, void *out)
{
    struct info info = {.state = linux_state(stream)};

    if (stream->mss && stream_state(stream) >= ESTABLISHED)
        describe(stream, &info);
    memcpy(out, &info, sizeof info);
    return sizeof info;
}

static long get_mss(const struct stream *stream)
{
    int asked = stream->socket.options[OPTION_MAX_SEGMENT];

    if (stream->mss && stream_state(stream) >= ESTABLISHED)
        return stream->mss;
    return asked ? asked : 536;
}

long stream_get_option(struct socket *socket, int level, int name, void *out)
{
    const struct stream *stream = stream_of(socket);
    int value;

    if (level == IPPROTO_TCP && name == TCP_INFO)
        return get_info(stream, out);
    if (level == IPPROTO_TCP && name == TCP_CONGESTION) {
        memset(out, 0, 16);
        memcpy(out, CONGESTION, sizeof CONGESTION);
        return 16;
    }
    if (level == IPPROTO_TCP && name == TCP_MAXSEG)
        value = (int)get_mss(stream);
    else if (level == SOL_SOCKET && name == SO_ACCEPTCONN)
        value = stream_state(stream) == LISTEN;
    else if ((level == IPPROTO_IP && name == IP_MTU) || (level == IPPROTO_IPV6 && name == IPV6_MTU))
        value = !stream_open(stream) ? -1 : is_local(stream) ? LOOPBACK_MTU : MTU;
    else
        return -ENOPROTOOPT;
    if (value < 0)
        return -ENOTCONN;
    memcpy(out, &value, sizeof value);
    return sizeof value;
}
