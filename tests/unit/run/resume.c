/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking up a cut run: its options, how far it came, and what forbids it. */
#include "tests/unit/test.h"

#include "bench/base/json.h"
#include "bench/run/record.h"
#include "bench/run/resume.h"
#include "tests/unit/fixture.h"

/* The document of a run by these options. */
static cJSON *begin(const struct plan_options *options)
{
    struct plan plan;
    cJSON *document;

    assert_int_equal(plan_prepare(options, &plan, NULL), 0);
    document = record_begin(&plan, NULL);
    plan_free(&plan);
    return document;
}

static void compare_text(const char *one, const char *other)
{
    assert_string_equal(one ? one : "none", other ? other : "none");
}

/* Options restored from the document of a run are those that it had. */
static void check_restored(const struct plan_options *had)
{
    struct plan_options options = {0};
    cJSON *document = begin(had);

    assert_int_equal(resume_options(document, &options, NULL), 0);
    assert_string_equal(options.scenarios, had->scenarios);
    assert_string_equal(options.targets, had->targets);
    compare_text(options.payload, had->payload);
    compare_text(options.args, had->args);
    compare_text(options.ready, had->ready ? had->ready : "marker");
    assert_int_equal(options.repeat, had->repeat);
    assert_int_equal(options.warmup, had->warmup);
    assert_float_equal(options.until, had->until, 0);
    assert_float_equal(options.minutes, had->minutes, 0);
    assert_int_equal(options.seed, had->seed);
    assert_int_equal(options.profile, had->profile);
    assert_int_equal(options.vms, had->vms);
    assert_int_equal(options.accel, had->accel);
    assert_int_equal(options.twins, had->twins);
    compare_text(options.twin_of, had->twin_of);
    compare_text(options.builds[1], had->builds[1]);
    assert_string_equal(options.machine.type, had->machine.type);
    assert_int_equal(options.machine.memory_mib, had->machine.memory_mib);
    assert_int_equal(options.machine.vcpus, had->machine.vcpus);
    assert_int_equal(options.machine.icount, had->machine.icount);
    compare_text(options.machine.pin, had->machine.pin);
    cJSON_Delete(document);
}

static void test_options(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);

    check_restored(&options);
    options.scenarios = "micro,boot";
    options.targets = "b,a";
    options.repeat = 17;
    options.until = 2.5;
    options.minutes = 90;
    options.warmup = 2;
    options.seed = 1ULL << 53;
    options.profile = PROFILE_FULL;
    options.vms = 9;
    options.accel = CHOOSE_AUTO;
    options.machine = (struct machine){.type = "q35", .memory_mib = 32, .vcpus = 2, .pin = "0-1"};
    check_restored(&options);
    options.accel = CHOOSE_KVM;
    options.until = options.minutes = 0;
    options.twins = TWINS_AA; /* the twins themselves come by it */
    check_restored(&options);
    options = fixture_options(fixture);
    fixture_text(fixture, "data/halts.so", "plugin");
    options.payload = fixture_path(fixture, "program");
    options.args = "-p 80";
    options.machine.icount = true;
    check_restored(&options);
    options.machine.icount = false;
    options.ready = "console:^up$";
    check_restored(&options);
}

static void test_builds(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture), restored = {0};
    cJSON *document;

    fixture_vm(fixture, "vm", "", '0');
    fixture_kernel(fixture, "new", '1');
    options.targets = "a,vm";
    options.twins = TWINS_AB;
    options.twin_of = "vm";
    options.builds[1] = fixture_path(fixture, "new");
    check_restored(&options);
    document = begin(&options);
    assert_int_equal(resume_options(document, &restored, NULL), 0);
    assert_holds(restored.builds[0], "data/kernels/vm/kernel"); /* that the target had then */
    cJSON_Delete(document);
}

