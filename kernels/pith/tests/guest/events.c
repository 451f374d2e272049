/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pipes, eventfd, timerfd, poll, select, epoll, clocks. */
#define _GNU_SOURCE
#include "abi.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

static char block[100000];
static int fds[2];

static void *drain(void *argument)
{
    long total = 0, got;

    (void)argument;
    while ((got = read(fds[0], block, 7777)) > 0)
        total += got;
    return (void *)total;
}

static void pipes(void)
{
    struct pollfd one = {.events = POLLIN | POLLOUT};
    struct stat about;
    pthread_t thread;
    void *total;
    int held;

    TRY(pipe2(fds, O_NONBLOCK));
    TRY(pipe2(fds, 0x1234567));
    TRY(pipe((int *)8));
    TRY(read(fds[0], block, 1));
    TRY(write(fds[1], block, 100));
    TRY(ioctl(fds[0], FIONREAD, &held));
    TELL(held);
    TRY(read(fds[0], block, 1000));
    TRY(write(fds[0], block, 1));
    TRY(read(fds[1], block, 1));
    TRY(write(fds[1], block, sizeof block));
    TRY(write(fds[1], block, 1));
    TRY(lseek(fds[0], 0, SEEK_SET));
    TRY(pread(fds[0], block, 1, 0));
    TRY(fstat(fds[0], &about));
    TELL(S_ISFIFO(about.st_mode));
    TRY(fcntl(fds[1], F_GETPIPE_SZ));
    one.fd = fds[1];
    TRY(poll(&one, 1, 0));
    one.fd = fds[0];
    TRY(poll(&one, 1, 0));
    TELL(one.revents);
    TRY(close(fds[1]));
    TRY(poll(&one, 1, 0));
    TELL(one.revents);
    TRY(read(fds[0], block, sizeof block));
    TRY(read(fds[0], block, 1));
    TRY(poll(&one, 1, 0));
    TELL(one.revents);
    TRY(close(fds[0]));
    signal(SIGPIPE, SIG_IGN);
    TRY(pipe(fds));
    TRY(close(fds[0]));
    TRY(write(fds[1], block, 1));
    one.fd = fds[1];
    TRY(poll(&one, 1, 0));
    TELL(one.revents);
    TRY(close(fds[1]));
    TRY(pipe(fds));
    pthread_create(&thread, NULL, drain, NULL);
    TRY(write(fds[1], block, sizeof block)); /* more than it holds: blocks meanwhile */
    TRY(close(fds[1]));
    pthread_join(thread, &total);
    TELL((long)total);
    TRY(close(fds[0]));
}

