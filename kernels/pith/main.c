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

#define FIRST_MIB 0x100000
#define SMALL ((16ul << 20) / PAGE)
#define RSDP_SIZE 36

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

/* What the memory map calls RAM, as far as it lies in from..to. Whether there is more behind. */
static bool add_ram(const struct pvh_start_info *info, uint64_t from, uint64_t to)
{
    const struct pvh_memory *map = direct(info->memory_map);
    bool beyond = false;

    for (uint32_t i = 0; i < info->memory_map_count; i++) {
        uint64_t start = map[i].address, end = start + map[i].size;

        if (map[i].type != PVH_RAM)
            continue;
        beyond |= end > to;
        if (start < to && end > from)
            pages_add(&memory, start < from ? from : start, end < to ? end : to);
    }
    return beyond;
}

static void keep(uint64_t start, uint64_t size)
{
    pages_reserve(&memory, start, start + size);
}

/* The first MiB was firmware's, and holds what the boot loader left. A small machine has a use for
 * the rest; no page has the address 0. Of ACPI only where its tables begin is kept: the tables lie
 * in what the map does not call RAM, as the specification asks. */
static void add_first_mib(const struct pvh_start_info *info)
{
    add_ram(info, PAGE, FIRST_MIB);
    keep(physical(info), sizeof *info);
    keep(info->memory_map, info->memory_map_count * sizeof(struct pvh_memory));
    keep(info->modules, info->module_count * sizeof(struct pvh_module));
    keep(info->rsdp, RSDP_SIZE);
}

static void find_memory(const struct pvh_start_info *info, uint64_t reach)
{
    const struct pvh_memory *map = direct(info->memory_map);
    const struct pvh_module *module = direct(info->modules);
    const uint64_t kernel = (uint64_t)kernel_end - KERNEL_BASE; /* its end */
    bool beyond;

    if (info->memory_map_count == 0)
        panic("the boot loader gave no memory map");
    pages_init(&memory, direct(0));
    beyond = add_ram(info, kernel, reach);
    if (memory.total_pages < SMALL)
        add_first_mib(info);
    if (info->cmdline) /* its words are not copied */
        keep(info->cmdline, strlen(direct(info->cmdline)) + 1);
    for (uint32_t i = 0; i < info->module_count; i++) {
        if (module[i].address < kernel && module[i].address + module[i].size > FIRST_MIB)
            panic("no memory between kernel and initramfs; give the VM more");
        keep(module[i].address, module[i].size);
    }
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
