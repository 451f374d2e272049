/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole runs of scripted guests, in the sandbox: what is saved, and what a cut run leaves. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <signal.h>
#include <sys/file.h>

#include "bench/result/model.h"
#include "bench/result/results.h"
#include "bench/result/verify.h"
#include "bench/run/host.h"
#include "bench/run/record.h"
#include "bench/run/session.h"
#include "tests/unit/fixture.h"

static void say_nothing(const struct run *run, unsigned index, const char *text)
{
    (void)run;
    (void)index;
    (void)text;
}

/* In the worker, once the first trial is in the journal. */
static void interrupt(const struct run *run, unsigned index, const char *text)
{
    say_nothing(run, index, text);
    if (index != NO_TRIAL)
        kill(getpid(), SIGINT);
}

static void die(const struct run *run, unsigned index, const char *text)
{
    say_nothing(run, index, text);
    if (index != NO_TRIAL)
        kill(getpid(), SIGKILL);
}

/* A host that forbids the sandbox runs nothing. */
static int run_it(const struct plan_options *options, const char *resume, progress_hook *hook,
                  cJSON **document, struct error *error)
{
    int status = session_run(options, resume, hook, document, error);

    if (status == -EPERM) {
        print_message("%s\n", error->text);
        skip();
    }
    return status;
}

static bool exists(const struct fixture *fixture, const char *name)
{
    return access(fixture_path(fixture, name), F_OK) == 0;
}

/* How many files the folder holds beside the data directory and the program. */
static int count_left(const struct fixture *fixture)
{
    DIR *folder = opendir(fixture->root);
    struct dirent *entry;
    int count = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder)))
        count += entry->d_name[0] != '.' && strcmp(entry->d_name, "data") != 0 &&
                 strcmp(entry->d_name, "program") != 0;
    closedir(folder);
    return count;
}

static double count(const cJSON *document, const char *target, const char *what)
{
    const cJSON *series = results_series(document, "boot", "app", target);

    return json_number(json_field(series, "summary"), what);
}

static bool is_complete(const cJSON *document)
{
    return cJSON_IsTrue(json_field(json_field(document, "run"), "complete"));
}

/* Three repetitions, after a warm-up, into result.json. */
static struct plan_options to_result(const struct fixture *fixture)
{
    struct plan_options options = fixture_options(fixture);

    options.out = fixture_path(fixture, "result.json");
    options.repeat = 3;
    options.warmup = 1;
    return options;
}

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

/* Every planned trial has its sample, once. */
static void check_orders(const cJSON *document)
{
    const cJSON *list = json_field(json_field(document, "run"), "order"), *series, *sample;
    int trials = cJSON_GetArraySize(list), seen = 0;

    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        if (strcmp(json_text(series, "metric"), "app") != 0)
            continue;
        cJSON_ArrayForEach(sample, json_field(series, "samples"))
        {
            const cJSON *planned = cJSON_GetArrayItem(list, (int)json_number(sample, "order"));

            assert_string_equal(json_text(planned, "target"), json_text(series, "target"));
            assert_float_equal(json_number(planned, "repetition"),
                               json_number(sample, "repetition"), 0);
            seen++;
        }
        seen += cJSON_GetArraySize(json_field(series, "warmup"));
    }
    assert_int_equal(seen, trials);
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

/* In the worker, after the first trial of repetition 5. */
static void interrupt_late(const struct run *run, unsigned index, const char *text)
{
    say_nothing(run, index, text);
    if (index != NO_TRIAL && run->plan->trials[index].repetition == 5)
        kill(getpid(), SIGINT);
}

/* A rule that anything meets ends the run at its first look, also across a cut; the result is then
 * that of a run of so many repetitions. */
