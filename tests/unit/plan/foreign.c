/* SPDX-License-Identifier: GPL-3.0-or-later */
/* target.json of systems that others made: every field's value and every refusal, images, variants,
 * the machine that results. */
#include "tests/unit/test.h"

#include "bench/plan/target.h"
#include "tests/unit/fixture.h"

#define VM "\"driver\":\"libvirt\",\"payload\":\"baked\""
#define DISK VM ",\"boot\":\"disk\",\"ready\":\"ping\",\"end\":\"never\""
#define KERNEL VM ",\"kernel\":\"image\""
#define READY "\"ready\":\"console:up\""

static void refuse_as(const struct fixture *fixture, const char *fields, int code,
                      const char *reason)
{
    struct error error = {0};
    struct target target;
    int status;

    fixture_target(fixture, "x", fields);
    status = target_read(fixture->data, NULL, "x", &target, &error);
    if (status != code) {
        print_error("%s: %d, not %d: %s"
                    "\n",
                    fields, status, code, error.text);
        _fail(__FILE__, __LINE__);
    }
    assert_holds(error.text, "kernels/x/target.json");
    assert_holds(error.text, reason);
    target_free(&target);
}

static void refuse(const struct fixture *fixture, const char *fields, const char *reason)
{
    refuse_as(fixture, fields, -EINVAL, reason);
}

static void take(const struct fixture *fixture, const char *fields, struct target *target)
{
    struct error error = {0};

    fixture_target(fixture, "x", fields);
    if (target_read(fixture->data, NULL, "x", target, &error) < 0) {
        print_error("%s"
                    "\n",
                    error.text);
        _fail(__FILE__, __LINE__);
    }
}

/* A file of words at `name`, which begin at byte `at`. */
static void words(const struct fixture *fixture, const char *name, unsigned class, size_t at,
                  const uint32_t *list, size_t count)
{
    char bytes[1024] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, (char)class};

    memcpy(bytes + at, list, count * sizeof *list);
    fixture_write(fixture, name, bytes, sizeof bytes);
}

static void files(const struct fixture *fixture)
{
    const uint32_t one[] = {0x1badb002, 3, -(0x1badb002 + 3)};
    const uint32_t addressed[] = {0x1badb002, 0x10003, -(0x1badb002 + 0x10003)};
    const uint32_t two[] = {0xe85250d6, 0, 16, -(0xe85250d6 + 16)};
    const uint32_t pvh[] = {4, 4, 18, 0x6e6558, 0x100000};
    char qcow2[512] = "QFI\xfb\0\0\0\3";

    fixture_kernel(fixture, "data/kernels/x/image", 'k');
    words(fixture, "data/kernels/x/multiboot", ELFCLASS32, 64, one, 3);
    words(fixture, "data/kernels/x/wide", ELFCLASS64, 64, one, 3);
    words(fixture, "data/kernels/x/addressed", ELFCLASS64, 64, addressed, 3);
    words(fixture, "data/kernels/x/two", ELFCLASS64, 64, two, 4);
    words(fixture, "data/kernels/x/pvh", ELFCLASS64, 64, pvh, 5);
    fixture_write(fixture, "data/kernels/x/disk", (char[1024]){0}, 1024);
    fixture_write(fixture, "data/kernels/x/short", "x", 1);
    qcow2[30] = 2; /* of its 8 bytes of size: 512 */
    fixture_write(fixture, "data/kernels/x/qcow2", qcow2, sizeof qcow2);
    qcow2[79] = 4;
    fixture_write(fixture, "data/kernels/x/elsewhere", qcow2, sizeof qcow2);
    qcow2[79] = 0;
    qcow2[15] = 1;
    fixture_write(fixture, "data/kernels/x/backed", qcow2, sizeof qcow2);
}

