/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A payload: a newc cpio archive whose member /app is a static x86-64 ELF
 * program, byte-identical for every target.
 */
#ifndef TARE_PAYLOAD_H_
#define TARE_PAYLOAD_H_

#include <stdbool.h>

#include "bench/base/file.h"

#define PAYLOAD_PROGRAM "/app"

/* What every kernel passes on: Linux takes 32 words, and 2048 bytes of command line in all. */
#define ARGUMENTS_MAX 30
#define ARGUMENTS_SIZE 1024

/* What --args gives the program. */
struct arguments {
    char text[ARGUMENTS_SIZE]; /* the words with one space between, as kernels get them */
    char words[ARGUMENTS_SIZE];
    char *argv[ARGUMENTS_MAX + 2]; /* as a process gets them: /app first, into `words`, then NULL */
};

extern const struct arguments arguments_none;

struct payload {
    const char *name;
    struct file archive; /* the cpio, what VM targets boot with */
    struct file program; /* the ELF inside it, what the process driver runs */
};

/* Read and check DATADIR/payloads/NAME.cpio: a whole newc archive (libarchive), with a program
 * /app that is a static ELF for x86-64. */
int payload_read(const char *datadir, const char *name, struct payload *payload,
                 struct error *error);

/* Make a payload of the user's own program, the file at `path`: the archive is built in memory, and
 * the same file always gives the same bytes. */
int payload_wrap(const char *path, struct payload *payload, struct error *error);
void payload_free(struct payload *payload);

/* Take `text` apart at its spaces. What not every kernel would pass on unchanged is refused.
 * `out` must not be moved afterwards: argv points into it. */
int arguments_parse(const char *text, struct arguments *out, struct error *error);

/* Whether `file` is a static x86-64 ELF program; else -ENOEXEC and the reason. */
int elf_check_program(const struct file *file, struct error *error);

/* Whether `file` is a kernel that QEMU can boot directly: an x86 ELF with a PVH entry note, or
 * a Linux bzImage; else -ENOEXEC and the reason. */
int elf_check_kernel(const struct file *file, struct error *error);

/* Whether `file` is a Linux bzImage. */
bool elf_is_linux(const struct file *file);

/* Its multiboot header, as loaders look for it. */
struct multiboot {
    unsigned version; /* 1, 2; 0: there is none */
    bool refused;     /* version 1, but QEMU's -kernel refuses it: 64-bit, without addresses */
};
struct multiboot elf_multiboot(const struct file *file);

#endif
