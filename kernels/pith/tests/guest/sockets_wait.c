/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls that block: what wakes them, when they give up, what a signal does to them. */
#include "inet.h"

static char text[200000];
static int fds[2], server;
static volatile int alarms;

static void note(int signal)
{
    (void)signal;
    alarms++;
}

/* `act` in 20 ms, while the caller blocks. */
static pthread_t later_thread;

static void *later_run(void *act)
{
    rest(20);
    ((void (*)(void))act)();
    return NULL;
}

static void later(void (*act)(void))
{
    pthread_create(&later_thread, NULL, later_run, (void *)act);
}

#define BLOCKED(call, act)                                                                         \
    do {                                                                                           \
        later(act);                                                                                \
        TRY_AS(#call, call);                                                                       \
        pthread_join(later_thread, NULL);                                                          \
    } while (0)

static void say(void)
{
    send(fds[0], "word", 4, MSG_NOSIGNAL);
}

static void stop(void)
{
    shutdown(fds[0], SHUT_WR);
}

static void hang_up(void)
{
    struct linger now = {1, 0};

    setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fds[0]);
}

static void deafen(void)
{
    shutdown(fds[1], SHUT_RD);
}

static void call_in(void)
{
    close(connected(SOCK_STREAM, port_of(server)));
}

static void end_server(void)
{
    shutdown(server, SHUT_RDWR);
}

static void drain(void)
{
    while (recv(fds[0], text, sizeof text, 0) > 0)
        ;
}

static void take_some(void)
{
    for (long all = 0, got; all < 1000000; all += got)
        if ((got = recv(fds[0], text, sizeof text, 0)) <= 0)
            break;
}

static void woken(void)
{
    TELL(tcp_pair(fds));
    BLOCKED(recv(fds[1], text, 10, 0), say);
    BLOCKED(read(fds[1], text, 10), say);
    BLOCKED(recv(fds[1], text, 2, MSG_PEEK), say);
    TRY(recv(fds[1], text, 10, MSG_DONTWAIT));
    BLOCKED(recv(fds[1], text, 10, 0), stop);
    close_pair(fds);
    TELL(tcp_pair(fds));
    BLOCKED(recv(fds[1], text, 10, 0), hang_up);
    close(fds[1]);
    TELL(tcp_pair(fds));
    BLOCKED(recv(fds[1], text, 10, 0), deafen);
    close_pair(fds);
    TELL(tcp_pair(fds));
    fill(fds[1]);
    BLOCKED(send(fds[1], text, sizeof text, 0), take_some);
    close_pair(fds);
    signal(SIGPIPE, SIG_IGN);
    TELL(tcp_pair(fds));
    while (fill(fds[1]) > 0)
        rest(20);
    BLOCKED(send(fds[1], "x", 1, 0), hang_up); /* nothing of it went */
    TRY(send(fds[1], "x", 1, 0));
    close(fds[1]);
    server = listener(AF_INET, 5);
    BLOCKED(close(accept(server, NULL, NULL)), call_in);
    BLOCKED(accept(server, NULL, NULL), end_server);
    TRY(accept(server, NULL, NULL));
    close(server);
    fds[1] = bound(AF_INET, SOCK_DGRAM);
    fds[0] = connected(SOCK_DGRAM, port_of(fds[1]));
    BLOCKED(recv(fds[1], text, 10, 0), say);
    BLOCKED(recvfrom(fds[1], text, 2, 0, NULL, NULL), say);
    close_pair(fds);
}

static void all_of_it(void)
{
    TELL(tcp_pair(fds));
    later(drain);
    TRY(write(fds[1], text, sizeof text)); /* as long as it takes */
    TRY(send(fds[1], text, sizeof text, 0));
    TRY(shutdown(fds[1], SHUT_WR));
    pthread_join(later_thread, NULL);
    close_pair(fds);
}

