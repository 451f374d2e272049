/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * QEMU's monitor, played by the test. With a KERNEL as argument, as tests/e2e/drivers.sh runs it:
 * whether the drivers libvirt and qemu make the same machine, in QEMU's own words.
 */
#include "tests/unit/test.h"

#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <sys/socket.h>

#include "bench/base/json.h"
#include "bench/measure/network.h"
#include "bench/measure/sandbox.h"
#include "bench/run/overlay.h"
#include "drivers/qmp.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define EVENT "{\"event\": \"RESUME\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\r\n"

extern const struct driver driver_libvirt, driver_qemu;

/* --- the monitor */

/* A monitor on which QEMU says `text`; QEMU's end in *theirs. */
static struct qmp monitor(const char *text, int *theirs)
{
    struct qmp qmp = {.fd = -1};
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    qmp.fd = ends[0];
    *theirs = ends[1];
    return qmp;
}

static void test_result(void **state)
{
    struct error error = {0};
    cJSON *result = NULL;
    char sent[64] = "";
    int theirs;
    struct qmp qmp = monitor(GREETING EVENT "{\"return\": {\"a\": \"b\"}}\r\n" EVENT
                                            "{\"return\": {}}\r\n{\"ret",
                             &theirs);

    (void)state;
    assert_int_equal(qmp_execute(&qmp, "{\"execute\":\"x\"}", &result, &error), 0);
    assert_string_equal(json_text(result, "a"), "b");
    assert_true(read(theirs, sent, sizeof sent - 1) > 0);
    assert_string_equal(sent, "{\"execute\":\"x\"}\n");
    cJSON_Delete(result);
    assert_int_equal(qmp_execute(&qmp, "{}", NULL, &error), 0);
    assert_int_equal(write(theirs, "urn\": {}}\n", 10), 10); /* the end of a line comes later */
    assert_int_equal(qmp_execute(&qmp, "{}", NULL, &error), 0);
    close(theirs);
    qmp_close(&qmp);
}

/* A result longer than what is read at once. */
static void test_long_result(void **state)
{
    static char text[60000];
    struct error error = {0};
    cJSON *result = NULL;
    struct qmp qmp;
    int theirs;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "{\"return\": \"", 12);
    strcpy(text + sizeof text - 4, "\"}\n");
    qmp = monitor(text, &theirs);
    assert_int_equal(qmp_execute(&qmp, "{}", &result, &error), 0);
    assert_int_equal(strlen(result->valuestring), sizeof text - 1 - 12 - 3);
    cJSON_Delete(result);
    close(theirs);
    qmp_close(&qmp);
}

static void test_failures(void **state)
{
    struct error error = {0};
    int theirs;
    struct qmp qmp =
        monitor(GREETING "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n"
                         "garbage\r\n",
                &theirs);

    (void)state;
    assert_int_equal(qmp_execute(&qmp, "{\"execute\":\"x\"}", NULL, &error), -EIO);
    assert_string_equal(error.text, "QEMU refuses {\"execute\":\"x\"}: no");
    shutdown(theirs, SHUT_WR);
    assert_int_equal(qmp_execute(&qmp, "{}", NULL, &error), -EPIPE); /* past the garbage */
    close(theirs);
    assert_int_equal(qmp_execute(&qmp, "{}", NULL, &error), -EPIPE);
    qmp_close(&qmp);
}

/* --- two drivers, one machine */

#define LIBVIRT_ROOT SANDBOX_DIR "/libvirt"
#define HUMAN(line) "human-monitor-command\",\"arguments\":{\"command-line\":\"" line "\"}}"
#define MEMORY_MAP HUMAN("info mtree")
#define CPU(property)                                                                              \
    "qom-get\",\"arguments\":{\"path\":\"/machine/unattached/device[0]\",\"property\":\"" property \
    "\"}}"

/* The devices and what each is set to, every address, memory, and what the CPU says of itself. */
static const char *const questions[] = {
    HUMAN("info qtree"),
    MEMORY_MAP,
    HUMAN("info pci"),
    HUMAN("info block -v"),
    "query-memdev\"}",
    "query-memory-size-summary\"}",
    "query-memory-devices\"}",
    "query-rx-filter\"}",
    CPU("feature-words"),
    CPU("filtered-features"),
    CPU("vendor"),
    CPU("family"),
    CPU("model"),
    CPU("stepping"),
    CPU("model-id"),
    CPU("level"),
    CPU("xlevel"),
    CPU("tsc-frequency"),
};

