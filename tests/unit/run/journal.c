/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/base/json.h"
#include "bench/run/journal.h"
#include "bench/run/record.h"
#include "tests/unit/fixture.h"

#define FIRST "{\"schema\":\"tare/1\",\"run\":{\"accel\":\"none\"},\"metrics\":[]}\n"
#define ACCEL "{\"accel\":{\"accel\":\"tcg\",\"reason\":\"because\"}}\n"

/* What the journal `text` makes, or NULL with the reason. */
static cJSON *read_text(const struct fixture *fixture, const char *text, long *length,
                        struct error *error)
{
    cJSON *document = NULL;
    int status;

    fixture_text(fixture, "journal", text);
    status = journal_read(fixture_path(fixture, "journal"), &document, length, error);
    assert_int_equal(status, document ? 0 : -EINVAL);
    return document;
}

static void test_append(void **state)
{
    const struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "journal");
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT, 0600);
    struct file file;
    cJSON *document;
    long length;

    assert_true(fd >= 0);
    assert_int_equal(journal_append(fd, cJSON_Parse(FIRST), NULL), 0);
    assert_int_equal(journal_append(fd, record_accel(ACCEL_TCG, "because"), NULL), 0);
    close(fd);
    assert_int_equal(file_read(path, &file, NULL), 0);
    assert_string_equal(file.data, FIRST ACCEL);
    assert_int_equal(journal_read(path, &document, &length, NULL), 0);
    assert_int_equal(length, file.size);
    assert_string_equal(json_text(json_field(document, "run"), "accel"), "tcg");
    assert_string_equal(json_text(json_field(document, "run"), "accel_reason"), "because");
    cJSON_Delete(document);
    file_free(&file);
}

static void test_append_fails(void **state)
{
    struct error error = {0}, memory = {0};
    int fd = open("/dev/full", O_WRONLY);

    (void)state;
    assert_int_equal(journal_append(fd, cJSON_CreateObject(), &error), -ENOSPC);
    assert_holds(error.text, "journal: No space left on device; make room");
    assert_int_equal(journal_append(fd, NULL, &memory), -ENOMEM);
    close(fd);
}

/* A run that was cut while it wrote: the line did not happen. */
static void test_cut_line(void **state)
{
    static const char text[] = FIRST ACCEL;

    for (size_t cut = sizeof FIRST - 1; cut < sizeof text - 1; cut++) {
        char part[sizeof text] = "";
        cJSON *document;
        long length;

        memcpy(part, text, cut);
        document = read_text(*state, part, &length, NULL);
        assert_non_null(document);
        assert_int_equal(length, sizeof FIRST - 1);
        assert_string_equal(json_text(json_field(document, "run"), "accel"), "none");
        cJSON_Delete(document);
    }
}

static void refuse(const struct fixture *fixture, const char *text, const char *reason)
{
    struct error error = {0};
    long length;

    assert_null(read_text(fixture, text, &length, &error));
    assert_holds(error.text, "/journal");
    assert_holds(error.text, reason);
}

static void test_refused(void **state)
{
    refuse(*state, "", "journal: holds no run");
    refuse(*state, "{\"schema\":", "journal: holds no run");
    refuse(*state, "{\"schema\":\n", "journal:1: not valid JSON");
    refuse(*state, FIRST "{\"accel\":\n" ACCEL, "journal:2: not valid JSON");
    refuse(*state, FIRST ACCEL "{\"wind\":{}}\n", "journal:3: unknown kind of line \"wind\"");
    refuse(*state, FIRST "{}\n", "journal:2: unknown kind of line \"\"");
    refuse(*state, FIRST "7\n", "journal:2: unknown kind of line \"\"");
    refuse(*state, FIRST "{\"trial\":{\"scenario\":\"old\"}}\n",
           "journal:2: scenario \"old\": unknown to this tare");
}

static void test_not_there(void **state)
{
    struct error error = {0};
    cJSON *document;
    long length;

    assert_int_equal(journal_read(fixture_path(*state, "none"), &document, &length, &error),
                     -ENOENT);
    assert_null(document);
    assert_holds(error.text, "none: No such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_append),    cmocka_unit_test(test_append_fails),
        FIXTURE_TEST(test_cut_line),  FIXTURE_TEST(test_refused),
        FIXTURE_TEST(test_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
