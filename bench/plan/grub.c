/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sector 0 is GRUB's boot.img with a partition table, from sector 1 on is its core image, which
 * grub-mkimage makes of modules; from FIRST_SECTOR on a newc archive, which GRUB reads as a file
 * system.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/plan/grub.h"

#define SECTOR 512
#define FIRST_SECTOR 2048 /* of the partition */
#define PARTITION_TABLE 446
#define BOOT_IMG "/usr/lib/grub/i386-pc/boot.img"

enum { IN_FD = 10, OUT_FD = 11 }; /* of grub-mkimage */
#define IN_PATH "/proc/self/fd/10"
#define OUT_PATH "/proc/self/fd/11"

static const char config[] = "configfile (hd0,msdos1)/grub.cfg\n";

extern char **environ;

/* Run grub-mkimage with the configuration at descriptor `in`; the core image goes to `out`. Its
 * exit status, or a negative errno. */
static int run_mkimage(int in, int out)
{
    char *const argv[] = {
        (char *)"grub-mkimage", (char *)"-O",        (char *)"i386-pc",    (char *)"-p",
        (char *)"(hd0,msdos1)", (char *)"-c",        (char *)IN_PATH,      (char *)"-o",
        (char *)OUT_PATH,       (char *)"biosdisk",  (char *)"part_msdos", (char *)"newc",
        (char *)"configfile",   (char *)"multiboot", (char *)"multiboot2", NULL};
    posix_spawn_file_actions_t actions;
    int code, status = 0;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, IN_FD);
    posix_spawn_file_actions_adddup2(&actions, out, OUT_FD);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    code = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0)
        return -code;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* boot.img and the core image in `out`, one after the other. */
static int join(const struct file *boot, int core, struct file *out, struct error *error)
{
    struct stat about;
    off_t size = fstat(core, &about) == 0 ? about.st_size : 0;

    if (boot->size != SECTOR || size <= 0 || size > (off_t)(FIRST_SECTOR - 1) * SECTOR)
        return fail(error, EIO, "grub-mkimage: made an image of %lld bytes", (long long)size);
    out->size = (size_t)FIRST_SECTOR * SECTOR;
    out->data = calloc(1, out->size);
    out->path = strdup("GRUB");
    if (!out->data || !out->path)
        return fail(error, ENOMEM, "out of memory");
    memcpy(out->data, boot->data, SECTOR);
    if (pread(core, out->data + SECTOR, (size_t)size, 0) != size)
        return fail(error, EIO, "grub-mkimage: its image cannot be read");
    sha256_hex(out->data, out->size, out->sha256);
    return 0;
}

int grub_make(struct file *loader, struct error *error)
{
    int in = memfd_create("grub.cfg", MFD_CLOEXEC), out = memfd_create("core.img", MFD_CLOEXEC);
    struct file boot = {0};
    int status = -EIO;

    *loader = (struct file){0};
    if (in >= 0 && out >= 0 && write(in, config, strlen(config)) == (ssize_t)strlen(config))
        status = access(BOOT_IMG, R_OK) < 0 ? -ENOENT : run_mkimage(in, out);
    if (status > 0)
        status = fail(error, EIO, "grub-mkimage ended with status %d", status);
    if (status == 0)
        status = file_read(BOOT_IMG, &boot, error);
    if (status == 0)
        status = join(&boot, out, loader, error);
    file_free(&boot);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return status;
}

bool grub_passes(const char *cmdline)
{
    return !strpbrk(cmdline, "'\"\\");
}