static void test_boot(void **state)
{
    const struct fixture *fixture = *state;
    static const char *const good[][2] = {
        {"pvh", "pvh"},        {"linux", "image"},         {"any", "pvh"},
        {"any", "image"},      {"multiboot", "multiboot"}, {"multiboot", "addressed"},
        {"grub", "multiboot"}, {"grub", "wide"},           {"grub", "two"}};
    static const char *const bad[][3] = {
        {"pvh", "multiboot", "no PVH entry note, but a multiboot header: \"boot\": \"multiboot\""},
        {"any", "wide", "but a multiboot header: \"boot\": \"grub\""},
        {"pvh", "image", "a bzImage: \"boot\": \"linux\""},
        {"linux", "pvh", "no Linux bzImage, but an ELF with a PVH entry note: \"boot\": \"pvh\""},
        {"linux", "disk", "no Linux bzImage"},
        {"multiboot", "wide", "QEMU refuses a 64-bit ELF"},
        {"multiboot", "two", "multiboot 2's, which QEMU does not know: \"boot\": \"grub\""},
        {"multiboot", "pvh", "no multiboot header, but a PVH entry note: \"boot\": \"pvh\""},
        {"multiboot", "image", "no multiboot header, but it is a bzImage: \"boot\": \"linux\""},
        {"grub", "pvh", "no multiboot header"},
        {"pvh", "disk", "neither an ELF kernel nor"},
    };
    char fields[256];

    files(fixture);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct target target;

        snprintf(fields, sizeof fields, VM ",\"boot\":\"%s\",\"kernel\":\"%s\"", good[i][0],
                 good[i][1]);
        take(fixture, fields, &target);
        target_free(&target);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(fields, sizeof fields, VM ",\"boot\":\"%s\",\"kernel\":\"%s\"", bad[i][0],
                 bad[i][1]);
        refuse_as(fixture, fields, -ENOEXEC, bad[i][2]);
    }
    refuse(fixture, KERNEL ",\"boot\":\"uefi\"",
           "\"uefi\" is none of any, pvh, linux, multiboot, disk, grub");
    refuse(fixture, KERNEL ",\"boot\":1", "field \"boot\": must be text");
    refuse(fixture, DISK ",\"kernel\":\"image\",\"disks\":[{\"file\":\"disk\"}]",
           "field \"kernel\": \"boot\": \"disk\" has its kernel");
    refuse(fixture, DISK, "field \"disks\": missing");
    refuse(fixture, DISK ",\"disks\":[{\"file\":\"disk\"}],\"cmdline\":\"x\"", "field \"cmdline\"");
    refuse(fixture, DISK ",\"disks\":[{\"file\":\"disk\"}],\"initrd\":[]", "field \"initrd\"");
    refuse(fixture, DISK ",\"disks\":[{\"file\":\"disk\"}],\"machines\":[\"microvm\"]",
           "microvm boots from no disk");
    refuse(fixture, "\"driver\":\"process\",\"boot\":\"pvh\"", "driver process runs no VM");
}

