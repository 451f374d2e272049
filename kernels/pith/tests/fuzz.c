/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: the first byte chooses the parser, the rest is its input. The sanitizers are the
 * oracle, with the promises that each header makes. */
#include <stdint.h>
#include <stdlib.h>

#include "../linux/cmdline.h"
#include "../linux/cpio.h"
#include "../linux/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool promise)
{
    if (!promise)
        abort();
}

static void fuzz_cpio(const char *bytes, size_t size)
{
    struct cpio_entry entry;
    uint64_t offset = 0, before = 0;
    volatile uint8_t touched;

    while (cpio_next(bytes, size, &offset, &entry) > 0) {
        check(offset > before && offset <= size);
        before = offset;
        check(entry.name >= bytes && entry.name + strlen(entry.name) < bytes + size);
        for (uint64_t i = 0; i < entry.size; i++)
            touched = (uint8_t)entry.data[i];
    }
    (void)touched;
}

static void fuzz_elf(const char *bytes, size_t size)
{
    static struct elf elf;
    const char *why = NULL;

    if (elf_read(bytes, size, &elf, &why) < 0) {
        check(why != NULL);
        return;
    }
    for (unsigned i = 0; i < elf.segment_count; i++) {
        const struct elf_segment *segment = &elf.segments[i];

        check(segment->start < segment->end && segment->end <= 0x7fff00001000);
        check(segment->file_start <= segment->file_end && segment->file_end <= size);
        check(i == 0 || segment->start >= segment[-1].end);
    }
}

static void fuzz_cmdline(const char *bytes, size_t size)
{
    static struct cmdline cmdline;
    char *text = malloc(size + 1);

    memcpy(text, bytes, size);
    text[size] = '\0';
    if (cmdline_parse(text, &cmdline) == 0) {
        check(cmdline.argument_count >= 1 && cmdline.argument_count <= CMDLINE_WORDS);
        for (unsigned i = 1; i < cmdline.argument_count; i++)
            check(cmdline.arguments[i] >= text && cmdline.arguments[i] <= text + size);
        check(!cmdline.arguments[cmdline.argument_count]);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parsers[])(const char *bytes, size_t size) = {fuzz_cpio, fuzz_elf,
                                                                      fuzz_cmdline};

    if (size > 0)
        parsers[data[0] % 3]((const char *)data + 1, size - 1);
    return 0;
}
