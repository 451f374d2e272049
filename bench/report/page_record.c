/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/report/html.h"
#include "bench/report/page_record.h"

/* Every plain field of an object. */
static void put_fields(const cJSON *object, const char *caption, FILE *out)
{
    const cJSON *field;

    fputs("<div class=wide><table><caption>", out);
    html_text(caption, out);
    fputs("</caption><tbody>\n", out);
    cJSON_ArrayForEach(field, object)
    {
        char *text;

        if (strcmp(field->string, "order") == 0 || strcmp(field->string, "mitigations") == 0)
            continue; /* long; they are in the data */
        text = cJSON_IsString(field) ? strdup(field->valuestring) : cJSON_PrintUnformatted(field);
        fputs("<tr><th scope=row>", out);
        html_text(field->string, out);
        fputs("</th><td style=\"white-space:normal\">", out);
        html_text(text ? text : "", out);
        fputs("</td></tr>\n", out);
        free(text);
    }
    fputs("</tbody></table></div>\n", out);
}

static void put_hashes(const struct model *model, FILE *out)
{
    const cJSON *payload;

    fputs("<div class=wide><table><caption>What was run</caption><thead><tr><th scope=col>file</th>"
          "<th scope=col>bytes</th><th scope=col>SHA-256</th></tr></thead><tbody>\n",
          out);
    for (size_t t = 0; t < model->target_count; t++) {
        const struct model_target *target = &model->targets[t];

        if (!target->has_kernel)
            continue;
        fputs("<tr><th scope=row>kernel of ", out);
        html_text(target->name, out);
        fprintf(out, "</th><td class=n>%zu</td><td><code>", target->kernel.bytes);
        html_text(target->kernel.sha256, out);
        fputs("</code></td></tr>\n", out);
    }
    cJSON_ArrayForEach(payload, json_field(model->document, "payloads"))
    {
        fputs("<tr><th scope=row>payload ", out);
        html_text(json_text(payload, "payload"), out);
        fprintf(out, "</th><td class=n>%.0f</td><td><code>", json_number(payload, "bytes"));
        html_text(json_text(payload, "sha256"), out);
        fputs("</code></td></tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static bool has_line(const char *text, const char *line, size_t length)
{
    for (const char *at = text; *at; at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n'))
        if (strcspn(at, "\n") == length && strncmp(at, line, length) == 0)
            return true;
    return false;
}

/* The lines of `text` that `other` has not. */
static void put_lacking(const char *text, const char *other, char sign, FILE *out)
{
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, "\n");

        if (length && !has_line(other, at, length)) {
            char *line = strndup(at, length);

            fputc(sign, out);
            html_text(line ? line : "", out);
            fputc('\n', out);
            free(line);
        }
        at += length + (at[length] == '\n');
    }
}

static const char *machine_of(const cJSON *target)
{
    return json_text(cJSON_GetArrayItem(json_field(target, "launches"), 0), "xml");
}

/* Each VM's description, and in which lines it differs from the first. */
static void put_machines(const struct model *model, FILE *out)
{
    const cJSON *target, *first = NULL;

    cJSON_ArrayForEach(target, json_field(model->document, "targets"))
    {
        const char *xml = machine_of(target);

        if (!*xml)
            continue;
        fputs("<details><summary>Machine of ", out);
        html_text(json_text(target, "name"), out);
        fputs(first ? ": the lines that differ</summary><pre>" : "</summary><pre>", out);
        if (first) {
            put_lacking(machine_of(first), xml, '-', out);
            put_lacking(xml, machine_of(first), '+', out);
        } else {
            html_text(xml, out);
            first = target;
        }
        fputs("</pre></details>\n", out);
    }
}

int page_data(const struct model *model, FILE *out)
{
    char *text = cJSON_PrintUnformatted(model->document);

    if (!text)
        return -ENOMEM;
    fputs("<p><a download=\"result.json\" href=\"data:application/json;base64,", out);
    html_base64(text, strlen(text), out);
    fputs("\">The whole result, with every sample, as JSON</a></p>\n", out);
    free(text);
    return 0;
}

void page_record(const struct model *model, FILE *out)
{
    put_hashes(model, out);
    put_machines(model, out);
    put_fields(json_field(model->document, "host"), "Host", out);
    put_fields(json_field(model->document, "run"), "Run", out);
}
