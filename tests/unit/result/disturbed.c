/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which samples are called disturbed, by their evidence. */
#include "tests/unit/test.h"

#include "bench/base/json.h"
#include "bench/result/disturbed.h"

/* A document of one series with this sample, and further fields of the run. */
static cJSON *document_of(const char *sample, const char *run)
{
    cJSON *document;
    char *text;

    assert_true(asprintf(&text,
                         "{\"run\":{%s},\"host\":{\"cores\":2},\"metrics\":[{\"samples\":[%s],"
                         "\"warmup\":[]}]}",
                         run, sample) > 0);
    document = cJSON_Parse(text);
    assert_non_null(document);
    free(text);
    return document;
}

static cJSON *sample_of(const cJSON *document)
{
    return json_field(json_field(document, "metrics")->child, "samples")->child;
}

static void check(const char *sample, const char *note, const char *seen)
{
    cJSON *document = document_of(sample, "");

    for (int i = 0; i < 2; i++) { /* the second time finds the same */
        struct disturbed found = disturbed_mark(document);
        const cJSON *list = json_field(sample_of(document), "disturbed");

        assert_int_equal(found.samples, 1);
        assert_int_equal(found.disturbed, *seen ? 1 : 0);
        assert_string_equal(json_text(sample_of(document), "note"), note);
        assert_int_equal(cJSON_GetArraySize(list), *seen ? 1 : 0);
        if (*seen)
            assert_string_equal(list->child->valuestring, seen);
    }
    cJSON_Delete(document);
}

static void test_evidence(void **state)
{
    (void)state;
    check("{\"value\":1}", "", "");
    check("{\"value\":1,\"note\":\"idle\",\"evidence\":{\"seconds\":1,\"still_s\":0.05,"
          "\"late_s\":0.02,\"burst_other_s\":0.05,\"burst_steal_s\":0.01}}",
          "idle", "");
    check("{\"value\":1,\"evidence\":{\"still_s\":0.31}}", "disturbed",
          "the guest did nothing for 0.31 s");
    check("{\"value\":1,\"evidence\":{\"late_s\":0.31}}", "disturbed",
          "the machine stood still for 0.31 s");
    check("{\"value\":1,\"note\":\"client-bound\",\"evidence\":{\"burst_other_s\":0.2}}",
          "client-bound, disturbed", "other programs used 0.20 s of CPU time within 0.25 s");
    check("{\"value\":1,\"evidence\":{\"burst_steal_s\":0.2}}", "disturbed",
          "the hypervisor withheld 0.20 s of CPU time within 0.25 s");
    check("{\"value\":1,\"evidence\":{\"seconds\":0.05,\"looked_s\":0.1,\"vcpu_delay_s\":0.02,"
          "\"other_cpu_s\":0.04}}",
          "disturbed", "the guest waited for a CPU for 0.020 s, beside other programs");
    check("{\"value\":1,\"evidence\":{\"seconds\":0.05,\"looked_s\":0.1,\"vcpu_delay_s\":0.02,"
          "\"other_cpu_s\":0.02}}",
          "", ""); /* its own client's doing */
    check("{\"value\":1,\"evidence\":{\"seconds\":0.05,\"looked_s\":0.1,\"vcpu_delay_s\":0.01,"
          "\"other_cpu_s\":0.04}}",
          "", "");
    check("{\"error\":\"it failed\",\"evidence\":{\"late_s\":0.2}}", "disturbed",
          "the machine stood still for 0.20 s");
}

/* Ten intervals of 0.1 s after one of the warm-up, which does not count; `bytes` of the fifth and
 * sixth. */
static char *intervals(double fifth, double sixth, const char *more)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    fputs("{\"value\":1,\"series\":[{\"start\":0,\"seconds\":0.1,\"value\":0,\"bytes\":0,"
          "\"warmup\":true}",
          out);
    for (int i = 1; i <= 10; i++) {
        double bytes = i == 5 ? fifth : i == 6 ? sixth : 100;

        fprintf(out, ",{\"start\":%g,\"seconds\":0.0998,\"value\":%g,\"bytes\":%g}", i / 10.0,
                80 * bytes, bytes);
    }
    fprintf(out, ",{\"start\":1.1,\"seconds\":0.0003,\"value\":0,\"bytes\":0}]%s}", more);
    fclose(out);
    return text;
}

static void check_intervals(double fifth, double sixth, const char *more, const char *note,
                            const char *seen)
{
    char *sample = intervals(fifth, sixth, more);

    check(sample, note, seen);
    free(sample);
}

static void test_intervals(void **state)
{
    cJSON *document, *evidence;
    char *sample = intervals(0, 0, "");

    (void)state;
    check_intervals(50, 60, "", "", "");
    check_intervals(20, 60, "", "", "");
    check_intervals(5, 60, "", "disturbed", "an interval of 0.05 times the median");
    document = document_of(sample, "");
    free(sample);
    assert_int_equal(disturbed_mark(document).disturbed, 1);
    evidence = json_field(sample_of(document), "evidence");
    assert_float_equal(json_number(evidence, "silence_s"), 0.1996, 1e-9);
    assert_float_equal(json_number(evidence, "least_of_median"), 0, 0);
    assert_int_equal(cJSON_GetArraySize(json_field(sample_of(document), "disturbed")), 2);
    cJSON_Delete(document);
}

static void test_full(void **state)
{
    (void)state;
    check_intervals(90, 90, ",\"evidence\":{\"looked_s\":2,\"idle_cpu_s\":0.1}", "host-bound", "");
    check_intervals(90, 90, ",\"evidence\":{\"looked_s\":2,\"idle_cpu_s\":0.3}", "", "");
    check_intervals(90, 90,
                    ",\"note\":\"client-bound\",\"evidence\":{\"looked_s\":2,\"idle_cpu_s\":0,"
                    "\"still_s\":0.2}",
                    "client-bound, host-bound, disturbed", "the guest did nothing for 0.20 s");
}

/* A program of the user's may sleep, as it does each time. */
static void test_own_stillness(void **state)
{
    static const char samples[] = "{\"value\":1,\"evidence\":{\"still_s\":0.5}},"
                                  "{\"value\":1,\"evidence\":{\"still_s\":0.55}},"
                                  "{\"value\":1,\"evidence\":{\"still_s\":0.7}}";
    cJSON *document = document_of(samples, "");

    (void)state;
    assert_int_equal(disturbed_mark(document).disturbed, 3);
    cJSON_Delete(document);
    document = document_of(samples, "\"payload\":\"./sleeper\"");
    assert_int_equal(disturbed_mark(document).disturbed, 1);
    cJSON_Delete(document);
}

static void test_words(void **state)
{
    (void)state;
    assert_true(note_has("disturbed", "disturbed"));
    assert_true(note_has("client-bound, disturbed", "disturbed"));
    assert_true(note_has("client-bound, disturbed", "client-bound"));
    assert_false(note_has("undisturbed, disturbedly", "disturbed"));
    assert_false(note_has("", "disturbed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence), cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_full),     cmocka_unit_test(test_own_stillness),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
