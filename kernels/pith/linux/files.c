/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files.h"
#include "../cpu/console.h"
#include "../cpu/cpu.h"
#include "../memory/copy.h"
#include "cpio.h"
#include "errno.h"
#include "process.h"
#include "syscall.h"

#define FILES 64
#define PATH_SIZE 256

#define MODE_TYPE 0170000
#define MODE_FOLDER 0040000
#define MODE_DEVICE 0020000
#define MODE_FILE 0100000
#define MODE_LINK 0120000

enum { AT_FDCWD = -100, AT_EMPTY_PATH = 0x1000 };
enum { O_ACCMODE = 3, O_CREAT = 0100, O_DIRECTORY = 0200000, O_CLOEXEC = 02000000 };
enum { F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC = 1030 };
enum { TCGETS = 0x5401, TIOCGWINSZ = 0x5413 };

enum kind { CLOSED, CONSOLE, REGULAR, FOLDER, NOTHING, ZERO, RANDOM };

struct file {
    enum kind kind;
    int flags; /* O_* of the open file */
    bool close_on_exec;
    uint64_t offset;
    struct node node;
};

struct stat {
    uint64_t device, inode, links;
    uint32_t mode, uid, gid, padding;
    uint64_t special;
    int64_t size, block_size, blocks;
    struct timespec accessed, modified, changed;
    int64_t unused[3];
};

static const char *archive;
static uint64_t archive_size;
static struct file files[FILES];

long files_init(const char *data, uint64_t size, uint64_t *damaged_at)
{
    struct cpio_entry entry;
    uint64_t offset = 0;
    long status;

    archive = data;
    archive_size = size;
    for (int fd = 0; fd < 3; fd++)
        files[fd] = (struct file){.kind = CONSOLE, .flags = 2, .node.mode = MODE_DEVICE | 0620};
    while ((status = cpio_next(archive, archive_size, &offset, &entry)) > 0)
        ;
    *damaged_at = offset;
    return status;
}

/* Compare a path with a name in the archive, which has no "/" at either end. */
static bool same(const char *path, const char *name)
{
    for (;;) {
        while (*path == '/' && (path[1] == '/' || !path[1]))
            path++;
        if (*path != *name)
            return false;
        if (!*path)
            return true;
        path++;
        name++;
    }
}

static bool is_below(const char *name, const char *folder)
{
    size_t length = strlen(folder);

    return strncmp(name, folder, length) == 0 && name[length] == '/';
}

static const char *strip(const char *path)
{
    while (*path == '/' || (*path == '.' && (path[1] == '/' || !path[1])))
        path++;
    return path;
}

long files_find(const char *path, struct node *node)
{
    struct cpio_entry entry;
    uint64_t offset = 0;
    long found = -ENOENT;

    path = strip(path);
    if (!*path) {
        *node = (struct node){.mode = MODE_FOLDER | 0755, .inode = 1};
        return 0;
    }
    while (cpio_next(archive, archive_size, &offset, &entry) > 0) {
        if (same(path, entry.name)) { /* a later archive's file replaces an earlier one's */
            *node = (struct node){entry.data, entry.size, entry.mode, entry.inode, entry.mtime};
            found = 0;
        } else if (found < 0 && (entry.mode & MODE_TYPE) == MODE_FILE &&
                   is_below(path, entry.name)) {
            found = -ENOTDIR;
        }
    }
    return found;
}

static struct file *file_at(long fd)
{
    return fd >= 0 && fd < FILES && files[fd].kind != CLOSED ? &files[fd] : NULL;
}

static long lowest_free(long from)
{
    if (from < 0 || from >= FILES)
        return -EINVAL;
    while (from < FILES && files[from].kind != CLOSED)
        from++;
    return from < FILES ? from : -EMFILE;
}

static const struct {
    const char *path;
    enum kind kind;
} devices[] = {
    {"dev/console", CONSOLE}, {"dev/tty", CONSOLE},   {"dev/null", NOTHING},
    {"dev/zero", ZERO},       {"dev/random", RANDOM}, {"dev/urandom", RANDOM},
};

/* The path as a file would be opened by it. */
static long resolve(const char *path, struct file *file)
{
    long status;

    *file = (struct file){0};
    if (!*path)
        return -ENOENT;
    if (strcmp(path, "/proc/self/exe") == 0)
        path = process_path();
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        if (same(strip(path), devices[i].path)) {
            file->kind = devices[i].kind;
            file->node = (struct node){.mode = MODE_DEVICE | 0666, .inode = (uint32_t)i + 2};
            return 0;
        }
    status = files_find(path, &file->node);
    if (status < 0)
        return status;
    file->kind = (file->node.mode & MODE_TYPE) == MODE_FOLDER ? FOLDER : REGULAR;
    return 0;
}

