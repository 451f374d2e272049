/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "bench/plan/payload.h"

#define XEN_ELFNOTE_PHYS32_ENTRY 18 /* xen/include/public/elfnote.h: the PVH entry point */

#define STATIC "it must be a static x86-64 program: build it with gcc -static or musl-gcc -static"

static bool has_magic(const struct file *file)
{
    return file->size >= EI_NIDENT && memcmp(file->data, ELFMAG, SELFMAG) == 0;
}

/* The program header `index` of a 64-bit ELF, or NULL when it lies outside the file. */
static const Elf64_Phdr *header(const struct file *file, unsigned index)
{
    const Elf64_Ehdr *elf = (const void *)file->data;
    size_t offset;

    if (elf->e_phentsize != sizeof(Elf64_Phdr) || elf->e_phoff > file->size ||
        elf->e_phoff % 8 != 0)
        return NULL;
    offset = elf->e_phoff + (size_t)index * sizeof(Elf64_Phdr);
    return offset + sizeof(Elf64_Phdr) <= file->size ? (const void *)(file->data + offset) : NULL;
}

int elf_check_program(const struct file *file, struct error *error)
{
    const Elf64_Ehdr *elf = (const void *)file->data;

    if (!has_magic(file) || file->size < sizeof *elf)
        return fail(error, ENOEXEC, "%s: not an ELF program (no ELF header); " STATIC, file->path);
    if (file->data[EI_CLASS] != ELFCLASS64 || elf->e_machine != EM_X86_64)
        return fail(error, ENOEXEC, "%s: not an ELF program for x86-64; " STATIC, file->path);
    if (elf->e_type != ET_EXEC && elf->e_type != ET_DYN)
        return fail(error, ENOEXEC, "%s: an ELF file, but not a program (type %d); " STATIC,
                    file->path, elf->e_type);
    if (elf->e_entry == 0)
        return fail(error, ENOEXEC, "%s: an ELF file without an entry point, a library; " STATIC,
                    file->path);
    for (unsigned i = 0; i < elf->e_phnum; i++) {
        const Elf64_Phdr *segment = header(file, i);

        if (!segment)
            return fail(error, ENOEXEC, "%s: program header %u lies outside the file", file->path,
                        i);
        if (segment->p_type == PT_INTERP)
            return fail(error, ENOEXEC,
                        "%s: dynamically linked; link it with -static, a VM holds no libraries",
                        file->path);
        if (segment->p_type == PT_LOAD &&
            (segment->p_offset > file->size || segment->p_filesz > file->size - segment->p_offset))
            return fail(error, ENOEXEC, "%s: segment %u lies outside the file: truncated?",
                        file->path, i);
    }
    return 0;
}

/* PVH kernels may be ELF32 (floor) or ELF64: the note is looked for by its bytes, its header being
 * the same in both: name size 4, description size 4 or 8, type, "Xen". */
static bool has_pvh_note(const struct file *file)
{
    static const char owner[4] = "Xen";

    for (size_t at = 0; at + 20 <= file->size; at += 4) {
        Elf64_Nhdr note;

        memcpy(&note, file->data + at, sizeof note);
        if (note.n_type == XEN_ELFNOTE_PHYS32_ENTRY && note.n_namesz == sizeof owner &&
            (note.n_descsz == 4 || note.n_descsz == 8) &&
            memcmp(file->data + at + sizeof note, owner, sizeof owner) == 0)
            return true;
    }
    return false;
}

bool elf_is_linux(const struct file *file)
{
    /* Linux boot protocol, Documentation/arch/x86/boot.rst */
    return file->size > 0x206 && memcmp(file->data + 0x202, "HdrS", 4) == 0;
}

/* The header is in the first `reach` bytes, aligned to `step`: `count` words that add up to 0. */
static bool find_header(const struct file *file, uint32_t magic, size_t reach, size_t step,
                        unsigned count, uint32_t *flags)
{
    for (size_t at = 0; at + 4 * count <= file->size && at + 4 * count <= reach; at += step) {
        uint32_t words[4], sum = 0;

        memcpy(words, file->data + at, 4 * count);
        for (unsigned i = 0; i < count; i++)
            sum += words[i];
        if (words[0] != magic || sum != 0)
            continue;
        *flags = words[1];
        return true;
    }
    return false;
}

struct multiboot elf_multiboot(const struct file *file)
{
    const uint32_t addresses = 1U << 16; /* of the flags: the header tells where to load */
    bool wide = has_magic(file) && file->data[EI_CLASS] == ELFCLASS64;
    uint32_t flags;

    if (find_header(file, 0x1badb002, 8192, 4, 3, &flags))
        return (struct multiboot){1, wide && !(flags & addresses)};
    if (find_header(file, 0xe85250d6, 32768, 8, 4, &flags))
        return (struct multiboot){2, true};
    return (struct multiboot){0, false};
}

int elf_check_kernel(const struct file *file, struct error *error)
{
    if (elf_is_linux(file))
        return 0;
    if (!has_magic(file))
        return fail(error, ENOEXEC, "%s: neither an ELF kernel nor a Linux bzImage", file->path);
    if (!has_pvh_note(file))
        return fail(error, ENOEXEC, "%s: an ELF file without a PVH entry note; QEMU cannot boot it",
                    file->path);
    return 0;
}
