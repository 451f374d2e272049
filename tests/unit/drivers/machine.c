/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "drivers/machine.h"

static const struct machine machine = {.type = "microvm", .memory_mib = 64, .vcpus = 2};

static char *xml(const struct machine *of, const char *kernel, const char *cmdline)
{
    const struct launch launch = {.name = "x",
                                  .machine = of,
                                  .kernel = kernel,
                                  .initrd = "/i",
                                  .cmdline = cmdline,
                                  .tap = "vm0",
                                  .workdir = "/w"};
    char *text = machine_xml(&launch);

    assert_non_null(text);
    return text;
}

/* Two targets' domains differ in the lines of kernel and command line, and in no other. */
static void test_one_template(void **state)
{
    char *a = xml(&machine, "/a", "quiet"), *b = xml(&machine, "/b", "loud");
    char *rest_a = a, *rest_b = b, *line_a, *line_b;
    int different = 0;

    (void)state;
    while ((line_a = strsep(&rest_a, "\n")) && (line_b = strsep(&rest_b, "\n"))) {
        if (strcmp(line_a, line_b) == 0)
            continue;
        assert_true(strstr(line_a, "<kernel>") || strstr(line_a, "<cmdline>"));
        different++;
    }
    assert_int_equal(different, 2);
    free(a);
    free(b);
}

static void test_escapes(void **state)
{
    char *text = xml(&machine, "/a", "a<b & \"c\" </cmdline>");

    (void)state;
    assert_non_null(strstr(text, "<cmdline>a&lt;b &amp; \"c\" &lt;/cmdline&gt;</cmdline>"));
    free(text);
}

/* No text breaks out of its place, whoever wrote it. */
static void test_hostile(void **state)
{
    static const char hostile[] = "0'/><emulator>/tmp/x</emulator><a b='&";
    struct machine pinned = machine;
    char *text;

    (void)state;
    pinned.pin = pinned.type = hostile;
    text = xml(&pinned, hostile, hostile);
    assert_non_null(strstr(text, "cpuset='0&apos;/&gt;&lt;emulator&gt;/tmp/x&lt;/emulator&gt;"));
    assert_null(strstr(text, "<emulator>/tmp/x"));
    free(text);
}

static void test_accelerators(void **state)
{
    struct machine kvm = machine, counting = machine, pinned = machine;
    char *text = xml(&machine, "/a", "");

    (void)state;
    assert_non_null(strstr(text, "type='qemu'"));
    assert_non_null(strstr(text, "name='erms'"));
    assert_non_null(strstr(text, "tb-cache"));
    assert_null(strstr(text, "icount"));
    free(text);
    text = xml(&machine, "/a", ""); /* not left to libvirt */
    assert_non_null(strstr(text, "<driver name='qemu'/>"));
    free(text);
    kvm.vhost = true;
    text = xml(&kvm, "/a", "");
    assert_non_null(strstr(text, "<driver name='vhost'/>"));
    free(text);
    kvm.accel = ACCEL_KVM; /* what is hidden for TCG's sake is not hidden from KVM */
    text = xml(&kvm, "/a", "");
    assert_non_null(strstr(text, "type='kvm'"));
    assert_null(strstr(text, "erms"));
    assert_null(strstr(text, "tb-cache"));
    free(text);
    counting.icount = true;
    counting.plugin = "/p.so";
    text = xml(&counting, "/a", "");
    assert_non_null(strstr(text, "shift=0,sleep=off"));
    assert_non_null(strstr(text, "/p.so,out=/w/halts"));
    free(text);
    pinned.pin = "1";
    text = xml(&pinned, "/a", "");
    assert_non_null(strstr(text, "cpuset='1'"));
    free(text);
}

/* On microvm QEMU would end the command line with a word of its own: a last argument. */
static void test_command_line_is_ours(void **state)
{
    struct machine pc = machine;
    char *text = xml(&machine, "/a", "-- /app x");

    (void)state;
    assert_non_null(strstr(text, "auto-kernel-cmdline=off,rtc=on'"));
    free(text);
    pc.type = "pc"; /* which has no such option */
    text = xml(&pc, "/a", "-- /app x");
    assert_null(strstr(text, "qemu:commandline"));
    free(text);
}