static void eventfds(void)
{
    uint64_t value = 5;
    int fd;

    TRY(fd = eventfd(3, EFD_NONBLOCK));
    TRY(write(fd, &value, 8));
    TRY(read(fd, &value, 8));
    TELL(value);
    TRY(read(fd, &value, 8));
    TRY(read(fd, &value, 7));
    value = UINT64_MAX;
    TRY(write(fd, &value, 8));
    value = UINT64_MAX - 1;
    TRY(write(fd, &value, 8));
    TRY(write(fd, &value, 8));
    TRY(close(fd));
    TRY(fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
    TRY(read(fd, &value, 8));
    TELL(value);
    TRY(read(fd, &value, 8));
    TRY(read(fd, &value, 8));
    TRY(close(fd));
    TRY(eventfd(0, 0x77));
}

static void timerfds(void)
{
    struct itimerspec spec = {{0, 3000000}, {0, 3000000}}, now;
    struct timespec wait = {0, 20000000};
    uint64_t count = 0;
    int fd;

    TRY(fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    TRY(read(fd, &count, 8));
    TRY(timerfd_settime(fd, 0, &spec, NULL));
    nanosleep(&wait, NULL);
    TRY(read(fd, &count, 8));
    TELL(count >= 2);
    TRY(timerfd_gettime(fd, &now));
    TELL(now.it_interval.tv_nsec);
    spec.it_value.tv_nsec = 0;
    TRY(timerfd_settime(fd, 0, &spec, &now));
    TRY(write(fd, &count, 8));
    TRY(close(fd));
    TRY(timerfd_create(99, 0));
    TRY(timerfd_settime(0, 0, &spec, NULL));
    TRY(fd = timerfd_create(CLOCK_REALTIME, 0));
    spec.it_value.tv_nsec = 1;
    TRY(timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL)); /* long past: at once */
    TRY(read(fd, &count, 8));
    TRY(close(fd));
}

static void selecting(void)
{
    struct timeval little = {0, 1000}, bad = {0, -1};
    struct timespec none = {0, 0};
    fd_set in, out;

    pipe(fds);
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(fds[0], &in);
    FD_SET(fds[1], &out);
    TRY(select(fds[1] + 1, &in, &out, NULL, &little));
    TELL(FD_ISSET(fds[0], &in) * 10 + FD_ISSET(fds[1], &out));
    write(fds[1], "x", 1);
    FD_SET(fds[0], &in);
    TRY(select(fds[1] + 1, &in, &out, NULL, NULL));
    TELL(FD_ISSET(fds[0], &in) * 10 + FD_ISSET(fds[1], &out));
    TRY(select(0, NULL, NULL, NULL, &little));
    TRY(select(0, NULL, NULL, NULL, &bad));
    TRY(select(-1, NULL, NULL, NULL, NULL));
    FD_SET(50, &in);
    TRY(select(51, &in, NULL, NULL, &little));
    TRY(pselect(0, NULL, NULL, NULL, &none, NULL));
    TRY(poll((struct pollfd *)8, 1, 0));
    TRY(ppoll(NULL, 0, &none, NULL));
    struct pollfd bad_fd = {.fd = 777, .events = POLLIN}, ignored = {.fd = -1, .events = POLLIN};
    TRY(poll(&bad_fd, 1, 0));
    TELL(bad_fd.revents);
    TRY(poll(&ignored, 1, 0));
}

static void epolls(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 42}, got[4];
    int ep;
    char byte;

    TRY(ep = epoll_create1(0));
    TRY(epoll_create(0));
    TRY(epoll_create1(77));
    read(fds[0], &byte, 1);
    TRY(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &event));
    TRY(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &event));
    TRY(epoll_ctl(ep, EPOLL_CTL_ADD, 777, &event));
    TRY(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &event));
    TRY(epoll_ctl(ep, EPOLL_CTL_DEL, fds[1], &event));
    TRY(epoll_ctl(ep, 9, fds[0], &event));
    TRY(epoll_wait(ep, got, 4, 0));
    write(fds[1], "x", 1);
    TRY(epoll_wait(ep, got, 4, -1));
    TELL(got[0].data.u64);
    TELL(got[0].events);
    TRY(epoll_wait(ep, got, 4, 0)); /* level: again */
    event.events = EPOLLIN | EPOLLET;
    TRY(epoll_ctl(ep, EPOLL_CTL_MOD, fds[0], &event));
    TRY(epoll_wait(ep, got, 4, 0));
    TRY(epoll_wait(ep, got, 4, 0)); /* edge: once */
    write(fds[1], "y", 1);
    TRY(epoll_wait(ep, got, 4, 0));
    read(fds[0], &byte, 1);
    TRY(epoll_wait(ep, got, 4, 0));
    event.events = EPOLLIN | EPOLLONESHOT;
    TRY(epoll_ctl(ep, EPOLL_CTL_MOD, fds[0], &event));
    TRY(epoll_wait(ep, got, 4, 0));
    TRY(epoll_wait(ep, got, 4, 0));
    TRY(epoll_wait(ep, got, 0, 0));
    TRY(epoll_wait(fds[0], got, 4, 0));
    TRY(epoll_wait(777, got, 4, 0));
    TRY(epoll_ctl(ep, EPOLL_CTL_DEL, fds[0], NULL));
    TRY(epoll_wait(ep, got, 4, 1));
    TRY(close(ep));
}

static void clocks(void)
{
    static const int ids[] = {CLOCK_REALTIME,           CLOCK_MONOTONIC,
                              CLOCK_PROCESS_CPUTIME_ID, CLOCK_BOOTTIME,
                              CLOCK_MONOTONIC_RAW,      CLOCK_REALTIME_COARSE,
                              CLOCK_MONOTONIC_COARSE,   CLOCK_THREAD_CPUTIME_ID};
    struct timespec a, b, bad = {0, -1};
    struct timeval day;
    struct rusage usage;
    struct rlimit limit;
    struct tms tms;
    int backwards = 0;

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        clock_gettime(ids[i], &a);
        for (int j = 0; j < 1000; j++) {
            clock_gettime(ids[i], &b);
            backwards += b.tv_sec < a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec < a.tv_nsec);
            a = b;
        }
        TRY(clock_getres(ids[i], &b));
    }
    TELL(backwards);
    gettimeofday(&day, NULL);
    clock_gettime(CLOCK_REALTIME, &a);
    TELL(a.tv_sec - day.tv_sec <= 1);
    TELL(time(NULL) - a.tv_sec <= 1);
    TRY(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad, NULL));
    TRY(clock_nanosleep(99, 0, &a, NULL));
    clock_gettime(CLOCK_MONOTONIC, &a);
    a.tv_nsec = 0;
    TRY(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &a, NULL)); /* past */
    TRY(getrusage(RUSAGE_SELF, &usage));
    TRY(getrusage(99, &usage));
    TRY(getrlimit(RLIMIT_NOFILE, &limit));
    TELL(limit.rlim_cur);
    TRY(getrlimit(99, &limit));
    TRY(times(&tms) > 0);
    TELL(getuid() + geteuid() + getgid());
}

int main(void)
{
    pipes();
    eventfds();
    timerfds();
    selecting();
    epolls();
    clocks();
    return 0;
}
