/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the driver writes to qemu.conf makes libvirt ask QEMU less about its CPU, and start the same
 * QEMU: with and without it the command line is the same
 * (docs/decisions/0001-capability-filter.md).
 */
#include "tests/unit/test.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/error.h"
#include "bench/base/file.h"
#include "bench/measure/sandbox.h"
#include "drivers/driver.h"
#include "drivers/machine.h"

/* Of all cases the same: QEMU is probed once, and no path differs. */
#define ROOT SANDBOX_DIR "/libvirt"
#define CONF ROOT "/etc/qemu.conf"
#define PLAIN "stdio_handler = \"file\"\n"
#define FILTER "capability_filters = [ \"cpu-unavailable-features\" ]\n"
/* What a command line does show, to see that this test would see it. */
#define SHOWN                                                                                      \
    "capability_filters = [ "                                                                      \
    "\"memory-backend-file.x-use-canonical-path-for-ramblock-id\" ]\n"

extern const struct driver driver_libvirt;

static const char *const types[] = {"microvm", "q35", "pc"};

/* QEMU's command line for a VM as the driver would ask for it, but for the random UUID. */
static char *native(virConnectPtr connection, const char *type)
{
    /* libvirt forgets the NIC's address on a microvm, and opens the tap. */
    bool mmio = strcmp(type, "microvm") == 0, nic = !mmio && access("/dev/net/tun", W_OK) == 0;
    const struct machine machine = {.type = type, .memory_mib = 64, .vcpus = 1, .tsc_khz = 1000000};
    const struct launch launch = {.name = "x",
                                  .machine = &machine,
                                  .kernel = "/k",
                                  .initrd = "/i",
                                  .cmdline = "quiet",
                                  .tap = nic ? "vm0" : NULL,
                                  .instance.mac = {0x52, 0x54, 0, 0, 0, 1},
                                  .workdir = "/w"};
    char *xml = machine_xml(&launch), *text, *uuid;

    text = virConnectDomainXMLToNative(connection, "qemu-argv", xml, 0);
    free(xml);
    uuid = text ? strstr(text, "-uuid ") : NULL;
    if (uuid)
        memset(uuid, '-', sizeof "-uuid 00000000-0000-0000-0000-000000000000" - 1);
    return text;
}

/* Write the command lines under the present qemu.conf to the file `path`. */
static int write_natives(const char *path)
{
    virConnectPtr connection;
    FILE *file = fopen(path, "we");
    int status;

    virEventRegisterDefaultImpl();
    connection = virConnectOpen("qemu:///embed?root=" ROOT);
    status = connection && file ? 0 : -EIO;

    for (size_t i = 0; status == 0 && i < sizeof types / sizeof *types; i++) {
        char *text = native(connection, types[i]);

        if (text)
            fprintf(file, "%s\n", text);
        else
            status = -EIO;
        free(text);
    }
    if (status < 0)
        fprintf(stderr, "libvirt: %s\n", virGetLastErrorMessage());
    if (file)
        fclose(file);
    if (connection)
        virConnectClose(connection);
    return status;
}

/* libvirt's embedded driver reads its configuration once in the life of a process. It has folders
 * below the user's, which need not be there or be writable. */
static int in_process(int (*work)(const char *path), const char *path, struct error *error)
{
    static const char *const folders[] = {"HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME",
                                          "XDG_CONFIG_HOME"};
    pid_t child = fork();
    int status;

    for (size_t i = 0; child == 0 && i < sizeof folders / sizeof *folders; i++)
        setenv(folders[i], ROOT, 1);
    if (child == 0)
        _exit(work(path) < 0);
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
        return fail(error, EIO, "%s was not written", path);
    return 0;
}

static int command_lines(const char *path, struct file *lines, struct error *error)
{
    int status = in_process(write_natives, path, error);

    return status < 0 ? status : file_read(path, lines, error);
}

/* Let the driver itself write its qemu.conf. */
static int open_driver(const char *path)
{
    struct error error = {0};
    void *context;
    int status;

    if (mkdir(path, 0700) < 0)
        return -errno;
    status = driver_libvirt.open(path, &context, &error);
    if (status < 0)
        fprintf(stderr, "%s\n", error.text);
    else
        driver_libvirt.close(context);
    return status;
}

static int write_config(const char *text)
{
    FILE *file = fopen(CONF, "we");

    if (!file)
        return -errno;
    fputs(text, file);
    return fclose(file) == 0 ? 0 : -errno;
}

static int same(const char *driver, const char *plain, struct error *error)
{
    size_t at = 0;

    while (driver[at] && driver[at] == plain[at])
        at++;
    if (driver[at] == plain[at])
        return 0;
    at -= at < 40 ? at : 40;
    return fail(error, EINVAL, "not the same: with the filter %.120s\nwithout %.120s", driver + at,
                plain + at);
}

static int run_cases(void *data, struct error *error)
{
    struct file conf = {0}, driver = {0}, plain = {0}, shown = {0};
    int status = in_process(open_driver, ROOT, error);

    (void)data;
    if (status == 0)
        status = file_read(CONF, &conf, error);
    if (status == 0 && strcmp(conf.data, PLAIN FILTER) != 0)
        status = fail(error, EINVAL, "the driver wrote in qemu.conf: %s", conf.data);
    if (status == 0)
        status = command_lines(SANDBOX_DIR "/driver", &driver, error);
    if (status == 0 && write_config(PLAIN) == 0)
        status = command_lines(SANDBOX_DIR "/plain", &plain, error);
    if (status == 0 && write_config(PLAIN SHOWN) == 0)
        status = command_lines(SANDBOX_DIR "/shown", &shown, error);
    if (status == 0)
        status = same(driver.data, plain.data, error);
    if (status == 0 && strcmp(driver.data, shown.data) == 0)
        status = fail(error, EINVAL, "%s shows in no command line", SHOWN);
    file_free(&conf);
    file_free(&driver);
    file_free(&plain);
    file_free(&shown);
    return status;
}

static void test_same_command_line(void **state)
{
    struct error error = {0};
    int status = sandbox_run(run_cases, NULL, &error);

    (void)state;
    if (status < 0)
        print_error("%s\n", error.text);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_command_line)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
