/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What guests are started from: the bytes that were read, whatever became of their files. */
#include "tests/unit/test.h"

#include <sys/mman.h>

#include "bench/measure/sandbox.h"
#include "bench/run/stage.h"
#include "tests/unit/fixture.h"

#define FILE_MAX 8192

/* A launch as the sandbox saw it. */
struct seen {
    char name[64], workdir[64], cmdline[256], kernel[FILE_MAX], initrd[FILE_MAX], program[FILE_MAX],
        address[16];
    size_t kernel_size, initrd_size, program_size;
    bool has_workdir, network, executable, sealed;
    uint16_t port;
};

struct note {
    int staged, launched[4];
    struct seen seen[4];
    char plugin[64];
    struct error error;
};

static struct note *note;

static struct {
    struct run run;
    struct planned planned[4];
    unsigned programs[4], instances[4];
} job;

static void take_file(const char *path, char *bytes, size_t *size)
{
    struct file file;

    *size = 0;
    if (path && file_read(path, &file, &note->error) == 0 && file.size <= FILE_MAX) {
        memcpy(bytes, file.data, file.size);
        *size = file.size;
    }
    if (path)
        file_free(&file);
}

/* Whether the worker itself, which owns the files, cannot change them. */
static bool is_sealed(const struct launch *launch)
{
    const char *files[] = {launch->kernel, launch->initrd, launch->program};
    bool sealed = true;

    for (int i = 0; i < 3; i++) {
        int fd = files[i] ? open(files[i], O_WRONLY | O_CLOEXEC) : -1;

        sealed = sealed && fd < 0 && (!files[i] || errno == EROFS);
        if (fd >= 0)
            close(fd);
        sealed = sealed && (!files[i] || (unlink(files[i]) < 0 && errno == EROFS));
    }
    return sealed;
}

static void take_launch(const struct launch *launch, struct seen *seen)
{
    snprintf(seen->name, sizeof seen->name, "%s", launch->name);
    snprintf(seen->workdir, sizeof seen->workdir, "%s", launch->workdir);
    snprintf(seen->cmdline, sizeof seen->cmdline, "%s", launch->cmdline);
    snprintf(seen->address, sizeof seen->address, "%s", launch->instance.address);
    take_file(launch->kernel, seen->kernel, &seen->kernel_size);
    take_file(launch->initrd, seen->initrd, &seen->initrd_size);
    take_file(launch->program, seen->program, &seen->program_size);
    seen->has_workdir = access(launch->workdir, W_OK) == 0;
    seen->executable = access(launch->program, X_OK) == 0;
    seen->sealed = is_sealed(launch);
    seen->network = launch->network;
    seen->port = launch->port;
}

static int work(void *data, struct error *error)
{
    (void)data;
    note->staged = stage_all(&job.run, error);
    for (int i = 0; i < 4 && note->staged == 0; i++) {
        struct launch launch = {.netns = -1};

        note->launched[i] = stage_launch(&job.run, &job.planned[i], job.programs[i],
                                         &job.run.machine, job.instances[i], &launch, error);
        if (note->launched[i] == 0) {
            take_launch(&launch, &note->seen[i]);
            stage_launch_free(&launch);
        }
    }
    if (job.run.machine.plugin)
        snprintf(note->plugin, sizeof note->plugin, "%s", job.run.machine.plugin);
    return note->staged;
}

static int setup(void **state)
{
    note = mmap(NULL, sizeof *note, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return note == MAP_FAILED ? -1 : fixture_setup(state);
}

static int teardown(void **state)
{
    munmap(note, sizeof *note);
    return fixture_teardown(state);
}

static void test_files(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    struct error error = {0};
    struct plan plan;
    const struct payload *noop, *listen;
    size_t size;
    int status;

    fixture_text(fixture, "data/halts.so", "plugin");
    fixture_text(fixture, "data/kernels/vm/more", "more");
    fixture_kernel(fixture, "data/kernels/vm/kernel", 'k');
    fixture_target(fixture, "vm",
                   "\"driver\":\"libvirt\",\"kernel\":\"kernel\",\"cmdline\":\"{network} "
                   "{payload}\",\"initrd\":[\"payload\",\"more\"]");
    fixture_target(fixture, "baked",
                   "\"driver\":\"libvirt\",\"kernel\":\"../vm/kernel\",\"payload\":\"baked\","
                   "\"initrd\":[\"../vm/more\"]");
    options.targets = "vm,baked,a";
    options.machine.icount = true;
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_int_equal(run_init(&job.run, &plan, NULL), 0);
    job.run.machine.accel = ACCEL_KVM;
    job.planned[2].target = 1;
    job.planned[3].target = 2;
    job.programs[1] = 1;
    job.instances[1] = 3;
    fixture_kernel(fixture, "data/kernels/vm/kernel", 'x'); /* too late */
    status = sandbox_run(work, NULL, &error);
    if (status < 0)
        print_message("%s\n", error.text);
    if (status == -EPERM) {
        run_free(&job.run);
        plan_free(&plan);
        skip();
    }
    assert_int_equal(status, 0);
    assert_string_equal(note->error.text, "");
    noop = &plan.programs[0][0].payload;
    listen = &plan.programs[0][1].payload;
    size = noop->archive.size;

    assert_string_equal(note->seen[0].name, "vm"); /* the payload's archive, then the others */
    assert_string_equal(note->seen[0].cmdline, "/app");
    assert_string_equal(note->seen[0].address, "10.0.0.2");
    assert_int_equal(note->seen[0].kernel_size, 0x400);
    assert_int_equal(note->seen[0].kernel[0x300], 'k');
    assert_int_equal(note->seen[0].initrd_size, size + 4);
    assert_memory_equal(note->seen[0].initrd, noop->archive.data, size);
    assert_memory_equal(note->seen[0].initrd + size, "more", 4);
    assert_true(note->seen[0].has_workdir);
    assert_false(note->seen[0].network);

    assert_string_equal(note->seen[1].name, "vm.3"); /* another program, as a fourth guest */
    assert_string_not_equal(note->seen[1].workdir, note->seen[0].workdir);
    assert_string_equal(note->seen[1].address, "10.0.0.5");
    assert_true(note->seen[1].network);
    assert_int_equal(note->seen[1].port, plan.programs[0][1].about.port);
    assert_holds(note->seen[1].cmdline, "ip=10.0.0.5::10.0.0.1");
    assert_memory_equal(note->seen[1].initrd, listen->archive.data, listen->archive.size);

    assert_int_equal(note->seen[2].initrd_size, 4); /* its program is in its kernel */
    assert_memory_equal(note->seen[2].initrd, "more", 4);
    assert_int_equal(note->seen[2].kernel_size, 0x400);

    assert_int_equal(note->seen[3].kernel_size, 0); /* no machine: the program as a file */
    assert_int_equal(note->seen[3].program_size, noop->program.size);
    assert_memory_equal(note->seen[3].program, noop->program.data, noop->program.size);
    assert_true(note->seen[3].executable);
    for (int i = 0; i < 4; i++)
        assert_true(note->seen[i].sealed);
    assert_holds(note->plugin, "halts.so");
    run_free(&job.run);
    plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_files, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
