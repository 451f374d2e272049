/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/file.h"
#include "bench/report/html.h"
#include "bench/report/page.h"
#include "bench/report/page_record.h"
#include "bench/report/table.h"

/* Readable on a phone, on paper and in the dark. Only wide tables and figures scroll, each in a box
 * of its own. */
static const char style[] =
    ":root{color-scheme:light "
    "dark;--ink:#1b1b1b;--dim:#595959;--paper:#fff;--line:#d5d5d5;--box:#f5f5f3;"
    "--link:#0b57a4}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e8e8e6;--dim:#b0b0ae;--paper:#161616;--line:#"
    "3c3c3c;"
    "--box:#222;--link:#8ab8ee}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1rem;max-width:72rem;background:var(--paper);color:var(--ink);"
    "font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "h1{font-size:1.6rem;line-height:1.2}h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}"
    "a{color:var(--link)}.dim{color:var(--dim)}.say{font-size:1.15rem}"
    ".wide{overflow-x:auto;margin:1rem 0}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}"
    "caption{text-align:left;font-weight:600;padding:.3rem 0}"
    "th,td{padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top;white-space:nowrap}.n{text-align:right}"
    "th.wrap{white-space:normal;padding-top:.9rem}th.t{font-weight:400}.n span{white-space:nowrap}"
    "@media(max-width:40rem){table{font-size:.75rem}th,td{padding-right:.4rem}"
    ".r{white-space:normal}}"
    "figure{margin:1rem 0}figure .wide{background:#fff;border:1px solid "
    "var(--line);border-radius:.3rem;margin:0}"
    "figure img{display:block;height:auto;max-width:100%;min-width:min(100%,22rem)}"
    "figure.big img{max-width:none;width:auto}"
    ".bad{border-left:.3rem solid #c22;padding:.4rem .8rem;background:var(--box)}"
    "pre{overflow-x:auto;background:var(--box);padding:.7rem;font-size:.8rem;line-height:1.35}"
    "dt{font-weight:600;margin-top:.6rem}dd{margin:0}details{margin:.6rem 0}summary{cursor:pointer}"
    "@media print{body{max-width:none;font-size:10pt}.wide{overflow:visible}details{display:none}"
    "figure,tr{break-inside:avoid}}";

