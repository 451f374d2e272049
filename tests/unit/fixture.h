/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A folder of the test's own with a data directory in it: targets, kernels and payloads that tare
 * takes for real. Include it after tests/unit/test.h, and name fixture_setup and fixture_teardown
 * with each test: cmocka calls the teardown also when the test has failed.
 */
#ifndef TARE_FIXTURE_H
#define TARE_FIXTURE_H

#include <elf.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "bench/base/file.h"
#include "bench/plan/plan.h"

#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

/* A guest that does what the boot scenario asks, without delay. */
#define SCRIPT_GOOD                                                                                \
    "[{\"at_ms\":0,\"marker\":\"K\"},{\"at_ms\":0,\"marker\":\"M\"},"                              \
    "{\"at_ms\":0,\"marker\":\"X\"},{\"at_ms\":0,\"marker\":\"E\"},{\"at_ms\":0,\"exit\":0}]"

struct fixture {
    char root[256]; /* the folder */
    char data[300]; /* the data directory in it */
};

static inline int fixture_delete_one(const char *path, const struct stat *about, int type,
                                     struct FTW *place)
{
    (void)about;
    (void)type;
    (void)place;
    return remove(path);
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    int status = nftw(fixture->root, fixture_delete_one, 16, FTW_DEPTH | FTW_PHYS);

    free(fixture);
    return status;
}

/* The path of `name` in the folder; one of the latest few. */
static inline const char *fixture_path(const struct fixture *fixture, const char *name)
{
    static char paths[8][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 8];

    snprintf(path, PATH_MAX, "%s/%s", fixture->root, name);
    return path;
}

/* Write a file, and the folders above it that are missing. */
static inline void fixture_write(const struct fixture *fixture, const char *name, const void *bytes,
                                 size_t size)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof path, "%s", fixture_path(fixture, name));
    for (char *slash = path + strlen(fixture->root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

static inline void fixture_text(const struct fixture *fixture, const char *name, const char *text)
{
    fixture_write(fixture, name, text, strlen(text));
}

/* A static x86-64 program that does nothing; `mark` tells two of them apart. */
static inline void fixture_program(const struct fixture *fixture, const char *name, char mark)
{
    struct {
        Elf64_Ehdr header;
        Elf64_Phdr segment;
        char code[16];
    } program = {
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB},
                   .e_type = ET_EXEC,
                   .e_machine = EM_X86_64,
                   .e_entry = 0x400000,
                   .e_phoff = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 1},
        .segment = {.p_type = PT_LOAD, .p_filesz = sizeof program, .p_memsz = sizeof program},
        .code = {mark},
    };

    fixture_write(fixture, name, &program, sizeof program);
}

/* The payload `name` of the data directory. */
static inline void fixture_payload(const struct fixture *fixture, const char *name, char mark)
{
    struct payload payload;
    char path[PATH_MAX];

    fixture_program(fixture, "program", mark);
    assert_int_equal(payload_wrap(fixture_path(fixture, "program"), &payload, NULL), 0);
    snprintf(path, sizeof path, "data/payloads/%s.cpio", name);
    fixture_write(fixture, path, payload.archive.data, payload.archive.size);
    payload_free(&payload);
}

/* A file that passes for a bzImage. */
static inline void fixture_kernel(const struct fixture *fixture, const char *name, char mark)
{
    char image[0x400] = {[0x202] = 'H', 'd', 'r', 'S', [0x300] = mark};

    fixture_write(fixture, name, image, sizeof image);
}

/* A file that passes for a multiboot kernel. */
static inline void fixture_multiboot(const struct fixture *fixture, const char *name)
{
    const uint32_t image[16] = {0x464c457f, 1, 0, 0, 0x1badb002, 3, -(0x1badb002u + 3)};

    fixture_write(fixture, name, image, sizeof image);
}

