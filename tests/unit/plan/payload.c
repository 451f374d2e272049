/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include <archive.h>
#include <archive_entry.h>

#include "bench/plan/payload.h"
#include "tests/unit/fixture.h"

static void test_arguments(void **state)
{
    struct arguments arguments;

    (void)state;
    assert_int_equal(arguments_parse("  -p 80   name=a'b  ", &arguments, NULL), 0);
    assert_string_equal(arguments.text, "-p 80 name=a'b");
    assert_string_equal(arguments.argv[0], "/app");
    assert_string_equal(arguments.argv[1], "-p");
    assert_string_equal(arguments.argv[3], "name=a'b");
    assert_null(arguments.argv[4]);
    assert_int_equal(arguments_parse("", &arguments, NULL), 0);
    assert_string_equal(arguments.text, "");
    assert_null(arguments.argv[1]);
}

static void refuse(const char *text, const char *reason)
{
    struct arguments arguments;
    struct error error = {0};

    assert_int_equal(arguments_parse(text, &arguments, &error), -EINVAL);
    assert_non_null(strstr(error.text, reason));
    assert_non_null(strstr(error.text, "--args"));
}

static void test_arguments_refused(void **state)
{
    char text[2 * ARGUMENTS_SIZE];
    struct arguments arguments;

    (void)state;
    refuse("a \"b\"", "double quote");
    refuse("a -- b", "Linux drops it");
    refuse("a\tb", "byte 0x09");
    refuse("caf\xc3\xa9", "byte 0xc3");
    memset(text, 'a', sizeof text);
    text[ARGUMENTS_SIZE] = '\0';
    refuse(text, "longer than");
    text[ARGUMENTS_SIZE - 1] = '\0';
    assert_int_equal(arguments_parse(text, &arguments, NULL), 0);
    for (int i = 0; i < ARGUMENTS_MAX + 1; i++)
        memcpy(text + 2 * i, "x ", 3);
    refuse(text, "more than 30 words");
    text[2 * ARGUMENTS_MAX - 1] = '\0';
    assert_int_equal(arguments_parse(text, &arguments, NULL), 0);
    assert_null(arguments.argv[ARGUMENTS_MAX + 1]);
}

/* This very test is dynamically linked. */
static void test_wrap_refused(void **state)
{
    struct payload payload;
    struct error error = {0};

    (void)state;
    assert_true(payload_wrap("/proc/self/exe", &payload, &error) < 0);
    assert_non_null(strstr(error.text, "/proc/self/exe: dynamically linked"));
    payload_free(&payload);
}

static void refuse_file(const char *path, const char *reason)
{
    struct payload payload;
    struct error error = {0};

    assert_int_equal(payload_wrap(path, &payload, &error), -EINVAL);
    assert_holds(error.text, reason);
    assert_holds(error.text, "name a readable static x86-64 ELF program");
    payload_free(&payload);
}

static void test_wrap_unreadable(void **state)
{
    const struct fixture *fixture = *state;

    refuse_file(fixture_path(fixture, "none"), "No such file");
    refuse_file(fixture->root, "not a regular file");
}

/* The archive depends on the program's bytes and on nothing else of its file. */
static void test_wrap(void **state)
{
    const struct fixture *fixture = *state;
    struct payload one, two, other;

    fixture_program(fixture, "one", 'p');
    fixture_program(fixture, "two", 'p');
    fixture_program(fixture, "other", 'o');
    assert_int_equal(chmod(fixture_path(fixture, "two"), 0755), 0);
    assert_int_equal(payload_wrap(fixture_path(fixture, "one"), &one, NULL), 0);
    assert_int_equal(payload_wrap(fixture_path(fixture, "two"), &two, NULL), 0);
    assert_int_equal(payload_wrap(fixture_path(fixture, "other"), &other, NULL), 0);
    assert_string_equal(one.archive.sha256, two.archive.sha256);
    assert_string_not_equal(one.archive.sha256, other.archive.sha256);
    assert_int_equal(one.archive.size % 512, 0);
    assert_memory_equal(one.archive.data, "070701", 6);
    payload_free(&one);
    payload_free(&two);
    payload_free(&other);
}

