/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include <elf.h>

#include "bench/plan/payload.h"

/* A static program of one segment. */
struct program {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
    char code[16];
};

static struct program good(void)
{
    return (struct program){
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB},
                   .e_type = ET_EXEC,
                   .e_machine = EM_X86_64,
                   .e_entry = 0x400000,
                   .e_phoff = offsetof(struct program, segments),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 2},
        .segments = {{.p_type = PT_LOAD, .p_filesz = sizeof(struct program)}, {.p_type = PT_NOTE}},
    };
}

/* Just the bytes, so that a read past them is found. */
static int check(const void *bytes, size_t size, int (*with)(const struct file *, struct error *),
                 struct error *error)
{
    struct file file = {.path = (char *)"it", .data = malloc(size + !size), .size = size};
    int status;

    memcpy(file.data, bytes, size);
    status = with(&file, error);
    free(file.data);
    return status;
}

static void accept(const struct program *program, size_t size)
{
    assert_int_equal(check(program, size, elf_check_program, NULL), 0);
}

static void refuse(const struct program *program, size_t size, const char *reason)
{
    struct error error = {0};

    assert_int_equal(check(program, size, elf_check_program, &error), -ENOEXEC);
    if (!strstr(error.text, reason) || strncmp(error.text, "it: ", 4) != 0)
        print_error("%s\n", error.text);
    assert_non_null(strstr(error.text, reason));
    assert_memory_equal(error.text, "it: ", 4);
}

static void test_program(void **state)
{
    struct program program = good();

    (void)state;
    accept(&program, sizeof program);
    program.header.e_type = ET_DYN; /* static-pie */
    accept(&program, sizeof program);
    program.header.e_phnum = 0;
    accept(&program, sizeof program);
}

static void test_kind(void **state)
{
    struct program program = good();

    (void)state;
    refuse(&program, 0, "no ELF header");
    refuse(&program, sizeof(Elf64_Ehdr) - 1, "no ELF header");
    program.header.e_ident[0] = 0;
    refuse(&program, sizeof program, "no ELF header");
    program = good();
    program.header.e_ident[EI_CLASS] = ELFCLASS32;
    refuse(&program, sizeof program, "not an ELF program for x86-64");
    program = good();
    program.header.e_machine = EM_AARCH64;
    refuse(&program, sizeof program, "not an ELF program for x86-64");
    program = good();
    program.header.e_type = ET_REL;
    refuse(&program, sizeof program, "not a program (type 1)");
    program = good();
    program.header.e_entry = 0;
    refuse(&program, sizeof program, "without an entry point");
    program = good();
    program.segments[1].p_type = PT_INTERP;
    refuse(&program, sizeof program, "dynamically linked");
}

/* Headers and segments that lie, be it by numbers near the largest. */
static void test_bounds(void **state)
{
    struct program program = good();

    (void)state;
    refuse(&program, offsetof(struct program, segments[1]) + 1, "outside the file: truncated?");
    program.segments[0].p_filesz = 0;
    refuse(&program, offsetof(struct program, segments[1]) + 1, "program header 1 lies outside");
    program = good();
    program.header.e_phoff = UINT64_MAX - 7;
    refuse(&program, sizeof program, "program header 0 lies outside");
    program = good();
    program.header.e_phoff = 4;
    refuse(&program, sizeof program, "program header 0 lies outside");
    program = good();
    program.header.e_phentsize = 8;
    refuse(&program, sizeof program, "program header 0 lies outside");
    program = good();
    program.segments[0].p_offset = sizeof program + 1;
    refuse(&program, sizeof program, "segment 0 lies outside");
    program = good();
    program.segments[0].p_offset = 1;
    refuse(&program, sizeof program, "segment 0 lies outside");
    program = good();
    program.segments[0].p_offset = sizeof program;
    program.segments[0].p_filesz = UINT64_MAX;
    refuse(&program, sizeof program, "segment 0 lies outside");
}

/* An ELF header and, at the end, a note. */
struct kernel {
    char header[EI_NIDENT];
    struct {
        uint32_t owner_size, size, type;
        char owner[4];
        uint32_t entry;
    } note;
};

static int check_kernel(const void *bytes, size_t size, struct error *error)
{
    return check(bytes, size, elf_check_kernel, error);
}

static void test_pvh(void **state)
{
    struct kernel kernel = {.header = ELFMAG, .note = {4, 4, 18, "Xen", 0x100000}};
    struct error error = {0};

    (void)state;
    assert_int_equal(check_kernel(&kernel, sizeof kernel, NULL), 0);
    kernel.note.size = 8;
    assert_int_equal(check_kernel(&kernel, sizeof kernel, NULL), 0);
    kernel.note.size = 16;
    assert_int_equal(check_kernel(&kernel, sizeof kernel, &error), -ENOEXEC);
    assert_non_null(strstr(error.text, "it: an ELF file without a PVH entry note"));
    kernel.note.size = 4;
    kernel.note.type = 17;
    assert_int_equal(check_kernel(&kernel, sizeof kernel, NULL), -ENOEXEC);
    kernel.note.type = 18;
    kernel.note.owner[0] = 'x';
    assert_int_equal(check_kernel(&kernel, sizeof kernel, NULL), -ENOEXEC);
    kernel.note.owner[0] = 'X';
    assert_int_equal(check_kernel(&kernel, sizeof kernel - 1, NULL), -ENOEXEC);
    assert_int_equal(check_kernel(&kernel, EI_NIDENT, NULL), -ENOEXEC);
}

static void test_bzimage(void **state)
{
    char image[0x300] = {[0x202] = 'H', 'd', 'r', 'S'};
    struct error error = {0};

    (void)state;
    assert_int_equal(check_kernel(image, sizeof image, NULL), 0);
    assert_int_equal(check_kernel(image, 0x206, NULL), -ENOEXEC);
    image[0x202] = 'h';
    assert_int_equal(check_kernel(image, sizeof image, &error), -ENOEXEC);
    assert_non_null(strstr(error.text, "neither an ELF kernel nor a Linux bzImage"));
    assert_int_equal(check_kernel("", 0, NULL), -ENOEXEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_program), cmocka_unit_test(test_kind),
        cmocka_unit_test(test_bounds),  cmocka_unit_test(test_pvh),
        cmocka_unit_test(test_bzimage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
