/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tests/unit/document.h"

#include "bench/report/table.h"

static void write_plain(const struct model *model, FILE *out)
{
    table_print(model, out, false);
}

static void write_colored(const struct model *model, FILE *out)
{
    table_print(model, out, true);
}

static void test_conditions(void **state)
{
    char *text = document_written(document_complete(), write_plain);

    (void)state;
    assert_non_null(strstr(text,
                           "\nmicrovm, 256 MiB, 1 vCPU, wall clock, on A CPU, 2 cores; not quiet\n"
                           "accelerator: tcg -- TCG, does not predict KVM (it \\x1b[31m hung)\n"
                           "kernels: pith 304 KB, linux 9000 KB\n"
                           "INVALID: a \\x07 reason\n"));
    assert_null(strchr(text, '\033')); /* no control character of the document, nor of ours */
    assert_null(strchr(text, '\007'));
    assert_null(strstr(text, "payload: "));
    free(text);
}

static void test_payload(void **state)
{
    cJSON *document = document_complete();
    char *text;

    (void)state;
    document_set(document, "run", "payload", "\"./server\"");
    document_set(document, "run", "args", "\"-p 80\"");
    document_set(document, "run", "ready", "\"tcp:80\"");
    document_set(document, "run", "accel", "\"kvm\"");
    document_set(document, "run", "icount", "true");
    document_set(document, "run", "quiet", "true");
    document_set(document, "run", "valid", "true");
    text = document_written(document, write_plain);
    assert_non_null(strstr(text, "\npayload: ./server -p 80; ready: tcp:80\n"));
    assert_non_null(strstr(text, ", icount, on A CPU, 2 cores; quiet\naccelerator: kvm ("));
    assert_null(strstr(text, "TCG"));
    assert_null(strstr(text, "INVALID"));
    free(text);
    document = document_complete();
    document_set(document, "run", "judged", "false");
    text = document_written(document, write_plain);
    assert_non_null(strstr(text, " on A CPU, 2 cores\naccelerator: "));
    free(text);
}

/* The table of `document`, with one space where columns leave more. */
static char *squeezed(cJSON *document)
{
    char *text = document_written(document, write_plain), *out = text;

    for (const char *in = text; *in; in++)
        if (*in != ' ' || in[1] != ' ')
            *out++ = *in;
    *out = '\0';
    return text;
}

static void test_lines(void **state)
{
    char *text = squeezed(document_complete());

    (void)state;
    assert_non_null(strstr(
        text, "METRIC TARGET MEDIAN 95 % OF MEDIAN MIN .. MAX N RATIO TO linux [95 %]\n"
              "VM start to \"main()\"\n" /* the title, on a line of its own */
              "app (ms) pith 2.00 1.00 .. 4.00 (75 %) 1.00 .. 4.00 3 0.1 [0.1 .. 0.1 (50 %)]\n"));
    assert_non_null(
        strstr(text, "\n linux 25.00 idle 10.00 .. 40.00 (50 %) 10.00 .. 40.00 2, 1 FAILED"));
    assert_non_null(strstr(text, "\n host 0.50 0.50 .. 0.50 (75 %) 0.50 .. 0.50 3 0.0312 "));
    assert_non_null(strstr(text, "\ntcp (Gbit/s) pith 5.00 4.00 .. 6.00 (75 %) "));
    assert_non_null(strstr(text, "\n linux no sample 0, 3 FAILED"));
    assert_null(strstr(text, "MDE"));
    assert_non_null(strstr(
        text, "\nwarnings\n 2 of 5 series: samples failed: boot.app linux 1 of 3; net.tcp linux "
              "3 of 3 (the samples hold "));
    free(text);
}

static void test_noise(void **state)
{
    cJSON *document = document_complete();
    char *text;

    (void)state;
    document_set(document, "targets/0", "twin_of", "\"host\"");
    document_set(document, "ratios/0", "base", "\"host\"");
    document_set(document, "", "noise",
                 "[{\"scenario\":\"boot\",\"metric\":\"app\",\"target\":\"host\",\"mde\":1234.5,"
                 "\"power\":0.95}]");
    text = squeezed(document);
    assert_non_null(strstr(
        text, "METRIC TARGET MEDIAN 95 % OF MEDIAN MIN .. MAX N RATIO TO linux [95 %] MDE\n"));
    assert_non_null(strstr(text, "\napp (ms) pith 2.00 1.00 .. 4.00 (75 %) 1.00 .. 4.00 3 "
                                 "to host: 0.1 [0.1 .. 0.1 (50 %)] 1234\n"));
    free(text);
}

/* Which intervals there are depends on n; one value has none. Those of earlier versions are shown
 * as they are. */
static void test_intervals(void **state)
{
    cJSON *document = document_complete();
    char *text;

    (void)state;
    document_set(document, "metrics/0", "summary",
                 "{\"n\":20,\"failed\":0,\"median\":2,\"ci95\":[1.5,2.5],\"coverage\":0.9586,"
                 "\"p5\":1.25,\"p95\":3.5,\"min\":1,\"max\":4}");
    document_set(document, "metrics/2", "summary",
                 "{\"n\":1,\"failed\":2,\"median\":25,\"coverage\":0,\"min\":25,\"max\":25}");
    document_set(document, "metrics/4", "summary",
                 "{\"n\":3,\"failed\":0,\"median\":0.5,\"ci95\":[0.25,0.75],\"p5\":0.3,"
                 "\"p95\":0.7,\"min\":0.1,\"max\":1}");
    document_set(document, "ratios/0", "ci95", "[0.05,0.2]");
    text = squeezed(document);
    assert_non_null(strstr(text, " 95 % OF MEDIAN P5 .. P95 N "));
    assert_non_null(
        strstr(text, "\napp (ms) pith 2.00 1.50 .. 2.50 1.25 .. 3.50 20 0.1 [0.05 .. 0.2]\n"));
    assert_non_null(strstr(text, "\n linux 25.00 idle 25.00 .. 25.00 (all) 1, 2 FAILED"));
    assert_non_null(strstr(text, "\n host 0.50 0.25 .. 0.75 0.30 .. 0.70 3 "));
    free(text);
}

static void test_hostile(void **state)
{
    cJSON *document = document_complete();
    char *text;

    (void)state;
    document_set(document, "metrics/1", "title", "\"a\\u001b[1m title\"");
    document_set(document, "run", "machine", "\"n\\u001bet\"");
    document_set(document, "metrics/0/samples/0", "note", "\"\\u0007\\n\"");
    text = document_written(document, write_plain);
    assert_non_null(strstr(text, "\nn\\x1bet, 256 MiB"));
    assert_non_null(strstr(text, "\na\\x1b[1m title\n"));
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\007'));
    free(text);
}

static void test_color(void **state)
{
    char *text = document_written(document_complete(), write_colored);

    (void)state;
    assert_non_null(strstr(text, "\033[1;33maccelerator: tcg -- TCG, does not predict KVM\033[0m"));
    assert_non_null(strstr(text, "\033[1;33mINVALID: a \\x07 reason\033[0m\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions), cmocka_unit_test(test_payload),
        cmocka_unit_test(test_lines),      cmocka_unit_test(test_noise),
        cmocka_unit_test(test_intervals),  cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_color),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
