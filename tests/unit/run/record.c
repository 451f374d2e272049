/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document of a run, and what each journal line changes in it. */
#include "tests/unit/test.h"

#include "bench/base/json.h"
#include "bench/run/record.h"
#include "tests/unit/fixture.h"

static cJSON *begin(const struct plan_options *options)
{
    struct plan plan;
    cJSON *document;

    assert_int_equal(plan_prepare(options, &plan, NULL), 0);
    document = record_begin(&plan, NULL);
    assert_non_null(document);
    plan_free(&plan);
    return document;
}

/* That `object` has every field that `schema` requires of it. */
static void check_required(const cJSON *object, const cJSON *schema)
{
    const cJSON *name;

    assert_true(cJSON_GetArraySize(json_field(schema, "required")) > 0);
    cJSON_ArrayForEach(name, json_field(schema, "required"))
    {
        if (!json_field(object, name->valuestring))
            print_error("\"%s\" is missing\n", name->valuestring);
        assert_non_null(json_field(object, name->valuestring));
    }
}

static cJSON *property(const cJSON *schema, const char *name)
{
    return json_field(json_field(schema, "properties"), name);
}

/* Every field of results/schema.json that is there from the beginning; the host is described at the
 * end, and with it what the run was like. */
static void test_required(void **state)
{
    struct plan_options options = fixture_options(*state);
    cJSON *document = begin(&options), *about = json_field(document, "run"), *schema;
    static const char *const late[] = {"quiet", "valid", "invalid_reasons"};
    const cJSON *item;
    struct file file;

    assert_int_equal(file_read("results/schema.json", &file, NULL), 0);
    schema = cJSON_Parse(file.data);
    file_free(&file);
    assert_non_null(schema);
    check_required(document, schema);
    for (size_t i = 0; i < sizeof late / sizeof *late; i++)
        json_replace(about, late[i], cJSON_CreateNull());
    check_required(about, property(schema, "run"));
    cJSON_ArrayForEach(item, json_field(document, "targets"))
        check_required(item, json_field(property(schema, "targets"), "items"));
    assert_int_equal(cJSON_GetArraySize(json_field(document, "payloads")), 2);
    cJSON_ArrayForEach(item, json_field(document, "payloads"))
        check_required(item, json_field(property(schema, "payloads"), "items"));
    assert_int_equal(cJSON_GetArraySize(json_field(about, "order")), 2);
    cJSON_ArrayForEach(item, json_field(about, "order"))
        check_required(item, json_field(property(property(schema, "run"), "order"), "items"));
    cJSON_Delete(schema);
    cJSON_Delete(document);
}

static void test_about(void **state)
{
    const struct fixture *fixture = *state;
    char *argv[] = {(char *)"tare", (char *)"run"};
    struct plan_options options = fixture_options(fixture);
    cJSON *document, *about;

    options.payload = fixture_path(fixture, "program");
    options.args = "-p 80";
    options.ready = "console:up";
    options.repeat = 3;
    options.warmup = 2;
    options.seed = 1ULL << 53;
    options.profile = PROFILE_FULL;
    options.accel = CHOOSE_AUTO;
    options.twins = TWINS_AA;
    options.machine.pin = "1";
    options.argc = 2;
    options.argv = argv;
    document = begin(&options);
    about = json_field(document, "run");
    assert_string_equal(json_text(document, "schema"), "tare/1");
    assert_string_equal(json_text(about, "payload"), options.payload);
    assert_string_equal(json_text(about, "args"), "-p 80");
    assert_string_equal(json_text(about, "ready"), "console:up");
    assert_string_equal(json_text(about, "profile"), "full");
    assert_string_equal(json_text(about, "compare"), "aa");
    assert_string_equal(json_text(about, "pin"), "1");
    assert_string_equal(json_text(about, "machine"), "microvm");
    assert_string_equal(json_text(about, "accel_asked"), "auto");
    assert_string_equal(json_text(about, "accel"), "none");
    assert_float_equal(json_number(about, "repeat"), 3, 0);
    assert_float_equal(json_number(about, "warmup"), 2, 0);
    assert_float_equal(json_number(about, "seed"), 9007199254740992.0, 0);
    assert_float_equal(json_number(about, "memory_mib"), 64, 0);
    assert_int_equal(cJSON_GetArraySize(json_field(about, "argv")), 2);
    assert_true(cJSON_IsFalse(json_field(about, "complete")));
    assert_string_equal(
        json_text(json_find(json_field(document, "targets"), "name", "a-b"), "twin_of"), "a");
    cJSON_Delete(document);
}

