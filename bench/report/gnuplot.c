/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "bench/base/escape.h"
#include "bench/report/gnuplot.h"

extern char **environ;

/* A path for "%s%s": gnuplot takes a file name that begins with | or < for a command. */
#define AS_PATH(path) (*(path) == '/' ? "" : "./"), (path)

void gnuplot_give(const char *name, const char *text)
{
    char safe[1024];

    escape_text(text, safe, sizeof safe);
    setenv(name, safe, 1);
}

static int run(const char *script, struct error *error)
{
    char *const argv[] = {(char *)"gnuplot", (char *)script, NULL};
    int code, status;
    pid_t pid;

    code = posix_spawnp(&pid, "gnuplot", NULL, NULL, argv, environ);
    if (code != 0)
        return fail(error, code, "gnuplot: %s; remedy: apt-get install gnuplot-nox",
                    strerror(code));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return fail(error, errno, "gnuplot: %s", strerror(errno));
    if (status != 0)
        return fail(error, EIO, "gnuplot %s: failed (status %d)", script, status);
    return 0;
}

int gnuplot_draw(const char *datadir, const char *script, const char *stem, struct error *error)
{
    char path[PATH_MAX + 64];

    snprintf(path, sizeof path, "%s%s", AS_PATH(stem));
    setenv("TARE_STEM", path, 1);
    snprintf(path, sizeof path, "%s%s/plots/style.gp", AS_PATH(datadir));
    setenv("TARE_STYLE", path, 1);
    snprintf(path, sizeof path, "%s%s/plots/%s", AS_PATH(datadir), script);
    return run(path, error);
}