static void test_disks(void **state)
{
    const struct fixture *fixture = *state;
    struct target target;

    files(fixture);
    take(fixture,
         DISK ",\"disks\":[{\"file\":\"disk\"},{\"file\":\"qcow2\",\"format\":\"qcow2\","
              "\"bus\":\"ide\"}],\"machines\":[\"pc\"]",
         &target);
    assert_int_equal(target.disk_count, 2);
    assert_int_equal(target.disks[0].size, 1024);
    assert_int_equal(target.disks[0].bus, DISK_VIRTIO);
    assert_string_equal(target.disks[0].format, "raw");
    assert_int_equal(target.disks[1].size, 512);
    assert_int_equal(target.disks[1].bus, DISK_IDE);
    assert_int_equal(strlen(target.disks[1].file.sha256), 64);
    assert_null(target.disks[0].file.data);
    target_free(&target);
#define ONE(disk) DISK ",\"disks\":[" disk "]"
    refuse(fixture, ONE(""), "must be an array of 1 to 4");
    refuse(fixture, ONE("1"), "array of {\"file\"");
    refuse(fixture, ONE("{}"), "array of {\"file\"");
    refuse(fixture, ONE("{\"file\":1}"), "array of {\"file\"");
    refuse(fixture, ONE("{\"file\":\"disk\",\"size\":1}"), "\"size\" is unknown in it");
    refuse(fixture, ONE("{\"file\":\"disk\",\"format\":\"vmdk\"}"), "none of raw, qcow2");
    refuse(fixture, ONE("{\"file\":\"disk\",\"bus\":\"scsi\"}"), "none of virtio, ide, sata");
    refuse(fixture, ONE("{\"file\":\"disk\",\"bus\":\"ide\"}"), "bus ide is on machine pc only");
    refuse(fixture, ONE("{\"file\":\"disk\",\"bus\":\"sata\"}"), "bus sata is on machine q35");
    refuse(fixture, ONE("{\"file\":\"qcow2\"}"), "is a qcow2 image: \"format\": \"qcow2\"");
    refuse(fixture, ONE("{\"file\":\"disk\",\"format\":\"qcow2\"}"), "no qcow2 image");
    refuse(fixture, ONE("{\"file\":\"backed\",\"format\":\"qcow2\"}"), "has a backing file");
    refuse(fixture, ONE("{\"file\":\"elsewhere\",\"format\":\"qcow2\"}"), "in another file");
    refuse(fixture, ONE("{\"file\":\"short\"}"), "holds no sector");
    refuse_as(fixture, ONE("{\"file\":\"none\"}"), -ENOENT, "none: No such file");
    refuse(fixture, ONE("{\"file\":\".\"}"), "not a regular file");
    refuse(fixture, KERNEL ",\"boot\":\"linux\",\"disks\":{}", "must be an array of 1 to 4");
}

static void test_machine(void **state)
{
    const struct fixture *fixture = *state;
    struct machine microvm = {.type = "microvm"}, q35 = {.type = "q35"}, pc = {.type = "pc"}, own;
    struct target target;
    char text[128];

    files(fixture);
    take(fixture,
         KERNEL ",\"machines\":[\"q35\",\"pc\"],\"nics\":[\"virtio-transitional\"],"
                "\"event_idx\":false",
         &target);
    own = target_machine(&target, &microvm);
    assert_string_equal(own.type, "q35");
    assert_int_equal(own.nic, NIC_TRANSITIONAL);
    target_difference(&target, &microvm, text, sizeof text);
    assert_string_equal(text, "machine q35; NIC virtio-transitional; NIC without event_idx");
    own = target_machine(&target, &pc); /* where virtio is transitional already */
    assert_string_equal(own.type, "pc");
    assert_int_equal(own.nic, NIC_VIRTIO);
    target_difference(&target, &pc, text, sizeof text);
    assert_string_equal(text, "NIC without event_idx");
    target_free(&target);
    take(fixture,
         KERNEL ",\"nics\":[\"e1000\",\"virtio\"],\"end\":\"debug-exit\","
                "\"end_status\":83," READY ",\"disks\":[{\"file\":\"disk\"}]",
         &target);
    assert_int_equal(target_machine(&target, &q35).nic, NIC_VIRTIO);
    target_difference(&target, &q35, text, sizeof text);
    assert_string_equal(text, "isa-debug-exit; 1 disk");
    target_free(&target);
    take(fixture, KERNEL, &target);
    target_difference(&target, &microvm, text, sizeof text);
    assert_string_equal(text, "");
    target_free(&target);
    take(fixture, KERNEL ",\"cmdline\":\"{ip}\",\"nics\":[]", &target);
    assert_true(target_machine(&target, &pc).no_nic && !target_has_network(&target));
    target_difference(&target, &microvm, text, sizeof text);
    assert_string_equal(text, "no NIC");
    target_free(&target);
    refuse(fixture, KERNEL ",\"machines\":[]", "field \"machines\": must be an array of 1 to 3");
    refuse(fixture, KERNEL ",\"machines\":\"pc\"", "field \"machines\": must be an array");
    refuse(fixture, KERNEL ",\"machines\":[\"virt\"]", "\"virt\" is none of microvm, q35, pc");
    refuse(fixture, KERNEL ",\"machines\":[\"pc\",\"pc\"]", "\"pc\" stands there twice");
    refuse(fixture, KERNEL ",\"nics\":[\"ne2k\"]", "\"ne2k\" is none of virtio, virtio-trans");
    refuse(fixture, KERNEL ",\"nics\":[\"virtio\",\"virtio\"]", "stands there twice");
    refuse(fixture, KERNEL ",\"nics\":[],\"end\":\"never\",\"ready\":\"ping\"",
           "needs the network");
    refuse(fixture, KERNEL ",\"nics\":[1]", "field \"nics\": must be text");
    refuse(fixture, KERNEL ",\"nics\":[\"e1000\"]", "field \"nics\": microvm has no PCI");
    refuse(fixture, KERNEL ",\"event_idx\":0", "\"event_idx\": must be true or false");
    refuse(fixture, KERNEL ",\"memory_min_mib\":0", "\"memory_min_mib\": must be a whole number");
    refuse(fixture, KERNEL ",\"memory_min_mib\":\"64\"", "\"memory_min_mib\": must be");
}

