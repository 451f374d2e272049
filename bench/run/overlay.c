/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * QEMU's docs/interop/qcow2.txt. Clusters of 64 KiB: header, refcount table, refcount block, and
 * one of an empty L1 table, which is enough for 4 TiB.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/run/overlay.h"

#define CLUSTER_BITS 16
#define CLUSTER ((uint64_t)1 << CLUSTER_BITS)
#define L1_REACH (CLUSTER * CLUSTER / 8) /* what an entry of the L1 table stands for */
#define HEADER_SIZE 104
#define BACKING_FORMAT 0xe2792acaU

enum { HEADER, REFCOUNT_TABLE, REFCOUNT_BLOCK, L1_TABLE, CLUSTERS };

static void put(unsigned char *bytes, size_t at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        bytes[at + i] = (unsigned char)(value >> (8 * (size - 1 - i)));
}

/* The first cluster; the backing file's name and format are behind the header. */
static size_t fill_header(unsigned char *header, const char *base, const char *format,
                          uint64_t size)
{
    size_t at = HEADER_SIZE, length = strlen(format);

    memcpy(header, "QFI\xfb", 4);
    put(header, 4, 3, 4); /* version */
    put(header, 16, strlen(base), 4);
    put(header, 20, CLUSTER_BITS, 4);
    put(header, 24, (size + 511) / 512 * 512, 8);
    put(header, 36, (size + L1_REACH - 1) / L1_REACH, 4);
    put(header, 40, L1_TABLE * CLUSTER, 8);
    put(header, 48, REFCOUNT_TABLE * CLUSTER, 8);
    put(header, 56, 1, 4); /* clusters of the refcount table */
    put(header, 96, 4, 4); /* refcounts of 16 bits */
    put(header, 100, HEADER_SIZE, 4);
    put(header, at, BACKING_FORMAT, 4);
    put(header, at + 4, length, 4);
    memcpy(header + at + 8, format, length);
    at += 8 + (length + 7) / 8 * 8 + 8; /* and the end of the extensions */
    put(header, 8, at, 8);
    memcpy(header + at, base, strlen(base));
    return at + strlen(base);
}

int overlay_write(const char *path, const char *base, const char *format, uint64_t size,
                  struct error *error)
{
    unsigned char header[4096] = {0}, table[8], block[2 * CLUSTERS];
    size_t length;
    int fd;

    if (size > OVERLAY_MAX || strlen(base) > 1023)
        return fail(error, EFBIG, "%s: too large a disk", base);
    length = fill_header(header, base, format, size);
    put(table, 0, REFCOUNT_BLOCK * CLUSTER, 8);
    for (size_t i = 0; i < CLUSTERS; i++)
        put(block, 2 * i, 1, 2);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(error, errno, "%s: %s", path, strerror(errno));
    if (ftruncate(fd, CLUSTERS * CLUSTER) < 0 || pwrite(fd, header, length, 0) < 0 ||
        pwrite(fd, table, sizeof table, REFCOUNT_TABLE * CLUSTER) < 0 ||
        pwrite(fd, block, sizeof block, REFCOUNT_BLOCK * CLUSTER) < 0) {
        int code = errno;

        close(fd);
        return fail(error, code, "%s: %s", path, strerror(code));
    }
    close(fd);
    return 0;
}
