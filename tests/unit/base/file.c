/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/base/file.h"
#include "tests/unit/fixture.h"

/* The examples of FIPS 180-4. */
static void test_hash(void **state)
{
    char hash[SHA256_HEX];

    (void)state;
    sha256_hex("abc", 3, hash);
    assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_hex("", 0, hash);
    assert_string_equal(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void test_read(void **state)
{
    const struct fixture *fixture = *state;
    struct file file;

    fixture_write(fixture, "bytes", "abc", 3);
    assert_int_equal(file_read(fixture_path(fixture, "bytes"), &file, NULL), 0);
    assert_int_equal(file.size, 3);
    assert_string_equal(file.data, "abc"); /* with a NUL behind */
    assert_string_equal(file.path, fixture_path(fixture, "bytes"));
    assert_memory_equal(file.sha256, "ba7816bf", 8);
    file_free(&file);
    assert_null(file.data);
    file_free(NULL);
    fixture_write(fixture, "empty", "", 0);
    assert_int_equal(file_read(fixture_path(fixture, "empty"), &file, NULL), 0);
    assert_int_equal(file.size, 0);
    assert_string_equal(file.data, "");
    file_free(&file);
}

static void refuse(const char *path, int code, const char *reason)
{
    struct error error = {0};
    struct file file;

    assert_int_equal(file_read(path, &file, &error), code);
    assert_holds(error.text, path);
    assert_holds(error.text, reason);
    assert_null(file.data);
    file_free(&file);
}

/* A FIFO without a writer must not keep us waiting. */
static void test_refused(void **state)
{
    const struct fixture *fixture = *state;

    refuse(fixture_path(fixture, "none"), -ENOENT, "No such file");
    refuse(fixture->root, -EINVAL, "not a regular file");
    assert_int_equal(mkfifo(fixture_path(fixture, "fifo"), 0600), 0);
    refuse(fixture_path(fixture, "fifo"), -EINVAL, "not a regular file");
}

static void test_write(void **state)
{
    const struct fixture *fixture = *state;
    const struct file one = {.data = (char *)"one", .size = 3};
    const struct file two = {.data = (char *)"two", .size = 3};
    const struct file *parts[] = {&one, &two};
    const char *path = fixture_path(fixture, "new");
    struct file file;
    struct stat about;

    assert_int_equal(file_write(path, parts, 2, 0700, NULL), 0);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    assert_int_equal(file_read(path, &file, NULL), 0);
    assert_string_equal(file.data, "onetwo");
    file_free(&file);
    assert_int_equal(file_write(path, parts, 1, 0700, NULL), 0); /* nothing of the old one stays */
    assert_int_equal(file_read(path, &file, NULL), 0);
    assert_string_equal(file.data, "one");
    file_free(&file);
}

static void test_write_refused(void **state)
{
    const struct file one = {.data = (char *)"one", .size = 3};
    const struct file *parts[] = {&one};
    struct error error = {0};

    assert_int_equal(file_write(fixture_path(*state, "no/such"), parts, 1, 0600, &error), -ENOENT);
    assert_holds(error.text, "no/such: No such file");
    error = (struct error){0};
    assert_int_equal(file_write("/dev/full", parts, 1, 0600, &error), -ENOSPC);
    assert_holds(error.text, "/dev/full: No space left");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash), FIXTURE_TEST(test_read),          FIXTURE_TEST(test_refused),
        FIXTURE_TEST(test_write),    FIXTURE_TEST(test_write_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
