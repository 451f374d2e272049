/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of pith that need no machine: command line, cpio, ELF, page allocator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "linux/cmdline.h"
#include "linux/cpio.h"
#include "linux/elf.h"
#include "lib/errno.h"
#include "memory/pages.h"

/* --- the address space --- */

/* Whether iretq may go there: TCG takes any address, a real CPU would fault in ring 0. */
static void test_canonical(void **state)
{
    (void)state;
    assert_true(is_canonical(0));
    assert_true(is_canonical(0x00007fffffffffff));
    assert_false(is_canonical(0x0000800000000000));
    assert_false(is_canonical(0x0001000000000000));
    assert_false(is_canonical(0x7fffffffffffffff));
    assert_false(is_canonical(0x8000000000000000));
    assert_false(is_canonical(0xffff7fffffffffff));
    assert_true(is_canonical(0xffff800000000000));
    assert_true(is_canonical(UINT64_MAX));
    /* What follows a `syscall` on the program's last page is where sysret goes. */
    assert_true(is_canonical(PROGRAM_END));
}

/* --- command line: expected values are what Linux 6.1 passes to an init --- */

static struct cmdline parsed;
static char buffer[4096];

static void parse(const char *text)
{
    snprintf(buffer, sizeof buffer, "%s", text);
    assert_int_equal(cmdline_parse(buffer, &parsed), 0);
}

static void test_cmdline_program(void **state)
{
    (void)state;
    parse("");
    assert_string_equal(parsed.program, "/init");
    assert_int_equal(parsed.argument_count, 1);
    assert_string_equal(parsed.arguments[0], "/init");
    parse("init=/a quiet rdinit=/b");
    assert_string_equal(parsed.program, "/b");
    assert_true(parsed.quiet);
    parse("init=/a");
    assert_string_equal(parsed.program, "/a");
    assert_false(parsed.quiet);
}

static void test_cmdline_arguments(void **state)
{
    (void)state;
    parse("rdinit=/app ip=10.0.0.2::10.0.0.1 tsc_early_khz=2450000 FOO=bar plain tsc.x=1 "
          "console=ttyS0 -- one quiet A=b");
    assert_string_equal(parsed.ip, "10.0.0.2::10.0.0.1");
    assert_string_equal(parsed.tsc_khz, "2450000");
    assert_int_equal(parsed.argument_count, 5);
    assert_string_equal(parsed.arguments[1], "plain");
    assert_string_equal(parsed.arguments[2], "one");
    assert_string_equal(parsed.arguments[3], "quiet");
    assert_string_equal(parsed.arguments[4], "A=b");
    assert_false(parsed.quiet);
    assert_int_equal(parsed.environment_count, 3);
    assert_string_equal(parsed.environment[0], "HOME=/");
    assert_string_equal(parsed.environment[1], "TERM=linux");
    assert_string_equal(parsed.environment[2], "FOO=bar");
}

static void test_cmdline_quotes(void **state)
{
    (void)state;
    parse("rdinit=/app V=\"a b\" \"W=c d\" -- \"two words\" x\"y z\"w");
    assert_string_equal(parsed.environment[2], "V=a b");
    assert_string_equal(parsed.environment[3], "W=c d");
    assert_string_equal(parsed.arguments[1], "two words");
    assert_string_equal(parsed.arguments[2], "x\"y z\"w");
    parse("rdinit=/app -- \"open");
    assert_string_equal(parsed.arguments[1], "open");
}

static void test_cmdline_too_many(void **state)
{
    char text[1024] = "--";

    (void)state;
    for (int i = 0; i < CMDLINE_WORDS + 1; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " w%d", i);
    assert_int_equal(cmdline_parse(text, &parsed), -E2BIG);
}

/* --- cpio --- */

static size_t add(char *archive, size_t at, const char *name, const char *data, size_t size)
{
    size_t name_size = strlen(name) + 1;

    at += (size_t)sprintf(archive + at,
                          "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 7,
                          0100755, 0, 0, 1, 99, size, 0, 0, 0, 0, name_size, 0);
    memcpy(archive + at, name, name_size);
    at += name_size;
    while (at & 3)
        archive[at++] = 0;
    memcpy(archive + at, data, size);
    at += size;
    while (at & 3)
        archive[at++] = 0;
    return at;
}

