/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/file.h"
#include "bench/report/page.h"
#include "bench/report/plot.h"
#include "bench/report/report.h"

/* Draw into a directory of our own, which does not stay: the page holds the figures. */
int report_write(const struct model *model, const char *datadir, const char *path,
                 struct error *error)
{
    char figures[] = "/tmp/tare-report.XXXXXX";
    FILE *out;
    int status;

    if (!mkdtemp(figures))
        return fail(error, errno, "%s: %s", figures, strerror(errno));
    status = plot_write(model, datadir, figures, error);
    out = status >= 0 ? fopen(path, "we") : NULL;
    if (status >= 0 && !out)
        status = fail(error, errno, "%s: %s; remedy: name a file in a folder that exists", path,
                      strerror(errno));
    if (out) {
        status = page_write(model, figures, out, error);
        if (fclose(out) != 0 && status == 0)
            status = fail(error, errno, "%s: %s", path, strerror(errno));
    }
    file_remove_directory(figures);
    return status;
}
