/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tare: what does the operating system under my program cost?
 * A command is a function and a line in the table below. They, and nothing below bench/, talk to
 * the user.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/escape.h"
#include "bench/command.h"
#include "bench/doctor.h"
#include "bench/gate.h"
#include "bench/options.h"
#include "bench/report/output.h"
#include "bench/progress.h"
#include "bench/result/model.h"
#include "bench/run/session.h"
#include "bench/report/table.h"
#include "bench/base/version.h"
#include "bench/compare.h"

#ifndef TARE_COMMIT
#define TARE_COMMIT NULL
#endif

char datadir[PATH_MAX];

int complain(int status, const struct error *error)
{
    fputs("tare: ", stderr);
    escape_print(error->text[0] ? error->text : strerror(-status), stderr); /* files are quoted */
    fputc('\n', stderr);
    switch (-status) {
    case EPERM:
    case ENOSYS:
    case ENOTSUP:
        return EXIT_HOST;
    case EINVAL:
    case ENOENT:
    case EACCES:
    case EISDIR:
    case ENOTDIR:
    case ENOEXEC:
    case ESTALE:
        return EXIT_USAGE;
    default:
        return EXIT_FAILED;
    }
}

bool wants_color(FILE *out)
{
    const char *no_color = getenv("NO_COLOR"); /* no-color.org */

    return isatty(fileno(out)) && !(no_color && *no_color);
}

/* The data directory: beside this program, as built and as installed. */
static void find_datadir(void)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;

    self[length < 0 ? 0 : length] = '\0';
    for (int i = 0; i < 2 && (slash = strrchr(self, '/')); i++)
        *slash = '\0';
    if ((size_t)snprintf(datadir, sizeof datadir, "%s/share/tare", self) >= sizeof datadir)
        datadir[0] = '\0';
}

/* Show the result of a run and say where it is. *result is then the exit status. */
static int show_run(const cJSON *document, const char *path, int *result, struct error *error)
{
    struct model model;
    int status = model_read(document, &model, error);

    if (status < 0)
        return status;
    table_print(&model, stdout, wants_color(stdout));
    printf("\nresult: %s\n", path);
    *result = model_has_failures(&model) ? EXIT_FAILED : model.run.valid ? 0 : EXIT_INVALID;
    model_free(&model);
    return 0;
}

static int command_run(int argc, char **argv)
{
    struct plan_options options = {.datadir = datadir, .commit = TARE_COMMIT};
    struct error error = {0};
    cJSON *document = NULL;
    const char *resume;
    int status, shown, result = 0;

    options_run(argc, argv, &options, &resume);
    status = session_run(&options, resume, progress_print, &document, &error);
    progress_end();
    shown = document ? show_run(document, resume ? resume : options.out, &result, &error) : 0;
    if (status < 0 || shown < 0)
        result = complain(status < 0 ? status : shown, &error);
    cJSON_Delete(document);
    return result;
}

static void list_scenarios(void)
{
    for (const struct scenario *const *scenario = scenarios; *scenario; scenario++) {
        if ((*scenario)->hidden)
            continue;
        printf("  %-12s %s\n", (*scenario)->name, (*scenario)->summary);
        for (const struct metric *metric = (*scenario)->metrics; metric->name; metric++)
            printf("    %-12s %-4s %s is better; %s -> %s; %s\n      %s\n", metric->name,
                   metric->unit, metric->direction == LOWER_IS_BETTER ? "lower" : "higher",
                   metric->start, metric->stop, metric->clock, metric->definition);
    }
}

static int command_list(int argc, char **argv)
{
    struct error error = {0};
    char **names = target_names(datadir, false, &error);
    int result = 0;

    (void)argc;
    (void)argv;
    puts("scenarios and their metrics:");
    list_scenarios();
    puts("drivers:");
    for (const struct driver *const *driver = drivers; *driver; driver++)
        printf("  %-12s %s\n", (*driver)->name, (*driver)->summary);
    puts("targets:");
    if (!names)
        return complain(-ENOENT, &error);
    for (char **name = names; *name; free(*name++)) {
        const struct images images = {.folder = options_images()};
        struct error broken = {0};
        struct target target;
        int status = target_read(datadir, &images, *name, &target, &broken);

        if (status == 0) {
            printf("  %-12s %-8s ", target.name, target.driver->name);
            escape_print(target.summary, stdout);
            if (target.absent)
                printf(" (%s)", target.absent);
            putchar('\n');
        } else {
            result = complain(status, &broken);
        }
        target_free(&target);
    }
    free(names);
    return result;
}

static int command_doctor(int argc, char **argv)
{
    static const char *const marks[] = {"ok  ", "weak", "NO  "};
    struct finding findings[FINDINGS_MAX];
    unsigned count;
    int result = 0;

    (void)argc;
    (void)argv;
    count = doctor_examine(datadir, findings);
    for (unsigned i = 0; i < count; i++) {
        printf("%s %-8s %s\n", marks[findings[i].level], findings[i].what, findings[i].detail);
        if (findings[i].remedy)
            printf("     %-8s remedy: %s\n", "", findings[i].remedy);
        if (findings[i].level == FINDING_CANNOT)
            result = EXIT_HOST;
    }
    return result;
}

static int write_junit(const char *path, const struct gate_row *rows, int count, double threshold,
                       struct error *error)
{
    FILE *out = fopen(path, "we");
    int status;