static void test_rules(void **state)
{
    const struct fixture *fixture = *state;
    struct target target;

    files(fixture);
    take(fixture, KERNEL "," READY ",\"success\":\"^done$\",\"failure\":\"panic\",\"end\":\"halt\"",
         &target);
    assert_true(target_is_foreign(&target));
    assert_int_equal(target.rules.end, END_HALT);
    assert_true(pattern_matches(&target.rules.success, "done", 4));
    assert_false(pattern_matches(&target.rules.failure, "done", 4));
    target_free(&target);
    take(fixture, "\"driver\":\"process\",\"end\":\"exit\",\"end_status\":3," READY, &target);
    assert_int_equal(target.rules.status, 3);
    target_free(&target);
    take(fixture, KERNEL, &target);
    assert_false(target_is_foreign(&target));
    target_free(&target);
    refuse(fixture, KERNEL ",\"ready\":\"soon\"", "field \"ready\": soon: is none of marker");
    refuse(fixture, KERNEL ",\"ready\":\"tcp:0\"", "field \"ready\": tcp:0: must be a port");
    refuse(fixture, KERNEL ",\"ready\":\"console:(\"", "POSIX extended");
    refuse(fixture, KERNEL ",\"ready\":1", "field \"ready\": must be text");
    refuse(fixture, KERNEL ",\"success\":\"\"", "field \"success\": \"\": the expression is empty");
    refuse(fixture, KERNEL ",\"success\":\"[\"", "field \"success\": \"[\": ");
    refuse(fixture, KERNEL ",\"failure\":\"(\"", "field \"failure\": \"(\": ");
    refuse(fixture, KERNEL ",\"failure\":{}", "field \"failure\": must be text");
    refuse(fixture, KERNEL ",\"end\":\"explode\"", "none of marker, power-off, debug-exit, exit");
    refuse(fixture, KERNEL ",\"end\":\"never\"", "one that writes no markers needs \"ready\"");
    refuse(fixture, KERNEL "," READY ",\"end\":\"exit\"", "\"exit\" is not how driver libvirt");
    refuse(fixture, KERNEL "," READY ",\"end\":\"halt\"", "add \"success\"");
    refuse(fixture, KERNEL "," READY ",\"end\":\"debug-exit\",\"end_status\":2", "an odd number");
    refuse(fixture, KERNEL "," READY ",\"end\":\"debug-exit\",\"end_status\":256", "from 0 to 255");
    refuse(fixture, KERNEL "," READY ",\"end\":\"never\",\"end_status\":0", "\"end_status\": is");
    refuse(fixture, "\"driver\":\"process\",\"end\":\"halt\",\"success\":\"x\"," READY,
           "\"halt\" is not how driver process");
}

