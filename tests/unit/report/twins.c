/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tests/unit/document.h"

#include "bench/report/twins.h"

/* linux is made a twin of pith, with what `app` and `tcp` say of the two metrics; `noise`, if not
 * NULL, is that list. */
static char *said(const char *kind, const char *app, const char *tcp, const char *noise)
{
    static const char entry[] = "{\"scenario\":\"%s\",\"metric\":\"%s\",\"target\":\"linux\",%s}";
    cJSON *document = document_complete();
    char list[1024], one[400], two[400];

    document_set(document, "run", "compare", kind);
    document_set(document, "targets/1", "twin_of", "\"pith\"");
    document_set(document, "targets/1/kernel", "path", "\"b\\u001b.elf\"");
    snprintf(one, sizeof one, entry, "boot", "app", app);
    snprintf(two, sizeof two, entry, "net", "tcp", tcp);
    snprintf(list, sizeof list, "[%s,%s]", one, two);
    document_set(document, "", "comparisons", list);
    document_set(document, "", "noise", noise);
    return document_written(document, twins_print);
}

static const char noise_of_tcp[] = "[{\"scenario\":\"net\",\"metric\":\"tcp\",\"target\":\"pith\","
                                   "\"mde\":4e9,\"power\":0.95}]";

static void test_found(void **state)
{
    char *text = said("\"ab\"",
                      "\"pairs\":10,\"difference\":2.5,\"interval\":[2,3],\"coverage\":0.992,"
                      "\"p\":0.0019,\"q\":0.0038,\"verdict\":\"worse\"",
                      "\"pairs\":10,\"difference\":-2e9,\"interval\":[-3e9,-1e9],"
                      "\"coverage\":0.99,\"p\":0.004,\"q\":0.004,\"verdict\":\"too-small\"",
                      noise_of_tcp);

    (void)state;
    assert_string_equal(text, "\nB against A\n"
                              "  A: pith, pith.elf, sha256 0123456789ab\n"
                              "  B: linux, b\\x1b.elf, sha256 0123456789ab\n"
                              "  boot.app: B slower by 2.5 ms (99 % 2 .. 3), p=0.0019, q=0.0038, "
                              "10 pairs\n"
                              "  net.tcp: B lower by 2 Gbit/s (99 % 1 .. 3), p=0.004, q=0.004, 10 "
                              "pairs; too small to count: the minimum detectable effect is 4 "
                              "Gbit/s (found in 95 % of runs)\n");
    free(text);
}

/* As earlier versions wrote it: a 95 % interval, no q. */
static void test_other_way(void **state)
{
    char *text = said("\"ab\"",
                      "\"pairs\":10,\"difference\":-2500,\"ci95\":[-3000,-2000],\"p\":0.0019,"
                      "\"mde\":0.5,\"verdict\":\"better\"",
                      "\"pairs\":10,\"difference\":2e9,\"ci95\":[1e9,3e9],\"p\":0.004,"
                      "\"mde\":1e9,\"verdict\":\"better\"",
                      NULL);

    (void)state;
    assert_non_null(
        strstr(text, "boot.app: B faster by 2500 ms (95 % 2000 .. 3000), p=0.0019, 10 pairs\n"));
    assert_non_null(strstr(text, "net.tcp: B higher by 2 Gbit/s (95 % 1 .. 3), p=0.004, "));
    free(text);
}

/* Nothing found does not mean equal: what the difference may be is told. */
static void test_none(void **state)
{
    static const char none[] = "\"pairs\":12,\"difference\":0.1,\"interval\":[-1,1.5],"
                               "\"coverage\":0.991,\"p\":0.5,\"q\":0.7,\"verdict\":\"none\"";
    char *different = said("\"ab\"", none, none, NULL),
         *alike = said("\"aa\"", none, none, noise_of_tcp);

    (void)state;
    assert_non_null(strstr(different,
                           "boot.app: no difference found, B - A is -1 .. 1.5 ms (99 %), "
                           "p=0.5, q=0.7, 12 pairs\n"));
    assert_non_null(strstr(alike, "B against A, which are the same\n"));
    assert_non_null(strstr(alike, "12 pairs; the minimum detectable effect is 4 Gbit/s (found in "
                                  "95 % of runs)\n"));
    free(different);
    free(alike);
}

static void test_nothing(void **state)
{
    cJSON *document = document_complete();
    char *text;

    (void)state;
    document_set(document, "targets/1", "twin_of", "\"pith\""); /* too few pairs for a verdict */
    text = document_written(document, twins_print);
    assert_string_equal(text, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_other_way),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
