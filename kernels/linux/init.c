/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The init of the target `linux`: what stands between a distribution's kernel and the payload.
 * The kernel passes what follows `--` on its command line as arguments, and parameters it does not
 * know as environment. `ip=` is one of those: the kernel's own autoconfiguration (see the kernel's
 * admin-guide/nfs/nfsroot) is not compiled into it and neither are the network drivers, so both are
 * this program's task, taken up only when asked for, since they cost time.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "payload.h"

static void load_module(const char *name, const char *parameters)
{
    char path[64];
    int fd;

    snprintf(path, sizeof path, "/modules/%s.ko", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0) != 0)
        complain("load", path);
    close(fd);
}

/* What the kernel's command line says of a virtio-mmio device, "device=..."; NULL when nothing. The
 * kernel itself keeps parameters with a dot for modules, and passes them on to nobody. */
static char *mmio_device(void)
{
    static const char prefix[] = "virtio_mmio.";
    static char words[4096];
    int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, words, sizeof words - 1);

    close(fd);
    words[size < 0 ? 0 : size] = '\0';
    for (char *word = strtok(words, " \n"); word; word = strtok(NULL, " \n"))
        if (strncmp(word, prefix, sizeof prefix - 1) == 0)
            return word + sizeof prefix - 1;
    return NULL;
}

/* The drivers for the bus on which the NIC is, and no others. */
static void load_modules(void)
{
    static char names[] = MODULES; /* from build.mk, each after those that it needs */
    char *device = mmio_device();

    for (char *name = strtok(names, " "); name; name = strtok(NULL, " ")) {
        if (strncmp(name, device ? "virtio_pci" : "virtio_mmio", 10) == 0)
            continue;
        load_module(name, strcmp(name, "virtio_mmio_cmdline") == 0 ? device : "");
    }
}

static struct sockaddr address(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr any;

    inet_pton(AF_INET, text, &in.sin_addr);
    memcpy(&any, &in, sizeof any);
    return any;
}

static int set(int fd, unsigned long request, void *argument, const char *what)
{
    int status = ioctl(fd, request, argument);

    if (status != 0)
        complain("set", what);
    return status;
}

static void link_up(int fd, const char *name)
{
    struct ifreq link = {0};

    strncpy(link.ifr_name, name, IFNAMSIZ - 1);
    link.ifr_flags = IFF_UP;
    set(fd, SIOCSIFFLAGS, &link, name);
}

/* ip=CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:DEVICE:AUTOCONF, of which tare uses the static part. */
static void network_up(char *ip)
{
    enum { CLIENT, SERVER, GATEWAY, NETMASK, HOSTNAME, DEVICE, AUTOCONF, FIELDS };
    char *field[FIELDS] = {"", "", "", "", "", "", ""};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
    struct ifreq link = {0};

    for (int i = 0; i < FIELDS && ip; i++)
        field[i] = strsep(&ip, ":");
    strncpy(link.ifr_name, *field[DEVICE] ? field[DEVICE] : "eth0", IFNAMSIZ - 1);

    link_up(fd, "lo");
    link.ifr_addr = address(field[CLIENT]);
    set(fd, SIOCSIFADDR, &link, "the address");
    if (*field[NETMASK]) {
        link.ifr_netmask = address(field[NETMASK]);
        set(fd, SIOCSIFNETMASK, &link, "the netmask");
    }
    link_up(fd, link.ifr_name);
    if (*field[GATEWAY]) {
        route.rt_gateway = address(field[GATEWAY]);
        route.rt_dst = address("0.0.0.0");
        route.rt_genmask = address("0.0.0.0");
        set(fd, SIOCADDRT, &route, "the gateway");
    }
    close(fd);
}

int main(int argc, char **argv)
{
    char *ip = getenv("ip");

    (void)argc;
    mount_at("devtmpfs", "/dev");
    mount_at("proc", "/proc");
    if (ip) {
        mount_at("sysfs", "/sys");
        load_modules();
        network_up(ip);
        unsetenv("ip"); /* the payload's environment is the same on every target */
    }
    return payload_main(argv + 1);
}