/* How a driver's guest is asked: by its own monitor, or through libvirt. */
struct asked {
    struct guest guest;
    virDomainPtr domain;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sort the lines of `text`: QEMU tells the address spaces in the order of their place in memory. */
static void sort_lines(char *text)
{
    char *copy = strdup(text), *rest = copy, *lines[2000], *out = text;
    size_t count = 0;

    while (count < sizeof lines / sizeof *lines && (lines[count] = strsep(&rest, "\n")))
        count++;
    qsort(lines, count, sizeof *lines, by_text);
    for (size_t i = 0; i < count; i++)
        out += sprintf(out, "%s%s", i ? "\n" : "", lines[i]);
    free(copy);
}

/* QEMU's answer, to be freed; NULL on failure. */
static char *ask(struct asked *asked, const char *question, struct error *error)
{
    char command[256], *text = NULL;
    cJSON *reply = NULL, *result = NULL;

    snprintf(command, sizeof command, "{\"execute\":\"%s", question);
    if (asked->domain) {
        if (virDomainQemuMonitorCommand(asked->domain, command, &text, 0) == 0)
            reply = cJSON_Parse(text);
        free(text);
        result = cJSON_DetachItemFromObjectCaseSensitive(reply, "return");
        cJSON_Delete(reply);
    } else if (qmp_execute(asked->guest.state, command, &result, error) < 0) {
        return NULL;
    }
    if (result && strcmp(question, MEMORY_MAP) == 0)
        sort_lines(result->valuestring);
    text = result ? cJSON_Print(result) : NULL;
    cJSON_Delete(result);
    if (!text)
        fail(error, EIO, "no answer to %s: %s", command, virGetLastErrorMessage());
    return text;
}

/* A machine with disks, whose bases are the kernel's file. */
struct described {
    const struct machine *machine;
    const char *kernel; /* NULL: the first disk is booted */
    const char *base;
    enum disk_bus buses[DISKS_MAX];
    unsigned disk_count;
};

static int add_disks(const struct described *described, struct launch *launch, struct error *error)
{
    static const char *const overlays[DISKS_MAX] = {SANDBOX_DIR "/same/0", SANDBOX_DIR "/same/1",
                                                    SANDBOX_DIR "/same/2", SANDBOX_DIR "/same/3"};
    int status = 0;

    for (unsigned i = 0; i < described->disk_count && status == 0; i++) {
        launch->disks[i] = (struct disk){described->buses[i], overlays[i], described->base, "raw"};
        launch->disk_count++;
        status = overlay_write(overlays[i], described->base, "raw", 65536, error);
    }
    return status;
}

/* All of QEMU's answers about a guest that `driver` has created, in `out`. */
static int describe(const struct driver *driver, void *context, virConnectPtr connection,
                    const struct described *described, FILE *out, struct error *error)
{
    struct launch launch = {.name = "same",
                            .machine = described->machine,
                            .kernel = described->kernel,
                            .cmdline = described->kernel ? "a 'b c, d" : NULL,
                            .netns = -1,
                            .workdir = SANDBOX_DIR "/same"};
    struct asked asked;
    int status = instance_make(0, &launch.instance, error);

    mkdir(launch.workdir, 0700);
    if (status == 0)
        status = add_disks(described, &launch, error);
    guest_init(&asked.guest);
    if (status == 0)
        status = network_attach(driver, &launch, error);
    if (status < 0)
        return status;
    status = driver->create(context, &launch, &asked.guest, error);
    asked.domain = status == 0 && connection ? virDomainLookupByName(connection, "same") : NULL;
    for (size_t i = 0; status == 0 && i < sizeof questions / sizeof *questions; i++) {
        char *answer = ask(&asked, questions[i], error);

        if (!answer)
            status = -EIO;
        else
            fprintf(out, "%s\n%s\n", questions[i], answer);
        free(answer);
    }
    if (asked.domain)
        virDomainFree(asked.domain);
    if (asked.guest.state)
        driver->destroy(context, &asked.guest);
    network_detach(&launch);
    return status;
}

/* Two machines in QEMU's words; *same says whether they are. Where they differ is printed. */
static int compare(void *context, virConnectPtr connection, const struct described *by_libvirt,
                   const struct described *by_qemu, bool *same, struct error *error)
{
    char *texts[2] = {NULL, NULL};
    size_t sizes[2];
    FILE *out = open_memstream(&texts[0], &sizes[0]);
    int status = describe(&driver_libvirt, context, connection, by_libvirt, out, error);

    fclose(out);
    out = open_memstream(&texts[1], &sizes[1]);
    if (status == 0)
        status = describe(&driver_qemu, NULL, NULL, by_qemu, out, error);
    fclose(out);
    *same = status == 0 && strcmp(texts[0], texts[1]) == 0;
    for (size_t at = 0, line = 0; status == 0 && !*same && texts[0][at]; at++) {
        if (texts[0][at] != texts[1][at]) {
            fprintf(stderr, "libvirt: %.200s\nqemu:    %.200s\n", texts[0] + line, texts[1] + line);
            break;
        }
        if (at > 1 && strncmp(texts[0] + at - 1, "\\n", 2) == 0)
            line = at + 1;
    }
    free(texts[0]);
    free(texts[1]);
    return status;
}

/* The machines of targets that cannot run on the run's: other NICs, disks. */
static int compare_own(void *context, virConnectPtr connection, const char *kernel,
                       struct error *error)
{
    static const struct machine machines[] = {
        {.type = "pc", .nic = NIC_E1000, .debug_exit = true},
        {.type = "q35", .nic = NIC_TRANSITIONAL, .no_event_idx = true},
        {.type = "q35", .nic = NIC_VMXNET3},
        {.type = "q35"},
        {.type = "pc"},
        {.type = "microvm"},
    };
    static const struct described disks[] = {
        {.disk_count = 0},
        {.buses = {DISK_VIRTIO}, .disk_count = 1},
        {.buses = {DISK_VIRTIO, DISK_SATA, DISK_SATA}, .disk_count = 3},
        {.buses = {DISK_SATA, DISK_VIRTIO, DISK_VIRTIO}, .disk_count = 3},
        {.buses = {DISK_IDE, DISK_VIRTIO, DISK_IDE, DISK_IDE}, .disk_count = 4},
        {.buses = {DISK_VIRTIO, DISK_VIRTIO}, .disk_count = 2},
    };
    bool same = true;
    int status = 0;

