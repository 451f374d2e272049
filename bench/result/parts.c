/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/result/fields.h"
#include "bench/result/parts.h"

/* What messages call a part of the document: "metrics[3].samples[0]". */
struct place {
    char text[128];
};

static struct place place_of(const char *list, size_t index)
{
    struct place place;

    snprintf(place.text, sizeof place.text, "%s[%zu]", list, index);
    return place;
}

void *parts_room(struct reader *reader, size_t count, size_t size)
{
    struct chunk *chunk = calloc(1, sizeof *chunk + count * size);

    if (!chunk) {
        fail(reader->error, ENOMEM, "out of memory");
        return NULL;
    }
    chunk->next = reader->model->memory;
    reader->model->memory = chunk;
    return chunk->data;
}

static size_t length_of(const cJSON *list)
{
    return (size_t)cJSON_GetArraySize(list);
}

int parts_list(struct reader *reader, const cJSON *list, const char *name,
               const struct field *fields, size_t size, const void **out, size_t *count)
{
    char *elements = parts_room(reader, length_of(list), size);
    int status = elements ? 0 : -ENOMEM;
    const cJSON *item;

    *out = elements;
    cJSON_ArrayForEach(item, list)
    {
        struct place place = place_of(name, *count);

        if (status == 0)
            status =
                fields_read(item, place.text, fields, elements + (*count)++ * size, reader->error);
    }
    return status;
}

static int read_reasons(struct reader *reader, const cJSON *list)
{
    struct model_run *run = &reader->model->run;
    const cJSON *item;

    run->invalid_reasons = parts_room(reader, length_of(list), sizeof *run->invalid_reasons);
    if (!run->invalid_reasons)
        return -ENOMEM;
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item))
            return fail(reader->error, EINVAL, "run: field \"invalid_reasons\": must be texts");
        run->invalid_reasons[run->invalid_count++] = item->valuestring;
    }
    return 0;
}

/* The rule of --until, where there is one. */
static int read_until(struct reader *reader, const cJSON *object)
{
    static const struct field fields[] = {
        NEEDED("percent", NUMBER, model_until, percent),
        MAYBE("minutes", NUMBER, model_until, minutes),
        MAYBE("rounds", COUNT, model_until, rounds),
        NEEDED("most", COUNT, model_until, most),
        MAYBE("ended", TEXT, model_until, ended),
        NEEDED("met", FLAG, model_until, met),
        MAYBE("widest", NUMBER, model_until, widest),
        END_OF_FIELDS,
    };

    if (!object)
        return 0;
    return fields_read(object, "run.until", fields, &reader->model->run.until, reader->error);
}

int parts_read_run(struct reader *reader)
{
    static const char *const kinds[] = {"none", "ab", "aa", NULL};
    struct raw_run {
        struct model_run run;
        const cJSON *reasons, *until;
        unsigned twins;
    } raw = {.run.judged = true};
    static const struct field fields[] = {
        NEEDED("id", TEXT, raw_run, run.id),
        NEEDED("started", TEXT, raw_run, run.started),
        NEEDED("machine", TEXT, raw_run, run.machine),
        NEEDED("pin", TEXT, raw_run, run.pin),
        MAYBE("profile", TEXT, raw_run, run.profile),
        NEEDED("accel", TEXT, raw_run, run.accel),
        NEEDED("accel_reason", TEXT, raw_run, run.accel_reason),
        MAYBE("payload", TEXT, raw_run, run.payload),
        MAYBE("args", TEXT, raw_run, run.args),
        MAYBE("ready", TEXT, raw_run, run.ready),
        NEEDED("memory_mib", COUNT, raw_run, run.memory_mib),
        NEEDED("vcpus", COUNT, raw_run, run.vcpus),
        NEEDED("icount", FLAG, raw_run, run.icount),
        NEEDED("complete", FLAG, raw_run, run.complete),
        MAYBE("judged", FLAG, raw_run, run.judged),
        NEEDED("quiet", FLAG, raw_run, run.quiet),
        NEEDED("valid", FLAG, raw_run, run.valid),
        NEEDED("invalid_reasons", LIST, raw_run, reasons),
        MAYBE_WORD("compare", kinds, raw_run, twins),
        MAYBE("until", OBJECT, raw_run, until),
        END_OF_FIELDS,
    };
    int status = fields_read(reader->run, "run", fields, &raw, reader->error);

    if (status < 0)
        return status;
    reader->model->run = raw.run;
    reader->model->run.tcg = strcmp(raw.run.accel, "tcg") == 0;
    reader->model->run.alike = strcmp(kinds[raw.twins], "aa") == 0;
    status = read_until(reader, raw.until);
    return status < 0 ? status : read_reasons(reader, raw.reasons);
}

