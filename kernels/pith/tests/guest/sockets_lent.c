/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is sent from whole pages may stay there until it is acknowledged: whatever happens to the
 * pages when send() has returned, what arrives is what they held. To see that, it must not have
 * left yet: a peer that does not read comes first.
 */
#include "inet.h"
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

enum { SOME = 96 << 10, FIRST = 3 << 20, CALM = 32 << 20, BLOCK = 1 << 18 };

static uint8_t pattern[65521]; /* a prime: a block that is lost or repeated shows */
static uint8_t *constant;
static int file;

static uint8_t at(long offset)
{
    return pattern[offset % (long)sizeof pattern];
}

static char *map(long size, void *where)
{
    return mmap(where, size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | (where ? MAP_FIXED : 0), -1, 0);
}

static void overwrite(char *pages)
{
    memset(pages, 'x', SOME);
}

static void by_kernel(char *pages)
{
    TELL(pread(file, pages + 100, SOME - 200, 0));
}

static void one_page(char *pages)
{
    pages[5 * 4096] = pages[9 * 4096 - 1] = 'x';
}

static void discard(char *pages)
{
    TRY(madvise(pages, SOME, MADV_DONTNEED));
    TELL(pages[0]);
    overwrite(map(SOME, NULL)); /* whoever gets the memory writes to it */
}

static void protect(char *pages)
{
    TRY(mprotect(pages, SOME, PROT_READ));
    TRY(mprotect(pages, SOME, PROT_READ | PROT_WRITE));
    overwrite(pages);
}

static void elsewhere(char *pages)
{
    char *moved = mremap(pages, SOME, 2 * SOME, MREMAP_MAYMOVE);

    TELL(moved != MAP_FAILED);
    overwrite(moved);
    TRY(munmap(moved, 2 * SOME));
    overwrite(map(SOME, NULL));
}

static void replace(char *pages)
{
    TELL(map(SOME, pages) == pages);
    overwrite(pages);
    overwrite(map(SOME, NULL));
}

static void leave(char *pages)
{
    TELL(*pages == (char)at(0));
}

struct sending {
    int fd;
    char *pages;
    void (*then)(char *pages);
    sem_t done;
};

static long send_fully(int fd, const void *data, long size)
{
    long sent = 0, now;

    while (sent < size &&
           (now = send(fd, (const char *)data + sent, size - sent, MSG_NOSIGNAL)) > 0)
        sent += now;
    return sent;
}

static void *send_and_change(void *data)
{
    struct sending *s = data;

    for (long sent = 0; sent < FIRST; sent += BLOCK)
        send_fully(s->fd, constant, BLOCK);
    send_fully(s->fd, s->pages, SOME);
    s->then(s->pages);
    sem_post(&s->done);
    return NULL;
}

/* A program that keeps writing to what it sent is served by copies for a while: prove otherwise. */
static void calm(int fds[2], uint8_t *back)
{
    for (long sent = 0; sent < CALM; sent += BLOCK) {
        send_fully(fds[0], constant, BLOCK);
        recv(fds[1], back, BLOCK, MSG_WAITALL);
    }
}

static void changed(const char *what, void (*then)(char *), long offset)
{
    static uint8_t back[BLOCK];
    struct sending s = {.pages = map(2 * SOME, NULL) + offset, .then = then};
    struct timespec soon;
    long wrong = 0, got;
    pthread_t thread;
    int fds[2];

    tcp_pair(fds);
    calm(fds, back);
    s.fd = fds[0];
    sem_init(&s.done, 0, 0);
    for (long i = 0; i < SOME; i++)
        s.pages[i] = (char)at(i);
    pthread_create(&thread, NULL, send_and_change, &s);
    /* Where the buffers are too small for all, the change comes while this reads. */
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 100000000;
    soon.tv_sec += soon.tv_nsec / 1000000000;
    soon.tv_nsec %= 1000000000;
    sem_timedwait(&s.done, &soon);
    for (long i = 0; i < FIRST; i += BLOCK)
        recv(fds[1], back, BLOCK, MSG_WAITALL);
    got = recv(fds[1], back, SOME, MSG_WAITALL);
    for (long i = 0; i < got; i++)
        wrong += back[i] != at(i);
    pthread_join(thread, NULL);
    printf("%s, offset %ld: %ld bytes, wrong %ld\n", what, offset, got, wrong);
    close_pair(fds);
}

