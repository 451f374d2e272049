/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands on results that there are. */
#include <stdio.h>
#include <string.h>

#include "bench/base/escape.h"
#include "bench/command.h"
#include "bench/report/export.h"
#include "bench/report/history.h"
#include "bench/report/plot.h"
#include "bench/report/report.h"
#include "bench/report/table.h"
#include "bench/result/model.h"
#include "bench/result/verify.h"

/* Print what is wrong with a result that was read from `path`, at most `most` faults. */
static int print_faults(const char *path, const struct verify *verify, size_t most)
{
    size_t told = 0;

    fflush(stdout);
    for (; told < most && told < VERIFY_TOLD && told < verify->faults; told++) {
        fprintf(stderr, "tare: %s: ", path);
        escape_print(verify->told[told] ? verify->told[told] : "a fault", stderr);
        fputc('\n', stderr);
    }
    if (told < verify->faults)
        fprintf(stderr, "tare: %s: %zu faults more%s\n", path, verify->faults - told,
                most < VERIFY_TOLD ? "; tare verify tells them" : "");
    return verify->faults ? EXIT_FAILED : 0;
}

/* Load the result argv[1], check it, and let `show` do its work. Then at most `most` of its faults
 * are told. */
static int on_result(char **argv, size_t most,
                     int (*show)(char **argv, const struct model *model,
                                 const struct verify *verify, struct error *error))
{
    struct verify verify = {.faults = 0};
    struct error error = {0};
    struct model model;
    int result, status = model_load(argv[1], &model, &error);

    if (status == 0)
        status = verify_document(model.document, &verify, &error);
    model.doubtful = verify.faults > 0;
    if (status == 0)
        status = show(argv, &model, &verify, &error);
    result = status < 0 ? complain(status, &error) : print_faults(argv[1], &verify, most);
    verify_free(&verify);
    model_free(&model);
    return result;
}

static int say_verified(char **argv, const struct model *model, const struct verify *verify,
                        struct error *error)
{
    (void)error;
    if (!verify->faults)
        printf("%s: %zu series of %zu targets: as the samples say%s\n", argv[1],
               model->series_count, model->target_count,
               verify->earlier ? "; their intervals are an earlier version's, of which only the "
                                 "place was checked"
                               : "");
    return 0;
}

int command_verify(int argc, char **argv)
{
    (void)argc;
    return on_result(argv, VERIFY_TOLD, say_verified);
}

static int show(char **argv, const struct model *model, const struct verify *verify,
                struct error *error)
{
    (void)argv;
    (void)verify;
    (void)error;
    table_print(model, stdout, wants_color(stdout));
    return 0;
}

int command_show(int argc, char **argv)
{
    (void)argc;
    return on_result(argv, 1, show);
}

static int plot(char **argv, const struct model *model, const struct verify *verify,
                struct error *error)
{
    int count = plot_write(model, datadir, argv[2], error);

    (void)verify;
    if (count >= 0)
        printf("%d plots in %s\n", count, argv[2]);
    return count;
}

int command_plot(int argc, char **argv)
{
    (void)argc;
    return on_result(argv, 1, plot);
}

static int report(char **argv, const struct model *model, const struct verify *verify,
                  struct error *error)
{
    int status = report_write(model, datadir, argv[2], error);

    (void)verify;
    if (status == 0)
        printf("report: %s\n", argv[2]);
    return status;
}

int command_report(int argc, char **argv)
{
    (void)argc;
    return on_result(argv, 1, report);
}

static int refuse_format(const char *name)
{
    fprintf(stderr, "tare: export \"%s\": there is", name);
    for (const struct exporter *exporter = exporters; exporter->name; exporter++)
        fprintf(stderr, "%s %s", exporter == exporters ? "" : ",", exporter->name);
    fputc('\n', stderr);
    return EXIT_USAGE;
}

int command_export(int argc, char **argv)
{
    const struct exporter *exporter = export_find(argv[1]);
    struct error error = {0};
    struct model model;
    int status;

    (void)argc;
    if (!exporter)
        return refuse_format(argv[1]);
    status = model_load(argv[2], &model, &error);
    if (status == 0 && (status = exporter->write(&model, stdout)) < 0)
        fail(&error, -status, "standard output: %s", strerror(-status));
    model_free(&model);
    return status < 0 ? complain(status, &error) : 0;
}

int command_history(int argc, char **argv)
{
    struct error error = {0};
    struct history history = {0};
    int status, drawn = 0;

    status = history_load(argv[1], &history, &error);
    if (status == 0 && (status = history_print(&history, stdout)) < 0)
        fail(&error, -status, "standard output: %s", strerror(-status));
    if (status == 0 && argc == 3)
        status = drawn = history_plot(&history, datadir, argv[2], &error);
    if (status >= 0 && argc == 3)
        printf("%d plots in %s\n", drawn, argv[2]);
    history_free(&history);
    return status < 0 ? complain(status, &error) : 0;
}