static void test_read(void **state)
{
    const struct fixture *fixture = *state;
    struct payload payload;
    struct file program;

    assert_int_equal(payload_read(fixture->data, "noop", &payload, NULL), 0);
    assert_int_equal(file_read(fixture_path(fixture, "program"), &program, NULL), 0);
    assert_string_equal(payload.program.sha256, program.sha256);
    assert_holds(payload.program.path, "noop.cpio:/app");
    file_free(&program);
    payload_free(&payload);
}

/* The payload x: an archive of these members, each with the same program. */
static void write_members(const struct fixture *fixture, const char *const *names)
{
    struct archive *writer = archive_write_new();
    struct file program;
    char room[16384];
    size_t size;

    assert_int_equal(file_read(fixture_path(fixture, "program"), &program, NULL), 0);
    archive_write_set_format_cpio_newc(writer);
    assert_int_equal(archive_write_open_memory(writer, room, sizeof room, &size), ARCHIVE_OK);
    for (; *names; names++) {
        struct archive_entry *entry = archive_entry_new();

        archive_entry_set_pathname(entry, *names);
        archive_entry_set_mode(entry, S_IFREG | 0755);
        archive_entry_set_size(entry, (int64_t)program.size);
        assert_int_equal(archive_write_header(writer, entry), ARCHIVE_OK);
        archive_write_data(writer, program.data, program.size);
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_close(writer), ARCHIVE_OK);
    archive_write_free(writer);
    file_free(&program);
    fixture_write(fixture, "data/payloads/x.cpio", room, size);
}

static int read_members(const struct fixture *fixture, const char *const *names,
                        struct error *error)
{
    struct payload payload;
    int status;

    write_members(fixture, names);
    status = payload_read(fixture->data, "x", &payload, error);
    payload_free(&payload);
    return status;
}

static void test_members(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0}, twice = {0};

    assert_int_equal(read_members(fixture, (const char *[]){"lib", "./app", NULL}, NULL), 0);
    assert_int_equal(read_members(fixture, (const char *[]){"lib/app", NULL}, &error), -ENOENT);
    assert_holds(error.text, "x.cpio: holds no program /app");
    assert_int_equal(read_members(fixture, (const char *[]){"app", "app", NULL}, &twice), -EINVAL);
    assert_holds(twice.text, "x.cpio: holds /app twice");
}

static void refuse_archive(const struct fixture *fixture, const void *bytes, size_t size,
                           const char *reason)
{
    struct payload payload;
    struct error error = {0};

    fixture_write(fixture, "data/payloads/x.cpio", bytes, size);
    assert_int_equal(payload_read(fixture->data, "x", &payload, &error), -EINVAL);
    assert_holds(error.text, "x.cpio: ");
    assert_holds(error.text, reason);
    payload_free(&payload);
}

static void test_archive_refused(void **state)
{
    const struct fixture *fixture = *state;
    struct payload good;

    assert_int_equal(payload_read(fixture->data, "noop", &good, NULL), 0);
    refuse_archive(fixture, good.archive.data, 200, "truncated: /app lacks bytes");
    refuse_archive(fixture, good.archive.data, 60, "not a whole newc cpio archive");
    refuse_archive(fixture, "some text that is no archive", 28, "newc cpio archive");
    payload_free(&good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_arguments_refused),
        cmocka_unit_test(test_wrap_refused),
        FIXTURE_TEST(test_wrap_unreadable),
        FIXTURE_TEST(test_wrap),
        FIXTURE_TEST(test_read),
        FIXTURE_TEST(test_members),
        FIXTURE_TEST(test_archive_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
