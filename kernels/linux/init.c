/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The init of the target `linux`, between the distribution's kernel and the payload. The kernel
 * passes what follows `--` on its command line as arguments. The network drivers are modules. The
 * init loads them only for a guest with a network, because that takes time.
 */
#include <fcntl.h>
#include <sys/syscall.h>

#include "network.h"
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

/* The virtio-mmio device that the command line names, "device=...", or NULL. The kernel keeps
 * parameters with a dot for modules and does not pass them on. */
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

/* Load the drivers for the NIC's bus, and no others. */
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

int main(int argc, char **argv)
{
    (void)argc;
    mount_at("devtmpfs", "/dev");
    mount_at("proc", "/proc");
    if (network_asked()) {
        mount_at("sysfs", "/sys");
        load_modules();
        network_up();
    }
    return payload_main(argv + 1);
}
