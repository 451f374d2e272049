/* SPDX-License-Identifier: GPL-3.0-or-later */
/* target.json: what is taken from it, and what is refused in which words. */
#include "tests/unit/test.h"

#include "bench/base/name.h"
#include "bench/plan/target.h"
#include "tests/unit/fixture.h"

static void test_defaults(void **state)
{
    const struct fixture *fixture = *state;
    struct target target;

    assert_int_equal(target_read(fixture->data, NULL, "a", &target, NULL), 0);
    assert_string_equal(target.name, "a");
    assert_string_equal(target.summary, "of a test");
    assert_string_equal(target.driver->name, "null");
    assert_true(target.runs_program);
    assert_false(target.built_in);
    assert_int_equal(target.baseline_rank, 0);
    assert_int_equal(target.payload, PAYLOAD_INITRD);
    assert_string_equal(target.cmdline, "");
    assert_string_equal(target.cmdline_tcg, "");
    assert_null(target.twin_of);
    assert_null(target.kernel.data);
    assert_int_equal(target.extra_count, 0);
    assert_holds(target.script, "{\"at_ms\":0,\"marker\":\"K\"}");
    target_free(&target);
}

static void test_all_fields(void **state)
{
    const struct fixture *fixture = *state;
    struct target target;

    fixture_text(fixture, "data/kernels/vm/one", "first");
    fixture_text(fixture, "data/kernels/vm/two", "second");
    fixture_kernel(fixture, "data/kernels/vm/image", 'k');
    fixture_target(fixture, "vm",
                   "\"driver\":\"libvirt\",\"kernel\":\"image\",\"initrd\":[\"payload\",\"one\","
                   "\"two\"],\"cmdline\":\"c {network}\",\"cmdline_tcg\":\"t\",\"built_in\":true,"
                   "\"runs_program\":false,\"in_all\":false,\"baseline_rank\":3");
    assert_int_equal(target_read(fixture->data, NULL, "vm", &target, NULL), 0);
    assert_string_equal(target.driver->name, "libvirt");
    assert_int_equal(target.kernel.size, 0x400);
    assert_int_equal(target.extra_count, 2); /* the payload is each scenario's */
    assert_string_equal(target.extras[0].data, "first");
    assert_string_equal(target.extras[1].data, "second");
    assert_string_equal(target.cmdline, "c {network}");
    assert_string_equal(target.cmdline_tcg, "t");
    assert_true(target.built_in);
    assert_false(target.runs_program);
    assert_int_equal(target.baseline_rank, 3);
    assert_null(target.script);
    assert_true(target_has_network(&target));
    target_free(&target);
}

static void refuse_as(struct fixture *fixture, const char *fields, int code, const char *reason)
{
    struct error error = {0};
    struct target target;

    fixture_target(fixture, "x", fields);
    assert_int_equal(target_read(fixture->data, NULL, "x", &target, &error), code);
    assert_holds(error.text, "kernels/x/target.json");
    assert_holds(error.text, reason);
    target_free(&target);
}

static void refuse(struct fixture *fixture, const char *fields, const char *reason)
{
    refuse_as(fixture, fields, -EINVAL, reason);
}

#define NULL_DRIVER "\"driver\":\"null\",\"script\":[]"

static void test_types(void **state)
{
    struct fixture *fixture = *state;

    refuse(fixture, NULL_DRIVER ",\"unheard_of\":1", "field \"unheard_of\": unknown");
    refuse(fixture, "\"driver\":1", "field \"driver\": must be text");
    refuse(fixture, "\"script\":[]", "field \"driver\": missing");
    refuse(fixture, "\"driver\":\"nosuch\"", "field \"driver\": no driver \"nosuch\"");
    refuse(fixture, "\"driver\":\"null\"", "field \"script\": missing");
    refuse(fixture, NULL_DRIVER ",\"runs_program\":1", "\"runs_program\": must be true or false");
    refuse(fixture, NULL_DRIVER ",\"built_in\":\"yes\"", "\"built_in\": must be true or false");
    refuse(fixture, NULL_DRIVER ",\"in_all\":null", "\"in_all\": must be true or false");
    refuse(fixture, NULL_DRIVER ",\"cmdline\":[]", "\"cmdline\": must be text");
    refuse(fixture, NULL_DRIVER ",\"cmdline_tcg\":1", "\"cmdline_tcg\": must be text");
    refuse(fixture, NULL_DRIVER ",\"payload\":1", "\"payload\": must be text");
    refuse(fixture, NULL_DRIVER ",\"payload\":\"net\"", "\"net\" is none of initrd, baked, none");
    refuse(fixture, NULL_DRIVER ",\"payload\":\"none\"", "needs \"runs_program\": false");
    refuse(fixture, NULL_DRIVER ",\"baseline_rank\":\"1\"", "\"baseline_rank\": must be a whole");
    refuse(fixture, NULL_DRIVER ",\"baseline_rank\":0", "\"baseline_rank\": must be a whole");
    refuse(fixture, NULL_DRIVER ",\"baseline_rank\":1.5", "\"baseline_rank\": must be a whole");
}