    if (!out)
        return fail(error, errno, "--junit: %s: %s", path, strerror(errno));
    gate_junit(rows, count, threshold, out);
    status = output_finish(out);
    fclose(out);
    return status < 0 ? fail(error, -status, "--junit: %s: %s", path, strerror(-status)) : 0;
}

static int command_gate(int argc, char **argv)
{
    struct gate_options options = {.datadir = datadir};
    static struct gate_row rows[GATE_ROWS];
    struct error error = {0};
    cJSON *document = NULL;
    struct model model = {0};
    int status, count = 0;
    bool passed = false;

    options_gate(argc, argv, &options);
    status = gate_run(&options, progress_print, &document, &error);
    progress_end();
    if (status == 0)
        status = model_read(document, &model, &error);
    if (status == 0)
        status = count = gate_judge(&model, options.target, options.threshold, rows, &error);
    if (status > 0)
        passed = gate_print(rows, count, options.threshold, stdout);
    if (status > 0 && options.junit)
        status = write_junit(options.junit, rows, count, options.threshold, &error);
    model_free(&model);
    cJSON_Delete(document);
    if (status < 0)
        return complain(status, &error);
    return passed ? 0 : EXIT_FAILED;
}

static int command_compare(int argc, char **argv)
{
    struct compare_options options = {.count = 0};
    struct error error = {0};
    int status;

    options_compare(argc, argv, &options);
    status = compare_print(&options, stdout, &error);
    if (status < 0)
        return complain(status, &error);
    return status ? EXIT_FAILED : 0;
}

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is "tare NAME" */
    int least, most;                   /* arguments; least -1: it parses them itself */
    const char *synopsis;
    const char *summary;
} commands[] = {
    {"run", command_run, -1, -1, "[OPTION...]",
     "boot every target, measure every scenario, write the result"},
    {"gate", command_gate, -1, -1, "BASE NEW",
     "fail when a kernel takes more instructions, memory or bytes than before"},
    {"compare", command_compare, -1, -1, "OLD NEW...",
     "better, worse, the same, or unclear: a verdict on every metric"},
    {"list", command_list, 0, 0, "", "the targets, scenarios and metrics there are"},
    {"target", command_target, 2, 2, "check|try FILE",
     "what a target.json says, what is wrong with it; try: boot it once, say what to change"},
    {"doctor", command_doctor, 0, 0, "", "what this host can and cannot do, with remedies"},
    {"show", command_show, 1, 1, "RESULT", "the table of a result"},
    {"verify", command_verify, 1, 1, "RESULT", "whether a result is what its samples say"},
    {"export", command_export, 2, 2, "NAME RESULT",
     "every sample of a result (tsv, csv, hdr), or what services read"},
    {"report", command_report, 2, 2, "RESULT FILE.html", "a result as one self-contained page"},
    {"history", command_history, 1, 2, "DIRECTORY [FIGURES]",
     "where the figures of a directory of results changed"},
    {"plot", command_plot, 2, 2, "RESULT DIRECTORY", "the figures of a result"},
};

static int usage(FILE *out, int result)
{
    fputs("usage: tare COMMAND [ARGUMENT...]\n\n", out);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(out, "  %-7s %-17s %s\n", commands[i].name, commands[i].synopsis,
                commands[i].summary);
    fputs("\ntare COMMAND --help: about a command; tare --version: the version; man tare.\n", out);
    return result;
}

static int call(const struct command *command, int argc, char **argv)
{
    static char name[64];
    bool help = argc == 2 && strcmp(argv[1], "--help") == 0;

    snprintf(name, sizeof name, "tare %s", command->name);
    argv[0] = name; /* what argp calls the program */
    if (command->least < 0 || (!help && argc - 1 >= command->least && argc - 1 <= command->most))
        return command->run(argc, argv);
    fprintf(help ? stdout : stderr, "usage: %s %s\n%s\n", name, command->synopsis,
            command->summary);
    return help ? 0 : EXIT_USAGE;
}

/* Descriptors 0 to 2 must be open: a file that tare opens would get the number, and what is said
 * there would be written into it. What is written to a closed standard output stays an error. */
static void open_standard(void)
{
    for (int fd = open("/dev/null", O_RDWR); fd >= 0; fd = open("/dev/null", O_RDWR)) {
        if (fd > STDERR_FILENO) {
            close(fd);
            return;
        }
        if (fd == STDOUT_FILENO) {
            close(fd);
            open("/dev/null", O_RDONLY);
        }
    }
}

/* The exit status, once all that was said has arrived. */
static int flush_output(int result)
{
    bool lost = fflush(stdout) != 0 || ferror(stdout);

    if (!lost || result)
        return result;
    fputs("tare: standard output cannot be written\n", stderr);
    return EXIT_FAILED;
}

static int run_command(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0)
        return usage(stdout, 0);
    if (strcmp(argv[1], "--version") == 0) {
        puts("tare " TARE_VERSION);
        return 0;
    }
    find_datadir();
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return call(&commands[i], argc - 1, argv + 1);
    fprintf(stderr, "tare: no command \"%s\"\n", argv[1]);
    return usage(stderr, EXIT_USAGE);
}

int main(int argc, char **argv)
{
    open_standard();
    return flush_output(run_command(argc, argv));
}