/* The target `name`, declared with these further fields (JSON: `"driver": "null", ...`). */
static inline void fixture_target(const struct fixture *fixture, const char *name,
                                  const char *fields)
{
    char path[PATH_MAX], *text;

    snprintf(path, sizeof path, "data/kernels/%s/target.json", name);
    assert_true(asprintf(&text, "{\"name\":\"%s\",\"summary\":\"of a test\",%s}", name, fields) >
                0);
    fixture_text(fixture, path, text);
    free(text);
}

static inline void fixture_null(const struct fixture *fixture, const char *name, const char *script)
{
    char *fields;

    assert_true(asprintf(&fields, "\"driver\":\"null\",\"script\":%s", script) > 0);
    fixture_target(fixture, name, fields);
    free(fields);
}

/* A virtual machine with a kernel of its own; `mark` tells two kernels apart. */
static inline void fixture_vm(const struct fixture *fixture, const char *name, const char *fields,
                              char mark)
{
    char path[PATH_MAX], *all;

    snprintf(path, sizeof path, "data/kernels/%s/kernel", name);
    fixture_kernel(fixture, path, mark);
    assert_true(asprintf(&all,
                         "\"driver\":\"libvirt\",\"kernel\":\"kernel\",\"initrd\":[\"payload\"]%s",
                         fields) > 0);
    fixture_target(fixture, name, all);
    free(all);
}

/* The folder, with the payloads of every scenario and the targets a and b, scripts of the null
 * driver. */
static inline int fixture_setup(void **state)
{
    const char *parent = getenv("TMPDIR");
    struct fixture *fixture = calloc(1, sizeof *fixture);

    snprintf(fixture->root, sizeof fixture->root, "%s/tare-test.XXXXXX",
             parent && *parent ? parent : "/tmp");
    if (!mkdtemp(fixture->root)) {
        free(fixture);
        return -1;
    }
    snprintf(fixture->data, sizeof fixture->data, "%s/data", fixture->root);
    *state = fixture;
    for (const struct scenario *const *scenario = scenarios; *scenario; scenario++)
        for (const struct program *program = (*scenario)->programs; program->payload; program++)
            fixture_payload(fixture, program->payload, 'p');
    fixture_null(fixture, "a", SCRIPT_GOOD);
    fixture_null(fixture, "b", SCRIPT_GOOD);
    return 0;
}

/* One repetition of boot on the targets a and b. */
static inline struct plan_options fixture_options(const struct fixture *fixture)
{
    return (struct plan_options){
        .datadir = fixture->data,
        .scenarios = "boot",
        .targets = "a,b",
        .repeat = 1,
        .seed = 1,
        .profile = PROFILE_QUICK,
        .accel = CHOOSE_TCG,
        .machine = {.type = "microvm", .memory_mib = 64, .vcpus = 1},
    };
}

/* Send what is written to standard error to a file in memory; returns what restores it. */
static inline int fixture_hush(int *memory)
{
    int before = dup(STDERR_FILENO);

    fflush(stderr);
    *memory = memfd_create("stderr", MFD_CLOEXEC);
    assert_true(before >= 0 && *memory >= 0 && dup2(*memory, STDERR_FILENO) >= 0);
    return before;
}

/* Undo it; the text that was written, to be freed. */
static inline char *fixture_unhush(int before, int memory)
{
    struct stat about;
    char *text;

    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    fstat(memory, &about);
    text = calloc(1, (size_t)about.st_size + 1);
    assert_non_null(text);
    assert_int_equal(pread(memory, text, (size_t)about.st_size, 0), about.st_size);
    close(memory);
    return text;
}

static inline void fixture_holds(const char *text, const char *part, const char *file, int line)
{
    if (strstr(text, part))
        return;
    print_error("\"%s\" does not hold \"%s\"\n", text, part);
    _fail(file, line);
}

/* That `text` holds `part`. */
#define assert_holds(text, part) fixture_holds(text, part, __FILE__, __LINE__)

#endif
