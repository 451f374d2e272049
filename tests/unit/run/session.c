/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole runs of scripted guests, in the sandbox: what is saved, and what a cut run leaves. */
#include "tests/unit/run/session.h"

static void test_whole(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    cJSON *document, *saved;
    struct error error = {0};
    struct model model;
    const cJSON *series;

    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &error), 0);
    assert_true(is_complete(document));
    assert_float_equal(count(document, "a", "n"), 3, 0);
    assert_float_equal(count(document, "b", "n"), 3, 0);
    assert_float_equal(count(document, "a", "failed"), 0, 0);
    series = results_series(document, "boot", "app", "a");
    assert_int_equal(cJSON_GetArraySize(json_field(series, "warmup")), 1);
    assert_true(json_number(json_field(series, "samples")->child, "value") > 0);
    assert_non_null(results_find(json_field(document, "ratios"), "boot", "app", "b"));
    assert_null(json_field(document, "part")); /* it has become the host's load */
    assert_non_null(json_field(json_field(document, "host"), "other_load"));
    assert_true(cJSON_IsFalse(json_field(json_field(document, "run"), "judged")));
    assert_non_null(json_field(json_field(document, "run"), "valid"));
    assert_int_equal(cJSON_GetArraySize(json_field(results_target(document, "a"), "launches")), 1);
    assert_int_equal(results_load(options.out, &saved, NULL), 0);
    assert_true(cJSON_Compare(document, saved, true));
    assert_int_equal(model_read(saved, &model, NULL), 0); /* as every reader of a result does */
    model_free(&model);
    assert_int_equal(count_left(fixture), 1); /* no journal */
    cJSON_Delete(saved);
    cJSON_Delete(document);
}

static void test_not_kept(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    struct error error = {0};
    cJSON *document;

    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &error), 0);
    assert_true(is_complete(document));
    assert_float_equal(count(document, "a", "n"), 1, 0);
    assert_int_equal(count_left(fixture), 0);
    cJSON_Delete(document);
}

/* A guest that fails is a result, not the run's failure. */
static void test_failing_guest(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    struct error error = {0};
    const cJSON *sample;
    cJSON *document;

    fixture_null(fixture, "b", "[{\"at_ms\":0,\"console\":\"oops\"},{\"at_ms\":0,\"crash\":11}]");
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &error), 0);
    assert_true(is_complete(document));
    assert_float_equal(count(document, "a", "failed"), 0, 0);
    assert_float_equal(count(document, "b", "failed"), 1, 0);
    assert_float_equal(count(document, "b", "n"), 0, 0);
    sample = json_field(results_series(document, "boot", "app", "b"), "samples")->child;
    assert_string_equal(json_text(sample, "error"),
                        "the guest's process was gone before payload main");
    assert_string_equal(json_text(sample, "console"), "oops");
    cJSON_Delete(document);
}

/* Complete it with options that the command line of --resume leaves at their defaults. */
static void check_resumed(const struct fixture *fixture, const char *out)
{
    struct plan_options options = fixture_options(fixture);
    struct error error = {0};
    cJSON *document;

    options.repeat = 99;
    options.targets = "all";
    assert_int_equal(run_it(&options, out, say_nothing, &document, &error), 0);
    assert_true(is_complete(document));
    assert_float_equal(count(document, "a", "n"), 3, 0);
    check_orders(document);
    assert_true(cJSON_IsFalse(json_field(json_field(document, "run"), "quiet")));
    cJSON_Delete(document);
    assert_true(exists(fixture, "result.json"));
    assert_false(exists(fixture, "result.json.journal"));
}

static void test_interrupted(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct error error = {0};
    cJSON *document;

    assert_int_equal(run_it(&options, NULL, interrupt, &document, &error), -ECANCELED);
    assert_holds(error.text, "interrupted; go on with: tare run --resume ");
    assert_holds(error.text, options.out);
    assert_non_null(document);
    assert_false(is_complete(document));
    assert_true(cJSON_IsFalse(json_field(json_field(document, "run"), "valid")));
    cJSON_Delete(document);
    assert_true(exists(fixture, "result.json.journal"));
    check_resumed(fixture, options.out);
}

/* The hardest cut: the worker is killed, and the last line of the journal is not whole. */
static void test_killed(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct error error = {0};
    cJSON *document;
    int fd;

    assert_int_equal(run_it(&options, NULL, die, &document, &error), -ECHILD);
    assert_holds(error.text, "worker was killed");
    cJSON_Delete(document);
    fd = open(fixture_path(fixture, "result.json.journal"), O_WRONLY | O_APPEND);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"trial\":{\"tar", 14), 14);
    close(fd);
    check_resumed(fixture, options.out);
}