/* What the command line refuses, a journal cannot bring. */
static void test_limits(void **state)
{
    static const struct {
        const char *field, *json, *reason;
    } bad[] = {
        {"repeat", "1e9", "--repeat: 1000000000 is not from 1 to 100000"},
        {"repeat", "4294967297", "--repeat: 4294967295 is not from"},
        {"repeat", "-1", "run: field \"repeat\": must be a whole number"},
        {"repeat", "\"3\"", "run: field \"repeat\": must be a whole number"},
        {"warmup", "1001", "--warmup: 1001 is not from 0 to 1000"},
        {"vcpus", "256", "--vcpus: 256 is not from 1 to 255"},
        {"memory_mib", "1e12", "--memory: 4294967295 is not from 1 to 16777216"},
        {"pin", "\"0'/><emulator>/tmp/x</emulator><a b='\"", "is no list of CPUs as 0,2-3"},
        {"machine", "\"pc'/>\"", "--machine: \"pc'/>\" is none of the choices"},
        {"accel_asked", "\"xen\"", "run: field \"accel_asked\": must be one of the words"},
        {"icount", "1", "run: field \"icount\": must be true or false"},
        {"args", "5", "run: field \"args\": must be text"},
    };
    struct plan_options options = fixture_options(*state);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cJSON *document = begin(&options);
        struct plan_options restored = {0};
        struct error error = {0};

        json_replace(json_field(document, "run"), bad[i].field, cJSON_Parse(bad[i].json));
        assert_int_equal(resume_options(document, &restored, &error), -EINVAL);
        assert_holds(error.text, bad[i].reason);
        cJSON_Delete(document);
    }
}

static void test_no_journal(void **state)
{
    static const char *const bad[] = {"{}", "{\"schema\":\"tare/2\",\"run\":{}}",
                                      "{\"schema\":\"tare/1\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cJSON *document = cJSON_Parse(bad[i]);
        struct plan_options options;
        struct error error = {0};

        assert_int_equal(resume_options(document, &options, &error), -EINVAL);
        assert_string_equal(error.text, "not a journal of tare/1");
        cJSON_Delete(document);
    }
}

/* A cut run and its plan, made anew. */
struct cut {
    struct plan plan;
    struct run run;
    cJSON *document;
};

static void cut_run(struct cut *cut, const struct plan_options *options)
{
    assert_int_equal(plan_prepare(options, &cut->plan, NULL), 0);
    cut->document = record_begin(&cut->plan, NULL);
    assert_int_equal(run_init(&cut->run, &cut->plan, NULL), 0);
}

static void drop_cut(struct cut *cut)
{
    run_free(&cut->run);
    plan_free(&cut->plan);
    cJSON_Delete(cut->document);
}

static void apply(struct cut *cut, cJSON *line)
{
    assert_non_null(line);
    assert_int_equal(record_apply(cut->document, line, NULL), 0);
    cJSON_Delete(line);
}

/* What planned trial `order`, at `t`, came to. */
static void apply_trial(struct cut *cut, unsigned order, double t, const char *outcome)
{
    const struct planned *planned = &cut->plan.trials[order];
    char *line;

    assert_true(asprintf(&line,
                         "{\"trial\":{\"target\":\"%s\",\"scenario\":\"boot\",\"order\":%u,"
                         "\"repetition\":%u,\"t\":%g,\"samples\":[{\"metric\":\"app\",%s}]}}",
                         cut->plan.targets[planned->target].name, order, planned->repetition, t,
                         outcome) > 0);
    apply(cut, cJSON_Parse(line));
    free(line);
}

static void test_progress(void **state)
{
    struct plan_options options = fixture_options(*state);
    struct cut cut;

    options.repeat = 2;
    options.warmup = 1;
    cut_run(&cut, &options);
    apply_trial(&cut, 1, 3, "\"value\":2");
    apply_trial(&cut, 4, 7.5, "\"error\":\"why\"");
    apply(&cut, record_dropped("b", "KVM will not"));
    assert_int_equal(resume_progress(cut.document, &cut.run, NULL), 0);
    assert_int_equal(cut.plan.trial_count, 6);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(cut.run.done[i], i == 1 || i == 4);
    assert_float_equal(cut.run.elapsed_s, 7.5, 0);
    assert_false(cut.run.dropped[0]);
    assert_true(cut.run.dropped[1]);
    assert_false(cut.run.accel_decided);
    drop_cut(&cut);
}