static void test_cpio_reads(void **state)
{
    char *archive = calloc(1, 4096);
    struct cpio_entry entry;
    uint64_t offset = 0;
    size_t size = add(archive, 0, "./app", "hello", 5);

    (void)state;
    size = add(archive, size, "TRAILER!!!", "", 0);
    size += 512; /* zeros, then another archive */
    size = add(archive, size & ~3ul, "/etc/x", "y", 1);
    assert_int_equal(cpio_next(archive, size, &offset, &entry), 1);
    assert_string_equal(entry.name, "app");
    assert_int_equal(entry.size, 5);
    assert_int_equal(entry.mode, 0100755);
    assert_int_equal(entry.inode, 7);
    assert_int_equal(entry.mtime, 99);
    assert_memory_equal(entry.data, "hello", 5);
    assert_int_equal(cpio_next(archive, size, &offset, &entry), 1);
    assert_string_equal(entry.name, "etc/x");
    assert_int_equal(cpio_next(archive, size, &offset, &entry), 0);
    free(archive);
}

/* Cut the archive at every length, in a buffer of exactly that length, so that the sanitizer sees
 * any byte too far: only whole entries may be returned. */
static void test_cpio_truncated(void **state)
{
    char whole[512] = {0};
    size_t size = add(whole, 0, "app", "0123456789", 10), end = 110 + 4 + 2 + 10;

    (void)state;
    for (size_t cut = 1; cut < size; cut++) {
        char *archive = malloc(cut);
        struct cpio_entry entry;
        uint64_t offset = 0;
        long got;

        memcpy(archive, whole, cut);
        got = cpio_next(archive, cut, &offset, &entry);
        assert_int_equal(got, cut >= end ? 1 : -EINVAL);
        free(archive);
    }
}

static void test_cpio_damaged(void **state)
{
    char archive[512] = {0};
    struct cpio_entry entry;
    uint64_t offset = 0;
    size_t size = add(archive, 0, "app", "0123456789", 10);

    (void)state;
    archive[3] = '9'; /* magic */
    assert_int_equal(cpio_next(archive, size, &offset, &entry), -EINVAL);
    archive[3] = '7';
    memcpy(archive + 6 + 8 * 6, "ffffffff", 8); /* file size */
    assert_int_equal(cpio_next(archive, size, &offset, &entry), -EINVAL);
    memcpy(archive + 6 + 8 * 6, "0000000g", 8);
    assert_int_equal(cpio_next(archive, size, &offset, &entry), -EINVAL);
    memcpy(archive + 6 + 8 * 6, "0000000a", 8);
    memcpy(archive + 6 + 8 * 11, "00000000", 8); /* name size */
    assert_int_equal(cpio_next(archive, size, &offset, &entry), -EINVAL);
    memcpy(archive + 6 + 8 * 11, "00000003", 8); /* name without its NUL */
    assert_int_equal(cpio_next(archive, size, &offset, &entry), -EINVAL);
    memcpy(archive + 6 + 8 * 11, "ffffffff", 8);
    assert_int_equal(cpio_next(archive, size, &offset, &entry), -EINVAL);
}

/* --- ELF: a minimal program, then one thing wrong at a time --- */

static unsigned char image[0x3000];

static void put(size_t at, uint64_t value, size_t size)
{
    memcpy(image + at, &value, size);
}

#define PHDR(i) (64 + 56 * (i))

static void put_segment(unsigned i, uint32_t type, uint32_t flags, uint64_t offset,
                        uint64_t address, uint64_t file_size, uint64_t memory_size)
{
    put(PHDR(i), type, 4);
    put(PHDR(i) + 4, flags, 4);
    put(PHDR(i) + 8, offset, 8);
    put(PHDR(i) + 16, address, 8);
    put(PHDR(i) + 32, file_size, 8);
    put(PHDR(i) + 40, memory_size, 8);
}

