/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The payload `micro`: one service of the kernel after the other, many times each. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../payload.h"
#include "micro.h"

enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE };

static int failed; /* what went wrong, as a bit per phase; the exit status */
static char block[MICRO_COPY_BYTES];
static uint32_t turn;
static volatile unsigned signals;

static void check(enum micro phase, int good)
{
    if (!good)
        failed |= 1 << phase;
}

static void begin(enum micro phase)
{
    payload_mark(MARKER_PHASE, 2 * (unsigned)phase);
}

static void end(enum micro phase)
{
    payload_mark(MARKER_PHASE, 2 * (unsigned)phase + 1);
}

static void calls(void)
{
    begin(MICRO_SYSCALL);
    for (unsigned i = 0; i < micro_repeat[MICRO_SYSCALL]; i++)
        syscall(SYS_getppid);
    end(MICRO_SYSCALL);
}

static void copies(void)
{
    int fds[2];

    check(MICRO_COPY, pipe(fds) == 0);
    begin(MICRO_COPY);
    for (unsigned i = 0; i < micro_repeat[MICRO_COPY]; i++)
        check(MICRO_COPY, write(fds[1], block, sizeof block) == sizeof block &&
                              read(fds[0], block, sizeof block) == sizeof block);
    end(MICRO_COPY);
    close(fds[0]);
    close(fds[1]);
}

static void faults(void)
{
    size_t size = (size_t)micro_repeat[MICRO_FAULT] * 4096;
    volatile char *area;

    begin(MICRO_FAULT);
    area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(MICRO_FAULT, area != MAP_FAILED);
    for (size_t at = 0; at < size && area != MAP_FAILED; at += 4096)
        area[at] = 1;
    munmap((void *)area, size);
    end(MICRO_FAULT);
}

static void opens(void)
{
    begin(MICRO_OPEN);
    for (unsigned i = 0; i < micro_repeat[MICRO_OPEN]; i++) {
        int fd = open("/dev/null", O_RDONLY);

        check(MICRO_OPEN, fd >= 0);
        close(fd);
    }
    end(MICRO_OPEN);
}

static void *yield(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < micro_repeat[MICRO_SWITCH]; i++)
        sched_yield();
    return NULL;
}

/* Each side waits for its turn and then gives the turn to the other. */
static void *bounce(void *mine)
{
    uint32_t me = (uint32_t)(uintptr_t)mine;

    for (unsigned i = 0; i < micro_repeat[MICRO_FUTEX]; i++) {
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != me)
            syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !me, NULL);
        __atomic_store_n(&turn, !me, __ATOMIC_RELEASE);
        syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1);
    }
    return NULL;
}

/* Two threads of the same kind, this one and another. */
static void pair(enum micro phase, void *(*work)(void *side))
{
    pthread_t other;

    begin(phase);
    check(phase, pthread_create(&other, NULL, work, (void *)1) == 0);
    work((void *)0);
    check(phase, pthread_join(other, NULL) == 0);
    end(phase);
}

static void count(int signal)
{
    (void)signal;
    signals++;
}

static void raises(void)
{
    struct sigaction action = {.sa_handler = count};

    sigaction(SIGUSR1, &action, NULL);
    begin(MICRO_SIGNAL);
    for (unsigned i = 0; i < micro_repeat[MICRO_SIGNAL]; i++)
        kill(getpid(), SIGUSR1);
    end(MICRO_SIGNAL);
    check(MICRO_SIGNAL, signals == micro_repeat[MICRO_SIGNAL]);
}

int main(void)
{
    payload_mark(MARKER_MAIN, 0);
    payload_mark(MARKER_READY, 0);
    calls();
    copies();
    faults();
    opens();
    pair(MICRO_SWITCH, yield);
    pair(MICRO_FUTEX, bounce);
    raises();
    payload_mark(MARKER_EXIT, (unsigned)failed);
    return failed;
}
