/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>
#include <string.h>

#include "bench/run/hostfile.h"

FILE *host_file(const char *root, const char *path)
{
    char whole[PATH_MAX];

    snprintf(whole, sizeof whole, "%s%s", root ? root : "", path);
    return fopen(whole, "re");
}

void host_line(const char *root, const char *path, char *line, size_t size)
{
    FILE *file = host_file(root, path);

    line[0] = '\0';
    if (!file)
        return;
    if (fgets(line, (int)size, file))
        line[strcspn(line, "\n")] = '\0';
    fclose(file);
}
