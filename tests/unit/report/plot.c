/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tests/unit/document.h"

#include <ftw.h>

#include "bench/report/plot.h"

static char folder[] = "/tmp/tare-test-XXXXXX", *path_before;
static struct error error;

static int delete (const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

/* A folder with a gnuplot of ours, which keeps what it is told by environment, and fails when there
 * is a file "fail". */
static int set_up(void **state)
{
    static const char script[] =
        "#!/bin/sh\n[ ! -e \"${0%/*}/fail\" ] || exit 3\n"
        "printf '%s|' \"${1##*/}\" \"${TARE_STEM##*/}\" \"$TARE_TITLE\" \"$TARE_NAME\" "
        "\"$TARE_UNIT\" \"$TARE_CAPTION\" \"$TARE_METRICS\" >>\"${0%/*}/log\"\n"
        "echo >>\"${0%/*}/log\"\n";
    char path[64];
    FILE *file;

    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/gnuplot", folder);
    file = fopen(path, "w");
    fputs(script, file);
    fclose(file);
    chmod(path, 0755);
    path_before = strdup(getenv("PATH"));
    setenv("PATH", folder, 1);
    error.text[0] = '\0';
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    setenv("PATH", path_before, 1);
    free(path_before);
    return nftw(folder, delete, 8, FTW_DEPTH | FTW_PHYS);
}

static bool exists(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static int draw(cJSON *document, const char *datadir, const char *name)
{
    struct model model;
    char path[64];
    int status;

    assert_int_equal(model_read(document, &model, &error), 0);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    status = plot_write(&model, datadir, path, &error);
    model_free(&model);
    cJSON_Delete(document);
    return status;
}

static void test_told(void **state)
{
    struct file log;
    char path[64];

    (void)state;
    /* The stand-in is a script that needs no other program. */
    assert_int_equal(draw(document_complete(), "data", "figures"), 4);
    snprintf(path, sizeof path, "%s/log", folder);
    assert_int_equal(file_read(path, &log, NULL), 0);
    assert_string_equal(
        log.data,
        "targets.gp|boot-app|VM start to \"main()\"|boot.app|ms (lower is better)|"
        "microvm, 256 MiB, 1 vCPU, TCG, does not predict KVM; A CPU, 2 cores; not quiet; INVALID; "
        "few values: bars are min to max|"
        "|\n"
        "rates.gp|net-throughput|net: throughput||Gbit/s (higher is better)|"
        "microvm, 256 MiB, 1 vCPU, TCG, does not predict KVM; A CPU, 2 cores; not quiet; INVALID; "
        "few values: bars are min to max|"
        "\"tcp\" \"tcp\"|\n"
        "intervals.gp|net-intervals|net: every run, its warm-up included||Gbit/s|"
        "microvm, 256 MiB, 1 vCPU, TCG, does not predict KVM; A CPU, 2 cores; not quiet; INVALID|"
        "\"tcp\" \"tcp\"|\n"
        "targets.gp|net-tcp|net.tcp||Gbit/s (higher is better)|"
        "microvm, 256 MiB, 1 vCPU, TCG, does not predict KVM; A CPU, 2 cores; not quiet; INVALID; "
        "few values: bars are min to max|"
        "|\n");
    file_free(&log);
    assert_true(exists("figures/boot-app.dat"));
    assert_true(exists("figures/net-throughput.dat"));
    assert_false(exists("figures/boot-throughput.dat")); /* there are no rates */
}

static void test_payload(void **state)
{
    cJSON *document = document_complete();

    (void)state;
    document_set(document, "run", "payload", "\"app\"");
    document_set(document, "run", "ready", "\"tcp:80\"");
    document_set(document, "run", "accel", "\"kvm\"");
    document_set(document, "run", "quiet", "true");
    document_set(document, "run", "valid", "true");
    assert_int_equal(draw(document, "data", "figures"), 4);
    assert_string_equal(getenv("TARE_CAPTION"),
                        "microvm, 256 MiB, 1 vCPU, kvm; A CPU, 2 cores; ready: tcp:80; few values: "
                        "bars are min to max");
    document = document_complete();
    document_set(document, "metrics/1/summary", "ci95", "[4e9,6e9]"); /* of an earlier version */
    draw(document, "data", "figures");
    assert_null(strstr(getenv("TARE_CAPTION"), "bars"));
}

/* A metric without any value has no figure, and leaves no data. */
static void test_empty(void **state)
{
    cJSON *document = document_complete();

    (void)state;
    document_set(document, "metrics/1/summary", "n", "0");
    assert_int_equal(draw(document, "data", "figures"), 2); /* boot.app and the intervals */
    assert_false(exists("figures/net-tcp.dat"));
    assert_false(exists("figures/net-throughput.dat"));
}

static void test_no_gnuplot(void **state)
{
    (void)state;
    setenv("PATH", "/nowhere", 1);
    assert_int_equal(draw(document_complete(), "data", "figures"), -ENOENT);
    assert_non_null(strstr(error.text, "remedy: apt-get install gnuplot-nox"));
    assert_true(exists("figures/boot-app.dat"));
}

static void test_gnuplot_fails(void **state)
{
    char path[64];

    (void)state;
    snprintf(path, sizeof path, "%s/fail", folder);
    fclose(fopen(path, "w"));
    assert_int_equal(draw(document_complete(), "data", "figures"), -EIO);
    assert_non_null(strstr(error.text, "gnuplot ./data/plots/targets.gp: failed"));
}

static void test_no_folder(void **state)
{
    char path[64];

    (void)state;
    assert_int_equal(draw(document_complete(), "data", "none/figures"), -ENOENT);
    assert_non_null(strstr(error.text, "none/figures: No such file or directory; remedy: "));
    error.text[0] = '\0';
    snprintf(path, sizeof path, "%s/boot-app.dat", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(draw(document_complete(), "data", "."), -EISDIR);
    assert_non_null(strstr(error.text, "boot-app.dat: "));
}

/* The scripts as they are, with the real gnuplot. */
static void test_drawn(void **state)
{
    static const char *const names[] = {"boot-app", "net-throughput", "net-intervals", "net-tcp"};

    (void)state;
    setenv("PATH", path_before, 1);
    assert_int_equal(draw(document_complete(), ".", "figures"), 4);
    for (int i = 0; i < 4; i++) {
        char path[128];
        struct file figure;

        snprintf(path, sizeof path, "%s/figures/%s.svg", folder, names[i]);
        assert_int_equal(file_read(path, &figure, NULL), 0);
        assert_non_null(strstr(figure.data, ">pith<"));
        assert_non_null(strstr(figure.data, "TCG, does not predict KVM"));
        file_free(&figure);
        snprintf(path, sizeof path, "figures/%s.png", names[i]);
        assert_true(exists(path));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_payload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_gnuplot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gnuplot_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_drawn, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