#define TIMED(call, least)                                                                         \
    do {                                                                                           \
        long start_ = milliseconds();                                                              \
        TRY_AS(#call, call);                                                                       \
        start_ = milliseconds() - start_;                                                          \
        printf("after %d ms: %d\n", least, start_ >= (least) && start_ < (least) + 3000);          \
    } while (0)

static void time_limits(void)
{
    struct timeval limit = {0, 50000};
    int backlog[64], i;

    TELL(tcp_pair(fds));
    TRY(setsockopt(fds[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
    TRY(setsockopt(fds[1], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
    TIMED(recv(fds[1], text, 10, 0), 49);
    TIMED(recv(fds[1], text, 10, MSG_DONTWAIT), 0);
    BLOCKED(recv(fds[1], text, 10, MSG_WAITALL), say); /* what came by then */
    while (fill(fds[1]) > 0)
        rest(20);
    TIMED(send(fds[1], "x", 1, 0), 49);
    close_pair(fds);
    server = listener(AF_INET, 1);
    setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    TIMED(accept(server, NULL, NULL), 49);
    /* With a full backlog nobody answers. */
    limit.tv_usec = 300000;
    for (i = 0; i < 64; i++) {
        backlog[i] = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(backlog[i], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        if (connect(backlog[i], V4(port_of(server))) != 0)
            break;
    }
    TELL(errno);
    TRY(connect(backlog[i], V4(port_of(server))));
    for (; i >= 0; i--)
        close(backlog[i]);
    close(server);
    fds[1] = bound(AF_INET, SOCK_DGRAM);
    setsockopt(fds[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    TIMED(recv(fds[1], text, 10, 0), 299);
    close(fds[1]);
}

/* SIGUSR1 to this thread in 20 ms. */
static void signal_soon(int flags)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = flags};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec soon = {{0, 0}, {0, 20000000}};
    static timer_t timer;
    static int there;

    sigaction(SIGUSR1, &action, NULL);
    if (!there)
        there = timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
    timer_settime(timer, 0, &soon, NULL);
}

#define INTERRUPTED(call, flags)                                                                   \
    do {                                                                                           \
        signal_soon(flags);                                                                        \
        TRY_AS(#call, call);                                                                       \
        while (!alarms) /* it came later than the result */                                        \
            rest(1);                                                                               \
        alarms = 0;                                                                                \
    } while (0)

static void much_later(void)
{
    rest(40); /* after the signal */
    say();
}

static void call_in_later(void)
{
    rest(40);
    call_in();
}

static void signals(void)
{
    struct timeval limit = {0, 500000};
    struct pollfd one = {.events = POLLIN};
    sigset_t usr1;

    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    server = listener(AF_INET, 5);
    TELL(tcp_pair(fds));
    INTERRUPTED(recv(fds[1], text, 10, 0), 0);
    INTERRUPTED(read(fds[1], text, 10), 0);
    INTERRUPTED(accept(server, NULL, NULL), 0);
    one.fd = fds[1];
    INTERRUPTED(poll(&one, 1, 1000), 0);
    INTERRUPTED(poll(&one, 1, 1000), SA_RESTART); /* never restarted */
    /* Threads made from here on leave the signal to this one. */
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    later(much_later);
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    INTERRUPTED(recv(fds[1], text, 10, 0), SA_RESTART);
    pthread_join(later_thread, NULL);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    later(call_in_later);
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    INTERRUPTED(close(accept(server, NULL, NULL)), SA_RESTART);
    pthread_join(later_thread, NULL);
    setsockopt(fds[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    INTERRUPTED(recv(fds[1], text, 10, 0), SA_RESTART); /* not with a time limit */
    say();
    await(fds[1], POLLIN);
    INTERRUPTED(recv(fds[1], text, 10, MSG_WAITALL), 0); /* what is there already */
    while (fill(fds[1]) > 0)
        rest(20);
    INTERRUPTED(send(fds[1], "x", 1, 0), 0);
    close_pair(fds);
    close(server);
    fds[1] = bound(AF_INET, SOCK_DGRAM);
    INTERRUPTED(recv(fds[1], text, 10, 0), 0);
    close(fds[1]);
}

static int pipe_ends[2];

static void replace(void)
{
    dup2(pipe_ends[1], fds[0]);
}

/* While dup2() waits for what the socket has still to send, its number is the pipe's already. */
static void replaced_while_lingering(void)
{
    struct linger linger = {1, 1};
    char got[10];

    TELL(tcp_pair(fds));
    pipe(pipe_ends);
    setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    while (fill(fds[0]) > 0)
        rest(20);
    later(replace);
    rest(200);
    TRY(write(fds[0], "word", 4));
    TRY(read(pipe_ends[0], got, 10));
    for (int i = 0; i < 20; i++) {
        int twin = dup(fds[0]);

        write(twin, "word", 4);
        close(twin);
    }
    pthread_join(later_thread, NULL);
    TRY(write(fds[0], "more", 4));
    TRY(read(pipe_ends[0], text, 100));
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    close_pair(fds);
}

int main(void)
{
    begin();
    PART(woken);
    PART(all_of_it);
    PART(time_limits);
    PART(signals);
    PART(replaced_while_lingering);
    return 0;
}
