/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tests/unit/document.h"

#include "bench/report/verdict.h"

/* linux is made a twin of pith, with what `app` and `tcp` say of the two metrics. */
static char *said(const char *kind, const char *app, const char *tcp)
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
    return document_written(document, verdict_print);
}

static void test_found(void **state)
{
    char *text = said("\"ab\"",
                      "\"pairs\":10,\"difference\":2.5,\"ci95\":[2,3],\"p\":0.0019,\"mde\":0.5,"
                      "\"verdict\":\"worse\"",
                      "\"pairs\":10,\"difference\":-2e9,\"ci95\":[-3e9,-1e9],\"p\":0.004,"
                      "\"mde\":4e9,\"verdict\":\"too-small\"");

    (void)state;
    assert_string_equal(text, "\nB against A\n"
                              "  A: pith, pith.elf, sha256 0123456789ab\n"
                              "  B: linux, b\\x1b.elf, sha256 0123456789ab\n"
                              "  boot.app: B slower by 2.5 ms (95 % 2 .. 3), p=0.0019\n"
                              "  net.tcp: B lower by 2 Gbit/s (95 % 1 .. 3), p=0.004; too small to "
                              "count: the minimum detectable effect is 4 Gbit/s\n");
    free(text);
}

static void test_other_way(void **state)
{
    char *text = said("\"ab\"",
                      "\"pairs\":10,\"difference\":-2500,\"ci95\":[-3000,-2000],\"p\":0.0019,"
                      "\"mde\":0.5,\"verdict\":\"better\"",
                      "\"pairs\":10,\"difference\":2e9,\"ci95\":[1e9,3e9],\"p\":0.004,"
                      "\"mde\":1e9,\"verdict\":\"better\"");

    (void)state;
    assert_non_null(strstr(text, "boot.app: B faster by 2500 ms (95 % 2000 .. 3000), p="));
    assert_non_null(strstr(text, "net.tcp: B higher by 2 Gbit/s (95 % 1 .. 3), p=0.004\n"));
    free(text);
}

static void test_none(void **state)
{
    static const char none[] = "\"pairs\":12,\"difference\":0.1,\"ci95\":[-1,1],\"p\":0.5,"
                               "\"mde\":1.25,\"verdict\":\"none\"";
    char *different = said("\"ab\"", none, none), *alike = said("\"aa\"", none, none);

    (void)state;
    assert_non_null(strstr(different, "boot.app: no difference found, p=0.5; smallest that would "
                                      "have been: 1.25 ms, 12 pairs\n"));
    assert_non_null(strstr(alike, "B against A, which are the same\n"));
    assert_non_null(strstr(alike, "p=0.5; minimum detectable effect: 1.25 bit/s, 12 pairs\n"));
    free(different);
    free(alike);
}

static void test_nothing(void **state)
{
    cJSON *document = document_complete();
    char *text;

    (void)state;
    document_set(document, "targets/1", "twin_of", "\"pith\""); /* too few pairs for a verdict */
    text = document_written(document, verdict_print);
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