static void good_image(void)
{
    memset(image, 0, sizeof image);
    memcpy(image, "\177ELF\2\1\1", 7);
    put(16, 2, 2);
    put(18, 62, 2);
    put(24, 0x401000, 8);
    put(32, 64, 8);
    put(54, 56, 2);
    put(56, 3, 2);
    put_segment(0, 1, 5, 0, 0x400000, 0x1800, 0x1800);
    put_segment(1, 1, 6, 0x1800, 0x402800, 0x100, 0x2000);
    put_segment(2, 0x6474e551, 6, 0, 0, 0, 0);
}

static struct elf elf;

static long read_image(void)
{
    const char *why = NULL;
    long status = elf_read((const char *)image, sizeof image, &elf, &why);

    assert_true(status == 0 || (status == -ENOEXEC && why));
    return status;
}

static void test_elf_reads(void **state)
{
    (void)state;
    good_image();
    assert_int_equal(read_image(), 0);
    assert_int_equal(elf.entry, 0x401000);
    assert_int_equal(elf.headers, 0x400040);
    assert_int_equal(elf.header_count, 3);
    assert_int_equal(elf.segment_count, 2);
    assert_int_equal(elf.segments[0].start, 0x400000);
    assert_int_equal(elf.segments[0].end, 0x402000);
    assert_int_equal(elf.segments[0].protection, 5);
    assert_int_equal(elf.segments[1].start, 0x402000);
    assert_int_equal(elf.segments[1].file_start, 0x1000);
    assert_int_equal(elf.segments[1].file_end, 0x1900);
    assert_int_equal(elf.segments[1].protection, 3);
    assert_int_equal(elf.segments[1].end, 0x405000);
    assert_int_equal(elf.end, 0x404800);
    assert_false(elf.executable_stack);
    put(16, 3, 2); /* position-independent */
    put_segment(0, 1, 5, 0, 0, 0x1800, 0x1800);
    put_segment(1, 1, 6, 0x1800, 0x2800, 0x100, 0x2000);
    assert_int_equal(read_image(), 0);
    assert_int_equal(elf.segments[0].start, ELF_PIE_BASE);
}

static void test_elf_refuses(void **state)
{
    static const struct {
        size_t at;
        uint64_t value;
        size_t size;
    } wrongs[] = {
        {0, 0, 1},                             /* magic */
        {4, 1, 1},                             /* 32-bit */
        {18, 40, 2},                           /* ARM */
        {16, 1, 2},                            /* an object file */
        {24, 0x0000800000000000, 8},           /* entry: no address */
        {24, 0xffffffff80101000, 8},           /* the kernel's */
        {54, 32, 2},                           /* program header size */
        {32, 0xffffffffffffffc0, 8},           /* program headers far away */
        {32, 0x2ff0, 8},                       /* program headers past the end */
        {56, 0xffff, 2},                       /* too many of them */
        {PHDR(0), 3, 4},                       /* an interpreter */
        {PHDR(0) + 8, 0x10000, 8},             /* offset outside */
        {PHDR(0) + 8, -4096ull, 8},            /* offset near 2^64 */
        {PHDR(0) + 32, 0x4000, 8},             /* file size outside, and above memory size */
        {PHDR(0) + 40, 0x1000, 8},             /* memory size below file size */
        {PHDR(0) + 40, -1ull, 8},              /* memory size wraps */
        {PHDR(0) + 16, 0x400100, 8},           /* address and offset disagree */
        {PHDR(0) + 16, 0, 8},                  /* over the null page */
        {PHDR(0) + 16, 0x7fffff000000, 8},     /* over the stack */
        {PHDR(0) + 16, 0xffffffff80000000, 8}, /* over the kernel */
        {PHDR(1) + 16, 0x400800, 8},           /* overlap */
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        good_image();
        put(wrongs[i].at, wrongs[i].value, wrongs[i].size);
        if (read_image() == 0)
            fail_msg("wrong %zu was accepted", i);
    }
}