static void test_templates(void **state)
{
    const struct fixture *fixture = *state;
    static const struct machine pc = {.type = "pc", .memory_mib = 64};
    struct launch launch = {.machine = &pc, .network = true, .kernel = "/k"};
    struct target target;
    char *text;

    files(fixture);
    instance_make(0, &launch.instance, NULL);
    take(fixture,
         KERNEL ",\"cmdline\":\"a={ip}/{prefix} {netmask} {gateway} {mac} {memory} {{ip} "
                "{{{tap}} {x:{image}} {args} end\"",
         &target);
    assert_true(target_has_network(&target));
    text = target_cmdline(&target, "/app", "1 2", &launch);
    assert_string_equal(text, "a=10.0.0.2/16 255.255.0.0 10.0.0.1 52:54:0a:00:00:02 64 {ip} {vm0} "
                              "{x:/k} 1 2 end");
    free(text);
    target_free(&target);
    take(fixture,
         "\"driver\":\"process\",\"tender\":[\"/bin/true\",\"--net={tap}\",\"{mac}\"],"
         "\"vnet_hdr\":false",
         &target);
    assert_string_equal(target.tender[1], "--net={tap}");
    assert_null(target.tender[3]);
    assert_true(target.no_vnet_hdr);
    target_free(&target);
    refuse(fixture, KERNEL ",\"cmdline\":\"{address}\"", "\"{address}\": is no word that tare");
    refuse(fixture, KERNEL ",\"cmdline_tcg\":\"{x}\"", "field \"cmdline_tcg\": \"{x}\"");
    refuse(fixture, "\"driver\":\"process\",\"tender\":[\"{y}\"]", "field \"tender\": \"{y}\"");
    refuse(fixture, "\"driver\":\"process\",\"tender\":[1]", "must be an array of text");
    refuse(fixture, "\"driver\":\"process\",\"tender\":[]", "must be an array of 1 to");
    refuse(fixture, "\"driver\":\"process\",\"vnet_hdr\":1", "\"vnet_hdr\": must be true or");
}

static void test_address(void **state)
{
    const struct fixture *fixture = *state;
    struct target target;

    files(fixture);
    take(fixture, KERNEL ",\"address\":\"10.0.0.42\"", &target);
    assert_true(target_has_network(&target));
    target_free(&target);
    refuse(fixture, KERNEL ",\"address\":\"home\"", "\"home\" is no IPv4 address");
    refuse(fixture, KERNEL ",\"address\":\"192.168.0.1\"", "is not reached from 10.0.0.1/16");
    refuse(fixture, KERNEL ",\"address\":\"10.0.0.1\"", "is not reached");
    refuse(fixture, KERNEL ",\"address\":\"10.0.0.0\"", "is not reached");
    refuse(fixture, KERNEL ",\"address\":\"10.0.255.255\"", "is not reached");
    refuse(fixture, KERNEL ",\"address\":1", "field \"address\": must be text");
}