    for (size_t i = 0; status == 0 && i < sizeof machines / sizeof *machines; i++) {
        struct machine machine = machines[i];
        struct described described = disks[i];

        machine.memory_mib = 64;
        machine.vcpus = 1;
        machine.tsc_khz = 1000000;
        described.machine = &machine;
        described.base = kernel;
        described.kernel = i == 3 ? NULL : kernel;
        status = compare(context, connection, &described, &described, &same, error);
        if (status == 0)
            printf("own %zu: %s\n", i, same ? "the same" : "DIFFERENT");
    }
    return status;
}

static int compare_all(void *kernel, struct error *error)
{
    static const char *const types[] = {"microvm", "q35", "pc"};
    struct machine machine = {.memory_mib = 64, .vcpus = 1, .tsc_khz = 1000000};
    struct described described = {.machine = &machine, .kernel = kernel};
    virConnectPtr connection = NULL;
    void *context = NULL;
    bool same = false;
    int status = network_open(error);

    mkdir(LIBVIRT_ROOT, 0700);
    if (status == 0)
        status = driver_libvirt.open(LIBVIRT_ROOT, &context, error);
    if (status == 0)
        connection = virConnectOpen("qemu:///embed?root=" LIBVIRT_ROOT);
    for (size_t i = 0; status == 0 && i < sizeof types / sizeof *types; i++) {
        machine.type = types[i];
        machine.vcpus = 1 + i % 2;
        status = compare(context, connection, &described, &described, &same, error);
        if (status == 0)
            printf("%s: %s\n", types[i], same ? "the same" : "DIFFERENT");
    }
    if (status == 0) { /* to see that it would see */
        struct machine larger = machine;
        struct described more = {.machine = &larger, .kernel = kernel};

        larger.memory_mib++;
        status = compare(context, connection, &described, &more, &same, error);
        printf("1 MiB more: %s\n", same ? "the same" : "DIFFERENT");
    }
    if (status == 0)
        status = compare_own(context, connection, kernel, error);
    if (connection)
        virConnectClose(connection);
    if (context)
        driver_libvirt.close(context);
    fflush(stdout);
    return status;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_result),
                                       cmocka_unit_test(test_long_result),
                                       cmocka_unit_test(test_failures)};
    struct error error = {0};

    if (argc != 2)
        return cmocka_run_group_tests(tests, NULL, NULL);
    if (sandbox_run(compare_all, argv[1], &error) == 0)
        return 0;
    fprintf(stderr, "%s\n", error.text);
    return 1;
}
