/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals and timers. */
#define _GNU_SOURCE
#include "abi.h"
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int seen, last, code, value, depth, deepest, on_stack;
static volatile void *address;
static sigjmp_buf back;
static char stack[65536];

static void note(int signal, siginfo_t *info, void *context)
{
    (void)context;
    seen++;
    last = signal;
    code = info->si_code;
    value = info->si_value.sival_int;
    address = info->si_addr;
    on_stack = (char *)__builtin_frame_address(0) > stack &&
               (char *)__builtin_frame_address(0) < stack + sizeof stack;
}

static void nested(int signal)
{
    if (++depth > deepest)
        deepest = depth;
    seen++;
    if (seen < 3)
        raise(signal);
    depth--;
}

static void jump(int signal, siginfo_t *info, void *context)
{
    note(signal, info, context);
    siglongjmp(back, 1);
}

static void skip(int signal, siginfo_t *info, void *context)
{
    ucontext_t *c = context;

    note(signal, info, context);
    c->uc_mcontext.gregs[REG_RIP] += 2; /* ud2 */
    c->uc_mcontext.gregs[REG_RBX] = 1234;
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

    sigemptyset(&action.sa_mask);
    TRY(sigaction(signal, &action, NULL));
}

static sigset_t set_of(int signal)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

static void sending(void)
{
    sigset_t set = set_of(SIGUSR1), pending, old;
    union sigval sent = {.sival_int = 77};

    handle(SIGUSR1, note, 0);
    TRY(raise(SIGUSR1));
    TELL(seen * 100 + last);
    TELL(code);
    TRY(kill(getpid(), SIGUSR1));
    TELL(seen);
    TELL(code);
    TRY(sigprocmask(SIG_BLOCK, &set, &old));
    TELL(sigismember(&old, SIGUSR1));
    TRY(kill(getpid(), SIGUSR1));
    TRY(kill(getpid(), SIGUSR1));
    TELL(seen);
    TRY(sigpending(&pending));
    TELL(sigismember(&pending, SIGUSR1));
    TRY(sigprocmask(SIG_UNBLOCK, &set, NULL));
    TELL(seen);
    TRY(sigqueue(getpid(), SIGUSR1, sent));
    TELL(value);
    TELL(code);
    TRY(kill(getpid(), 0));
    TRY(kill(getpid(), 99));
    TRY(kill(99999, 0));
    TRY(sigprocmask(99, &set, NULL));
    TRY(signal(SIGKILL, SIG_IGN) == SIG_ERR);
    signal(SIGUSR1, SIG_IGN);
    TRY(raise(SIGUSR1));
    TELL(seen);
    signal(SIGCHLD, SIG_DFL);
    TRY(raise(SIGCHLD));
    TRY(raise(SIGWINCH));
}

static void realtime(void)
{
    sigset_t set = set_of(SIGRTMIN);
    struct timespec none = {0, 0};
    siginfo_t info;
    union sigval sent;

    TRY(sigprocmask(SIG_BLOCK, &set, NULL));
    for (sent.sival_int = 1; sent.sival_int <= 3; sent.sival_int++)
        TRY(sigqueue(getpid(), SIGRTMIN, sent));
    for (int i = 0; i < 3; i++) {
        TRY(sigtimedwait(&set, &info, &none) == SIGRTMIN);
        TELL(info.si_value.sival_int);
    }
    TRY(sigtimedwait(&set, &info, &none));
    TRY(sigprocmask(SIG_UNBLOCK, &set, NULL));
}

static void handlers(void)
{
    struct sigaction action = {.sa_handler = nested, .sa_flags = SA_NODEFER};
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack}, old;
    double vector = 1.5;
    sigset_t set;

    sigaction(SIGUSR2, &action, NULL);
    seen = 0;
    TRY(raise(SIGUSR2));
    TELL(deepest);
    action.sa_flags = 0;
    sigaction(SIGUSR2, &action, NULL);
    seen = deepest = depth = 0;
    TRY(raise(SIGUSR2));
    TELL(deepest);
    TELL(seen);
    handle(SIGUSR1, note, SA_RESETHAND);
    TRY(raise(SIGUSR1));
    TRY(sigaction(SIGUSR1, NULL, &action));
    TELL(action.sa_handler == SIG_DFL);
    TRY(sigaltstack(&alternate, NULL));
    handle(SIGUSR1, note, SA_ONSTACK);
    TRY(raise(SIGUSR1));
    TELL(on_stack);
    handle(SIGUSR1, note, 0);
    TRY(raise(SIGUSR1));
    TELL(on_stack);
    TRY(sigaltstack(NULL, &old));
    TELL(old.ss_size);
    alternate.ss_size = 10;
    TRY(sigaltstack(&alternate, NULL));
    for (int i = 0; i < 10; i++) {
        vector = vector * 1.25 + i;
        raise(SIGUSR1); /* vector registers survive */
    }
    printf("vector %.6f\n", vector);
    sigemptyset(&set);
    TRY(sigaction(SIGUSR1, NULL, &action));
    TELL(action.sa_flags & (SA_SIGINFO | SA_ONSTACK | SA_RESTART));
}