static void test_offers(void **state)
{
    const struct fixture *fixture = *state;
    struct target target;

    files(fixture);
    take(fixture,
         KERNEL ",\"offers\":[{\"protocol\":\"http\",\"port\":80,\"connections\":1},"
                "{\"protocol\":\"iperf3\",\"port\":5201,\"udp\":true},"
                "{\"protocol\":\"https\",\"port\":443,\"path\":\"/x\"},"
                "{\"protocol\":\"icmp\"}]",
         &target);
    assert_int_equal(target.offer_count, 4);
    assert_string_equal(target.offers[0].path, "/");
    assert_int_equal(target.offers[0].connections, 1);
    assert_true(target.offers[1].udp);
    assert_string_equal(target.offers[1].path, "");
    assert_string_equal(target.offers[2].path, "/x");
    assert_int_equal(target.offers[3].port, 0);
    target_free(&target);
#define OFFER(offer) KERNEL ",\"offers\":[" offer "]"
    refuse(fixture, OFFER("1"), "array of {\"protocol\"");
    refuse(fixture, OFFER("{}"), "array of {\"protocol\"");
    refuse(fixture, OFFER("{\"protocol\":\"gopher\",\"port\":70}"), "\"gopher\" is none of http");
    refuse(fixture, OFFER("{\"protocol\":\"http\"}"), "http needs \"port\"");
    refuse(fixture, OFFER("{\"protocol\":\"http\",\"port\":70000}"), "http has no such port");
    refuse(fixture, OFFER("{\"protocol\":\"icmp\",\"port\":1}"), "icmp has no such port");
    refuse(fixture, OFFER("{\"protocol\":\"echo\",\"port\":7,\"path\":\"/\"}"), "\"path\" must be");
    refuse(fixture, OFFER("{\"protocol\":\"http\",\"port\":7,\"path\":\"x\"}"), "\"path\" must be");
    refuse(fixture, OFFER("{\"protocol\":\"http\",\"port\":7,\"path\":\"/a b\"}"),
           "\"path\" holds a byte that must be written as %XX");
    refuse(fixture, OFFER("{\"protocol\":\"http\",\"port\":7,\"udp\":true}"), "\"udp\" must be");
    refuse(fixture, OFFER("{\"protocol\":\"http\",\"port\":7,\"connections\":0}"), "\"connections");
    refuse(fixture, OFFER("{\"protocol\":\"http\",\"port\":7,\"tls\":1}"), "\"tls\" is unknown");
}

/* Where the user's files are looked for; and that none is a fault. */
static void test_images(void **state)
{
    const struct fixture *fixture = *state;
    char one[PATH_MAX], folder[PATH_MAX], other[PATH_MAX], before[PATH_MAX];
    const char *named[] = {one, NULL};
    struct images images = {.named = NULL};
    struct target target;

    fixture_target(fixture, "x", KERNEL ",\"image\":true,\"disks\":[{\"file\":\"root\"}]");
    assert_int_equal(target_read(fixture->data, &images, "x", &target, NULL), 0);
    assert_string_equal(target.absent, "image not found: image; see kernels/x/README.md");
    target_free(&target);

    fixture_kernel(fixture, "images/x/image", 'f');
    fixture_write(fixture, "images/x/root", (char[512]){0}, 512);
    snprintf(folder, sizeof folder, "%s", fixture_path(fixture, "images"));
    images.folder = folder;
    assert_int_equal(target_read(fixture->data, &images, "x", &target, NULL), 0);
    assert_null(target.absent);
    assert_holds(target.kernel.path, "images/x/image");
    assert_holds(target.disks[0].file.path, "images/x/root");
    target_free(&target);

    fixture_kernel(fixture, "mine/built.elf", 'm'); /* by file: the others are beside it */
    fixture_write(fixture, "mine/root", (char[512]){0}, 512);
    snprintf(one, sizeof one, "x=%s", fixture_path(fixture, "mine/built.elf"));
    images.named = named;
    assert_int_equal(target_read(fixture->data, &images, "x", &target, NULL), 0);
    assert_holds(target.kernel.path, "mine/built.elf");
    assert_holds(target.disks[0].file.path, "mine/root");
    target_free(&target);

    snprintf(one, sizeof one, "x=%s", fixture_path(fixture, "mine")); /* by folder */
    assert_int_equal(target_read(fixture->data, &images, "x", &target, NULL), 0);
    assert_string_equal(target.absent, "image not found: image; see kernels/x/README.md");
    target_free(&target);

    snprintf(one, sizeof one, "y=%s", fixture_path(fixture, "mine")); /* another's */
    assert_int_equal(target_read(fixture->data, &images, "x", &target, NULL), 0);
    assert_holds(target.kernel.path, "images/x/image");
    target_free(&target);

    assert_non_null(getcwd(before, sizeof before)); /* by a file of the current folder */
    assert_int_equal(chdir(fixture_path(fixture, "mine")), 0);
    snprintf(one, sizeof one, "x=built.elf");
    assert_int_equal(target_read(fixture->data, &images, "x", &target, NULL), 0);
    assert_int_equal(chdir(before), 0);
    assert_null(target.absent);
    assert_string_equal(target.kernel.path, "built.elf");
    assert_holds(target.disks[0].file.path, "mine/root");
    target_free(&target);

    fixture_text(fixture, "images/x/image", "not a kernel, but there");
    images.named = NULL;
    assert_int_equal(target_read(fixture->data, &images, "x", &target, NULL), -ENOEXEC);
    target_free(&target);
    snprintf(other, sizeof other, "%s/kernels/x/target.json", fixture->data); /* by its path */
    images = (struct images){0};
    assert_int_equal(target_read("/none", &images, other, &target, NULL), 0);
    assert_string_equal(target.name, "x");
    target_free(&target);
    refuse(fixture, KERNEL ",\"image\":1", "field \"image\": must be true or false");
}