/* Resolve the program's path argument. Only absolute paths and the root as working directory
 * exist, so a folder descriptor must be the root's. */
static long resolve_at(long folder, uint64_t path, struct file *file)
{
    char text[PATH_SIZE];
    long status = copy_text(text, path, sizeof text);

    if (status < 0)
        return status;
    if (text[0] != '/' && (int)folder != AT_FDCWD && !file_at((int)folder))
        return -EBADF;
    return resolve(text, file);
}

long sys_openat(long folder, long path, long flags, long mode, long e, long f)
{
    struct file file;
    long fd, status = resolve_at(folder, (uint64_t)path, &file);

    (void)mode, (void)e, (void)f;
    if (status == -ENOENT && flags & O_CREAT)
        return -EROFS;
    if (status < 0)
        return status;
    if (file.kind == FOLDER && flags & (O_ACCMODE | O_CREAT))
        return -EISDIR;
    if (file.kind == REGULAR && flags & O_ACCMODE)
        return -EROFS;
    if (file.kind != FOLDER && flags & O_DIRECTORY)
        return -ENOTDIR;
    fd = lowest_free(0);
    if (fd < 0)
        return fd;
    file.flags = (int)flags & ~O_CLOEXEC;
    file.close_on_exec = flags & O_CLOEXEC;
    files[fd] = file;
    return fd;
}

long sys_open(long path, long flags, long mode, long d, long e, long f)
{
    return sys_openat(AT_FDCWD, path, flags, mode, e + d, f);
}

long sys_close(long fd, long b, long c, long d, long e, long f)
{
    (void)b, (void)c, (void)d, (void)e, (void)f;
    if (!file_at(fd))
        return -EBADF;
    files[fd].kind = CLOSED;
    return 0;
}

static long read_random(uint64_t buffer, uint64_t size)
{
    uint64_t done = 0;

    while (done < size) {
        uint64_t word, part = size - done < 8 ? size - done : 8;

        if (!cpu_random(&word)) {
            print("pith: no RDRAND or RDSEED: no entropy to give\n");
            return -EIO;
        }
        if (copy_to(buffer + done, &word, part) < 0)
            return done ? (long)done : -EFAULT;
        done += part;
    }
    return (long)done;
}

static long read_zero(uint64_t buffer, uint64_t size)
{
    static const char zeros[4096];

    for (uint64_t done = 0; done < size; done += sizeof zeros)
        if (copy_to(buffer + done, zeros, size - done < sizeof zeros ? size - done : sizeof zeros) <
            0)
            return -EFAULT;
    return (long)size;
}

static long read_console(uint64_t buffer, uint64_t size)
{
    char c;
    int got = console_read();

    if (!size || got < 0)
        return 0; /* nobody types to a VM: the end of input */
    c = (char)got;
    return copy_to(buffer, &c, 1) < 0 ? -EFAULT : 1;
}

static long read_at(const struct file *file, uint64_t buffer, uint64_t size, uint64_t offset)
{
    uint64_t left = offset < file->node.size ? file->node.size - offset : 0;

    switch (file->kind) {
    case CONSOLE:
        return read_console(buffer, size);
    case FOLDER:
        return -EISDIR;
    case ZERO:
        return read_zero(buffer, size);
    case RANDOM:
        return read_random(buffer, size);
    case REGULAR:
        if (size > left)
            size = left;
        return copy_to(buffer, file->node.data + offset, size) < 0 ? -EFAULT : (long)size;
    default:
        return 0;
    }
}

long sys_read(long fd, long buffer, long size, long d, long e, long f)
{
    struct file *file = file_at(fd);
    long done;

    (void)d, (void)e, (void)f;
    if (!file || (file->flags & O_ACCMODE) == 1)
        return -EBADF;
    done = read_at(file, (uint64_t)buffer, (uint64_t)size, file->offset);
    if (done > 0)
        file->offset += (uint64_t)done;
    return done;
}

long sys_pread64(long fd, long buffer, long size, long offset, long e, long f)
{
    struct file *file = file_at(fd);

    (void)e, (void)f;
    if (!file || (file->flags & O_ACCMODE) == 1)
        return -EBADF;
    if (file->kind == CONSOLE)
        return -ESPIPE;
    if (offset < 0)
        return -EINVAL;
    return read_at(file, (uint64_t)buffer, (uint64_t)size, (uint64_t)offset);
}

