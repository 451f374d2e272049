/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/plan/payload.h"

const struct arguments arguments_none = {.argv = {(char *)PAYLOAD_PROGRAM}};

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

/* Write `program` as the archive's one member, with nothing of its file but the bytes. Blocks of
 * 512 as cpio's, since archives that follow in an initrd must be aligned. */
static int write_archive(struct archive *writer, const struct file *program, struct file *out)
{
    size_t room = program->size + 4096; /* header, name, trailer, padding */
    struct archive_entry *entry = archive_entry_new();
    bool written;

    out->data = malloc(room);
    if (!entry || !out->data) {
        archive_entry_free(entry);
        return -ENOMEM;
    }
    archive_entry_set_pathname(entry, PAYLOAD_PROGRAM + 1);
    archive_entry_set_mode(entry, S_IFREG | 0755);
    archive_entry_set_size(entry, (int64_t)program->size);
    archive_entry_set_mtime(entry, 0, 0);
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
    archive_entry_set_nlink(entry, 1);
    written =
        archive_write_set_format_cpio_newc(writer) == ARCHIVE_OK &&
        archive_write_set_bytes_per_block(writer, 512) == ARCHIVE_OK &&
        archive_write_set_bytes_in_last_block(writer, 512) == ARCHIVE_OK &&
        archive_write_open_memory(writer, out->data, room, &out->size) == ARCHIVE_OK &&
        archive_write_header(writer, entry) == ARCHIVE_OK &&
        archive_write_data(writer, program->data, program->size) == (la_ssize_t)program->size &&
        archive_write_close(writer) == ARCHIVE_OK;
    archive_entry_free(entry);
    return written ? 0 : -EIO;
}

static int pack(struct payload *payload, struct error *error)
{
    struct archive *writer = archive_write_new();
    struct file *out = &payload->archive;
    int status = writer ? write_archive(writer, &payload->program, out) : -ENOMEM;

    if (status < 0)
        fail(error, -status, "%s: cannot be packed as newc cpio: %s", payload->program.path,
             writer && status != -ENOMEM ? archive_error_string(writer) : strerror(ENOMEM));
    archive_write_free(writer);
    if (status == 0 && !(out->path = strdup(payload->program.path)))
        status = fail(error, ENOMEM, "out of memory");
    if (status == 0)
        sha256_hex(out->data, out->size, out->sha256);
    return status;
}

int payload_wrap(const char *path, struct payload *payload, struct error *error)
{
    int status;

    *payload = (struct payload){.name = path};
    status = file_read(path, &payload->program, error);
    if (status == -ENOMEM)
        return status;
    if (status < 0) { /* whatever the reason, what is to blame is the input */
        size_t used = strlen(error->text);

        snprintf(error->text + used, sizeof error->text - used,
                 "; name a readable static x86-64 ELF program");
        return -EINVAL;
    }
    status = elf_check_program(&payload->program, error);
    return status < 0 ? status : pack(payload, error);
}

static int check_word(const char *word, struct error *error)
{
    if (strcmp(word, "--") == 0)
        return fail(error, EINVAL,
                    "--args: \"--\": Linux drops it and all that follows; leave it out");
    for (const char *c = word; *c; c++) {
        if (*c == '"')
            return fail(
                error, EINVAL,
                "--args: \"%s\": holds a double quote, which kernels take off; leave it out", word);
        if (*c < '!' || *c > '~')
            return fail(
                error, EINVAL,
                "--args: holds byte 0x%02x, at which a kernel may split; use printable ASCII",
                (unsigned char)*c);
    }
    return 0;
}

int arguments_parse(const char *text, struct arguments *out, struct error *error)
{
    unsigned count = 0;
    char *rest = NULL;

    *out = (struct arguments){.argv = {(char *)PAYLOAD_PROGRAM}};
    if (strlen(text) >= sizeof out->words)
        return fail(error, EINVAL, "--args: longer than %zu bytes, which a kernel might cut",
                    sizeof out->words - 1);
    strcpy(out->words, text);
    for (char *word = strtok_r(out->words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        int status = check_word(word, error);

        if (status < 0)
            return status;
        if (count == ARGUMENTS_MAX)
            return fail(error, EINVAL, "--args: more than %d words, of which Linux takes no more",
                        ARGUMENTS_MAX);
        if (count > 0)
            strcat(out->text, " ");
        strcat(out->text, word);
        out->argv[++count] = word;
    }
    return 0;
}

void payload_free(struct payload *payload)
{
    file_free(&payload->archive);
    file_free(&payload->program);
}