/* A target's files, by which --resume knows them again. */
static void test_files(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    cJSON *document, *target;

    fixture_text(fixture, "data/kernels/vm/more", "abc");
    fixture_kernel(fixture, "data/kernels/vm/kernel", 'k');
    fixture_target(fixture, "vm",
                   "\"driver\":\"libvirt\",\"kernel\":\"kernel\",\"initrd\":[\"payload\",\"more\"],"
                   "\"baseline_rank\":2");
    options.targets = "a,vm";
    document = begin(&options);
    target = cJSON_GetArrayItem(json_field(document, "targets"), 0);
    assert_true(cJSON_IsNull(json_field(target, "kernel")));
    assert_null(json_field(target, "baseline_rank"));
    target = cJSON_GetArrayItem(json_field(document, "targets"), 1);
    assert_float_equal(json_number(target, "baseline_rank"), 2, 0);
    assert_float_equal(json_number(json_field(target, "kernel"), "bytes"), 0x400, 0);
    target = cJSON_GetArrayItem(json_field(target, "initrd"), 0);
    assert_string_equal(json_text(target, "sha256"),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    cJSON_Delete(document);
}

static int apply(cJSON *document, const char *text, struct error *error)
{
    cJSON *line = cJSON_Parse(text);
    int status;

    assert_non_null(line);
    status = record_apply(document, line, error);
    cJSON_Delete(line);
    return status;
}

static void test_trials(void **state)
{
    struct plan_options options = fixture_options(*state);
    cJSON *document = begin(&options), *series, *sample;

    assert_int_equal(apply(document,
                           "{\"trial\":{\"target\":\"a\",\"scenario\":\"boot\",\"order\":1,"
                           "\"repetition\":1,\"t\":0.5,\"samples\":["
                           "{\"metric\":\"app\",\"value\":2,\"note\":\"idle\"},"
                           "{\"metric\":\"exit\",\"error\":\"why\",\"console\":\"text\"}]}}",
                           NULL),
                     0);
    assert_int_equal(apply(document,
                           "{\"trial\":{\"target\":\"a\",\"scenario\":\"boot\",\"order\":0,"
                           "\"repetition\":0,\"t\":0.1,\"samples\":["
                           "{\"metric\":\"app\",\"value\":9}]}}",
                           NULL),
                     0);
    assert_int_equal(cJSON_GetArraySize(json_field(document, "metrics")), 2);
    series = cJSON_GetArrayItem(json_field(document, "metrics"), 0);
    assert_string_equal(json_text(series, "metric"), "app");
    assert_string_equal(json_text(series, "target"), "a");
    assert_string_equal(json_text(series, "unit"), "ms");
    assert_string_equal(json_text(series, "direction"), "lower");
    assert_true(*json_text(series, "definition") && *json_text(series, "clock"));
    assert_int_equal(cJSON_GetArraySize(json_field(series, "samples")), 1);
    sample = json_field(series, "samples")->child;
    assert_float_equal(json_number(sample, "value"), 2, 0);
    assert_float_equal(json_number(sample, "t"), 0.5, 0);
    assert_float_equal(json_number(sample, "order"), 1, 0);
    assert_float_equal(json_number(sample, "repetition"), 1, 0);
    assert_string_equal(json_text(sample, "note"), "idle");
    assert_null(json_field(sample, "metric"));
    assert_int_equal(cJSON_GetArraySize(json_field(series, "warmup")), 1); /* apart */
    series = cJSON_GetArrayItem(json_field(document, "metrics"), 1);
    assert_string_equal(json_text(json_field(series, "samples")->child, "error"), "why");
    cJSON_Delete(document);
}

static void test_other_lines(void **state)
{
    struct plan_options options = fixture_options(*state);
    cJSON *document = begin(&options), *target, *line = record_dropped("b", "KVM will not");
    static const char launch[] = "{\"launch\":{\"target\":\"a\",\"scenario\":\"boot\","
                                 "\"payload\":\"noop\",\"argv\":[\"/app\"]}}";

    assert_int_equal(record_apply(document, line, NULL), 0);
    cJSON_Delete(line);
    target = json_find(json_field(document, "targets"), "name", "b");
    assert_string_equal(json_text(target, "dropped"), "KVM will not");
    line = json_field(document, "warnings")->child;
    assert_string_equal(json_text(line, "code"), "dropped");
    assert_holds(json_text(line, "text"), "target b was left out: KVM will not");
    assert_true(*json_text(line, "remedy"));

    assert_int_equal(apply(document, launch, NULL), 0);
    assert_int_equal(apply(document, launch, NULL), 0); /* every repetition tells it */
    target = json_find(json_field(document, "targets"), "name", "a");
    assert_int_equal(cJSON_GetArraySize(json_field(target, "launches")), 1);
    assert_non_null(record_find_program(json_field(target, "launches"), "boot", "noop"));
    assert_null(record_find_program(json_field(target, "launches"), "boot", "listen"));
    assert_null(record_find_program(json_field(target, "launches"), "micro", "noop"));

    assert_int_equal(apply(document, "{\"part\":{\"duration_s\":1}}", NULL), 0);
    assert_int_equal(apply(document, "{\"part\":{\"duration_s\":2}}", NULL), 0);
    assert_float_equal(json_number(json_field(document, "part"), "duration_s"), 2, 0);
    cJSON_Delete(document);
}

static void refuse(cJSON *document, const char *line, const char *reason)
{
    struct error error = {0};

    assert_int_equal(apply(document, line, &error), -EINVAL);
    assert_holds(error.text, reason);
}

static void test_refused(void **state)
{
    struct plan_options options = fixture_options(*state);
    cJSON *document = begin(&options);

    refuse(document, "{\"trial\":{}}", "scenario \"\": unknown to this tare");
    refuse(document,
           "{\"trial\":{\"scenario\":\"boot\",\"samples\":[{\"metric\":\"speed\",\"value\":1}]}}",
           "metric \"speed\": unknown to this tare");
    refuse(document, "{\"launch\":{\"target\":\"c\"}}", "launch of unknown target \"c\"");
    refuse(document, "{\"samples\":{}}", "unknown kind of line \"samples\"");
    cJSON_Delete(document);
}

/* A trial's report as a line: what a guest wrote comes in printable, and not all of it. */
static void test_trial_line(void **state)
{
    struct plan_options options = fixture_options(*state);
    char console[1501];
    static const struct metric one = {.name = "one"}, two = {.name = "two"}, none = {.name = "no"};
    struct trial_report report = {.count = 3};
    struct plan plan;
    cJSON *line, *samples, *sample;

    memset(console, 'a', sizeof console);
    memcpy(console + sizeof console - 6,
           "\033\n\xff"
           "b",
           5);
    report.outcomes[0] = (struct outcome){.metric = &one, .recorded = true, .value = 1.5};
    report.outcomes[0].kept = cJSON_Parse("{\"series\":[1]}");
    report.outcomes[1] =
        (struct outcome){.metric = &two, .failure = strdup("why"), .console = strdup(console)};
    report.outcomes[2] = (struct outcome){.metric = &none};
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    report.bad_markers = 3;
    line = record_trial(&plan, 1, 0.25, &report);
    assert_string_equal(line->child->string, "trial");
    assert_string_equal(json_text(line->child, "target"), plan.targets[plan.trials[1].target].name);
    assert_float_equal(json_number(line->child, "order"), 1, 0);
    assert_float_equal(json_number(line->child, "repetition"), 1, 0);
    assert_float_equal(json_number(line->child, "t"), 0.25, 0);
    samples = json_field(line->child, "samples");
    assert_int_equal(cJSON_GetArraySize(samples), 2);
    assert_float_equal(json_number(samples->child, "value"), 1.5, 0);
    assert_int_equal(cJSON_GetArraySize(json_field(samples->child, "series")), 1);
    sample = samples->child->next;
    assert_string_equal(json_text(sample, "error"), "why");
    assert_float_equal(json_number(sample, "bad_markers"), 3, 0);
    assert_null(json_field(sample, "value"));
    assert_holds(json_text(sample, "console"), "aaa\\x1b\n\\xffb");
    assert_int_equal(strlen(json_text(sample, "console")), 1000 + 2 * strlen("x1b"));
    cJSON_Delete(line);
    plan_free(&plan);
    trial_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_required),   FIXTURE_TEST(test_about),       FIXTURE_TEST(test_files),
        FIXTURE_TEST(test_trials),     FIXTURE_TEST(test_other_lines), FIXTURE_TEST(test_refused),
        FIXTURE_TEST(test_trial_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