/* --- pages --- */

#define POOL_PAGES 600

static void test_pages_all_once(void **state)
{
    char *pool = aligned_alloc(PAGE << 10, (PAGE << 10));
    struct pages pages;
    size_t count = 0;
    char *page;

    (void)state;
    pages_init(&pages, pool);
    pages_add(&pages, 0, POOL_PAGES * PAGE);
    pages_reserve(&pages, 100 * PAGE + 5, 110 * PAGE - 5); /* 10 pages, partly touched ones too */
    pages_reserve(&pages, 0, PAGE);
    assert_int_equal(pages.free_pages, POOL_PAGES - 11);
    while ((page = pages_take(&pages, 0))) {
        size_t index = (size_t)(page - pool) / PAGE;

        assert_true(index >= 1 && index < POOL_PAGES && (index < 100 || index >= 110));
        memset(page, 0xaa, PAGE); /* a page given twice would be seen by the count */
        count++;
    }
    assert_int_equal(count, POOL_PAGES - 11);
    assert_int_equal(pages.free_pages, 0);
    free(pool);
}

static void test_pages_join(void **state)
{
    char *pool = aligned_alloc(PAGE << 10, PAGE << 10);
    struct pages pages;
    void *taken[256], *block;

    (void)state;
    pages_init(&pages, pool);
    pages_add(&pages, 0, 256 * PAGE);
    for (int i = 0; i < 256; i++)
        taken[i] = pages_take(&pages, 0);
    assert_null(pages_take(&pages, 0));
    for (int i = 0; i < 256; i++) /* in a scattered order */
        pages_give(&pages, taken[i * 37 % 256], 0);
    block = pages_take(&pages, 8);
    assert_ptr_equal(block, pool);
    assert_null(pages_take(&pages, 0));
    pages_give(&pages, block, 8);
    assert_int_equal(pages.free_pages, 256);
    free(pool);
}

/* Random taking and giving: blocks are aligned, never overlap, and all come back. */
static void test_pages_random(void **state)
{
    char *pool = aligned_alloc(PAGE << 10, PAGE << 11);
    struct {
        char *at;
        unsigned order;
    } held[64] = {0};
    struct pages pages;
    static unsigned char owner[2048];

    (void)state;
    srand(1);
    memset(owner, 0, sizeof owner);
    pages_init(&pages, pool);
    pages_add(&pages, 3 * PAGE, 2048 * PAGE);
    for (int step = 0; step < 20000; step++) {
        int slot = rand() % 64;

        if (held[slot].at) {
            memset(owner + (held[slot].at - pool) / PAGE, 0, 1u << held[slot].order);
            pages_give(&pages, held[slot].at, held[slot].order);
            held[slot].at = NULL;
            continue;
        }
        held[slot].order = (unsigned)rand() % 6;
        held[slot].at = pages_take(&pages, held[slot].order);
        if (!held[slot].at)
            continue;
        size_t first = (size_t)(held[slot].at - pool) / PAGE;
        assert_int_equal(first % (1u << held[slot].order), 0);
        for (size_t i = 0; i < 1u << held[slot].order; i++) {
            assert_int_equal(owner[first + i], 0);
            owner[first + i] = 1;
        }
    }
    for (int slot = 0; slot < 64; slot++)
        if (held[slot].at)
            pages_give(&pages, held[slot].at, held[slot].order);
    assert_int_equal(pages.free_pages, 2045);
    free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical),         cmocka_unit_test(test_cmdline_program),
        cmocka_unit_test(test_cmdline_arguments), cmocka_unit_test(test_cmdline_quotes),
        cmocka_unit_test(test_cmdline_too_many),  cmocka_unit_test(test_cpio_reads),
        cmocka_unit_test(test_cpio_truncated),    cmocka_unit_test(test_cpio_damaged),
        cmocka_unit_test(test_elf_reads),         cmocka_unit_test(test_elf_refuses),
        cmocka_unit_test(test_pages_all_once),    cmocka_unit_test(test_pages_join),
        cmocka_unit_test(test_pages_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