/* Element `tag` around escaped text. */
static void put(const char *tag, const char *text, FILE *out)
{
    fprintf(out, "<%s>", tag);
    html_text(text, out);
    fprintf(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

static void put_number(double value, FILE *out)
{
    if (fabs(value) >= 1000)
        fprintf(out, "%.0f", value);
    else
        fprintf(out, "%.3g", value);
}

static const char *title_of(const struct model_metric *metric)
{
    return *metric->title ? metric->title : metric->name;
}

/* What a reader wants to know first, of what there is. */
static const struct {
    const char *scenario, *metric;
} headlines[] = {
    {"boot", "total"},
    {"boot", "app"},
    {"iperf", "tcp_rx"},
    {"iperf", "tcp_tx"},
    {"latency", "closed_c1_p50"},
    {"latency", "closed_c32_rate"},
    {"memory", "minimum"},
    {"density", "boots_per_s"},
    {"density", "cold_p50"},
};

static void put_headline(const struct model *model, const struct model_series *series, FILE *out)
{
    const struct model_metric *metric = series->metric;
    const struct model_series *base = model_series(metric, series->ratio->base);

    fputs("<li><b>", out);
    html_text(series->target->name, out);
    fputs(model_mark(series->target), out);
    fputs("</b>: ", out);
    put_number(series->summary.median / metric->scale, out);
    fputc(' ', out);
    html_text(metric->shown_unit, out);
    fprintf(out, ", %.3g ", series->ratio->summary.median);
    fputs(series->ratio->summary.median < 1 ? "of " : "times ", out);
    html_text(series->ratio->base, out);
    if (base && base->summary.n) {
        fputs("'s ", out);
        put_number(base->summary.median / metric->scale, out);
    }
    fputs(" <span class=dim>(", out);
    html_text(title_of(metric), out);
    fprintf(out, "; %s is better%s)</span></li>\n",
            metric->direction == MODEL_LOWER ? "lower" : "higher", model->run.tcg ? "; TCG" : "");
}

static void put_headlines(const struct model *model, FILE *out)
{
    size_t told = 0;

    for (size_t h = 0; h < sizeof headlines / sizeof *headlines; h++) {
        const struct model_metric *metric =
            model_metric(model, headlines[h].scenario, headlines[h].metric);

        for (size_t s = 0; metric && s < metric->series_count; s++) {
            const struct model_series *series = metric->series[s];

            if (series->target->has_kernel && series->ratio && series->ratio->summary.median > 0) {
                fputs(told++ ? "" : "<ul class=say>\n", out);
                put_headline(model, series, out);
            }
        }
    }
    fputs(told ? "</ul>\n" : "", out);
}

static void put_row(const struct model *model, const struct model_series *series, FILE *out)
{
    const struct model_metric *metric = series->metric;
    double ends[2];

    fputs("<tr><th scope=row class=t>", out);
    html_text(series->target->name, out);
    fputs(model_mark(series->target), out);
    fputs("</th><td class=n>", out);
    if (series->summary.n) {
        put_number(series->summary.median / metric->scale, out);
        fputc(' ', out);
        html_text(metric->shown_unit, out);
        fputs("</td><td class=n>", out);
        stats_ends(&series->summary, ends);
        put_number(ends[0] / metric->scale, out);
        fputs(" .. ", out);
        put_number(ends[1] / metric->scale, out);
    } else {
        fputs("no sample</td><td class=n>", out);
    }
    fprintf(out, "</td><td class=n>%zu", series->summary.n);
    if (series->failed)
        fprintf(out, ", %zu failed", series->failed);
    fputs("</td><td class=\"n r\">", out);
    if (series->ratio) {
        const struct summary *ratio = &series->ratio->summary;

        stats_ends(ratio, ends);
        fprintf(out, "%.3g <span>[%.3g .. %.3g]</span>", ratio->median, ends[0], ends[1]);
        if (strcmp(series->ratio->base, model->base) != 0) {
            fputs(" to ", out);
            html_text(series->ratio->base, out);
        }
    }
    fputs("</td></tr>\n", out);
}

/* A metric's rows, below one that names it: as a column it would push the ratios off a phone. */
static void put_metric(const struct model *model, const struct model_metric *metric, FILE *out)
{
    fputs("<tbody><tr><th class=wrap scope=rowgroup colspan=5>", out);
    html_text(title_of(metric), out);
    if (*metric->title) {
        fputs(" <span class=dim>", out);
        html_text(metric->name, out);
        fputs("</span>", out);
    }
    fputs("</th></tr>\n", out);
    for (size_t s = 0; s < metric->series_count; s++)
        put_row(model, metric->series[s], out);
    fputs("</tbody>\n", out);
}

static void put_table(const struct model *model, const struct model_scenario *scenario, FILE *out)
{
    fputs("<div class=wide tabindex=0 role=region aria-label=\"values\"><table>\n<caption>Medians "
          "of ",
          out);
    html_text(scenario->name, out);
    fputs("</caption>\n<thead><tr><th scope=col>target</th>"
          "<th scope=col class=n>median</th><th scope=col class=n>interval</th>"
          "<th scope=col class=n>n</th><th scope=col class=\"n r\">ratio to ",
          out);
    html_text(*model->base ? model->base : "the base", out);
    fputs("</th></tr></thead>\n", out);
    for (size_t m = 0; m < scenario->metric_count; m++)
        put_metric(model, scenario->metrics[m], out);
    fputs("</table></div>\n", out);
}

/* In words what the figure of a metric shows. */
static void put_alternative(const struct model_metric *metric, FILE *out)
{
    html_text(title_of(metric), out);
    fputs(", medians:", out);
    for (size_t s = 0; s < metric->series_count; s++) {
        const struct model_series *series = metric->series[s];

        fputs(s ? ", " : " ", out);
        html_text(series->target->name, out);
        fputs(model_mark(series->target), out);
        fputc(' ', out);
        if (series->summary.n)
            put_number(series->summary.median / metric->scale, out);
        else
            fputs("none", out);
    }
    fputc(' ', out);
    html_text(metric->shown_unit, out);
}

/* The figure DIRECTORY/FILE, as an image whose bytes are in the page. */
static int put_figure(const char *directory, const char *name, const struct model_metric *metric,
                      FILE *out, struct error *error)
{
    char path[PATH_MAX];
    struct file file;
    int status;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    status = file_read(path, &file, error);
    if (status < 0)
        return status;
    fprintf(out, "<figure%s><div class=wide><img alt=\"", metric ? "" : " class=big");
    if (metric)
        put_alternative(metric, out);
    else
        html_text(name, out);
    fputs("\" src=\"data:image/svg+xml;base64,", out);
    html_base64(file.data, file.size, out);
    fputs("\"></div></figure>\n", out);
    file_free(&file);
    return 0;
}

/* The metric of which FILE, "SCENARIO-METRIC.svg", is the figure, or NULL. */
static const struct model_metric *metric_of(const struct model_scenario *scenario, const char *name)
{
    for (size_t m = 0; m < scenario->metric_count; m++) {
        char expected[NAME_MAX + 1];

        snprintf(expected, sizeof expected, "%s-%s.svg", scenario->name,
                 scenario->metrics[m]->name);
        if (strcmp(expected, name) == 0)
            return scenario->metrics[m];
    }
    return NULL;
}

static bool is_figure_of(const struct model_scenario *scenario, const char *name)
{
    size_t length = strlen(scenario->name), whole = strlen(name);

    return strncmp(name, scenario->name, length) == 0 && name[length] == '-' && whole > 4 &&
           strcmp(name + whole - 4, ".svg") == 0;
}

static int put_figures(const struct model_scenario *scenario, const char *directory, FILE *out,
                       struct error *error)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, NULL, alphasort), status = 0;

    if (count < 0)
        return fail(error, errno, "%s: %s", directory, strerror(errno));
    /* Those of several metrics first. */
    for (int joint = 1; joint >= 0; joint--)
        for (int i = 0; i < count && status == 0; i++) {
            const struct model_metric *metric = metric_of(scenario, entries[i]->d_name);

            if (is_figure_of(scenario, entries[i]->d_name) && (metric == NULL) == (joint == 1))
                status = put_figure(directory, entries[i]->d_name, metric, out, error);
        }
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return status;
}

