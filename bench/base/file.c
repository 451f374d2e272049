/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/file.h"

static void put_digest(struct sha256_ctx *context, char out[SHA256_HEX])
{
    uint8_t digest[SHA256_DIGEST_SIZE];

    sha256_digest(context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void sha256_hex(const void *data, size_t size, char out[SHA256_HEX])
{
    struct sha256_ctx context;

    sha256_init(&context);
    sha256_update(&context, size, data);
    put_digest(&context, out);
}

static int read_all(int fd, struct file *file, size_t size)
{
    while (file->size < size) {
        ssize_t got = read(fd, file->data + file->size, size - file->size);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        file->size += (size_t)got;
    }
    file->data[file->size] = '\0';
    return 0;
}

/* Open a regular file; *about is filled. */
static int open_regular(const char *path, struct stat *about, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would keep us waiting */
    int status = 0;

    if (fd < 0)
        return fail(error, errno, "%s: %s", path, strerror(errno));
    if (fstat(fd, about) < 0)
        status = fail(error, errno, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(about->st_mode))
        status = fail(error, EINVAL, "%s: not a regular file", path);
    if (status == 0)
        return fd;
    close(fd);
    return status;
}

int file_hash(const char *path, struct file *file, struct error *error)
{
    static const size_t room = 1 << 20;
    struct sha256_ctx context;
    struct stat about;
    ssize_t got = 1;
    char *bytes;
    int fd;

    *file = (struct file){.path = strdup(path)};
    fd = open_regular(path, &about, error);
    if (fd < 0)
        return fd;
    bytes = malloc(room);
    sha256_init(&context);
    while (bytes && got > 0) {
        got = read(fd, bytes, room);
        if (got > 0)
            sha256_update(&context, (size_t)got, (const uint8_t *)bytes);
        file->size += got > 0 ? (size_t)got : 0;
    }
    if (!bytes || got < 0)
        fail(error, bytes ? errno : ENOMEM, "%s: %s", path, strerror(bytes ? errno : ENOMEM));
    put_digest(&context, file->sha256);
    close(fd);
    free(bytes);
    return !bytes || got < 0 ? -EIO : 0;
}

int file_read(const char *path, struct file *file, struct error *error)
{
    struct stat about;
    int fd, status = 0;

    *file = (struct file){.path = strdup(path)};
    fd = open_regular(path, &about, error);
    if (fd < 0)
        return fd;
    if (!(file->data = malloc((size_t)about.st_size + 1)))
        status =
            fail(error, ENOMEM, "%s: no memory for its %lld bytes", path, (long long)about.st_size);
    else if ((status = read_all(fd, file, (size_t)about.st_size)) < 0)
        fail(error, -status, "%s: %s", path, strerror(-status));
    close(fd);
    if (status == 0)
        sha256_hex(file->data, file->size, file->sha256);
    return status;
}

void file_free(struct file *file)
{
    if (!file)
        return;
    free(file->path);
    free(file->data);
    *file = (struct file){0};
}

static int write_all(int fd, const struct file *file)
{
    for (size_t done = 0; done < file->size;) {
        ssize_t put = write(fd, file->data + done, file->size - done);

        if (put < 0 && errno != EINTR)
            return -errno;
        if (put > 0)
            done += (size_t)put;
    }
    return 0;
}

int file_write(const char *path, const struct file *const *parts, size_t count, unsigned mode,
               struct error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    int status = fd < 0 ? -errno : 0;

    for (size_t i = 0; status == 0 && i < count; i++)
        status = write_all(fd, parts[i]);
    if (fd >= 0 && close(fd) < 0 && status == 0)
        status = -errno;
    if (status < 0)
        fail(error, -status, "%s: %s", path, strerror(-status));
    return status;
}

void file_remove_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);

    for (struct dirent *entry; directory && (entry = readdir(directory));)
        unlinkat(fd, entry->d_name, 0);
    if (directory)
        closedir(directory);
    rmdir(path);
}
