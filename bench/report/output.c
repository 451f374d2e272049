/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "bench/report/output.h"

int output_finish(FILE *out)
{
    return fflush(out) == 0 && !ferror(out) ? 0 : -EIO;
}

int output_json(cJSON *document, FILE *out)
{
    char *text = cJSON_Print(document);

    cJSON_Delete(document);
    if (!text)
        return -ENOMEM;
    fprintf(out, "%s\n", text);
    free(text);
    return output_finish(out);
}