/* The trial of every sample must be the one that is planned under its number. */
static void test_other_trials(void **state)
{
    static const char *const bad[] = {
        "\"target\":\"b\",\"order\":99,\"repetition\":2,\"t\":1",
        "\"target\":\"b\",\"order\":1,\"repetition\":0,\"t\":1",
        "\"target\":\"a\",\"order\":1,\"repetition\":1,\"t\":1",
        "\"target\":\"a\",\"order\":-1,\"repetition\":0,\"t\":1",
        "\"target\":\"a\",\"order\":1,\"repetition\":0,\"t\":1e999",
        "\"target\":\"nobody\",\"order\":1,\"repetition\":0,\"t\":1",
    };
    struct plan_options options = fixture_options(*state);

    options.repeat = 2;
    options.warmup = 1;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = {0};
        struct cut cut;
        char *line;

        cut_run(&cut, &options);
        assert_true(asprintf(&line,
                             "{\"trial\":{\"scenario\":\"boot\",%s,\"samples\":["
                             "{\"metric\":\"app\",\"value\":1}]}}",
                             bad[i]) > 0);
        apply(&cut, cJSON_Parse(line));
        assert_int_equal(resume_progress(cut.document, &cut.run, &error), -EINVAL);
        assert_holds(error.text, "a sample of the journal: ");
        free(line);
        drop_cut(&cut);
    }
}

static void test_accelerator(void **state)
{
    struct plan_options options = fixture_options(*state);
    struct cut cut;

    cut_run(&cut, &options);
    apply(&cut, record_accel(ACCEL_KVM, "it booted"));
    assert_int_equal(resume_progress(cut.document, &cut.run, NULL), 0);
    assert_true(cut.run.accel_decided);
    assert_int_equal(cut.run.machine.accel, ACCEL_KVM);
    apply(&cut, record_accel(ACCEL_TCG, "it did not"));
    assert_int_equal(resume_progress(cut.document, &cut.run, NULL), 0);
    assert_int_equal(cut.run.machine.accel, ACCEL_TCG);
    drop_cut(&cut);
}

/* How the run of `then`, whose files have changed since, is taken up. */
static void refuse(const cJSON *then, const struct plan_options *options, int code,
                   const char *reason)
{
    struct error error = {0};
    struct cut now;

    cut_run(&now, options);
    assert_int_equal(resume_progress(then, &now.run, &error), code);
    assert_holds(error.text, reason);
    drop_cut(&now);
}

static void test_changed(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    cJSON *document;

    fixture_text(fixture, "data/kernels/vm/more", "old");
    fixture_kernel(fixture, "data/kernels/vm/kernel", '0');
    fixture_target(
        fixture, "vm",
        "\"driver\":\"libvirt\",\"kernel\":\"kernel\",\"initrd\":[\"payload\",\"more\"]");
    fixture_text(fixture, "data/kernels/run/tender", "old");
    assert_int_equal(chmod(fixture_path(fixture, "data/kernels/run/tender"), 0700), 0);
    fixture_target(fixture, "run", "\"driver\":\"process\",\"tender\":[\"tender\"]");
    fixture_multiboot(fixture, "data/kernels/grub/kernel");
    fixture_target(fixture, "grub",
                   "\"driver\":\"libvirt\",\"boot\":\"grub\",\"kernel\":\"kernel\","
                   "\"initrd\":[\"payload\"]");
    options.targets = "a,vm,run,grub";
    options.repeat = 9;
    document = begin(&options);
    fixture_kernel(fixture, "data/kernels/vm/kernel", '1');
    refuse(document, &options, -ESTALE, "a file of target vm has changed");
    fixture_kernel(fixture, "data/kernels/vm/kernel", '0');
    fixture_text(fixture, "data/kernels/vm/more", "new");
    refuse(document, &options, -ESTALE, "a file of target vm has changed");
    fixture_text(fixture, "data/kernels/vm/more", "old");
    fixture_text(fixture, "data/kernels/run/tender", "new");
    refuse(document, &options, -ESTALE, "a file of target run has changed");
    fixture_text(fixture, "data/kernels/run/tender", "old");
    fixture_payload(fixture, "listen", 'q');
    refuse(document, &options, -ESTALE, "listen.cpio, the payload of scenario boot, has changed");
    fixture_payload(fixture, "listen", 'p');
    options.seed++; /* the same trials, each with another's number */
    refuse(document, &options, -EINVAL, "the journal's plan is not this tare's");
    options.seed--;
    options.repeat++;
    refuse(document, &options, -EINVAL, "the journal's plan is not this tare's");
    options.repeat--;
    json_replace(json_field(json_find(json_field(document, "targets"), "name", "grub"), "loader"),
                 "sha256", cJSON_CreateString("that of another GRUB"));
    refuse(document, &options, -ESTALE, "a file of target grub has changed");
    cJSON_Delete(document);
}