int parts_read_host(struct reader *reader)
{
    static const struct field fields[] = {
        NEEDED("cpu", TEXT, model_host, cpu),
        NEEDED("cores", COUNT, model_host, cores),
        END_OF_FIELDS,
    };

    return fields_read(reader->host, "host", fields, &reader->model->host, reader->error);
}

/* How the target is not equal to the others, by what its part of the document says. */
static int tell_unequal(struct reader *reader, const char *differs, bool own_program,
                        const cJSON *workloads, struct model_target *target)
{
    const cJSON *workload;
    char text[512];
    size_t used =
        (size_t)snprintf(text, sizeof text, "%s%s%s", differs, *differs && own_program ? "; " : "",
                         own_program ? "its own program" : "");
    char *kept;

    cJSON_ArrayForEach(workload, workloads)
    {
        if (used < sizeof text)
            used +=
                (size_t)snprintf(text + used, sizeof text - used, ", %s by %s",
                                 json_text(workload, "scenario"), json_text(workload, "protocol"));
    }
    kept = parts_room(reader, strlen(text) + 1, 1);
    if (!kept)
        return -ENOMEM;
    strcpy(kept, text);
    target->unequal = kept;
    return 0;
}

static int read_target(struct reader *reader, const cJSON *item, struct model_target *target)
{
    static const struct field kernel_fields[] = {
        NEEDED("path", TEXT, model_file, path),
        NEEDED("sha256", TEXT, model_file, sha256),
        NEEDED("bytes", COUNT, model_file, bytes),
        END_OF_FIELDS,
    };
    struct raw_target {
        struct model_target target;
        const cJSON *kernel, *workloads;
        const char *differs;
        bool own_program;
    } raw = {.kernel = NULL};
    static const struct field fields[] = {
        NEEDED("name", NAME, raw_target, target.name),
        MAYBE("twin_of", NAME, raw_target, target.twin_of),
        MAYBE("kernel", OBJECT, raw_target, kernel),
        MAYBE("differs", TEXT, raw_target, differs),
        MAYBE("own_program", FLAG, raw_target, own_program),
        MAYBE("workloads", LIST, raw_target, workloads),
        END_OF_FIELDS,
    };
    struct place place = place_of("targets", reader->model->target_count);
    int status = fields_read(item, place.text, fields, &raw, reader->error);

    *target = raw.target;
    target->has_kernel = raw.kernel != NULL;
    if (status == 0)
        status = tell_unequal(reader, raw.differs, raw.own_program, raw.workloads, target);
    if (status == 0 && raw.kernel) {
        strcat(place.text, ".kernel");
        status = fields_read(raw.kernel, place.text, kernel_fields, &target->kernel, reader->error);
    }
    return status;
}

int parts_read_targets(struct reader *reader)
{
    struct model *model = reader->model;
    const cJSON *item;
    int status;

    model->targets = reader->targets =
        parts_room(reader, length_of(reader->target_list), sizeof *reader->targets);
    if (!reader->targets)
        return -ENOMEM;
    cJSON_ArrayForEach(item, reader->target_list)
    {
        status = read_target(reader, item, &reader->targets[model->target_count]);
        if (status < 0)
            return status;
        model->target_count++;
    }
    for (size_t i = 0; i < model->target_count; i++) {
        struct model_target *target = &reader->targets[i];

        target->a = *target->twin_of ? model_target(model, target->twin_of) : NULL;
        if (*target->twin_of && !target->a)
            return fail(reader->error, EINVAL,
                        "targets[%zu]: field \"twin_of\": names no target of the result", i);
    }
    return 0;
}

static int read_intervals(struct reader *reader, const cJSON *list, const char *where,
                          struct model_sample *sample)
{
    static const struct field fields[] = {
        NEEDED("start", NUMBER, model_interval, start),
        NEEDED("seconds", NUMBER, model_interval, seconds),
        MAYBE("value", NUMBER, model_interval, value),
        END_OF_FIELDS,
    };
    struct place place;
    const void *intervals;
    int status;

    snprintf(place.text, sizeof place.text, "%s.series", where);
    status = parts_list(reader, list, place.text, fields, sizeof *sample->intervals, &intervals,
                        &sample->interval_count);
    sample->intervals = intervals;
    return status;
}

