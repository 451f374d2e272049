/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/result/results.h"
#include "bench/result/summarise.h"
#include "bench/result/until.h"

bool until_looks(double rounds, double first, double every)
{
    return rounds >= first && fmod(rounds - first, every) == 0;
}

double until_width(const struct summary *ratio)
{
    if (!ratio->has_ci95 || ratio->median == 0)
        return INFINITY;
    return 100 * fmax(ratio->ci95[1] - ratio->median, ratio->median - ratio->ci95[0]) /
           fabs(ratio->median);
}

int until_widest(const cJSON *document, double rounds, double *percent)
{
    const cJSON *series;
    double widest = -1;

    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        struct summary ratio;
        const char *base;
        int status;

        if (!cJSON_IsTrue(json_field(series, "leads")))
            continue;
        status = summarise_ratio(document, series, rounds, &base, &ratio);
        if (status < 0)
            return status;
        if (base)
            widest = fmax(widest, until_width(&ratio));
    }
    *percent = widest < 0 ? INFINITY : widest;
    return 0;
}

int until_complete(cJSON *document, double rounds, struct error *error)
{
    cJSON *until = json_field(json_field(document, "run"), "until");
    double asked = json_number(until, "percent"), widest;
    int status = until_widest(document, rounds, &widest);

    if (status < 0)
        return fail(error, -status, "statistics: %s", strerror(-status));
    json_replace(until, "met", cJSON_CreateBool(widest <= asked));
    if (isfinite(widest))
        json_replace(until, "widest", cJSON_CreateNumber(widest));
    if (widest <= asked)
        return 0;
    if (isfinite(widest))
        results_warn(document, "until", "more rounds: --repeat, --minutes",
                     "--until %g %% was not met: the widest ratio is known to %.2g %%", asked,
                     widest);
    else
        results_warn(document, "until", "more rounds: --repeat, --minutes",
                     "--until %g %% was not met: a ratio has no interval", asked);
    return 0;
}
