/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pith: the boot, in order. */
#include "cpu/console.h"
#include "cpu/cpu.h"
#include "cpu/end.h"
#include "cpu/timer.h"
#include "linux/cmdline.h"
#include "linux/process.h"
#include "linux/ramfs.h"
#include "memory/space.h"
#include "net/net.h"
#include "pvh.h"
#include "scenarios/marker.h"
#include "sched/thread.h"
#include "socket/socket.h"
#include "virtio/virtio.h"

#define FIRST_MIB 0x100000 /* firmware's, and nowhere large */

extern const char kernel_end[];                  /* pith.ld */
extern const char trap_stubs[], syscall_entry[]; /* traps.S */

_Noreturn void kernel_main(uint32_t start_info);

/* Memory beyond what the first page tables reach. */
static void add_beyond(const struct pvh_memory *ram, uint64_t reach)
{
    uint64_t start = ram->address < reach ? reach : ram->address;
    uint64_t size = ram->address + ram->size - start;

    if (paging_reach(start, size))
        pages_add(&memory, start, start + size);
    else
        print("pith: %lu MiB of memory at 0x%lx cannot be reached\n", size >> 20, start);
}

static void find_memory(const struct pvh_start_info *info, uint64_t reach)
{
    const struct pvh_memory *map = direct(info->memory_map);
    const struct pvh_module *module = direct(info->modules);

    bool beyond = false;

    pages_init(&memory, direct(0));
    for (uint32_t i = 0; i < info->memory_map_count; i++) {
        uint64_t end = map[i].address + map[i].size;

        if (map[i].type != PVH_RAM)
            continue;
        beyond |= end > reach;
        if (map[i].address < reach)
            pages_add(&memory, map[i].address, end < reach ? end : reach);
    }
    pages_reserve(&memory, 0, FIRST_MIB);
    if (info->cmdline >= FIRST_MIB) /* its words stay where the loader left them */
        pages_reserve(&memory, info->cmdline, info->cmdline + strlen(direct(info->cmdline)) + 1);
    pages_reserve(&memory, FIRST_MIB, (uint64_t)kernel_end - KERNEL_BASE);
    for (uint32_t i = 0; i < info->module_count; i++)
        pages_reserve(&memory, module[i].address, module[i].address + module[i].size);
    if (info->memory_map_count == 0)
        panic("the boot loader gave no memory map");
    for (uint32_t i = 0; beyond && i < info->memory_map_count; i++)
        if (map[i].type == PVH_RAM && map[i].address + map[i].size > reach)
            add_beyond(&map[i], reach);
}

static void mount_root(const struct pvh_start_info *info)
{
    const struct pvh_module *module = direct(info->modules);

    if (info->module_count == 0)
        panic("no initramfs: give one with -initrd");
    ramfs_init(direct(module->address), module->size);
}

static void read_cmdline(const struct pvh_start_info *info, struct cmdline *cmdline)
{
    static char none[1];

    if (cmdline_parse(info->cmdline ? direct(info->cmdline) : none, cmdline) < 0)
        panic("the command line has more than %d words", CMDLINE_WORDS);
}

static void name_devices(const struct cmdline *cmdline)
{
    for (unsigned i = 0; i < cmdline->device_count; i++)
        if (!virtio_mmio_word(cmdline->devices[i]))
            print("pith: virtio_mmio.device=%s: cannot be used\n", cmdline->devices[i]);
}

_Noreturn void kernel_main(uint32_t start_info)
{
    static struct cmdline cmdline;
    const struct pvh_start_info *info;
    uint64_t entry, stack, reach;

    marker_port(MARKER_KERNEL, 0);
    cpu_init(trap_stubs, syscall_entry);
    reach = paging_init();
    info = direct(start_info);
    if (info->magic != PVH_MAGIC)
        panic("not booted by PVH");
    end_use_acpi(info->rsdp);
    find_memory(info, reach);
    read_cmdline(info, &cmdline);
    timer_init(cmdline.tsc_khz);
    mount_root(info);
    space_init();
    threads_init(net_idle);
    name_devices(&cmdline);
    process_load(&cmdline, &entry, &stack);
    net_init(cmdline.ip, &socket_hooks);
    if (!cmdline.quiet)
        print("pith: %ld MiB, running %s\n", memory.total_pages * PAGE >> 20, cmdline.program);
    cpu_enter(entry, stack);
}
