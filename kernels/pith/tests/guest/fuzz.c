/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Does at random what a program may do, while a thread of it echoes datagrams: what comes of the
 * rest does not matter, but the echo does, and that the kernel goes on.
 *
 *     fuzz calls SEED SECONDS     system calls with any arguments, of several threads
 *     fuzz code SEED SECONDS      any instructions
 *
 * The echo is a datagram's first 8 bytes and how much was done by then. What would silence it by
 * rights is left out: see tame().
 */
#include "fuzz.h"
#include <stdint.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct worker workers[WORKERS];
volatile int worker_count;
volatile uint64_t done;
static int replaced; /* workers that are stuck */

/* SplitMix64 (Steele, Lea, Flood 2014). */
uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void serve(void)
{
    struct timeval wait = {0, 1000};
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(ECHO)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (bind(fd, (struct sockaddr *)&any, sizeof any) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 || dup2(fd, SERVER) < 0) {
        perror("fuzz: port");
        exit(1);
    }
    close(fd);
}

/* One datagram, if there is one soon. */
static void echo(void)
{
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    uint64_t words[2];
    ssize_t got = recvfrom(SERVER, words, sizeof words, 0, (struct sockaddr *)&from, &size);

    if (got < 8 || ntohs(from.sin_port) < 1024) /* never another echo server */
        return;
    words[1] = done;
    sendto(SERVER, words, sizeof words, 0, (struct sockaddr *)&from, size);
}

/* A worker that came no further since the last look waits for something, or goes round in a circle.
 */
static void poke(struct worker *worker)
{
    worker->stuck = worker->steps == worker->seen ? worker->stuck + 1 : 0;
    worker->seen = worker->steps;
    if (worker->stuck && worker->tid)
        syscall(SYS_tgkill, getpid(), worker->tid, worker->stuck & 1 ? SIGALRM : SIGUSR1);
    if (worker->stuck == GIVEN_UP && replaced && worker_count < WORKERS)
        calls_start();
}

static void *heartbeat(void *argument)
{
    double end = now() + *(long *)argument, next = 0;

    while (now() < end) {
        echo();
        if (now() < next)
            continue;
        next = now() + (replaced ? 0.01 : 0.001);
        for (int i = 0; i < worker_count; i++)
            poke(&workers[i]);
    }
    syscall(SYS_exit_group, 0);
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 3 ? strtoull(argv[2], NULL, 10) : 0;
    static long seconds;
    pthread_t thread;
    sigset_t all;

    seconds = argc > 3 ? atol(argv[3]) : 10;
    dup2(1, CONSOLE);
    serve();
    for (int fd = 0; fd < 3; fd++) {
        close(fd);
        open("/dev/null", O_RDWR);
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    pthread_create(&thread, NULL, heartbeat, &seconds);
    if (argc > 1 && strcmp(argv[1], "code") == 0)
        code_run(seed);
    replaced = 1;
    calls_begin(seed);
    pthread_join(thread, NULL);
    return 1;
}
