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
    assert_non_null(strstr(text, "\"hung, \"\"really\"\"\n\\x1b\",")); /* quoted */
    assert_null(strchr(text, '\033'));
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

static void write_openmetrics(const struct model *model, FILE *out)
{
    assert_int_equal(export_find("openmetrics")->write(model, out), 0);
}

static void test_openmetrics(void **state)
{
    char *text = document_written(document_complete(), write_openmetrics);

    (void)state;
    assert_non_null(strstr(text, "# TYPE tare_boot_app_seconds gauge\n"));
    assert_non_null(
        strstr(text, "tare_boot_app_seconds{target=\"pith\",statistic=\"median\"} 0.002\n"));
    assert_non_null(
        strstr(text, "tare_net_tcp_bytes_per_second{target=\"pith\",statistic=\"low\"}"));
    assert_non_null(
        strstr(text, "tare_failed_samples{scenario=\"net\",metric=\"tcp\",target=\"linux\"} 3\n"));
    assert_null(strchr(text, '\033'));
    assert_string_equal(text + strlen(text) - 6, "# EOF\n");
    free(text);
}

static void write_github(const struct model *model, FILE *out)
{
    assert_int_equal(export_find("github")->write(model, out), 0);
}

static void write_larger(const struct model *model, FILE *out)
{
    assert_int_equal(export_find("github-larger")->write(model, out), 0);
}

static void write_bmf(const struct model *model, FILE *out)
{
    assert_int_equal(export_find("bmf")->write(model, out), 0);
}

/* Series without a value are in none. */
static void test_services(void **state)
{
    char *text = document_written(document_complete(), write_github);
    cJSON *list = cJSON_Parse(text);

    (void)state;
    free(text);
    assert_string_equal(json_text(document_at(list, "0"), "name"), "boot.app pith");
    assert_string_equal(json_text(document_at(list, "0"), "unit"), "ms");
    assert_float_equal(json_number(document_at(list, "0"), "value"), 2, 0);
    assert_non_null(strstr(json_text(document_at(list, "0"), "extra"), "tcg, INVALID"));
    cJSON_Delete(list);
    text = document_written(document_complete(), write_larger);
    assert_non_null(strstr(text, "\"net.tcp pith\""));
    assert_null(strstr(text, "boot.app"));
    assert_null(strstr(text, "net.tcp linux"));
    free(text);
    text = document_written(document_complete(), write_bmf);
    list = cJSON_Parse(text);
    free(text);
    assert_float_equal(json_number(document_at(list, "boot.app pith"), "none"), 0, 0);
    assert_float_equal(
        json_number(json_field(document_at(list, "boot.app pith"), "app (ms)"), "value"), 2, 0);
    cJSON_Delete(list);
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
        cmocka_unit_test(test_table),       cmocka_unit_test(test_tsv),
        cmocka_unit_test(test_csv),         cmocka_unit_test(test_hdr),
        cmocka_unit_test(test_openmetrics), cmocka_unit_test(test_services),
        cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
