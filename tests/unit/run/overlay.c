/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The overlay's bytes; tests/e2e/foreign.sh has QEMU boot from such disks. */
#include "tests/unit/test.h"

#include "bench/run/overlay.h"
#include "tests/unit/fixture.h"

static uint64_t value(const struct file *file, size_t at, unsigned size)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < size; i++)
        all = all << 8 | (unsigned char)file->data[at + i];
    return all;
}

static void test_layout(void **state)
{
    const struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "overlay");
    struct file file;
    uint64_t l1, table, block;

    assert_int_equal(overlay_write(path, "/some/base", "raw", 1000, NULL), 0);
    assert_int_equal(file_read(path, &file, NULL), 0);
    assert_memory_equal(file.data, "QFI\xfb", 4);
    assert_int_equal(value(&file, 4, 4), 3);
    assert_int_equal(value(&file, 24, 8), 1024); /* whole sectors */
    assert_int_equal(value(&file, 16, 4), strlen("/some/base"));
    assert_memory_equal(file.data + value(&file, 8, 8), "/some/base", strlen("/some/base"));
    assert_memory_equal(file.data + 104 + 8, "raw", 4); /* or QEMU would guess, by the content */
    l1 = value(&file, 40, 8);
    table = value(&file, 48, 8);
    block = value(&file, table, 8);
    assert_int_equal(value(&file, l1, 8), 0); /* all is the base's */
    for (uint64_t cluster = 0; cluster < file.size >> 16; cluster++)
        assert_int_equal(value(&file, block + 2 * cluster, 2), 1);
    assert_true(l1 < file.size && table < file.size && block < file.size);
    file_free(&file);
}

static void test_limits(void **state)
{
    const struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "overlay");
    struct error error = {0};

    assert_int_equal(overlay_write(path, "/base", "qcow2", OVERLAY_MAX, NULL), 0);
    assert_int_equal(overlay_write(path, "/base", "raw", OVERLAY_MAX + 1, &error), -EFBIG);
    assert_holds(error.text, "too large a disk");
    assert_int_equal(overlay_write(fixture_path(fixture, "no/overlay"), "/b", "raw", 512, NULL),
                     -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_layout), FIXTURE_TEST(test_limits)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