/* Of a target that was left out no file matters, as long as it still is. */
static void test_absent(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    const cJSON *target;
    struct cut cut;

    fixture_text(fixture, "data/kernels/vm/more", "there");
    fixture_vm(fixture, "vm", "", '0');
    fixture_target(
        fixture, "vm",
        "\"driver\":\"libvirt\",\"kernel\":\"kernel\",\"image\":true,\"initrd\":[\"payload\","
        "\"more\",\"gone\"]");
    options.targets = "a,vm";
    cut_run(&cut, &options);
    target = json_find(json_field(cut.document, "targets"), "name", "vm");
    assert_holds(json_text(target, "dropped"), "image not found: gone");
    assert_int_equal(cJSON_GetArraySize(json_field(target, "initrd")), 0);
    assert_int_equal(resume_progress(cut.document, &cut.run, NULL), 0);
    fixture_text(fixture, "data/kernels/vm/gone", "here");
    refuse(cut.document, &options, -ESTALE, "a file of target vm has changed");
    drop_cut(&cut);
    cut_run(&cut, &options);
    unlink(fixture_path(fixture, "data/kernels/vm/gone"));
    refuse(cut.document, &options, -ESTALE, "a file of target vm has changed");
    drop_cut(&cut);
}

/* When --until ended the run, of which there is one line at most. */
static void test_stopped(void **state)
{
    static const char *const bad[][2] = {
        {"{\"rounds\":0,\"ended\":\"narrow\"}", "0 is not from 1 to the most, 20"},
        {"{\"rounds\":21,\"ended\":\"narrow\"}", "21 is not from 1 to the most, 20"},
        {"{\"rounds\":-1,\"ended\":\"narrow\"}", "stopped: field \"rounds\": must be a whole"},
        {"{\"rounds\":12,\"ended\":\"repeat\"}", "stopped: field \"ended\": must be one of"},
    };
    struct plan_options options = fixture_options(*state), restored = {0};
    struct error error = {0};
    struct cut cut;

    options.until = 2;
    options.repeat = 20;
    cut_run(&cut, &options);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cJSON *line = cJSON_CreateObject();
        struct error why = {0};

        cJSON_AddItemToObject(line, "stopped", cJSON_Parse(bad[i][0]));
        assert_int_equal(record_apply(cut.document, line, &why), -EINVAL);
        assert_holds(why.text, bad[i][1]);
        cJSON_Delete(line);
    }
    apply(&cut, record_stopped(20, "minutes"));
    assert_int_equal(resume_progress(cut.document, &cut.run, NULL), 0);
    assert_int_equal(cut.run.stopped, 20);
    json_replace(json_field(json_field(cut.document, "run"), "until"), "most",
                 cJSON_CreateNumber(21));
    assert_int_equal(resume_options(cut.document, &restored, &error), -EINVAL);
    assert_holds(error.text, "the journal's --until is not this tare's");
    drop_cut(&cut);
}

/* The journal names the host; one of an earlier version does not. */
static void test_host(void **state)
{
    cJSON *document = cJSON_Parse("{\"host\":{\"cpu\":\"A\",\"kernel\":\"Linux 6\"}}");
    cJSON *host = cJSON_Parse("{\"cpu\":\"A\",\"kernel\":\"Linux 6\",\"microcode\":\"1\"}");
    struct error error = {0};

    (void)state;
    assert_int_equal(resume_host(document, host, &error), 0);
    json_replace(host, "kernel", cJSON_CreateString("Linux 7"));
    assert_int_equal(resume_host(document, host, &error), -ESTALE);
    assert_holds(error.text, "the host's kernel was \"Linux 6\" and is \"Linux 7\"");
    cJSON_Delete(document);
    document = cJSON_CreateObject();
    assert_int_equal(resume_host(document, host, &error), 0);
    cJSON_Delete(document);
    cJSON_Delete(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host),     FIXTURE_TEST(test_options),
        FIXTURE_TEST(test_builds),       cmocka_unit_test(test_no_journal),
        FIXTURE_TEST(test_progress),     FIXTURE_TEST(test_accelerator),
        FIXTURE_TEST(test_other_trials), FIXTURE_TEST(test_limits),
        FIXTURE_TEST(test_changed),      FIXTURE_TEST(test_absent),
        FIXTURE_TEST(test_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