static long write_console(uint64_t buffer, uint64_t size)
{
    char part[256];

    for (uint64_t done = 0; done < size;) {
        uint64_t count = size - done < sizeof part ? size - done : sizeof part;

        if (copy_from(part, buffer + done, count) < 0)
            return done ? (long)done : -EFAULT;
        console_write(part, count);
        done += count;
    }
    return (long)size;
}

long sys_write(long fd, long buffer, long size, long d, long e, long f)
{
    struct file *file = file_at(fd);

    (void)d, (void)e, (void)f;
    if (!file || (file->flags & O_ACCMODE) == 0)
        return -EBADF;
    if (size < 0 || !in_program((uint64_t)buffer, (uint64_t)size))
        return -EFAULT;
    return file->kind == CONSOLE ? write_console((uint64_t)buffer, (uint64_t)size) : size;
}

/* readv and writev: one call after the other until one comes short. */
static long vectored(long fd, long vectors, long count,
                     long (*call)(long fd, long buffer, long size, long d, long e, long f))
{
    struct {
        uint64_t base, size;
    } vector;
    long total = 0;

    if (count < 0 || count > 1024)
        return -EINVAL;
    if (!file_at(fd))
        return -EBADF;
    for (long i = 0; i < count; i++) {
        long done;

        if (copy_from(&vector, (uint64_t)vectors + 16 * (uint64_t)i, sizeof vector) < 0)
            return total ? total : -EFAULT;
        if (vector.size > INT64_MAX)
            return -EINVAL;
        done = vector.size ? call(fd, (long)vector.base, (long)vector.size, 0, 0, 0) : 0;
        if (done < 0)
            return total ? total : done;
        total += done;
        if ((uint64_t)done < vector.size)
            break;
    }
    return total;
}

long sys_readv(long fd, long vectors, long count, long d, long e, long f)
{
    (void)d, (void)e, (void)f;
    return vectored(fd, vectors, count, sys_read);
}

long sys_writev(long fd, long vectors, long count, long d, long e, long f)
{
    (void)d, (void)e, (void)f;
    return vectored(fd, vectors, count, sys_write);
}

long sys_lseek(long fd, long offset, long whence, long d, long e, long f)
{
    struct file *file = file_at(fd);

    (void)d, (void)e, (void)f;
    if (!file)
        return -EBADF;
    if (file->kind == CONSOLE)
        return -ESPIPE;
    if (whence == 1)
        offset += (long)file->offset;
    else if (whence == 2)
        offset += (long)file->node.size;
    else if (whence != 0)
        return -EINVAL;
    if (offset < 0)
        return -EINVAL;
    file->offset = (uint64_t)offset;
    return offset;
}

static long put_stat(const struct file *file, uint64_t buffer)
{
    const struct node *node = &file->node;
    struct stat stat = {
        .device = 1,
        .inode = node->inode,
        .links = 1,
        .mode = node->mode,
        .special = file->kind == CONSOLE ? 5 << 8 | 1 : 0,
        .size = (int64_t)node->size,
        .block_size = 4096,
        .blocks = (int64_t)(node->size + 511) / 512,
        .accessed = {node->mtime, 0},
        .modified = {node->mtime, 0},
        .changed = {node->mtime, 0},
    };

    return copy_to(buffer, &stat, sizeof stat);
}

long sys_newfstatat(long folder, long path, long buffer, long flags, long e, long f)
{
    struct file file, *open;
    char first;
    long status;

    (void)e, (void)f;
    if (flags & AT_EMPTY_PATH) {
        status = copy_from(&first, (uint64_t)path, 1);
        open = file_at((int)folder);
        if (status == 0 && !first)
            return open ? put_stat(open, (uint64_t)buffer) : -EBADF;
    }
    status = resolve_at(folder, (uint64_t)path, &file);
    return status < 0 ? status : put_stat(&file, (uint64_t)buffer);
}

long sys_stat(long path, long buffer, long c, long d, long e, long f)
{
    (void)c, (void)d;
    return sys_newfstatat(AT_FDCWD, path, buffer, 0, e, f);
}

long sys_fstat(long fd, long buffer, long c, long d, long e, long f)
{
    struct file *file = file_at(fd);

    (void)c, (void)d, (void)e, (void)f;
    return file ? put_stat(file, (uint64_t)buffer) : -EBADF;
}

