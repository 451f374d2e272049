/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The console and the memory devices. */
#include "cpu/console.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/fcntl.h"
#include "linux/file.h"
#include "memory/copy.h"
#include "virtio/rng.h"

static long read_console(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    int got = size ? console_read() : -1;
    char c = (char)got;

    (void)file, (void)offset;
    if (got < 0)
        return 0; /* nobody types to a VM: the end of input */
    return copy_to(buffer, &c, 1) < 0 ? -EFAULT : 1;
}

static long write_console(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    char part[256];

    (void)file, (void)offset;
    for (uint64_t done = 0; done < size;) {
        uint64_t count = size - done < sizeof part ? size - done : sizeof part;

        if (copy_from(part, buffer + done, count) < 0)
            return done ? (long)done : -EFAULT;
        console_write(part, count);
        done += count;
        if (done % 4096 == 0)
            breathe();
    }
    return (long)size;
}

static long console_ioctl(struct file *file, uint64_t request, uint64_t argument)
{
    static const uint16_t window[4] = {0, 0, 0, 0}; /* as Linux's serial console: not known */
    static const int32_t group = 1;
    /* struct termios of a serial line at 9600, 8 bits, echo on: Linux's default. */
    static const struct {
        uint32_t input, output, control, local;
        uint8_t line, characters[19];
    } terminal = {0x500,  5, 0xcbd,
                  0x8a3b, 0, {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22}};

    (void)file;
    switch (request) {
    case TCGETS: /* a console that is a terminal makes C libraries flush every line */
        return copy_to(argument, &terminal, sizeof terminal);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return 0;
    case TIOCGWINSZ:
        return copy_to(argument, window, sizeof window);
    case TIOCGPGRP:
        return copy_to(argument, &group, sizeof group);
    default:
        return -ENOTTY;
    }
}

static long read_nothing(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    (void)file, (void)buffer, (void)size, (void)offset;
    return 0;
}

static long swallow(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    (void)file, (void)buffer, (void)offset;
    return (long)size;
}

static long refuse(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    (void)file, (void)buffer, (void)size, (void)offset;
    return -ENOSPC;
}

static long read_zero(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    static const char zeros[4096];

    (void)file, (void)offset;
    for (uint64_t done = 0; done < size; done += sizeof zeros)
        if (copy_to(buffer + done, zeros, size - done < sizeof zeros ? size - done : sizeof zeros) <
            0)
            return done ? (long)done : -EFAULT;
    return (long)size;
}

static long read_random(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    uint64_t done = 0;

    (void)file, (void)offset;
    while (done < size) {
        uint64_t word, part = size - done < 8 ? size - done : 8;

        if (!entropy(&word)) {
            print("pith: no RDRAND, RDSEED or virtio-rng: no entropy to give\n");
            return -EIO;
        }
        if (copy_to(buffer + done, &word, part) < 0)
            return done ? (long)done : -EFAULT;
        done += part;
        if (done % 65536 == 0) {
            breathe();
            if (thread_signalled(current))
                break;
        }
    }
    return (long)done;
}

long sys_getrandom(uint64_t buffer, uint64_t size, unsigned flags)
{
    if (flags & ~7u)
        return -EINVAL;
    return read_random(NULL, buffer, size > 0x1ffffff ? 0x1ffffff : size, NULL);
}

static const struct {
    uint32_t number;
    struct file_ops ops;
} devices[] = {
    {DEVICE_CONSOLE,
     {.mode = MODE_DEVICE | 0600,
      .read = read_console,
      .write = write_console,
      .ioctl = console_ioctl}},
    {DEVICE_TTY,
     {.mode = MODE_DEVICE | 0666,
      .read = read_console,
      .write = write_console,
      .ioctl = console_ioctl}},
    {DEVICE_NULL, {.seekable = true, .read = read_nothing, .write = swallow}},
    {DEVICE_ZERO, {.seekable = true, .read = read_zero, .write = swallow}},
    {DEVICE_FULL, {.seekable = true, .read = read_zero, .write = refuse}},
    {DEVICE_RANDOM, {.seekable = true, .read = read_random, .write = swallow}},
    {DEVICE_URANDOM, {.seekable = true, .read = read_random, .write = swallow}},
};

const struct file_ops *device_ops(uint32_t device)
{
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        if (devices[i].number == device)
            return &devices[i].ops;
    return NULL;
}
