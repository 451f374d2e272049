/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Open files and their descriptors. What can be opened is an implementation of struct file_ops. */
#ifndef PITH_FILE_H
#define PITH_FILE_H

#include "linux/ramfs.h"
#include "sched/thread.h"

enum {
    O_ACCMODE = 3,
    O_WRONLY = 1,
    O_RDWR = 2,
    O_CREAT = 0100,
    O_EXCL = 0200,
    O_NOCTTY = 0400,
    O_TRUNC = 01000,
    O_APPEND = 02000,
    O_NONBLOCK = 04000,
    O_DIRECTORY = 0200000,
    O_NOFOLLOW = 0400000,
    O_CLOEXEC = 02000000,
    O_PATH = 010000000,
};

enum { POLLIN = 1, POLLOUT = 4, POLLERR = 8, POLLHUP = 16, POLLNVAL = 32 };
enum { POLLPRI = 2, POLLRDNORM = 0x40, POLLWRNORM = 0x100, POLLRDHUP = 0x2000 };
#define POLL_ANY 0xffffu

struct file;

struct file_ops {
    uint32_t mode; /* what fstat says of one without inode */
    bool seekable;
    /* Between the program's `buffer` and the file at *offset, which moves on. Bytes or -errno. */
    long (*read)(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset);
    long (*write)(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset);
    /* All of `count` struct iovec in one go; absent: one by one. */
    long (*vectored)(struct file *file, bool out, uint64_t vectors, uint64_t count);
    unsigned (*poll)(struct file *file); /* POLL*; absent: always ready */
    long (*ioctl)(struct file *file, uint64_t request, uint64_t argument); /* absent: ENOTTY */
    void (*release)(struct file *file);
};

struct file {
    const struct file_ops *ops;
    int flags; /* O_* */
    unsigned references;
    uint64_t offset;
    struct inode *inode;  /* or NULL */
    void *object;         /* the implementation's */
    struct list watchers; /* who watches it by epoll */
};

/* A file with one reference, or NULL. It takes over the caller's reference to `inode`. */
struct file *file_make(const struct file_ops *ops, int flags, struct inode *inode, void *object);
void file_hold(struct file *file);
void file_release(struct file *file);

/* The file of a descriptor, or NULL. */
struct file *file_at(int fd);

/* Give `file` the lowest descriptor; takes over the reference, also on failure. */
long file_install(struct file *file, bool close_on_exec);

extern uint64_t file_limit; /* RLIMIT_NOFILE: descriptors from this on are not given out */

/* Whether file_install() would find a descriptor. */
bool file_room(void);

/* In the midst of a call that takes long: the network, alarms and other threads have their turn.
 * What the caller goes on with, it must hold. */
void breathe(void);

/* Open `inode`, which is of any kind; takes over the reference. NULL: no memory. */
struct file *file_open(struct inode *inode, int flags);

/* One of `events` (POLL*) may now hold of `file` (or NULL): whoever waits for it looks again. */
void poll_changed(struct file *file, unsigned events);
void epoll_changed(struct file *file, unsigned events); /* its part in that */
void epoll_forget(struct file *file);                   /* it ends */

/* What holds of it now: POLL*. */
unsigned file_ready(struct file *file);

extern const struct file_ops regular_ops, folder_ops;
const struct file_ops *device_ops(uint32_t device);

#endif