static void faults(void)
{
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int fd = open("/behind", O_RDWR | O_CREAT | O_TRUNC, 0600), result = 0;

    handle(SIGSEGV, jump, SA_ONSTACK);
    if (sigsetjmp(back, 1) == 0)
        *(volatile int *)16 = 1;
    printf("null: %d code %d at %p on stack %d\n", last, code, (void *)address, on_stack);
    if (sigsetjmp(back, 1) == 0)
        *(volatile char *)page = 1;
    printf("read-only: %d code %d same page %d\n", last, code, address == page);
    if (sigsetjmp(back, 1) == 0)
        ((void (*)(void))page)();
    printf("not executable: %d code %d\n", last, code);
    page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
    TRY(ftruncate(fd, 1));
    printf("the file's last page: %d %d\n", page[0], page[4095]);
    handle(SIGBUS, jump, 0);
    if (sigsetjmp(back, 1) == 0)
        (void)*(volatile char *)(page + 4096);
    printf("behind it: %d code %d at that %d\n", last, code, address == page + 4096);
    handle(SIGILL, skip, 0);
    __asm__ volatile("mov $0, %%ebx; ud2; mov %%ebx, %0" : "=r"(result) : : "ebx");
    printf("invalid: %d code %d, went on with %d\n", last, code, result);
    handle(SIGFPE, jump, 0);
    if (sigsetjmp(back, 1) == 0)
        __asm__ volatile("xor %%ecx, %%ecx; div %%ecx" : : : "eax", "ecx", "edx");
    printf("divide: %d code %d\n", last, code);
    handle(SIGTRAP, note, 0);
    __asm__ volatile("int3");
    printf("breakpoint: %d\n", last);
    handle(SIGABRT, jump, 0);
    if (sigsetjmp(back, 1) == 0)
        abort();
    printf("abort: %d\n", last);
}

static void timers(void)
{
    struct itimerval soon = {{0, 0}, {0, 20000}}, left;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec spec = {{0, 5000000}, {0, 5000000}}, now;
    struct timespec rest, second = {1, 0};
    sigset_t none;
    timer_t timer;
    int fds[2];
    char byte;

    sigemptyset(&none);
    handle(SIGALRM, note, 0);
    TRY(setitimer(ITIMER_REAL, &soon, NULL));
    TRY(nanosleep(&second, &rest));
    TELL(last == SIGALRM);
    TELL(rest.tv_sec == 0 && rest.tv_nsec > 500000000);
    TRY(setitimer(ITIMER_REAL, &soon, NULL));
    TRY(pause());
    TRY(setitimer(ITIMER_REAL, &soon, NULL));
    TRY(sigsuspend(&none));
    TRY(pipe(fds));
    TRY(setitimer(ITIMER_REAL, &soon, NULL));
    TRY(read(fds[0], &byte, 1));
    TRY(setitimer(ITIMER_REAL, &soon, NULL));
    TRY(poll(NULL, 0, 1000));
    handle(SIGALRM, note, SA_RESTART);
    seen = 0;
    TRY(setitimer(ITIMER_REAL, &soon, NULL));
    TRY(write(fds[1], "x", 1));
    TRY(read(fds[0], &byte, 1));
    TRY(poll(NULL, 0, 100)); /* never restarted */
    TELL(seen);
    TRY(alarm(10));
    TRY(alarm(0));
    TRY(alarm(0));
    TRY(getitimer(ITIMER_REAL, &left));
    TELL(left.it_value.tv_sec + left.it_value.tv_usec);
    TRY(setitimer(99, &soon, NULL));
    handle(SIGUSR1, note, 0);
    TRY(timer_create(CLOCK_MONOTONIC, &event, &timer));
    TRY(timer_settime(timer, 0, &spec, NULL));
    for (seen = 0; seen < 3;)
        ; /* the program computes, the signal comes */
    TELL(code);
    TRY(timer_gettime(timer, &now));
    TELL(now.it_interval.tv_nsec);
    TRY(timer_delete(timer));
    TRY(syscall(SYS_timer_delete, 99));
}

static void end(int signal)
{
    write(1, "the end\n", 8);
    _exit(signal == SIGTERM ? 0 : 1);
}

int main(void)
{
    sending();
    realtime();
    handlers();
    faults();
    timers();
    signal(SIGTERM, end);
    fflush(stdout);
    kill(getpid(), SIGTERM);
    return 1;
}
