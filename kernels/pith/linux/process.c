/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linux/process.h"
#include "cpu/console.h"
#include "cpu/cpu.h"
#include "linux/elf.h"
#include "linux/ramfs.h"
#include "memory/copy.h"
#include "memory/space.h"
#include "vdso/data.h"
#include "virtio/rng.h"

enum {
    AT_NULL = 0,
    AT_PHDR = 3,
    AT_PHENT = 4,
    AT_PHNUM = 5,
    AT_PAGESZ = 6,
    AT_BASE = 7,
    AT_FLAGS = 8,
    AT_ENTRY = 9,
    AT_UID = 11,
    AT_EUID = 12,
    AT_GID = 13,
    AT_EGID = 14,
    AT_PLATFORM = 15,
    AT_HWCAP = 16,
    AT_CLKTCK = 17,
    AT_SECURE = 23,
    AT_RANDOM = 25,
    AT_EXECFN = 31,
    AT_SYSINFO_EHDR = 33,
    AT_MINSIGSTKSZ = 51,
};

/* The first stack is built in a buffer and copied to the program's memory in one go. */
#define STACK_IMAGE 8192
#define AUXILIARY 20

/* Below the stack's gap, where nothing else is placed. */
#define VDSO (PROGRAM_END - STACK_SIZE - STACK_GAP + 2 * PAGE)

struct image {
    char bytes[STACK_IMAGE];
    size_t used; /* from the end, which comes to lie at PROGRAM_END */
};

static const struct cmdline *told; /* the command line, for /proc */

const char *process_path(void)
{
    return told->program;
}

/* Put bytes below what is there already; their address in the program. */
static uint64_t push(struct image *image, const void *bytes, size_t size)
{
    if (size > STACK_IMAGE - image->used)
        panic("the arguments and environment exceed %d bytes", STACK_IMAGE);
    image->used += size;
    memcpy(image->bytes + STACK_IMAGE - image->used, bytes, size);
    return PROGRAM_END - image->used;
}

static uint64_t push_text(struct image *image, const char *text)
{
    return push(image, text, strlen(text) + 1);
}

static void random_bytes(uint64_t out[2])
{
    if (!entropy(&out[0]) || !entropy(&out[1]))
        print("pith: no RDRAND, RDSEED or virtio-rng: AT_RANDOM, and with it stack protectors, is "
              "predictable\n");
}

static uint64_t build_stack(const struct cmdline *cmdline, const struct elf *elf)
{
    static struct image image; /* for this once */
    uint64_t words[2 * CMDLINE_WORDS + 2 * AUXILIARY + 4], random[2] = {0};
    uint64_t argv[CMDLINE_WORDS], envp[CMDLINE_WORDS], name, platform, seed;
    size_t count = 0;

    push(&image, "\0\0\0\0\0\0\0", 8);
    name = push_text(&image, cmdline->program);
    for (unsigned i = cmdline->environment_count; i-- > 0;)
        envp[i] = push_text(&image, cmdline->environment[i]);
    for (unsigned i = cmdline->argument_count; i-- > 0;)
        argv[i] = push_text(&image, cmdline->arguments[i]);
    platform = push_text(&image, "x86_64");
    random_bytes(random);
    seed = push(&image, random, sizeof random);

    words[count++] = cmdline->argument_count;
    for (unsigned i = 0; i < cmdline->argument_count; i++)
        words[count++] = argv[i];
    words[count++] = 0;
    for (unsigned i = 0; i < cmdline->environment_count; i++)
        words[count++] = envp[i];
    words[count++] = 0;
    const uint64_t auxiliary[][2] = {
        {AT_HWCAP, cpu_features.edx1},
        {AT_PAGESZ, PAGE},
        {AT_CLKTCK, 100},
        {AT_PHDR, elf->headers},
        {AT_PHENT, elf->header_size},
        {AT_PHNUM, elf->header_count},
        {AT_BASE, 0},
        {AT_FLAGS, 0},
        {AT_ENTRY, elf->entry},
        {AT_UID, 0},
        {AT_EUID, 0},
        {AT_GID, 0},
        {AT_EGID, 0},
        {AT_SECURE, 0},
        {AT_RANDOM, seed},
        {AT_EXECFN, name},
        {AT_PLATFORM, platform},
        {AT_MINSIGSTKSZ, 1024 + cpu_vectors_size()},
        {AT_SYSINFO_EHDR, VDSO},
        {AT_NULL, 0},
    };
    memcpy(&words[count], auxiliary, sizeof auxiliary);
    count += sizeof auxiliary / 8;
    /* The ABI wants argc at a multiple of 16. */
    image.used += (PROGRAM_END - image.used - 8 * count) & 15;
    push(&image, words, 8 * count);
    if (copy_to(PROGRAM_END - image.used, image.bytes + STACK_IMAGE - image.used, image.used) < 0)
        panic("the first stack cannot be written");
    return PROGRAM_END - image.used;
}

static void map_segments(const struct elf *elf, const char *data)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *segment = &elf->segments[i];
        struct backing backing = {.data = data + segment->file_start,
                                  .size = segment->file_end - segment->file_start};

        if (space_map(segment->start, segment->end, segment->protection, backing) < 0)
            panic("no memory to load %s", told->program);
    }
}

size_t process_arguments(char *out, size_t size)
{
    size_t done = 0;

    for (unsigned i = 0; i < told->argument_count && done < size; i++)
        done += format(out + done, size - done, "%s", told->arguments[i]) + 1;
    return done;
}

/* The vDSO and its data page, which are the kernel's own: see vdso/. */
static void map_vdso(void)
{
    const struct backing data = {.data = (const char *)&vdso_page, .size = PAGE, .shared = true};
    const struct backing image = {.data = vdso_image, .size = PAGE, .shared = true};

    if (space_map(VDSO - PAGE, VDSO, PROT_READ, data) < 0 ||
        space_map(VDSO, VDSO + PAGE, PROT_READ | PROT_EXEC, image) < 0)
        panic("no memory for the vDSO");
}

void process_load(const struct cmdline *cmdline, uint64_t *entry, uint64_t *stack)
{
    const char *why = "", *data = NULL;
    uint64_t size = 0;
    struct elf elf;

    told = cmdline;
    if (ramfs_program(cmdline->program, &data, &size) < 0)
        panic("%s: not in the initramfs; rdinit= names the program to run", cmdline->program);
    if (elf_read(data, size, &elf, &why) < 0)
        panic("%s: %s", cmdline->program, why);
    map_segments(&elf, data);
    map_vdso();
    if (space_map(PROGRAM_END - STACK_SIZE, PROGRAM_END,
                  PROT_READ | PROT_WRITE | (elf.executable_stack ? PROT_EXEC : 0),
                  (struct backing){0}) < 0)
        panic("no memory for a stack");
    space_set_brk(elf.end);
    *entry = elf.entry;
    *stack = build_stack(cmdline, &elf);
}
