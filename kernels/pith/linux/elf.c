/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linux/elf.h"
#include "lib/errno.h"

#define PAGE_MASK 4095ull
#define LIMIT 0x7fff00000000ull /* well below the stack */

enum { TYPE_EXECUTABLE = 2, TYPE_SHARED = 3, MACHINE_X86_64 = 62 };
enum { SEGMENT_LOAD = 1, SEGMENT_INTERPRETER = 3, SEGMENT_STACK = 0x6474e551 };

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t size, program_header_size, program_header_count;
    uint16_t section_header_size, section_header_count, section_names;
};

struct program_header {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, alignment;
};

static long bad(const char **why, const char *reason)
{
    *why = reason;
    return -ENOEXEC;
}

static int protection(uint32_t flags)
{
    /* PF_X, PF_W, PF_R are bits 0, 1, 2; PROT_READ, PROT_WRITE, PROT_EXEC the other way round. */
    return (flags & 4 ? 1 : 0) | (flags & 2 ? 2 : 0) | (flags & 1 ? 4 : 0);
}

static long add_segment(struct elf *elf, const struct program_header *header, uint64_t size,
                        const char **why)
{
    struct elf_segment *segment = &elf->segments[elf->segment_count];
    uint64_t address = header->address + elf->base, skew = header->address & PAGE_MASK;

    if (elf->segment_count == ELF_SEGMENTS)
        return bad(why, "too many segments");
    if (header->file_size > header->memory_size)
        return bad(why, "a segment is larger in the file than in memory");
    if (header->offset > size || header->file_size > size - header->offset)
        return bad(why, "a segment lies outside the file: truncated?");
    if (skew != (header->offset & PAGE_MASK))
        return bad(why, "a segment's address and offset do not agree");
    if (header->address >= LIMIT || address >= LIMIT || header->memory_size > LIMIT - address ||
        address < 0x10000)
        return bad(why, "a segment's address is out of bounds");
    if (header->memory_size == 0)
        return 0;
    *segment = (struct elf_segment){
        .start = address - skew,
        .end = (address + header->memory_size + PAGE_MASK) & ~PAGE_MASK,
        .file_start = header->offset - skew,
        .file_end = header->offset + header->file_size,
        .protection = protection(header->flags),
        .has_bss = header->memory_size > header->file_size,
    };
    if (elf->segment_count && segment->start < segment[-1].end)
        return bad(why, "segments overlap, or are not in order");
    elf->segment_count++;
    elf->end = address + header->memory_size;
    return 0;
}

/* AT_PHDR: where the segment that holds the headers puts them. */
static void place_headers(struct elf *elf, const struct elf_header *header,
                          const struct program_header *segment)
{
    if (header->program_headers >= segment->offset &&
        header->program_headers < segment->offset + segment->file_size)
        elf->headers = header->program_headers - segment->offset + segment->address + elf->base;
}

static long check_header(const struct elf_header *header, uint64_t size, const char **why)
{
    static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1}; /* 64-bit, little-endian */

    if (size < sizeof *header || memcmp(header->ident, ident, 4) != 0)
        return bad(why, "not an ELF file");
    if (memcmp(header->ident, ident, sizeof ident) != 0 || header->machine != MACHINE_X86_64)
        return bad(why, "an ELF file, but not for x86-64");
    if (header->type != TYPE_EXECUTABLE && header->type != TYPE_SHARED)
        return bad(why, "an ELF file, but not a program");
    if (header->program_header_size != sizeof(struct program_header) ||
        header->program_headers > size ||
        (size - header->program_headers) / sizeof(struct program_header) <
            header->program_header_count)
        return bad(why, "its program headers lie outside the file: truncated?");
    return 0;
}

long elf_read(const char *file, uint64_t size, struct elf *elf, const char **why)
{
    struct elf_header header;
    long status;

    *elf = (struct elf){0};
    memcpy(&header, file, size < sizeof header ? size : sizeof header);
    status = check_header(&header, size, why);
    if (status < 0)
        return status;
    elf->base = header.type == TYPE_SHARED ? ELF_PIE_BASE : 0;
    elf->entry = header.entry + elf->base;
    if (elf->entry >= LIMIT) /* sysret must not be given what is no address */
        return bad(why, "its entry is out of bounds");
    elf->header_size = header.program_header_size;
    elf->header_count = header.program_header_count;
    elf->executable_stack = true; /* Linux's rule: unless the program says otherwise */
    for (unsigned i = 0; i < header.program_header_count; i++) {
        struct program_header segment;

        memcpy(&segment, file + header.program_headers + i * sizeof segment, sizeof segment);
        if (segment.type == SEGMENT_INTERPRETER)
            return bad(why, "dynamically linked; link it with -static, a VM holds no libraries");
        if (segment.type == SEGMENT_STACK)
            elf->executable_stack = segment.flags & 1;
        if (segment.type != SEGMENT_LOAD)
            continue;
        status = add_segment(elf, &segment, size, why);
        if (status < 0)
            return status;
        place_headers(elf, &header, &segment);
    }
    if (elf->segment_count == 0)
        return bad(why, "it has nothing to load");
    return 0;
}
