/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/json.h"
#include "bench/measure/memory.h"

#define MIB (1 << 20)

/* As Linux writes it, of QEMU: a library, the heap, the guest's memory, TCG's buffer and its guard,
 * and what is not memory. */
static const char smaps[] =
    "5591c0000000-5591c0100000 r-xp 00001000 fe:00 1835301      /usr/bin/qemu-system-x86_64\n"
    "Size:               1024 kB\nKernelPageSize:        4 kB\nRss:                 100 kB\n"
    "Pss:                  50 kB\nPss_Dirty:             0 kB\nShared_Clean:         90 kB\n"
    "Shared_Dirty:          0 kB\nPrivate_Clean:         7 kB\nPrivate_Dirty:         3 kB\n"
    "VmFlags: rd ex mr mw me \n"
    "5591c1000000-5591c1100000 rw-p 00000000 00:00 0            [heap]\n"
    "Rss:                  40 kB\nPss:                  40 kB\nPrivate_Clean:         0 kB\n"
    "Private_Dirty:        40 kB\n"
    "7f0000000000-7f0010000000 rw-s 00000000 00:01 2063         "
    "/memfd:memory-backend-memfd (deleted)\n"
    "Rss:                 600 kB\nPss:                 600 kB\nPrivate_Clean:       200 kB\n"
    "Private_Dirty:       400 kB\n"
    "7f0020000000-7f0027fff000 rwxp 00000000 00:00 0 \n"
    "Rss:                2048 kB\nPss:                2048 kB\nPrivate_Dirty:      2048 kB\n"
    "AnonHugePages:      2048 kB\nTHPeligible:           1\n"
    "7f0027fff000-7f0028000000 ---p 00000000 00:00 0 \n"
    "Rss:                   0 kB\nPss:                   0 kB\n";

static int parse(const char *text, bool vm, struct memory_use *use)
{
    FILE *file = fmemopen((char *)text, strlen(text), "r");
    int status;

    assert_non_null(file);
    *use = (struct memory_use){0};
    status = memory_parse(file, vm, use);
    fclose(file);
    return status;
}

static void test_parse(void **state)
{
    struct memory_use use;

    (void)state;
    assert_int_equal(parse(smaps, true, &use), 0);
    assert_int_equal(use.ram, 600);
    assert_int_equal(use.tcg, 2048);
    assert_int_equal(use.pss, 50 + 40 + 600);
    assert_int_equal(use.uss, 10 + 40 + 600);
}

/* A tender's guest may have memory to write and to execute: no buffer of a translator. */
static void test_parse_process(void **state)
{
    struct memory_use use;

    (void)state;
    assert_int_equal(parse(smaps, false, &use), 0);
    assert_int_equal(use.tcg, 0);
    assert_int_equal(use.pss, 50 + 40 + 600 + 2048);
    assert_int_equal(use.uss, 10 + 40 + 600 + 2048);
}

static void test_parse_nothing(void **state)
{
    struct memory_use use;

    (void)state;
    assert_int_equal(parse("\n", true, &use), -EINVAL); /* of a process that has ended */
    assert_int_equal(parse("Rss:                 100 kB\n", true, &use), -EINVAL);
    assert_int_equal(use.pss, 0);
}

/* What this process writes to is its own, and only what it writes to. */
static void test_own(void **state)
{
    struct memory_use before, after, code;
    char *data = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *buffer =
        mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(data != MAP_FAILED && buffer != MAP_FAILED);
    madvise(data, 64 * MIB, MADV_NOHUGEPAGE);
    madvise(buffer, 4 * MIB, MADV_NOHUGEPAGE);
    assert_int_equal(memory_of(getpid(), &before, NULL), 0);
    memset(data, 1, 8 * MIB);
    assert_int_equal(memory_of(getpid(), &after, NULL), 0);
    /* The C library and ASan may take and give back a little meanwhile. */
    assert_in_range(after.uss - before.uss, 7 * 1024, 9 * 1024);
    assert_in_range(after.pss - before.pss, 7 * 1024, 9 * 1024);
    memset(buffer, 1, 2 * MIB);
    assert_int_equal(memory_of(getpid(), &code, NULL), 0);
    assert_int_equal(code.tcg - after.tcg, 2 * 1024);
    assert_in_range(code.uss, after.uss - 1024, after.uss + 1024);
    munmap(data, 64 * MIB);
    munmap(buffer, 4 * MIB);
}

/* A supervisor counts for nothing: its child does. */
static void test_child(void **state)
{
    struct memory_use use = {0};
    char *data;
    pid_t child;

    (void)state;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pause();
        _exit(0);
    }
    data = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(data != MAP_FAILED);
    memset(data, 1, 32 * MIB);
    assert_int_equal(memory_of(getpid(), &use, NULL), 0);
    munmap(data, 32 * MIB);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(use.pss < 32 * 1024);
}

/* What a program has started counts with it. */
static void test_descendants(void **state)
{
    struct memory_use use = {0};
    int ready[2];
    pid_t child;
    char *data, byte;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            data = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            memset(data, 1, 32 * MIB);
            if (write(ready[1], "", 1) != 1)
                _exit(1);
        }
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(memory_of(getpid(), &use, NULL), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    assert_true(use.uss >= 32 * 1024);
}

static void test_gone(void **state)
{
    struct error error = {0};
    struct memory_use use;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    assert_int_equal(memory_of(child, &use, &error), -ESRCH);
    assert_int_equal(memory_file(child), -1);
}

/* What was touched can be told of the file, whoever has mapped it. */
static void test_file(void **state)
{
    int memory, found;
    struct stat file;

    (void)state;
    assert_int_equal(memory_file(getpid()), -1);
    memory = memfd_create("memory-backend-memfd", MFD_CLOEXEC);
    assert_true(memory >= 0);
    assert_int_equal(ftruncate(memory, 64 * MIB), 0);
    found = memory_file(getpid());
    assert_true(found >= 0);
    assert_int_equal(pwrite(memory, "x", 1, 5 * MIB), 1);
    close(memory);
    assert_int_equal(fstat(found, &file), 0);
    assert_int_equal(file.st_size, 64 * MIB);
    assert_in_range(file.st_blocks * 512, 1, 2 * MIB); /* a page, or a huge one */
    close(found);
}

static void test_available(void **state)
{
    struct sysinfo host;

    (void)state;
    assert_int_equal(sysinfo(&host), 0);
    assert_in_range(memory_available(), 1, host.totalram / 1024 * host.mem_unit);
}

/* Of a choice what is chosen: none of sysfs's words has a bracket or a space. */
static void test_backing(void **state)
{
    const struct memory_use vm = {.ram = 4}, process = {.pss = 4};
    cJSON *of_vm = memory_backing(&vm), *of_process = memory_backing(&process), *item;

    (void)state;
    assert_string_equal(json_text(of_vm, "ram"), "memfd");
    assert_string_equal(json_text(of_process, "ram"), "anonymous");
    cJSON_ArrayForEach(item, of_vm)
        assert_int_equal(strcspn(item->valuestring, "[] \n"), strlen(item->valuestring));
    assert_int_equal(json_field(of_vm, "thp") != NULL,
                     access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) == 0);
    cJSON_Delete(of_vm);
    cJSON_Delete(of_process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),         cmocka_unit_test(test_parse_process),
        cmocka_unit_test(test_parse_nothing), cmocka_unit_test(test_own),
        cmocka_unit_test(test_child),         cmocka_unit_test(test_descendants),
        cmocka_unit_test(test_gone),          cmocka_unit_test(test_file),
        cmocka_unit_test(test_available),     cmocka_unit_test(test_backing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
