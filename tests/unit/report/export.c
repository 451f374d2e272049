/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tests/unit/document.h"

#include "bench/report/export.h"

static void write_tsv(const struct model *model, FILE *out)
{
    assert_int_equal(export_find("tsv")->write(model, out), 0);
}

static void write_csv(const struct model *model, FILE *out)
{
    assert_int_equal(export_find("csv")->write(model, out), 0);
}

static void test_table(void **state)
{
    (void)state;
    for (const struct exporter *exporter = exporters; exporter->name; exporter++) {
        assert_ptr_equal(export_find(exporter->name), exporter);
        assert_true(exporter->extension && exporter->write);
    }
    assert_null(export_find("xml"));
    assert_null(export_find(""));
}

static void test_tsv(void **state)
{
    char *text = document_written(document_complete(), write_tsv), *line = text;
    int lines = 0;

    (void)state;
    assert_ptr_equal(strstr(text, "scenario\tmetric\ttarget\tunit\torder\trepetition\tt\tvalue\t"
                                  "error\tnote\nboot\tapp\tpith\tms\t0\t0\t0.000000\t7\t\t\n"),
                     text);
    assert_non_null(strstr(text, "\nboot\tapp\tpith\tms\t3\t1\t1.500000\t1\t\t\n"));
    assert_non_null(strstr(text, "\tlinux\tms\t7\t2\t3.500000\t\thung, \"really\" \\x1b\t\n"));
    assert_non_null(strstr(text, "\tlinux\tms\t10\t3\t5.000000\t40\t\tidle\n"));
    assert_null(strchr(text, '\033'));
    for (; (line = strchr(line, '\n')); line++)
        lines++;
    assert_int_equal(lines, 1 + 15 + 3); /* the heading, samples, warm-ups */
    free(text);
}

static void test_csv(void **state)
{
    char *text = document_written(document_complete(), write_csv);

    (void)state;
    assert_non_null(
        strstr(text, "\"net\",\"tcp\",\"pith\",\"bit/s\",3,1,1.500000,4000000000,\"\",\"\"\n"));
    assert_non_null(strstr(text, "\"hung, \"\"really\"\"\n\033\",")); /* quoted, and as it was */
    free(text);
}

static void write_hdr(const struct model *model, FILE *out)
{
    assert_int_equal(export_find("hdr")->write(model, out), 0);
}

static void test_hdr(void **state)
{
    cJSON *document = document_complete();
    char *text;

    (void)state;
    document_set(document, "metrics/1/samples/0", "histogram", "{\"buckets\":[[1000,1001,3]]}");
    text = document_written(document, write_hdr);
    assert_non_null(strstr(text, "#[net.tcp of pith, us]\n       Value"));
    assert_non_null(strstr(text, "\n       1.000 1.000000000000          3\n#[Mean"));
    free(text);
    text = document_written(document_complete(), write_hdr);
    assert_string_equal(text, "");
    free(text);
}

static void test_full(void **state)
{
    cJSON *document = document_complete();
    FILE *out = fopen("/dev/full", "w");
    struct model model;

    (void)state;
    assert_non_null(out);
    assert_int_equal(model_read(document, &model, NULL), 0);
    assert_int_equal(export_find("tsv")->write(&model, out), -EIO);
    fclose(out);
    model_free(&model);
    cJSON_Delete(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table), cmocka_unit_test(test_tsv),  cmocka_unit_test(test_csv),
        cmocka_unit_test(test_hdr),   cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