/* A bucket is three numbers; the times rise. */
static bool is_bucket(const cJSON *item, double low)
{
    const cJSON *number = item->child;

    for (int i = 0; i < 3; i++, number = number->next)
        if (!cJSON_IsNumber(number))
            return false;
    return !number && item->child->valuedouble >= low &&
           item->child->next->valuedouble > item->child->valuedouble;
}

static int read_histogram(struct reader *reader, const cJSON *histogram, const char *where,
                          struct model_sample *sample)
{
    const cJSON *list = json_field(histogram, "buckets"), *item;
    struct model_bucket *buckets = parts_room(reader, length_of(list), sizeof *buckets);
    double low = 0;

    if (!buckets)
        return -ENOMEM;
    sample->buckets = buckets;
    cJSON_ArrayForEach(item, list)
    {
        const cJSON *number = item->child;

        if (!is_bucket(item, low))
            return fail(
                reader->error, EINVAL,
                "%s.histogram: field \"buckets\": must be [low, high, count] by rising times",
                where);
        low = number->next->valuedouble;
        buckets[sample->bucket_count++] =
            (struct model_bucket){number->valuedouble, low, number->next->next->valuedouble};
    }
    return 0;
}

/* Steps of a search have other fields, and are not read. */
static int read_steps(struct reader *reader, const cJSON *list, const char *where,
                      struct model_sample *sample)
{
    static const struct field fields[] = {
        NEEDED("vms", NUMBER, model_step, vms),
        MAYBE("ready_all_ms", NUMBER, model_step, ready_all_ms),
        MAYBE("boot_while_ms", NUMBER, model_step, boot_while_ms),
        MAYBE("memory_mib", NUMBER, model_step, memory_mib),
        MAYBE("p50_ms", NUMBER, model_step, p50_ms),
        END_OF_FIELDS,
    };
    struct place place;
    const void *steps;
    int status;

    if (list && list->child && !json_field(list->child, "vms"))
        return 0;
    snprintf(place.text, sizeof place.text, "%s.steps", where);
    status = parts_list(reader, list, place.text, fields, sizeof *sample->steps, &steps,
                        &sample->step_count);
    sample->steps = steps;
    return status;
}

static int read_sample(struct reader *reader, const cJSON *item, const char *where,
                       struct model_sample *sample)
{
    struct raw_sample {
        struct model_sample sample;
        const cJSON *intervals, *histogram, *steps;
    } raw = {.intervals = NULL};
    static const struct field fields[] = {
        MAYBE("value", NUMBER, raw_sample, sample.value),
        MAYBE("error", TEXT, raw_sample, sample.failure),
        MAYBE("note", TEXT, raw_sample, sample.note),
        NEEDED("t", NUMBER, raw_sample, sample.t),
        NEEDED("order", COUNT, raw_sample, sample.order),
        NEEDED("repetition", COUNT, raw_sample, sample.repetition),
        MAYBE("series", LIST, raw_sample, intervals),
        MAYBE("histogram", OBJECT, raw_sample, histogram),
        MAYBE("steps", LIST, raw_sample, steps),
        END_OF_FIELDS,
    };
    int status = fields_read(item, where, fields, &raw, reader->error);

    if (status < 0)
        return status;
    *sample = raw.sample;
    sample->has_value = cJSON_IsNumber(json_field(item, "value"));
    if (!sample->has_value && !cJSON_IsString(json_field(item, "error")))
        return fail(reader->error, EINVAL,
                    "%s: has neither a number \"value\" nor a text \"error\"", where);
    if (raw.intervals)
        status = read_intervals(reader, raw.intervals, where, sample);
    if (status == 0 && raw.histogram)
        status = read_histogram(reader, raw.histogram, where, sample);
    if (status == 0 && raw.steps)
        status = read_steps(reader, raw.steps, where, sample);
    return status;
}

static int read_samples(struct reader *reader, const cJSON *list, const char *where,
                        const char *name, const struct model_sample **out, size_t *count)
{
    struct model_sample *samples = parts_room(reader, length_of(list), sizeof *samples);
    struct place list_place;
    const cJSON *item;
    int status = samples ? 0 : -ENOMEM;

    snprintf(list_place.text, sizeof list_place.text, "%s.%s", where, name);
    *out = samples;
    *count = 0;
    cJSON_ArrayForEach(item, list)
    {
        struct place place = place_of(list_place.text, *count);

        if (status == 0)
            status = read_sample(reader, item, place.text, &samples[(*count)++]);
    }
    return status;
}

