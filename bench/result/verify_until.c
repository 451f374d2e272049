/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sampling rule: every look is made again. */
#include <math.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/result/fields.h"
#include "bench/result/until.h"
#include "bench/result/verify_checks.h"

struct rule {
    double percent, widest;
    size_t first, every, most, rounds;
    const char *ended;
    bool met;
};

static int read_rule(const cJSON *until, struct rule *rule, struct error *error)
{
    static const struct field fields[] = {
        NEEDED("percent", NUMBER, rule, percent),
        NEEDED("first", COUNT, rule, first),
        NEEDED("every", COUNT, rule, every),
        NEEDED("most", COUNT, rule, most),
        MAYBE("rounds", COUNT, rule, rounds),
        MAYBE("ended", TEXT, rule, ended),
        NEEDED("met", FLAG, rule, met),
        MAYBE("widest", NUMBER, rule, widest),
        END_OF_FIELDS,
    };

    *rule = (struct rule){.widest = INFINITY};
    return fields_read(until, "run.until", fields, rule, error);
}

/* Where the run ended is where the rule says. */
static void check_end(const cJSON *about, const struct rule *rule, struct verify *verify)
{
    bool complete = cJSON_IsTrue(json_field(about, "complete"));
    bool narrow = strcmp(rule->ended, "narrow") == 0, limit = strcmp(rule->ended, "repeat") == 0;

    if (complete && (double)rule->rounds != json_number(about, "repeat"))
        verify_fault(verify, "run.until: ended after %zu rounds, of %.0f", rule->rounds,
                     json_number(about, "repeat"));
    if (complete && !*rule->ended)
        verify_fault(verify, "run.until: is complete, and nothing ended it");
    if (rule->rounds > rule->most || (limit && rule->rounds != rule->most))
        verify_fault(verify, "run.until: ended after %zu rounds, of %zu at most", rule->rounds,
                     rule->most);
    if (narrow && !until_looks((double)rule->rounds, (double)rule->first, (double)rule->every))
        verify_fault(verify, "run.until: ended after %zu rounds, where it does not look",
                     rule->rounds);
    if (narrow && !rule->met)
        verify_fault(verify, "run.until: ended as narrow, and is not met");
    if (strcmp(rule->ended, "minutes") == 0 && !json_field(json_field(about, "until"), "minutes"))
        verify_fault(verify, "run.until: ended by a limit of minutes that there is not");
}

/* No look before the end had found the ratios narrow. */
static int check_looks(const cJSON *document, const struct rule *rule, struct verify *verify)
{
    double widest;

    double end = fmin((double)rule->rounds, json_number(json_field(document, "run"), "repeat"));

    for (size_t rounds = rule->first; (double)rounds < end; rounds += rule->every) {
        int status = until_widest(document, (double)rounds, &widest);

        if (status < 0)
            return status;
        if (widest <= rule->percent)
            verify_fault(verify, "run.until: was met after %zu rounds, and went on to %zu", rounds,
                         rule->rounds);
    }
    return 0;
}

int verify_until(const cJSON *document, struct verify *verify, struct error *error)
{
    const cJSON *about = json_field(document, "run"), *until = json_field(about, "until");
    bool warned = json_find(json_field(document, "warnings"), "code", "until") != NULL;
    struct rule rule;
    double widest;
    int status;

    if (!until)
        return 0;
    status = read_rule(until, &rule, error);
    if (status < 0)
        return status;
    if (rule.first == 0 || rule.every == 0) {
        verify_fault(verify, "run.until: looks at no place");
        return 0;
    }
    status = until_widest(document, json_number(about, "repeat"), &widest);
    if (status < 0)
        return status;
    if (isinf(widest) != isinf(rule.widest) ||
        (isfinite(widest) && !verify_is_close(widest, rule.widest)))
        verify_fault(verify, "run.until: widest: says %.10g, the samples give %.10g", rule.widest,
                     widest);
    if (rule.met != (widest <= rule.percent))
        verify_fault(verify, "run.until: says %smet, the samples say otherwise",
                     rule.met ? "" : "not ");
    if (warned == rule.met)
        verify_fault(verify, "warnings: until: %s", warned ? "it was met" : "missing");
    check_end(about, &rule, verify);
    return check_looks(document, &rule, verify);
}