long sys_faccessat(long folder, long path, long mode, long d, long e, long f)
{
    struct file file;
    long status = resolve_at(folder, (uint64_t)path, &file);

    (void)d, (void)e, (void)f;
    if (status < 0)
        return status;
    if (mode & 2 && file.kind == REGULAR)
        return -EROFS;
    return mode & 1 && !(file.node.mode & 0111) && file.kind != FOLDER ? -EACCES : 0;
}

long sys_access(long path, long mode, long c, long d, long e, long f)
{
    (void)c;
    return sys_faccessat(AT_FDCWD, path, mode, d, e, f);
}

long sys_readlinkat(long folder, long path, long buffer, long size, long e, long f)
{
    char text[PATH_SIZE];
    const char *target = text;
    struct file file;
    uint64_t length;
    long status = copy_text(text, (uint64_t)path, sizeof text);

    (void)e, (void)f;
    if (status < 0)
        return status;
    if (size <= 0)
        return -EINVAL;
    if (strcmp(text, "/proc/self/exe") == 0) {
        target = process_path();
        length = strlen(target);
    } else {
        status = resolve_at(folder, (uint64_t)path, &file);
        if (status < 0)
            return status;
        if ((file.node.mode & MODE_TYPE) != MODE_LINK)
            return -EINVAL;
        target = file.node.data;
        length = file.node.size;
    }
    if (length > (uint64_t)size)
        length = (uint64_t)size;
    return copy_to((uint64_t)buffer, target, length) < 0 ? -EFAULT : (long)length;
}

long sys_readlink(long path, long buffer, long size, long d, long e, long f)
{
    return sys_readlinkat(AT_FDCWD, path, buffer, size, d + e, f);
}

static long duplicate(long fd, long from, bool close_on_exec)
{
    long copy = file_at(fd) ? lowest_free(from) : -EBADF;

    if (copy >= 0) {
        files[copy] = files[fd];
        files[copy].close_on_exec = close_on_exec;
    }
    return copy;
}

long sys_dup(long fd, long b, long c, long d, long e, long f)
{
    (void)b, (void)c, (void)d, (void)e, (void)f;
    return duplicate(fd, 0, false);
}

long sys_fcntl(long fd, long command, long argument, long d, long e, long f)
{
    struct file *file = file_at(fd);

    (void)d, (void)e, (void)f;
    if (!file)
        return -EBADF;
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return duplicate(fd, argument, command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return file->close_on_exec;
    case F_SETFD:
        file->close_on_exec = argument & 1;
        return 0;
    case F_GETFL:
        return file->flags;
    case F_SETFL:
        file->flags = (file->flags & O_ACCMODE) | ((int)argument & ~O_ACCMODE);
        return 0;
    default:
        return -EINVAL;
    }
}

long sys_ioctl(long fd, long request, long argument, long d, long e, long f)
{
    struct file *file = file_at(fd);
    static const uint16_t window[4] = {25, 80, 0, 0};
    static const char terminal[36];

    (void)d, (void)e, (void)f;
    if (!file)
        return -EBADF;
    if (file->kind != CONSOLE)
        return -ENOTTY;
    /* A console that is a terminal makes C libraries flush every line. */
    if (request == TCGETS)
        return copy_to((uint64_t)argument, terminal, sizeof terminal);
    if (request == TIOCGWINSZ)
        return copy_to((uint64_t)argument, window, sizeof window);
    return -EINVAL;
}

long sys_getcwd(long buffer, long size, long c, long d, long e, long f)
{
    (void)c, (void)d, (void)e, (void)f;
    if (size < 2)
        return -ERANGE;
    return copy_to((uint64_t)buffer, "/", 2) < 0 ? -EFAULT : 2;
}

long sys_getrandom(long buffer, long size, long flags, long d, long e, long f)
{
    (void)flags, (void)d, (void)e, (void)f;
    return read_random((uint64_t)buffer, (uint64_t)size > 0x1ffffff ? 0x1ffffff : (uint64_t)size);
}

long files_backing(int fd, uint64_t offset, const char **data, uint64_t *size)
{
    const struct file *file = file_at(fd);

    if (!file)
        return -EBADF;
    if (file->kind != REGULAR)
        return file->kind == ZERO ? 0 : -EACCES;
    *size = offset < file->node.size ? file->node.size - offset : 0;
    *data = *size ? file->node.data + offset : NULL;
    return 0;
}
