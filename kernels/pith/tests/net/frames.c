/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"
#include "tool.h"

uint16_t checksum(const void *data, size_t size, uint32_t sum)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i + 1 < size; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    if (size % 2)
        sum += (uint32_t)bytes[size - 1] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

static int packet_socket(const char *interface, int type, int protocol)
{
    struct sockaddr_ll bound = {.sll_family = AF_PACKET,
                                .sll_protocol = htons((uint16_t)protocol),
                                .sll_ifindex = (int)if_nametoindex(interface)};
    /* Without a protocol, for bind would wait until no CPU uses the first binding any more. */
    int fd = socket(AF_PACKET, type | SOCK_CLOEXEC, 0);

    if (fd < 0 || !bound.sll_ifindex || bind(fd, (struct sockaddr *)&bound, sizeof bound) != 0)
        die("%s: %s", interface, strerror(errno));
    return fd;
}

int watch(const char *interface, int protocol)
{
    int fd = packet_socket(interface, SOCK_DGRAM, protocol);

    printf("watching\n");
    fflush(stdout);
    return fd;
}

struct link link_open(const char *interface, const char *address)
{
    struct link link = {.fd = packet_socket(interface, SOCK_RAW, 0)};
    struct ifreq request = {0};
    struct arpreq arp = {.arp_pa.sa_family = AF_INET};
    int inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
    if (ioctl(inet, SIOCGIFHWADDR, &request) != 0)
        die("%s: %s", interface, strerror(errno));
    memcpy(link.our_mac, request.ifr_hwaddr.sa_data, 6);
    if (ioctl(inet, SIOCGIFADDR, &request) != 0)
        die("%s: no address", interface);
    link.our_address = ((struct sockaddr_in *)&request.ifr_addr)->sin_addr.s_addr;
    if (inet_pton(AF_INET, address, &link.guest_address) != 1)
        die("%s: not an IPv4 address", address);
    ((struct sockaddr_in *)&arp.arp_pa)->sin_addr.s_addr = link.guest_address;
    snprintf(arp.arp_dev, sizeof arp.arp_dev, "%s", interface);
    if (ioctl(inet, SIOCGARP, &arp) != 0)
        die("%s: its hardware address is not known", address);
    memcpy(link.guest_mac, arp.arp_ha.sa_data, 6);
    close(inet);
    return link;
}

void link_send(const struct link *link, const void *frame, size_t size)
{
    /* A full queue drops, as a wire would. */
    if (send(link->fd, frame, size, 0) < 0 && errno != ENOBUFS && errno != EMSGSIZE &&
        errno != EINVAL)
        die("frame of %zu bytes: %s", size, strerror(errno));
}

long frames_dropped(const char *interface)
{
    FILE *file = fopen("/proc/net/dev", "re");
    char line[512], name[32];
    long dropped = -1, count;

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, " %31[^:]: %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld", name,
                   &count) == 2 &&
            strcmp(name, interface) == 0)
            dropped = count;
    if (dropped < 0)
        die("/proc/net/dev: no %s", interface);
    fclose(file);
    return dropped;
}

uint8_t *put_ipv4(uint8_t *frame, const struct link *link, uint32_t source, int protocol,
                  size_t size)
{
    struct ether_header ether = {.ether_type = htons(ETHERTYPE_IP)};
    struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64};

    memcpy(ether.ether_dhost, link->guest_mac, 6);
    memcpy(ether.ether_shost, link->our_mac, 6);
    memcpy(frame, &ether, sizeof ether);
    ip.tot_len = htons((uint16_t)(sizeof ip + size));
    ip.protocol = (uint8_t)protocol;
    ip.saddr = source;
    ip.daddr = link->guest_address;
    ip.check = checksum(&ip, sizeof ip, 0);
    memcpy(frame + sizeof ether, &ip, sizeof ip);
    return frame + sizeof ether + sizeof ip;
}

void seal_ipv4(uint8_t *frame, size_t size)
{
    static const int places[256] = {[IPPROTO_TCP] = 16, [IPPROTO_UDP] = 6, [IPPROTO_ICMP] = 2};
    uint8_t *ip = frame + sizeof(struct ether_header), *payload = ip + sizeof(struct iphdr);
    size_t length = size - (size_t)(payload - frame), place = (size_t)places[ip[9]];
    uint32_t sum = 0;
    uint16_t check;

    if (place == 0 || size < (size_t)(payload - frame) + place + 2)
        return;
    memset(payload + place, 0, 2);
    if (ip[9] != IPPROTO_ICMP) {
        for (size_t i = 12; i < 20; i += 2)
            sum += (uint32_t)ip[i] << 8 | ip[i + 1];
        sum += ip[9] + (uint32_t)length;
    }
    check = checksum(payload, length, sum);
    memcpy(payload + place, &check, 2);
}