static void test_name_and_summary(void **state)
{
    struct fixture *fixture = *state;
    static const char *const bad[][2] = {
        {"{\"summary\":\"s\"}", "field \"name\": missing"},
        {"{\"name\":1,\"summary\":\"s\"}", "field \"name\": must be text"},
        {"{\"name\":\"x\"}", "field \"summary\": missing"},
        {"{\"name\":\"x\",\"summary\":{}}", "field \"summary\": must be text"},
        {"{\"name\":\"y\",\"summary\":\"s\"," NULL_DRIVER "}", "\"y\" differs from its folder's"},
        {"[]", "not a JSON object"},
        {"", ":1: not valid JSON"},
        {"{\n\"name\": \"x\",\n\"summary\" 1}", "target.json:3: not valid JSON near"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = {0};
        struct target target;

        fixture_text(fixture, "data/kernels/x/target.json", bad[i][0]);
        assert_int_equal(target_read(fixture->data, NULL, "x", &target, &error), -EINVAL);
        assert_holds(error.text, bad[i][1]);
        target_free(&target);
    }
}

#define VM "\"driver\":\"libvirt\""
#define KERNEL VM ",\"kernel\":\"image\""

static void test_files(void **state)
{
    struct fixture *fixture = *state;
    char many[1024] = KERNEL ",\"initrd\":[\"payload\"";

    fixture_kernel(fixture, "data/kernels/x/image", 'k');
    fixture_text(fixture, "data/kernels/x/text", "not a kernel, however long this text may be");
    refuse(fixture, VM, "field \"kernel\": missing");
    refuse(fixture, VM ",\"kernel\":1", "field \"kernel\": must be text");
    refuse_as(fixture, VM ",\"kernel\":\"none\"", -ENOENT, "kernels/x/none: No such file");
    refuse_as(fixture, VM ",\"kernel\":\"text\"", -ENOEXEC, "neither an ELF kernel nor");
    refuse(fixture, KERNEL, "\"initrd\": must be an array that starts with \"payload\"");
    refuse(fixture, KERNEL ",\"initrd\":\"payload\"", "must be an array that starts with");
    refuse(fixture, KERNEL ",\"initrd\":[]", "must be an array that starts with");
    refuse(fixture, KERNEL ",\"initrd\":[\"text\"]", "must be an array that starts with");
    refuse(fixture, KERNEL ",\"initrd\":[\"payload\",\"text\",2]", "\"initrd\"[2]: must be a file");
    refuse(fixture, KERNEL ",\"initrd\":{},\"payload\":\"baked\"", "\"initrd\": must be an array");
    refuse(fixture, KERNEL ",\"initrd\":[2],\"payload\":\"baked\"", "\"initrd\"[0]: must be a");
    refuse_as(fixture, KERNEL ",\"initrd\":[\"payload\",\"none\"]", -ENOENT, "field \"initrd\": ");
    for (int i = 0; i < EXTRAS_MAX + 1; i++)
        strcat(many, ",\"text\"");
    refuse(fixture, strcat(many, "]"), "\"initrd\": more than 32 files");
}

/* How the program reaches the kernel. */
static void test_ways(void **state)
{
    const struct fixture *fixture = *state;
    struct target target;

    fixture_kernel(fixture, "data/kernels/x/image", 'k');
    fixture_text(fixture, "data/kernels/x/more", "more");
    fixture_target(fixture, "x", KERNEL ",\"payload\":\"baked\",\"initrd\":[\"more\"]");
    assert_int_equal(target_read(fixture->data, NULL, "x", &target, NULL), 0);
    assert_int_equal(target.payload, PAYLOAD_BAKED);
    assert_int_equal(target.extra_count, 1);
    assert_string_equal(target.extras[0].data, "more");
    target_free(&target);
    fixture_target(fixture, "x", KERNEL ",\"payload\":\"none\",\"runs_program\":false");
    assert_int_equal(target_read(fixture->data, NULL, "x", &target, NULL), 0);
    assert_int_equal(target.payload, PAYLOAD_NONE);
    assert_int_equal(target.extra_count, 0);
    target_free(&target);
}

/* What holds a slash is the path of a target.json. */
static void test_unknown(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0}, bad = {0};
    struct target target;

    assert_int_equal(target_read(fixture->data, NULL, "nosuch", &target, &error), -ENOENT);
    assert_holds(error.text, "target \"nosuch\": unknown");
    target_free(&target);
    assert_int_equal(target_read(fixture->data, NULL, "../kernels/a", &target, &bad), -EINVAL);
    assert_holds(bad.text, "a path must end with /target.json");
    target_free(&target);
}

