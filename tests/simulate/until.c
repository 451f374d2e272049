/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What does --until do to intervals and verdicts? A rule that looks again and again stops sooner
 * where an interval happens to be narrow. Simulates runs of two equal targets until their ratio is
 * as narrow as asked, prints the tables of docs/method.md, and fails where they do not hold.
 *
 *     until [SETS]     so many runs for each figure, 20,000
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/result/paired.h"
#include "bench/result/stats.h"
#include "bench/result/until.h"
#include "tests/simulate/draws.h"

#define ASKED 2.0 /* percent */
#define SHAPES 4
#define LEAST 0.935 /* of runs an interval must hold the true ratio */

static const enum shape_kind kinds[SHAPES] = {NORMAL, LOGNORMAL, STUDENT, UNIFORM};

/* How far the quartiles of a kind's values are from their median, on average. */
static const double quartiles[KINDS] = {0.6745, 0.7262, 0.7649, 0.25, 0.5493, 2.5};

static size_t sets = 20000;
static int broken;

struct outcome {
    double rounds, held, different, met;
};

/* Whether the run ends after its `n`th round. */
static bool ends(const double *a, const double *b, size_t n, struct summary *ratio)
{
    if (!until_looks((double)n, UNTIL_FIRST, UNTIL_EVERY) && n < UNTIL_REPEAT)
        return false;
    stats_pair_ratio(b, a, n, ratio);
    return until_width(ratio) <= ASKED || n == UNTIL_REPEAT;
}

/* One run, of values that spread by `scale`. */
static void run_once(gsl_rng *random, enum shape_kind kind, double scale, struct outcome *sum)
{
    double a[UNTIL_REPEAT], b[UNTIL_REPEAT], differences[UNTIL_REPEAT], p;
    struct summary ratio = {.n = 0};
    size_t n = 0;

    do {
        a[n] = 1 + scale * (draw(random, kind, n) - kind_medians[kind]);
        b[n] = 1 + scale * (draw(random, kind, n) - kind_medians[kind]);
        differences[n] = b[n] - a[n];
        n++;
    } while (!ends(a, b, n, &ratio));
    paired_test(differences, n, &p);
    sum->rounds += (double)n;
    sum->held += ratio.ci95[0] <= 1 && 1 <= ratio.ci95[1];
    sum->different += p < PAIRED_ALPHA;
    sum->met += until_width(&ratio) <= ASKED;
}

static struct outcome simulate(gsl_rng *random, enum shape_kind kind, double spread)
{
    struct outcome sum = {0};

    for (size_t i = 0; i < sets; i++)
        run_once(random, kind, spread / 100 / quartiles[kind], &sum);
    sum.rounds /= (double)sets;
    sum.held /= (double)sets;
    sum.different /= (double)sets;
    sum.met /= (double)sets;
    return sum;
}

int main(int argc, char **argv)
{
    static const double spreads[] = {0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4};
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

    if (argc > 1)
        sets = strtoull(argv[1], NULL, 10);
    printf("| quartiles %% | normal | lognormal | Student 3 | uniform |\n"
           "|---:|---|---|---|---|\n");
    for (size_t s = 0; s < sizeof spreads / sizeof *spreads; s++) {
        printf("| %g |", spreads[s]);
        for (int k = 0; k < SHAPES; k++) {
            struct outcome of = simulate(random, kinds[k], spreads[s]);
            bool wrong = of.held < LEAST || of.different > 0.015;

            printf(" %.0f: %.0f, %.1f, %.1f%s |", of.rounds, 100 * of.met, 100 * of.held,
                   100 * of.different, wrong ? " **WRONG**" : "");
            broken += wrong;
        }
        puts("");
    }
    gsl_rng_free(random);
    if (broken)
        fprintf(stderr, "%d claims do not hold\n", broken);
    return broken ? 1 : 0;
}
