/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "bench/report/gnuplot.h"

extern char **environ;

int gnuplot_run(const char *script, struct error *error)
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
