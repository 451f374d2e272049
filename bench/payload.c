/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "payload.h"

static int take_program(struct archive *reader, struct archive_entry *entry,
                        struct payload *payload, struct error *error)
{
    struct file *program = &payload->program;
    int64_t size = archive_entry_size(entry);

    if (program->data)
        return fail(error, EINVAL, "%s: holds " PAYLOAD_PROGRAM " twice", payload->archive.path);
    if (asprintf(&program->path, "%s:" PAYLOAD_PROGRAM, payload->archive.path) < 0 ||
        !(program->data = malloc((size_t)size + 1)))
        return fail(error, ENOMEM, "out of memory");
    program->size = (size_t)size;
    if (archive_read_data(reader, program->data, program->size) != size)
        return fail(error, EINVAL, "%s: truncated: " PAYLOAD_PROGRAM " lacks bytes",
                    payload->archive.path);
    sha256_hex(program->data, program->size, program->sha256);
    return 0;
}

static int walk(struct archive *reader, struct payload *payload, struct error *error)
{
    struct archive_entry *entry;
    int state;

    while ((state = archive_read_next_header(reader, &entry)) == ARCHIVE_OK) {
        const char *name = archive_entry_pathname(entry);

        while (name && (*name == '/' || (*name == '.' && name[1] == '/')))
            name++;
        if (name && strcmp(name, PAYLOAD_PROGRAM + 1) == 0 &&
            archive_entry_filetype(entry) == S_IFREG) {
            int status = take_program(reader, entry, payload, error);

            if (status < 0)
                return status;
        } else if (archive_read_data_skip(reader) != ARCHIVE_OK) {
            state = ARCHIVE_FATAL;
            break;
        }
    }
    if (state != ARCHIVE_EOF)
        return fail(error, EINVAL, "%s: not a whole newc cpio archive: %s; build it anew with make",
                    payload->archive.path, archive_error_string(reader));
    if (!payload->program.data)
        return fail(error, ENOENT, "%s: holds no program " PAYLOAD_PROGRAM, payload->archive.path);
    return elf_check_program(&payload->program, error);
}

int payload_read(const char *datadir, const char *name, struct payload *payload,
                 struct error *error)
{
    struct archive *reader;
    char *path;
    int status;

    *payload = (struct payload){.name = name};
    if (asprintf(&path, "%s/payloads/%s.cpio", datadir, name) < 0)
        return fail(error, ENOMEM, "out of memory");
    status = file_read(path, &payload->archive, error);
    free(path);
    if (status < 0)
        return status;
    reader = archive_read_new();
    if (!reader)
        return fail(error, ENOMEM, "out of memory");
    archive_read_support_format_cpio(reader);
    if (archive_read_open_memory(reader, payload->archive.data, payload->archive.size) !=
        ARCHIVE_OK)
        status = fail(error, EINVAL, "%s: not a newc cpio archive: %s", payload->archive.path,
                      archive_error_string(reader));
    else
        status = walk(reader, payload, error);
    archive_read_free(reader);
    return status;
}

void payload_free(struct payload *payload)
{
    file_free(&payload->archive);
    file_free(&payload->program);
}