static void put_definitions(const struct model_scenario *scenario, FILE *out)
{
    fputs("<details><summary>Definitions</summary><dl>\n", out);
    for (size_t m = 0; m < scenario->metric_count; m++) {
        const struct model_metric *metric = scenario->metrics[m];

        put("dt", metric->name, out);
        fputs("<dd>", out);
        html_text(metric->definition, out);
        if (*metric->start) {
            fputs("; from ", out);
            html_text(metric->start, out);
            fputs(" to ", out);
            html_text(metric->stop, out);
        }
        fputs("; clock: ", out);
        html_text(metric->clock, out);
        fprintf(out, "; %s is better</dd>\n",
                metric->direction == MODEL_LOWER ? "lower" : "higher");
    }
    fputs("</dl></details>\n", out);
}

static int put_scenario(const struct model *model, const struct model_scenario *scenario,
                        const char *directory, FILE *out, struct error *error)
{
    int status;

    put("h2", scenario->name, out);
    put_table(model, scenario, out);
    status = put_figures(scenario, directory, out, error);
    put_definitions(scenario, out);
    return status;
}

static void put_reasons(const struct model *model, FILE *out)
{
    if (model->doubtful)
        fputs("<p class=bad><b>Does not verify:</b> it is not what its samples say.</p>\n", out);
    for (size_t i = 0; i < model->run.invalid_count; i++) {
        fputs("<p class=bad><b>Invalid:</b> ", out);
        html_text(model->run.invalid_reasons[i], out);
        fputs("</p>\n", out);
    }
}

/* Whose values are not those of equal work on an equal machine, and what was not measured. */
static void put_unequal(const struct model *model, FILE *out)
{
    for (size_t i = 0; i < model->target_count; i++) {
        const struct model_target *target = &model->targets[i];

        if (!*target->unequal)
            continue;
        fputs("<p><b>* ", out);
        html_text(target->name, out);
        fputs("</b> is not equal: ", out);
        html_text(target->unequal, out);
        fputs("</p>\n", out);
    }
    for (size_t i = 0; i < model->skipped_count; i++) {
        fputs("<p class=dim>", out);
        html_text(model->skipped[i].scenario, out);
        fputs(" not measured of ", out);
        html_text(model->skipped[i].target, out);
        fputs(": ", out);
        html_text(model->skipped[i].reason, out);
        fputs("</p>\n", out);
    }
}

static void put_warnings(const struct model *model, FILE *out)
{
    if (model->warning_count == 0)
        return;
    fputs("<h2>Warnings</h2>\n<ul>\n", out);
    for (size_t i = 0; i < model->warning_count; i++) {
        fputs("<li>", out);
        html_text(model->warnings[i].text, out);
        fputs(" <span class=dim>(", out);
        html_text(model->warnings[i].remedy, out);
        fputs(")</span></li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void put_head(const struct model *model, FILE *out)
{
    const struct model_run *run = &model->run;

    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<title>tare: what the operating system costs</title>\n<style>",
          out);
    fputs(style, out);
    fputs("</style>\n</head>\n<body>\n<header>\n"
          "<h1>What does the operating system under the program cost?</h1>\n<p class=dim>",
          out);
    html_text(run->started, out);
    fputs(", ", out);
    html_text(run->machine, out);
    fprintf(out, ", %zu MiB, %zu vCPU, ", run->memory_mib, run->vcpus);
    html_text(run->tcg ? "TCG, which does not predict KVM" : run->accel, out);
    fputs("; ", out);
    html_text(model->host.cpu, out);
    fprintf(out, ", %zu cores%s", model->host.cores, run->quiet ? ", quiet" : ", not quiet");
    if (run->until.percent > 0) {
        fputs("; ", out);
        table_until(&run->until, out);
    }
    fputs("</p>\n</header>\n<main>\n", out);
}

int page_write(const struct model *model, const char *figures, FILE *out, struct error *error)
{
    int status = 0;

    put_head(model, out);
    put_headlines(model, out);
    put_reasons(model, out);
    put_unequal(model, out);
    for (size_t i = 0; i < model->scenario_count && status == 0; i++)
        status = put_scenario(model, &model->scenarios[i], figures, out, error);
    put_warnings(model, out);
    fputs("<h2>Host, machine and fairness</h2>\n", out);
    page_record(model, out);
    put("h2", "Data", out);
    if (status == 0 && page_data(model, out) < 0)
        status = fail(error, ENOMEM, "out of memory");
    fputs("</main>\n</body>\n</html>\n", out);
    if (status == 0 && (fflush(out) != 0 || ferror(out)))
        status = fail(error, EIO, "the page: %s", strerror(errno));
    return status;
}