static void test_not_resumed(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct error none = {0}, kept = {0}, busy = {0}, changed = {0};
    cJSON *document;
    int fd;

    assert_int_equal(run_it(&options, options.out, say_nothing, &document, &none), -ENOENT);
    assert_holds(none.text, "result.json.journal: No such file");
    assert_int_equal(run_it(&options, NULL, interrupt, &document, &none), -ECANCELED);
    cJSON_Delete(document);
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &kept), -EEXIST);
    assert_holds(kept.text, "a cut run is kept here");
    assert_null(document);
    fd = open(fixture_path(fixture, "result.json.journal"), O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(run_it(&options, options.out, say_nothing, &document, &busy), -EBUSY);
    assert_holds(busy.text, "another tare is writing it");
    close(fd);
    fixture_payload(fixture, "noop", 'q');
    assert_int_equal(run_it(&options, options.out, say_nothing, &document, &changed), -ESTALE);
    assert_holds(changed.text, "noop.cpio, the payload of scenario boot, has changed");
    assert_null(document);
    assert_true(exists(fixture, "result.json.journal")); /* nothing is lost */
    remove(fixture_path(fixture, "data/kernels/a/target.json"));
    changed = (struct error){0};
    assert_int_equal(run_it(&options, options.out, say_nothing, &document, &changed), -ENOENT);
    assert_holds(changed.text, "--resume, with the options of the cut run: target \"a\": unknown");
}

/* A run that was killed before it measured leaves nothing to keep: the next one takes its place. */
static void test_empty_journal(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct error busy = {0}, error = {0};
    struct plan plan;
    cJSON *document;
    char *line;
    int fd;

    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    document = record_begin(&plan, NULL);
    line = cJSON_PrintUnformatted(document);
    fixture_text(fixture, "result.json.journal", line);
    fd = open(fixture_path(fixture, "result.json.journal"), O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "\n", 1), 1);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0); /* as long as it lives it is not touched */
    cJSON_Delete(document);
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &busy), -EBUSY);
    assert_holds(busy.text, "another tare is writing it");
    close(fd);
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &error), 0);
    assert_true(is_complete(document));
    cJSON_Delete(document);
    assert_int_equal(count_left(fixture), 1);
    free(line);
    plan_free(&plan);
}

/* What is there and no result is not replaced by one, and no run is wasted on finding out. */
static void test_place(void **state)
{
    static const char *const bad[][2] = {
        {"", "the result's file has no name"},  {"/dev/null", "/dev/null: not a regular file"},
        {"folder", "folder: a folder"},         {"folder/", "folder/: a folder"},
        {"none/", "none/: a folder"},           {"pipe", "pipe: not a regular file"},
        {"dangling", "dangling: No such file"}, {"to-device", "to-device: not a regular file"},
    };
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct stat about;
    cJSON *document;

    assert_int_equal(mkdir(fixture_path(fixture, "folder"), 0700), 0);
    assert_int_equal(mkfifo(fixture_path(fixture, "pipe"), 0600), 0);
    assert_int_equal(symlink("nowhere", fixture_path(fixture, "dangling")), 0);
    assert_int_equal(symlink("/dev/full", fixture_path(fixture, "to-device")), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = {0};

        options.out =
            *bad[i][0] && *bad[i][0] != '/' ? fixture_path(fixture, bad[i][0]) : bad[i][0];
        assert_true(run_it(&options, NULL, say_nothing, &document, &error) < 0);
        assert_holds(error.text, bad[i][1]);
        assert_null(document);
    }
    assert_int_equal(lstat("/dev/null", &about), 0);
    assert_true(S_ISCHR(about.st_mode));
    assert_int_equal(count_left(fixture), 4);
}

/* A link to a result is followed. */
static void test_link(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct error error = {0};
    struct stat about;
    cJSON *document;

    fixture_text(fixture, "real.json", "old");
    assert_int_equal(symlink("real.json", fixture_path(fixture, "link.json")), 0);
    options.out = fixture_path(fixture, "link.json");
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &error), 0);
    cJSON_Delete(document);
    assert_int_equal(lstat(fixture_path(fixture, "link.json"), &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_int_equal(results_load(fixture_path(fixture, "real.json"), &document, NULL), 0);
    cJSON_Delete(document);
    assert_int_equal(count_left(fixture), 2);
}

/* Bad input ends before there is anything to keep. */
static void test_bad_input(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct error unknown = {0}, nowhere = {0};
    cJSON *document;

    options.targets = "nosuch";
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &unknown), -ENOENT);
    assert_null(document);
    assert_int_equal(count_left(fixture), 0);
    options = to_result(fixture);
    options.out = fixture_path(fixture, "no/such/result.json");
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &nowhere), -ENOENT);
    assert_holds(nowhere.text, "no/such/result.json.journal: No such file");
    assert_null(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_whole),         FIXTURE_TEST(test_not_kept),
        FIXTURE_TEST(test_failing_guest), FIXTURE_TEST(test_interrupted),
        FIXTURE_TEST(test_killed),        FIXTURE_TEST(test_not_resumed),
        FIXTURE_TEST(test_bad_input),     FIXTURE_TEST(test_empty_journal),
        FIXTURE_TEST(test_place),         FIXTURE_TEST(test_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
