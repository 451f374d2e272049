/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linux/procfs.h"
#include "cpu/timer.h"
#include "linux/fcntl.h"
#include "linux/process.h"
#include "memory/space.h"
#include "sched/thread.h"

static size_t exe(char *out, size_t size)
{
    return format(out, size, "%s", process_path());
}

static size_t self(char *out, size_t size)
{
    return format(out, size, "1");
}

static size_t maps(char *out, size_t size)
{
    return space_describe(out, size);
}

static size_t meminfo(char *out, size_t size)
{
    size_t total = memory.total_pages * 4, free = memory.free_pages * 4;

    return format(out, size,
                  "MemTotal:       %8lu kB\nMemFree:        %8lu kB\nMemAvailable:   %8lu kB\n"
                  "Buffers:               0 kB\nCached:                0 kB\n"
                  "SwapTotal:             0 kB\nSwapFree:              0 kB\n",
                  total, free, free);
}

static size_t uptime(char *out, size_t size)
{
    int64_t hundredths = timer_now() / 10000000;

    return format(out, size, "%ld.%02ld 0.00\n", hundredths / 100, hundredths % 100);
}

static size_t stat(char *out, size_t size)
{
    int64_t used = process_time() / 10000000;

    return format(out, size, "cpu  %ld 0 0 0 0 0 0 0 0 0\ncpu0 %ld 0 0 0 0 0 0 0 0 0\n", used,
                  used);
}

static size_t cpuinfo(char *out, size_t size)
{
    return format(out, size, "processor\t: 0\ncpu cores\t: 1\n\n");
}

static size_t version(char *out, size_t size)
{
    return format(out, size, "Linux version 6.1.0-pith (pith)\n");
}

static size_t status(char *out, size_t size)
{
    return format(out, size,
                  "Name:\t%s\nState:\tR (running)\nTgid:\t1\nPid:\t1\nPPid:\t0\nUid:\t0\t0\t0\t0\n"
                  "Gid:\t0\t0\t0\t0\nVmSize:\t%8lu kB\nVmRSS:\t%8lu kB\nThreads:\t%u\n"
                  "Cpus_allowed:\t1\nCpus_allowed_list:\t0\n",
                  current->name, (memory.total_pages - memory.free_pages) * 4,
                  (memory.total_pages - memory.free_pages) * 4, thread_count());
}

static size_t statm(char *out, size_t size)
{
    size_t used = memory.total_pages - memory.free_pages;

    return format(out, size, "%lu %lu 0 0 0 0 0\n", used, used);
}

static size_t cmdline(char *out, size_t size)
{
    return process_arguments(out, size);
}

static size_t zero_line(char *out, size_t size)
{
    return format(out, size, "0\n");
}

static size_t somaxconn(char *out, size_t size)
{
    return format(out, size, "4096\n");
}

static size_t loadavg(char *out, size_t size)
{
    return format(out, size, "0.00 0.00 0.00 1/1 1\n");
}

static size_t filesystems(char *out, size_t size)
{
    return format(out, size, "nodev\ttmpfs\nnodev\tproc\n");
}

static size_t mounts(char *out, size_t size)
{
    return format(out, size, "rootfs / rootfs rw 0 0\nproc /proc proc rw 0 0\n");
}

static const struct {
    const char *path;
    uint32_t mode, device;
    size_t (*generate)(char *out, size_t size);
} nodes[] = {
    {"dev/null", MODE_DEVICE | 0666, DEVICE_NULL, NULL},
    {"dev/zero", MODE_DEVICE | 0666, DEVICE_ZERO, NULL},
    {"dev/full", MODE_DEVICE | 0666, DEVICE_FULL, NULL},
    {"dev/random", MODE_DEVICE | 0666, DEVICE_RANDOM, NULL},
    {"dev/urandom", MODE_DEVICE | 0666, DEVICE_URANDOM, NULL},
    {"dev/tty", MODE_DEVICE | 0666, DEVICE_TTY, NULL},
    {"dev/console", MODE_DEVICE | 0600, DEVICE_CONSOLE, NULL},
    {"dev/ttyS0", MODE_DEVICE | 0600, DEVICE_CONSOLE, NULL},
    {"proc/self", MODE_LINK | 0777, 0, self},
    {"proc/1/exe", MODE_LINK | 0777, 0, exe},
    {"proc/1/maps", MODE_FILE | 0444, 0, maps},
    {"proc/1/status", MODE_FILE | 0444, 0, status},
    {"proc/1/statm", MODE_FILE | 0444, 0, statm},
    {"proc/1/cmdline", MODE_FILE | 0444, 0, cmdline},
    {"proc/1/mounts", MODE_FILE | 0444, 0, mounts},
    {"proc/mounts", MODE_FILE | 0444, 0, mounts},
    {"proc/meminfo", MODE_FILE | 0444, 0, meminfo},
    {"proc/uptime", MODE_FILE | 0444, 0, uptime},
    {"proc/stat", MODE_FILE | 0444, 0, stat},
    {"proc/loadavg", MODE_FILE | 0444, 0, loadavg},
    {"proc/cpuinfo", MODE_FILE | 0444, 0, cpuinfo},
    {"proc/version", MODE_FILE | 0444, 0, version},
    {"proc/filesystems", MODE_FILE | 0444, 0, filesystems},
    {"proc/sys/vm/overcommit_memory", MODE_FILE | 0644, 0, zero_line},
    {"proc/sys/net/core/somaxconn", MODE_FILE | 0644, 0, somaxconn},
    {"sys/devices/system/cpu/online", MODE_FILE | 0444, 0, zero_line},
    {"sys/devices/system/cpu/possible", MODE_FILE | 0444, 0, zero_line},
};

static struct inode *child(struct inode *folder, const char *name, size_t length, uint32_t mode,
                           uint32_t mounted)
{
    struct inode *inode = folder_find(folder, name, length);

    if (inode)
        return inode;
    inode = inode_make(mode);
    if (!inode || folder_add(folder, name, length, inode) < 0)
        return NULL;
    inode_release(inode); /* the folder's reference is enough */
    inode->mounted = mounted;
    return inode;
}

static bool add_node(struct inode *root, size_t index)
{
    const char *name = nodes[index].path, *end;
    uint32_t mounted = name[0] == 'd'   ? 5
                       : name[0] == 'p' ? 19
                                        : 20; /* any numbers, but each its own */
    struct inode *at = root;

    while ((end = strchr(name, '/'))) {
        at = child(at, name, (size_t)(end - name), MODE_FOLDER | 0755, mounted);
        if (!at)
            return false;
        if (at->parent == root)
            at->mounted = mounted;
        name = end + 1;
    }
    if (folder_find(at, name, strlen(name)))
        return true; /* the initramfs brought its own */
    at = child(at, name, strlen(name), nodes[index].mode, mounted);
    if (!at)
        return false;
    at->device = nodes[index].device;
    at->generate = nodes[index].generate;
    return true;
}

bool proc_mount(struct inode *root)
{
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        if (!add_node(root, i))
            return false;
    return true;
}