static void test_until(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct error error = {0};
    struct verify verify;
    const cJSON *about, *until;
    cJSON *document;

    options.repeat = 30;
    options.until = 100;
    /* Of one value each: a script ends at once, and waits for nothing but the harness. */
    fixture_null(fixture, "b",
                 "[{\"at_ms\":60,\"marker\":\"M\"},{\"at_ms\":60,\"marker\":\"X\"},"
                 "{\"at_ms\":60,\"marker\":\"E\"},{\"at_ms\":60,\"exit\":0}]");
    fixture_null(fixture, "a",
                 "[{\"at_ms\":30,\"marker\":\"M\"},{\"at_ms\":30,\"marker\":\"X\"},"
                 "{\"at_ms\":30,\"marker\":\"E\"},{\"at_ms\":30,\"exit\":0}]");
    assert_int_equal(run_it(&options, NULL, interrupt_late, &document, &error), -ECANCELED);
    about = json_field(document, "run");
    assert_false(is_complete(document));
    assert_float_equal(json_number(about, "repeat"), 30, 0);
    assert_null(json_field(json_field(about, "until"), "ended"));
    assert_int_equal(verify_document(document, &verify, &error), 0);
    assert_int_equal(verify.faults, 0);
    verify_free(&verify);
    cJSON_Delete(document);

    assert_int_equal(run_it(&options, options.out, say_nothing, &document, &error), 0);
    about = json_field(document, "run");
    until = json_field(about, "until");
    assert_true(is_complete(document));
    assert_string_equal(json_text(until, "ended"), "narrow");
    assert_true(cJSON_IsTrue(json_field(until, "met")));
    assert_float_equal(json_number(until, "most"), 30, 0);
    assert_float_equal(json_number(until, "rounds"), 12, 0);
    assert_float_equal(json_number(about, "repeat"), 12, 0);
    assert_int_equal(cJSON_GetArraySize(json_field(about, "order")), 2 * 13);
    assert_float_equal(count(document, "a", "n"), 12, 0);
    check_orders(document);
    assert_int_equal(verify_document(document, &verify, &error), 0);
    assert_int_equal(verify.faults, 0);
    verify_free(&verify);
    cJSON_Delete(document);
    assert_false(exists(fixture, "result.json.journal"));
}

/* Rules that nothing meets end at their limits, and the result says so. */
static void test_until_limits(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct error error = {0};
    struct verify verify;
    const cJSON *until;
    cJSON *document;

    options.repeat = 13;
    options.until = 1e-9;
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &error), 0);
    until = json_field(json_field(document, "run"), "until");
    assert_string_equal(json_text(until, "ended"), "repeat");
    assert_float_equal(json_number(until, "rounds"), 13, 0);
    assert_true(cJSON_IsFalse(json_field(until, "met")));
    assert_non_null(json_find(json_field(document, "warnings"), "code", "until"));
    assert_int_equal(verify_document(document, &verify, &error), 0);
    assert_int_equal(verify.faults, 0);
    verify_free(&verify);
    cJSON_Delete(document);

    options.minutes = 1e-6; /* the first repetition takes longer */
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &error), 0);
    until = json_field(json_field(document, "run"), "until");
    assert_string_equal(json_text(until, "ended"), "minutes");
    assert_float_equal(json_number(until, "rounds"), 1, 0);
    assert_float_equal(count(document, "b", "n"), 1, 0);
    assert_true(is_complete(document));
    assert_int_equal(verify_document(document, &verify, &error), 0);
    assert_int_equal(verify.faults, 0);
    verify_free(&verify);
    cJSON_Delete(document);
}

/* Scripts tell nothing of the machine. With a real program it is watched before each part of the
 * run, and what it did in the first one is not known. */
static void test_judged(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct error error = {0};
    const cJSON *about, *before;
    cJSON *document;

    fixture_target(fixture, "c", "\"driver\":\"process\"");
    options.targets = "a,c";
    assert_int_equal(run_it(&options, NULL, interrupt, &document, &error), -ECANCELED);
    about = json_field(document, "run");
    before = json_field(json_field(document, "host"), "before");
    assert_true(cJSON_IsTrue(json_field(about, "judged")));
    assert_true(json_number(before, "seconds") >= HOST_WATCH_S);
    assert_non_null(json_field(before, "other_load"));
    cJSON_Delete(document);
    assert_int_equal(run_it(&options, options.out, say_nothing, &document, &error), 0);
    assert_non_null(json_find(json_field(document, "warnings"), "code", "resumed"));
    assert_true(cJSON_IsFalse(json_field(json_field(document, "run"), "quiet")));
    assert_non_null(json_field(json_field(document, "host"), "qemu"));
    cJSON_Delete(document);
    options.unjudged = true;
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &error), 0);
    assert_true(cJSON_IsFalse(json_field(json_field(document, "run"), "judged")));
    assert_null(json_field(json_field(json_field(document, "host"), "before"), "seconds"));
    cJSON_Delete(document);
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
        FIXTURE_TEST(test_judged),        FIXTURE_TEST(test_killed),
        FIXTURE_TEST(test_until),         FIXTURE_TEST(test_until_limits),
        FIXTURE_TEST(test_not_resumed),   FIXTURE_TEST(test_bad_input),
        FIXTURE_TEST(test_empty_journal), FIXTURE_TEST(test_place),
        FIXTURE_TEST(test_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