/* What GRUB does. Each word is quoted, so that GRUB changes nothing in it. */
static char *make_script(unsigned version, const char *cmdline, bool with_module)
{
    const char *number = version == 2 ? "2" : "";
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fprintf(out, "multiboot%s /kernel", number);
    while (*cmdline) {
        size_t length = strcspn(cmdline, " ");

        if (length > 0)
            fprintf(out, " '%.*s'", (int)length, cmdline);
        cmdline += length + strspn(cmdline + length, " ");
    }
    fputc('\n', out);
    if (with_module)
        fprintf(out, "module%s /initrd\n", number);
    fputs("boot\n", out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static int add_member(struct archive *writer, const char *name, const void *data, size_t size)
{
    struct archive_entry *entry = archive_entry_new();
    bool written;

    if (!entry)
        return -ENOMEM;
    archive_entry_set_pathname(entry, name);
    archive_entry_set_mode(entry, S_IFREG | 0644);
    archive_entry_set_size(entry, (int64_t)size);
    archive_entry_set_mtime(entry, 0, 0);
    archive_entry_set_nlink(entry, 1);
    written = archive_write_header(writer, entry) == ARCHIVE_OK &&
              archive_write_data(writer, data, size) == (la_ssize_t)size;
    archive_entry_free(entry);
    return written ? 0 : -EIO;
}

static int write_archive(int fd, const struct file *kernel, const struct file *initrd,
                         const char *script)
{
    struct archive *writer = archive_write_new();
    int status = writer ? 0 : -ENOMEM;

    if (status == 0 && (archive_write_set_format_cpio_newc(writer) != ARCHIVE_OK ||
                        archive_write_set_bytes_per_block(writer, SECTOR) != ARCHIVE_OK ||
                        archive_write_set_bytes_in_last_block(writer, SECTOR) != ARCHIVE_OK ||
                        archive_write_open_fd(writer, fd) != ARCHIVE_OK))
        status = -EIO;
    if (status == 0)
        status = add_member(writer, "grub.cfg", script, strlen(script));
    if (status == 0)
        status = add_member(writer, "kernel", kernel->data, kernel->size);
    if (status == 0 && initrd->data)
        status = add_member(writer, "initrd", initrd->data, initrd->size);
    if (status == 0 && archive_write_close(writer) != ARCHIVE_OK)
        status = -EIO;
    archive_write_free(writer);
    return status;
}

/* One partition from FIRST_SECTOR to the end: in LBA, which all that reads it here goes by. */
static int write_table(int fd, uint64_t size)
{
    uint32_t sectors = (uint32_t)(size / SECTOR) - FIRST_SECTOR;
    unsigned char entry[64] = {0x80, 0, 0, 0, 0x83}; /* over code for floppies */

    for (unsigned i = 0; i < 4; i++) {
        entry[8 + i] = (unsigned char)((uint32_t)FIRST_SECTOR >> 8 * i);
        entry[12 + i] = (unsigned char)(sectors >> 8 * i);
    }
    return pwrite(fd, entry, sizeof entry, PARTITION_TABLE) == sizeof entry ? 0 : -EIO;
}

static int fill(int fd, const struct file *loader, const struct file *kernel,
                const struct file *initrd, const char *script, uint64_t *size)
{
    int status;
    off_t end;

    if (write(fd, loader->data, loader->size) != (ssize_t)loader->size)
        return -EIO;
    status = write_archive(fd, kernel, initrd, script);
    end = lseek(fd, 0, SEEK_END);
    if (status < 0 || end < 0)
        return -EIO;
    *size = ((uint64_t)end + SECTOR - 1) / SECTOR * SECTOR;
    return ftruncate(fd, (off_t)*size) < 0 ? -errno : write_table(fd, *size);
}

int grub_write(const char *path, const struct file *loader, const struct file *kernel,
               unsigned version, const char *initrd, const char *cmdline, uint64_t *size,
               struct error *error)
{
    char *script = make_script(version, cmdline, initrd != NULL);
    struct file module = {0};
    int fd, status = script ? 0 : -ENOMEM;

    if (status == 0 && initrd)
        status = file_read(initrd, &module, error);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (status == 0)
        status = fd < 0 ? -errno : fill(fd, loader, kernel, &module, script, size);
    if (fd >= 0)
        close(fd);
    file_free(&module);
    free(script);
    return status < 0 ? fail(error, -status, "%s: %s", path, strerror(-status)) : 0;
}
