/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dip of Hartigan and Hartigan 1985, after the description of their algorithm. */
#include <math.h>

#include "bench/result/shape.h"

/* A convex minorant or concave majorant of the distribution function: through the knots, which are
 * indices of values. Heights are indices too; the function's lower corners lie 1 below. */
struct hull {
    size_t *knots, count;
    int bend; /* 1: convex, below; -1: concave, above */
};

/* Whether `middle` lies not outside the line from `first` to `last`, and is no knot. */
static bool is_inside(const double *x, const struct hull *hull, size_t first, size_t middle,
                      size_t last)
{
    double cross = (x[middle] - x[first]) * (double)(last - first) -
                   (double)(middle - first) * (x[last] - x[first]);

    return hull->bend * cross <= 0;
}

static void build(const double *x, size_t low, size_t high, struct hull *hull)
{
    size_t *knots = hull->knots, count = 0;

    for (size_t i = low; i <= high; i++) {
        while (count > 1 && is_inside(x, hull, knots[count - 2], knots[count - 1], i))
            count--;
        knots[count++] = i;
    }
    hull->count = count;
}

/* The hull's height at `at`, between two of its knots. */
static double line(const double *x, const struct hull *hull, size_t from, size_t to, double at)
{
    double width = x[to] - x[from];

    if (width <= 0) /* a step: the hull passes outside of it */
        return (double)(hull->bend > 0 ? from : to);
    return (double)from + (double)(to - from) * (at - x[from]) / width;
}

/* Where two hulls are farthest apart; `low` and `high` become the modal interval that this
 * suggests. */
static double part(const double *x, const struct hull *below, const struct hull *above, size_t *low,
                   size_t *high)
{
    double most = 0;
    size_t b = 0, a = 0; /* the lines below[b - 1] .. below[b], above[a - 1] .. above[a] */

    for (size_t i = 0; i < below->count; i++) {
        size_t knot = below->knots[i];
        double gap;

        while (a + 1 < above->count && above->knots[a] <= knot)
            a++;
        gap = line(x, above, above->knots[a ? a - 1 : 0], above->knots[a], x[knot]) - (double)knot +
              1;
        if (gap > most) {
            most = gap;
            *low = knot;
            *high = above->knots[a];
        }
    }
    for (size_t i = 0; i < above->count; i++) {
        size_t knot = above->knots[i];
        double gap;

        while (b + 1 < below->count && below->knots[b] < knot)
            b++;
        gap = (double)knot - line(x, below, below->knots[b ? b - 1 : 0], below->knots[b], x[knot]) +
              1;
        if (gap > most) {
            most = gap;
            *low = below->knots[b ? b - 1 : 0];
            *high = knot;
        }
    }
    return most;
}

/* How far the distribution function is from the hull between the indices `low` and `high`. */
static double stray(const double *x, const struct hull *hull, size_t low, size_t high)
{
    double most = 1;

    for (size_t k = 1; k < hull->count; k++) {
        size_t from = hull->knots[k - 1], to = hull->knots[k];

        if (from < low || to > high)
            continue;
        for (size_t i = from; i <= to; i++)
            most = fmax(most, hull->bend * ((double)i - line(x, hull, from, to, x[i])) + 1);
    }
    return most;
}

double shape_dip(const double *sorted, size_t n, size_t *room)
{
    struct hull below = {.knots = room, .bend = 1}, above = {.knots = room + n, .bend = -1};
    size_t low = 0, high = n - 1, from = 0, to = 0;
    double dip = 1; /* times 2 n */

    while (n > 1 && sorted[0] < sorted[n - 1]) {
        build(sorted, low, high, &below);
        build(sorted, low, high, &above);
        if (part(sorted, &below, &above, &from, &to) <= dip)
            break;
        dip = fmax(dip, fmax(stray(sorted, &below, low, from), stray(sorted, &above, to, high)));
        if (from == low && to == high)
            break;
        low = from;
        high = to;
    }
    return dip / (2 * (double)n);
}