static void test_variants(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0}, other = {0};
    struct target target;
    char **names, path[PATH_MAX];

    files(fixture);
    fixture_target(fixture, "x",
                   KERNEL ",\"cmdline\":\"all\",\"variants\":{\"one\":{},\"two\":{\"cmdline\":"
                          "\"two\",\"summary\":\"the second\"}}");
    assert_int_equal(target_read(fixture->data, NULL, "x.one", &target, NULL), 0);
    assert_string_equal(target.name, "x.one");
    assert_string_equal(target.cmdline, "all");
    target_free(&target);
    assert_int_equal(target_read(fixture->data, NULL, "x.two:qemu", &target, NULL), 0);
    assert_string_equal(target.name, "x.two:qemu");
    assert_string_equal(target.cmdline, "two");
    assert_string_equal(target.summary, "the second");
    target_free(&target);
    snprintf(path, sizeof path, "%s/kernels/x/target.json.two", fixture->data);
    assert_int_equal(target_read(fixture->data, NULL, path, &target, NULL), 0);
    assert_string_equal(target.name, "x.two");
    target_free(&target);
    assert_int_equal(target_read(fixture->data, NULL, "x", &target, &error), -EINVAL);
    assert_holds(error.text, "has variants, of which one must be named, as .one");
    target_free(&target);
    assert_int_equal(target_read(fixture->data, NULL, "x.three", &target, &other), -ENOENT);
    assert_holds(other.text, "there is no object \"three\"");
    target_free(&target);
    names = target_names(fixture->data, false, NULL);
    assert_string_equal(names[2], "x.one");
    assert_string_equal(names[3], "x.two");
    for (char **name = names; *name; name++)
        free(*name);
    free(names);
    refuse(fixture, KERNEL ",\"variants\":1", "field \"variants\": must be an object");
    fixture_target(fixture, "x", KERNEL ",\"variants\":{\"one\":{\"colour\":1}}");
    error = (struct error){0};
    assert_int_equal(target_read(fixture->data, NULL, "x.one", &target, &error), -EINVAL);
    assert_holds(error.text, "field \"colour\": unknown");
    target_free(&target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_boot),   FIXTURE_TEST(test_disks),     FIXTURE_TEST(test_machine),
        FIXTURE_TEST(test_rules),  FIXTURE_TEST(test_templates), FIXTURE_TEST(test_address),
        FIXTURE_TEST(test_offers), FIXTURE_TEST(test_images),    FIXTURE_TEST(test_variants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
