/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole files in memory. tare reads each input once, before it enters the sandbox, so that it boots
 * the bytes that it hashed.
 */
#ifndef TARE_FILE_H
#define TARE_FILE_H

#include <stddef.h>

#include "bench/base/error.h"

#define SHA256_HEX 65 /* 64 digits and the NUL */

struct file {
    char *path; /* as the messages name it */
    char *data; /* `size` bytes and a NUL */
    size_t size;
    char sha256[SHA256_HEX];
};

/* Read the regular file at `path` whole. Free with file_free(), also after a failure. */
int file_read(const char *path, struct file *file, struct error *error);
void file_free(struct file *file);

/* Hash it without keeping it: `data` is NULL. Free likewise. */
int file_hash(const char *path, struct file *file, struct error *error);

/* Write `count` parts, one after the other, as a new file at `path` with `mode`. */
int file_write(const char *path, const struct file *const *parts, size_t count, unsigned mode,
               struct error *error);

/* Remove the directory at `path` and the files in it, as far as it can. */
void file_remove_directory(const char *path);

/* SHA-256 (FIPS 180-4) of `size` bytes, in hex. */
void sha256_hex(const void *data, size_t size, char out[SHA256_HEX]);

#endif