/* What a path makes is a name, too: of folder, variant and driver. */
static void test_path_names(void **state)
{
    static const char json[] =
        "{\"name\":\"os\",\"summary\":\"s\",\"driver\":\"libvirt\",\"kernel\":"
        "\"k\",\"initrd\":[\"payload\"],\"variants\":{\"a\":{},\"b c\":{}}}";
    static const char *const bad[][2] = {
        {"os/target.json.b c", "make \"os.b c\", which is no name: "},
        {"o s/target.json.a", "make \"o s.a\", which is no name: "},
        {"os/target.jsonx", "a path must end with /target.json"},
        {"osv.x/target.json.a", "\"os\" differs from its folder's"},
    };
    const struct fixture *fixture = *state;
    char folder[NAME_LENGTH_MAX + 1] = "", path[PATH_MAX], *text;
    struct error error = {0};
    struct target target;

    fixture_text(fixture, "os/target.json", json);
    fixture_text(fixture, "o s/target.json", json);
    fixture_text(fixture, "osv.x/target.json", json);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error why = {0};

        assert_int_equal(
            target_read(fixture->data, NULL, fixture_path(fixture, bad[i][0]), &target, &why),
            -EINVAL);
        assert_holds(why.text, bad[i][1]);
        target_free(&target);
    }
    memset(folder, 'x', NAME_LENGTH_MAX); /* a name by itself, but not with ":qemu" */
    snprintf(path, sizeof path, "%s/k", folder);
    fixture_kernel(fixture, path, 'k');
    snprintf(path, sizeof path, "%s/target.json", folder);
    assert_true(asprintf(&text,
                         "{\"name\":\"%s\",\"summary\":\"s\",\"driver\":\"libvirt\",\"kernel\":"
                         "\"k\",\"initrd\":[\"payload\"]}",
                         folder) > 0);
    fixture_text(fixture, path, text);
    free(text);
    assert_int_equal(target_read(fixture->data, NULL, fixture_path(fixture, path), &target, NULL),
                     0);
    target_free(&target);
    strcat(path, ":qemu");
    assert_int_equal(target_read(fixture->data, NULL, fixture_path(fixture, path), &target, &error),
                     -EINVAL);
    assert_holds(error.text, "xx:qemu\": is no name");
    target_free(&target);
}

static void test_names(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0};
    char **names;

    fixture_text(fixture, "data/kernels/.hidden/target.json", "{}");
    names = target_names(fixture->data, false, NULL);
    assert_non_null(names);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[1], "b");
    assert_null(names[2]);
    for (char **name = names; *name; name++)
        free(*name);
    free(names);
    assert_null(target_names(fixture_path(fixture, "none"), false, &error));
    assert_holds(error.text, "none/kernels: No such file");
}

static void test_network(void **state)
{
    struct target vm = {.driver = driver_find("libvirt"), .cmdline = (char *)"quiet"};
    struct target process = {.driver = driver_find("process"), .cmdline = (char *)""};
    struct target null = {.driver = driver_find("null"), .cmdline = (char *)"{network}"};

    (void)state;
    assert_false(target_has_network(&vm));
    vm.cmdline = (char *)"quiet {network}";
    assert_true(target_has_network(&vm));
    assert_true(target_has_network(&process));
    assert_false(target_has_network(&null));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_defaults),    FIXTURE_TEST(test_all_fields),
        FIXTURE_TEST(test_types),       FIXTURE_TEST(test_name_and_summary),
        FIXTURE_TEST(test_files),       FIXTURE_TEST(test_ways),
        FIXTURE_TEST(test_unknown),     FIXTURE_TEST(test_names),
        cmocka_unit_test(test_network), FIXTURE_TEST(test_path_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