static void changes(void)
{
    changed("left alone", leave, 0);
    changed("written to", overwrite, 0);
    changed("written to", overwrite, 1111);
    changed("written to by the kernel", by_kernel, 0);
    changed("one page written to", one_page, 0);
    changed("discarded", discard, 0);
    changed("protected and written to", protect, 0);
    changed("moved, written to and unmapped", elsewhere, 0);
    changed("replaced", replace, 0);
}

/* What was sent from pages that are no more is given back. */
static void memory(void)
{
    struct sysinfo before, after;
    int fds[2];

    sysinfo(&before);
    for (int i = 0; i < 16; i++) {
        char *pages = map(FIRST, NULL);

        tcp_pair(fds);
        nonblocking(fds[0], 1);
        memset(pages, i, FIRST);
        send_fully(fds[0], pages, FIRST);
        munmap(pages, FIRST);
        close_pair(fds);
    }
    sysinfo(&after);
    TELL(before.freeram < after.freeram + (16 << 20));
}

/* What is not the program's is refused. */
static void not_mine(void)
{
    int fds[2], refused = 0;

    tcp_pair(fds);
    TRY(send(fds[0], (void *)0xffff800000100000, SOME, MSG_NOSIGNAL));
    TRY(send(fds[0], (void *)0x7fffffffe000, SOME, MSG_NOSIGNAL));
    /* Where kernels have their text. */
    for (uint64_t at = 0xffffffff80000000; at < 0xffffffff80400000; at += 1 << 16)
        refused +=
            send(fds[0], (void *)at, SOME, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EFAULT;
    TELL(refused);
    close_pair(fds);
}

static void *send_vectors(void *data)
{
    struct sending *s = data;
    struct msghdr message = {.msg_iov = (struct iovec *)s->pages, .msg_iovlen = 2};

    sem_post(&s->done);
    sendmsg(s->fd, &message, MSG_NOSIGNAL);
    shutdown(s->fd, SHUT_WR);
    return NULL;
}

/* Nor what stands there only when the call has begun: it waits for room with the first piece. */
static void not_mine_later(void)
{
    static uint8_t back[BLOCK];
    struct iovec vectors[2] = {{constant, BLOCK}, {constant, BLOCK}};
    struct sending s = {.pages = (char *)vectors};
    long foreign = 0, got;
    pthread_t thread;
    int fds[2];

    tcp_pair(fds);
    nonblocking(fds[0], 1);
    for (long now = 1; now > 0;)
        now = send(fds[0], constant, BLOCK, MSG_NOSIGNAL);
    nonblocking(fds[0], 0);
    s.fd = fds[0];
    sem_init(&s.done, 0, 0);
    pthread_create(&thread, NULL, send_vectors, &s);
    sem_wait(&s.done);
    for (int i = 0; i < 100; i++)
        sched_yield();
    vectors[1].iov_base = (void *)0xffffffff80110000; /* pith's text */
    while ((got = recv(fds[1], back, BLOCK, 0)) > 0)
        for (long i = 0; i < got; i++)
            foreign += back[i] != 'c';
    pthread_join(thread, NULL);
    TELL(foreign);
    close_pair(fds);
}

int main(void)
{
    fill_random(pattern, sizeof pattern);
    constant = (uint8_t *)map(BLOCK, NULL);
    memset(constant, 'c', BLOCK);
    begin();
    file = open("/lent", O_CREAT | O_RDWR, 0600);
    for (int i = 0; i < 2; i++)
        TELL(write(file, pattern, sizeof pattern));
    PART(not_mine);
    PART(not_mine_later);
    PART(memory);
    PART(changes);
    unlink("/lent");
    return 0;
}
