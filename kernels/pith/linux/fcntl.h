/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of fcntl(2) and ioctl(2), and of what lies behind /dev. */
#ifndef PITH_FCNTL_H
#define PITH_FCNTL_H

#define FILES_LIMIT                                                                                \
    1024 /* descriptors: Linux's default RLIMIT_NOFILE, and how far it may be raised */
#define FILES_MAX 65536
#define SELECT_MAX 4096 /* those that select() looks at */

enum {
    F_DUPFD,
    F_GETFD,
    F_SETFD,
    F_GETFL,
    F_SETFL,
    F_GETLK,
    F_SETLK,
    F_SETLKW,
    F_OFD_GETLK = 36,
    F_OFD_SETLK,
    F_OFD_SETLKW,
    F_DUPFD_CLOEXEC = 1030,
    F_SETPIPE_SZ,
    F_GETPIPE_SZ
};
enum {
    TCGETS = 0x5401,
    TCSETS,
    TCSETSW,
    TCSETSF,
    TIOCGPGRP = 0x540f,
    TIOCGWINSZ = 0x5413,
    FIONREAD = 0x541b,
    FIONBIO = 0x5421,
    FIONCLEX = 0x5450,
    FIOCLEX
};

/* Device numbers, as Linux's Documentation/admin-guide/devices.txt has them. */
#define DEVICE_NULL (1 << 8 | 3)
#define DEVICE_ZERO (1 << 8 | 5)
#define DEVICE_FULL (1 << 8 | 7)
#define DEVICE_RANDOM (1 << 8 | 8)
#define DEVICE_URANDOM (1 << 8 | 9)
#define DEVICE_TTY (5 << 8 | 0)
#define DEVICE_CONSOLE (5 << 8 | 1)

#endif