/* The place that QEMU 7.2 gives the NIC, by what it adds to a microvm's command line if it may. */
static void test_nic(void **state)
{
    struct machine other = machine;
    struct launch launch = {.machine = &machine};
    char text[64];

    (void)state;
    machine_nic(&launch, text, sizeof text);
    assert_string_equal(text, "virtio_mmio.device=512@0xfeb00e00:12");
    machine_disks(&launch, text, sizeof text);
    assert_string_equal(text, "");
    launch.disk_count = 1; /* comes before the NIC */
    machine_nic(&launch, text, sizeof text);
    assert_string_equal(text, "virtio_mmio.device=512@0xfeb00c00:11");
    machine_disks(&launch, text, sizeof text);
    assert_string_equal(text, "virtio_mmio.device=512@0xfeb00e00:12");
    launch.machine = &other;
    other.type = "q35";
    machine_nic(&launch, text, sizeof text);
    assert_string_equal(text, "");
    other.type = "pc";
    machine_disks(&launch, text, sizeof text);
    assert_string_equal(text, "");
}

/* Whether the two words stand in QEMU's command line, one after the other. */
static bool says(const struct machine *of, int vhost, const char *name, const char *value)
{
    const struct launch launch = {.name = "x",
                                  .machine = of,
                                  .kernel = "/k",
                                  .cmdline = "a, 'b\"",
                                  .tap = true,
                                  .workdir = "/w"};
    const struct machine_fds fds = {.monitor = 5, .tap = 6, .vhost = vhost};
    char **argv = machine_argv(&launch, &fds);
    bool found = false;

    assert_non_null(argv);
    for (char **word = argv; *word && word[1]; word++)
        found |= strcmp(*word, name) == 0 && strcmp(word[1], value) == 0;
    machine_argv_free(argv);
    return found;
}

/* What tests/e2e/drivers.sh does not compare with libvirt's, for want of KVM, and what is passed
 * on. */
static void test_argv(void **state)
{
    struct machine kvm = machine;

    (void)state;
    assert_true(says(&machine, -1, "-append", "a, 'b\""));
    assert_true(says(&machine, -1, "-chardev", "socket,id=charmonitor,fd=5"));
    assert_true(
        says(&machine, -1, "-netdev", "{\"type\":\"tap\",\"fd\":\"6\",\"id\":\"hostnet0\"}"));
    assert_true(says(&machine, -1, "-accel", "tcg,tb-size=128"));
    assert_true(says(&machine, -1, "-cpu", "max,erms=off,fsrm=off"));
    assert_false(says(&machine, -1, "-seed", "1"));
    kvm.accel = ACCEL_KVM;
    assert_true(says(
        &kvm, 7, "-netdev",
        "{\"type\":\"tap\",\"fd\":\"6\",\"vhost\":true,\"vhostfd\":\"7\",\"id\":\"hostnet0\"}"));
    assert_true(says(&kvm, 7, "-accel", "kvm"));
    assert_true(says(&kvm, 7, "-cpu", "host,migratable=on"));
}

/* A whole number of MiB is libvirt's to give; else QEMU is told by arguments behind libvirt's. */
static void test_memory(void **state)
{
    struct launch launch = {.name = "x", .machine = &machine, .workdir = "/w"};
    char *text = machine_xml(&launch);

    (void)state;
    assert_non_null(strstr(text, "<memory unit='MiB'>64</memory>"));
    assert_null(strstr(text, MACHINE_EXACT_RAM));
    free(text);
    launch.memory_kib = 3 * 1024;
    text = machine_xml(&launch);
    assert_non_null(strstr(text, "<memory unit='MiB'>3</memory>"));
    assert_null(strstr(text, MACHINE_EXACT_RAM));
    free(text);
    launch.memory_kib = 3 * 1024 + 256;
    text = machine_xml(&launch);
    assert_non_null(strstr(text, "<memory unit='MiB'>4</memory>"));
    assert_non_null(strstr(text, "\"id\":\"" MACHINE_EXACT_RAM "\",\"size\":3407872}"));
    assert_non_null(strstr(text, "<qemu:arg value='size=3328k'/>"));
    free(text);
}

static void test_signature(void **state)
{
    struct machine larger = machine;
    char *a = machine_signature(&machine), *b = machine_signature(&larger), *c;

    (void)state;
    larger.memory_mib++;
    c = machine_signature(&larger);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    free(a);
    free(b);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_template), cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_accelerators), cmocka_unit_test(test_command_line_is_ours),
        cmocka_unit_test(test_nic),          cmocka_unit_test(test_signature),
        cmocka_unit_test(test_argv),         cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