static int read_summary(struct reader *reader, const cJSON *item, const char *where,
                        struct model_series *series)
{
    static const struct field counts[] = {
        NEEDED("n", COUNT, model_series, summary.n),
        NEEDED("failed", COUNT, model_series, failed),
        END_OF_FIELDS,
    };
    static const struct field values[] = {
        NEEDED("median", NUMBER, model_series, summary.median),
        MAYBE("ci95", PAIR, model_series, summary.ci95),
        MAYBE("coverage", NUMBER, model_series, summary.coverage),
        MAYBE("p5", NUMBER, model_series, summary.p5),
        MAYBE("p95", NUMBER, model_series, summary.p95),
        NEEDED("min", NUMBER, model_series, summary.min),
        NEEDED("max", NUMBER, model_series, summary.max),
        END_OF_FIELDS,
    };
    struct place place;
    int status;

    snprintf(place.text, sizeof place.text, "%s.summary", where);
    status = fields_read(item, place.text, counts, series, reader->error);
    if (status == 0 && series->summary.n > 0)
        status = fields_read(item, place.text, values, series, reader->error);
    series->summary.has_ci95 = json_field(item, "ci95") != NULL;
    series->summary.has_tails = json_field(item, "p5") && json_field(item, "p95");
    return status;
}

/* The model's metric that is described by `read`; one is added if need be. All series of a metric
 * are shown in one unit and judged in one direction. */
static int add_metric(struct reader *reader, const struct model_metric *read, const char *where,
                      const struct model_metric **out)
{
    const struct model_metric *known = model_metric(reader->model, read->scenario, read->name);
    struct model_metric *added = &reader->metrics[reader->model->metric_count];

    if (known && (strcmp(known->unit, read->unit) != 0 || known->direction != read->direction))
        return fail(reader->error, EINVAL,
                    "%s: field \"%s\": is not that of the metric's other series", where,
                    known->direction != read->direction ? "direction" : "unit");
    if (!known) {
        *added = *read;
        reader->model->metric_count++;
    }
    *out = known ? known : added;
    return 0;
}

static int read_one_series(struct reader *reader, const cJSON *item, const char *where,
                           struct model_series *series)
{
    static const char *const directions[] = {"lower", "higher", NULL};
    struct raw_series {
        struct model_metric metric;
        const char *target;
        const cJSON *samples, *warmups, *summary;
    } raw = {.target = NULL};
    static const struct field fields[] = {
        NEEDED("scenario", NAME, raw_series, metric.scenario),
        NEEDED("metric", NAME, raw_series, metric.name),
        MAYBE("title", TEXT, raw_series, metric.title),
        NEEDED("target", NAME, raw_series, target),
        NEEDED("unit", TEXT, raw_series, metric.unit),
        NEEDED_WORD("direction", directions, raw_series, metric.direction),
        NEEDED("clock", TEXT, raw_series, metric.clock),
        MAYBE("start", TEXT, raw_series, metric.start),
        MAYBE("stop", TEXT, raw_series, metric.stop),
        NEEDED("definition", TEXT, raw_series, metric.definition),
        NEEDED("samples", LIST, raw_series, samples),
        NEEDED("warmup", LIST, raw_series, warmups),
        NEEDED("summary", OBJECT, raw_series, summary),
        END_OF_FIELDS,
    };
    int status = fields_read(item, where, fields, &raw, reader->error);

    if (status < 0)
        return status;
    series->target = model_target(reader->model, raw.target);
    if (!series->target)
        return fail(reader->error, EINVAL, "%s: field \"target\": names no target of the result",
                    where);
    if ((status = add_metric(reader, &raw.metric, where, &series->metric)) == 0 &&
        (status = read_samples(reader, raw.samples, where, "samples", &series->samples,
                               &series->sample_count)) == 0 &&
        (status = read_samples(reader, raw.warmups, where, "warmup", &series->warmups,
                               &series->warmup_count)) == 0)
        status = read_summary(reader, raw.summary, where, series);
    return status;
}

int parts_read_series(struct reader *reader)
{
    struct model *model = reader->model;
    size_t count = length_of(reader->series_list);
    const cJSON *item;
    int status = 0;

    model->series = reader->series = parts_room(reader, count, sizeof *reader->series);
    model->metrics = reader->metrics = parts_room(reader, count, sizeof *reader->metrics);
    if (!reader->series || !reader->metrics)
        return -ENOMEM;
    cJSON_ArrayForEach(item, reader->series_list)
    {
        struct place place = place_of("metrics", model->series_count);

        if (status == 0)
            status =
                read_one_series(reader, item, place.text, &reader->series[model->series_count++]);
    }
    return status;
}
