/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/plan/tender.h"

#define FIELD "tender"
#define ARGUMENTS "{args}"
#define SEARCHED "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" /* where the user has no PATH */

static bool is_program(const char *file)
{
    struct stat about;

    return stat(file, &about) == 0 && S_ISREG(about.st_mode) && access(file, X_OK) == 0;
}

/* The program `name` in one of the folders of PATH; to be freed. NULL if there is none. */
static char *search(const char *name)
{
    const char *folders = getenv("PATH"), *next;
    char *file;

    for (folders = folders && *folders ? folders : SEARCHED; *folders; folders = next) {
        int length = (int)strcspn(folders, ":");

        next = folders + length + (folders[length] == ':');
        if (asprintf(&file, "%.*s/%s", length, folders, name) < 0)
            return NULL;
        if (length > 0 && is_program(file))
            return file;
        free(file);
    }
    return NULL;
}

static int not_found(struct target *target, struct error *error)
{
    const char *name = target->tender[0];

    if (!target->image)
        return fail(error, ENOENT,
                    "%s: field \"" FIELD "\": there is no program %s, neither beside this file nor "
                    "in a folder of PATH",
                    target->source, name);
    if (!target->absent &&
        asprintf(&target->absent, "its tender was not found: %s; see its README.md", name) < 0)
        return fail(error, ENOMEM, "out of memory");
    return 0;
}

int tender_read(struct target *target, const char *beside, struct error *error)
{
    const char *name = target->tender[0];
    char *file = *name == '/' ? strdup(name) : strdup(beside);
    int status;

    if (file && !is_program(file) && !strchr(name, '/')) {
        free(file);
        file = search(name);
    }
    if (!file || !is_program(file))
        status = not_found(target, error);
    else if ((status = file_read(file, &target->tender_file, error)) < 0)
        error_prefix(error, "%s: field \"" FIELD "\"", target->source);
    free(file);
    return status;
}

bool tender_takes(const struct target *target, const char *word)
{
    for (char *const *each = target->tender; *each; each++)
        if (strstr(*each, word))
            return true;
    return false;
}

/* A word of its own stands for all arguments, none included. */
static size_t put_arguments(char **argv, const struct arguments *arguments)
{
    size_t count = 0;

    for (; arguments->argv[count + 1]; count++)
        if (!(argv[count] = strdup(arguments->argv[count + 1])))
            break;
    return count;
}

char **tender_argv(const struct target *target, const struct launch *launch, const char *image,
                   const char *program, const struct arguments *arguments)
{
    struct launch seen = *launch;
    char **argv = calloc(TENDER_MAX * (ARGUMENTS_MAX + 1) + 1, sizeof *argv);
    size_t count = 0;

    seen.kernel = image;
    for (char *const *word = target->tender; argv && *word; word++) {
        if (strcmp(*word, ARGUMENTS) == 0) {
            count += put_arguments(argv + count, arguments);
        } else if (!(argv[count++] = target_expand(*word, program, arguments->text, &seen))) {
            tender_argv_free(argv);
            return NULL;
        }
    }
    return argv;
}

void tender_argv_free(char **argv)
{
    for (char **word = argv; word && *word; word++)
        free(*word);
    free(argv);
}
