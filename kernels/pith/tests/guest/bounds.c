/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What could go on for ever, take all the memory or lose something, and on Linux does not. An
 * argument names one part. */
#define _GNU_SOURCE
#include "abi.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE };

static volatile int seen, overruns;
static volatile pid_t taker;

static void note(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    seen++;
    overruns = ((int *)info)[5]; /* si_overrun, which musl has under another name */
    taker = (pid_t)syscall(SYS_gettid);
}

static void handle(int signal, int flags)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags};

    sigaction(signal, &action, NULL);
    seen = 0;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Compute until so many signals have come. */
static int come(int count)
{
    double end = now() + 10;

    while (seen < count && now() < end)
        ;
    return seen >= count;
}

static void rest(long ms)
{
    struct timespec wait = {0, ms * 1000000};

    while (nanosleep(&wait, &wait) != 0)
        ;
}

static timer_t timer_for(clockid_t clock, int notify, int signal)
{
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = signal};
    timer_t timer;

    TRY(timer_create(clock, &event, &timer));
    return timer;
}

static const struct itimerspec stop, one_ns = {{0, 1}, {0, 1}}, for_ever = {{INT64_MAX, 0}, {0, 1}},
                                     since_1970 = {{0, 1000000}, {1, 0}};

static void timerfds(void)
{
    uint64_t count = 0;
    struct itimerspec left;
    int fd;

    TRY(fd = timerfd_create(CLOCK_MONOTONIC, 0));
    TRY(timerfd_settime(fd, 0, &one_ns, NULL));
    for (int i = 0; i < 5; i++)
        TRY(read(fd, &count, 8));
    rest(20);
    TRY(read(fd, &count, 8));
    TELL(count > 2); /* Linux without a fine timer counts by ticks */
    TRY(timerfd_gettime(fd, &left));
    TELL(left.it_interval.tv_nsec);
    TRY(timerfd_settime(fd, 0, &for_ever, NULL));
    TRY(read(fd, &count, 8));
    TELL(count);
    TRY(timerfd_gettime(fd, &left));
    TELL(left.it_value.tv_sec > 1000000000);
    TRY(close(fd));
    TRY(fd = timerfd_create(CLOCK_REALTIME, 0));
    TRY(timerfd_settime(fd, TFD_TIMER_ABSTIME, &since_1970, NULL));
    TRY(read(fd, &count, 8));
    TELL(count > 100000000000);
    TRY(timerfd_settime(fd, TFD_TIMER_ABSTIME, &stop, NULL));
    TRY(timerfd_gettime(fd, &left));
    TELL(left.it_value.tv_sec + left.it_value.tv_nsec);
    TRY(close(fd));
}

static void timers(void)
{
    sigset_t set, old;
    struct itimerspec left;
    siginfo_t info;
    timer_t timer = timer_for(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);

    handle(SIGUSR1, 0);
    TRY(timer_settime(timer, 0, &one_ns, NULL));
    TELL(come(5));
    TELL(overruns >= 0);
    TRY(timer_settime(timer, 0, &stop, NULL));
    TRY(timer_gettime(timer, &left));
    TELL(left.it_value.tv_nsec + left.it_interval.tv_nsec);
    /* While its signal is blocked there is one of it; what was missed counts when it is taken. */
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    TRY(timer_settime(timer, 0, &one_ns, NULL));
    rest(20);
    TRY(timer_getoverrun(timer));
    TRY(timer_gettime(timer, &left));
    TELL(left.it_value.tv_sec == 0 && left.it_value.tv_nsec > 0);
    TRY(sigwaitinfo(&set, &info) == SIGUSR1);
    TELL(((int *)&info)[5] > 2);
    TELL(timer_getoverrun(timer) == ((int *)&info)[5]);
    TRY(timer_settime(timer, 0, &stop, NULL));
    /* One whose signal waits when it is deleted leaves that. */
    TRY(timer_settime(timer, 0, &one_ns, NULL));
    rest(20);
    TRY(timer_delete(timer));
    TRY(sigwaitinfo(&set, &info) == SIGUSR1);
    TELL(info.si_code == SI_TIMER);
    timer = timer_for(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1);
    TRY(timer_settime(timer, TIMER_ABSTIME, &since_1970, NULL));
    TRY(sigwaitinfo(&set, &info) == SIGUSR1);
    TELL(((int *)&info)[5]);
    TRY(timer_getoverrun(timer));
    sigprocmask(SIG_SETMASK, &old, NULL);
    TELL(come(2));
    /* Nobody takes it. */
    signal(SIGUSR1, SIG_IGN);
    TRY(timer_settime(timer, 0, &one_ns, NULL));
    rest(20);
    handle(SIGUSR1, 0);
    TELL(come(3));
    TRY(timer_delete(timer));
    timer = timer_for(CLOCK_MONOTONIC, SIGEV_NONE, 0);
    TRY(timer_settime(timer, 0, &one_ns, NULL));
    rest(5);
    TRY(timer_gettime(timer, &left));
    TELL(left.it_interval.tv_nsec);
    TRY(timer_delete(timer));
}

static void itimers(void)
{
    struct itimerval one_us = {{0, 1}, {0, 1}}, none = {{0, 0}, {0, 0}}, left;
    struct itimerval wide = {{0, 0}, {0, 1ll << 61}};

    handle(SIGALRM, 0);
    TRY(setitimer(ITIMER_REAL, &one_us, NULL));
    TELL(come(5));
    TRY(setitimer(ITIMER_REAL, &none, NULL));
    TRY(setitimer(ITIMER_REAL, &wide, NULL));
    seen = 0;
    one_us.it_value.tv_usec = 5000;
    TRY(setitimer(ITIMER_REAL, &one_us, NULL));
    TRY(pause());
    TRY(setitimer(ITIMER_REAL, &none, &left));
    TELL(left.it_interval.tv_usec);
    /* Ignored once, it does not ring again. */
    signal(SIGALRM, SIG_IGN);
    TRY(setitimer(ITIMER_REAL, &one_us, NULL));
    rest(20);
    handle(SIGALRM, 0);
    rest(20);
    TELL(seen);
    TRY(getitimer(ITIMER_REAL, &left));
    TELL(left.it_value.tv_sec + left.it_value.tv_usec);
    TRY(setitimer(ITIMER_REAL, &none, NULL));
}

static sigjmp_buf back;
static volatile int code;
static char stack[65536];

static void leave(int signal, siginfo_t *info, void *context)
{
    (void)context;
    code = info->si_code;
    siglongjmp(back, signal);
}

static _Noreturn void call_without_stack(long number, long a, long b)
{
    __asm__ volatile("mov $4096, %%esp\n"
                     "syscall\n"
                     "ud2"
                     :
                     : "a"(number), "D"(a), "S"(b)
                     : "rcx", "r11", "memory");
    __builtin_unreachable();
}

/* A signal's frame that cannot be written or read is the program's fault, which it may handle. */
static void frames(void)
{
    struct sigaction action = {.sa_sigaction = leave, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    int signal;

    sigaction(SIGSEGV, &action, NULL);
    TRY(sigaltstack(&alternate, NULL));
    signal = sigsetjmp(back, 1);
    if (signal == 0)
        call_without_stack(SYS_rt_sigreturn, 0, 0);
    TELL(signal);
    TELL(code);
    handle(SIGUSR1, 0);
    signal = sigsetjmp(back, 1);
    if (signal == 0)
        call_without_stack(SYS_kill, getpid(), SIGUSR1);
    TELL(signal);
    TELL(code);
    TELL(seen);
    alternate.ss_flags = SS_DISABLE;
    TRY(sigaltstack(&alternate, NULL));
    sigaction(SIGSEGV, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

static uint32_t word, other;

static void *wait_for_word(void *argument)
{
    syscall(SYS_futex, argument, FUTEX_WAIT, 0, NULL, NULL, 0);
    return NULL;
}

static long futex(int operation, long wakes, long moves, uint32_t *to, uint32_t expected)
{
    return syscall(SYS_futex, &word, operation, wakes, moves, to, expected);
}

static void futexes(void)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, wait_for_word, &word);
    rest(50);
    TRY(futex(FUTEX_REQUEUE, 0, INT32_MAX, &word, 0));
    TRY(futex(FUTEX_CMP_REQUEUE, 0, 3, &word, 0));
    TRY(futex(FUTEX_REQUEUE, 1, 1, &other, 0));
    TRY(futex(FUTEX_REQUEUE, -1, 1, &other, 0));
    TRY(futex(FUTEX_REQUEUE, 1, -1, &other, 0));
    TRY(futex(FUTEX_REQUEUE, 1, 1, (uint32_t *)((char *)&other + 1), 0));
    TRY(futex(FUTEX_CMP_REQUEUE, 1, 1, (uint32_t *)-4096, 7));
    TRY(futex(FUTEX_CMP_REQUEUE, 1, 1, &other, 7));
    TRY(futex(FUTEX_CMP_REQUEUE, 1, 10, &other, 0));
    TRY(syscall(SYS_futex, &other, FUTEX_WAKE, 10, NULL, NULL, 0));
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static int end_at_once(void *argument)
{
    (void)argument;
    rest(20);
    syscall(SYS_exit, 0);
    return 0;
}

static void *compute(void *argument)
{
    while (!*(volatile int *)argument)
        ;
    return NULL;
}

/* Who takes a signal of the process. */
static void takers(void)
{
    const int flags =
        CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    struct itimerval soon = {{0, 0}, {0, 100000}};
    volatile int over = 0;
    pthread_t thread;

    handle(SIGALRM, 0);
    /* The last that ran has ended when it comes. */
    TRY(clone(end_at_once, stack + sizeof stack, flags, NULL) > 0);
    TRY(setitimer(ITIMER_REAL, &soon, NULL));
    TRY(pause());
    TELL(taker == getpid());
    /* Another one computes meanwhile. */
    pthread_create(&thread, NULL, compute, (void *)&over);
    TRY(setitimer(ITIMER_REAL, &soon, NULL));
    TRY(pause());
    TELL(taker == getpid());
    over = 1;
    pthread_join(thread, NULL);
}

static void limit(rlim_t count)
{
    struct rlimit limits = {count, count};

    TRY(setrlimit(RLIMIT_SIGPENDING, &limits));
}

/* How many there are to take, and whether in the order of their values. */
static int take_all(const sigset_t *set)
{
    static const struct timespec none;
    siginfo_t info;
    int taken = 0, wrong = 0, next = 0;

    for (; sigtimedwait(set, &info, &none) > 0; taken++)
        if (info.si_code == SI_QUEUE)
            wrong += info.si_value.sival_int != next++;
    TELL(wrong);
    return taken;
}

static int queue(int signal, int count)
{
    union sigval value;

    for (value.sival_int = 0; value.sival_int < count; value.sival_int++)
        if (sigqueue(getpid(), signal, value) != 0)
            return value.sival_int;
    return count;
}

static void queues(void)
{
    sigset_t set, old;

    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, &old);
    limit(5000);
    TELL(queue(SIGRTMIN, 5000));
    TRY(queue(SIGRTMIN + 1, 1));
    TELL(take_all(&set));
    limit(10);
    TELL(queue(SIGRTMIN, 11));
    TELL(errno);
    /* What has no room in the queue comes all the same, once, if it is a plain signal. */
    TRY(kill(getpid(), SIGUSR1));
    TRY(queue(SIGUSR2, 1));
    TRY(kill(getpid(), SIGRTMIN + 2));
    TRY(kill(getpid(), SIGRTMIN + 2));
    TRY(raise(SIGRTMIN + 3));
    TRY(alarm(1));
    handle(SIGALRM, 0);
    sigdelset(&set, SIGALRM);
    sigprocmask(SIG_SETMASK, &set, NULL);
    TRY(pause());
    TELL(take_all(&set));
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void files(void)
{
    enum { SIZE = 8192 };
    const off_t end = 1ll << 32;
    struct stat about;
    char *map, back[2];
    int fd;

    TRY(fd = open("/sparse", O_RDWR | O_CREAT | O_TRUNC, 0600));
    TRY(ftruncate(fd, end));
    map = mmap(NULL, (size_t)end, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TELL(map == MAP_FAILED);
    for (off_t at = 100; at < end; at += end / 16)
        map[at] = (char)(at >> 28);
    TRY(pread(fd, back, 2, 100 + end / 16 * 15));
    TELL(back[0] + back[1]);
    TELL(map[end - 1]);
    TRY(munmap(map, (size_t)end));
    TRY(pread(fd, back, 2, 100 + end / 16 * 7));
    TELL(back[0] + back[1]);
    TRY(pwrite(fd, "far", 3, 1ll << 60));
    TRY(pread(fd, back, 2, (1ll << 60) + 1));
    TELL(back[0] * 256 + back[1]);
    TRY(fstat(fd, &about));
    TELL(about.st_size);
    TRY(ftruncate(fd, 5));
    TRY(ftruncate(fd, 1ll << 60));
    TRY(pread(fd, back, 2, end / 16 * 7 + 100));
    TELL(back[0] + back[1]);
    TRY(ftruncate(fd, INT64_MAX));
    TRY(pwrite(fd, "x", 1, INT64_MAX));
    TRY(pwrite(fd, "xyz", 3, INT64_MAX - 1));
    TRY(lseek(fd, 0, SEEK_END) == INT64_MAX);
    TRY(close(fd));
    TRY(unlink("/sparse"));
}

/* Ranges of which nothing was touched, and one page in the midst of them. */
static void ranges(void)
{
    const size_t huge = 64ull << 40;
    double start = now();
    char *map, *page;

    map = mmap(NULL, huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    TELL(map == MAP_FAILED);
    page = map + huge / 3 / 4096 * 4096;
    TRY(mprotect(page, 4096, PROT_READ | PROT_WRITE));
    *page = 7;
    TRY(mprotect(map, huge, PROT_READ));
    TELL(*page);
    TRY(mprotect(page - (1ll << 40), 2ull << 40, PROT_READ | PROT_WRITE));
    TELL(++*page);
    TRY(madvise(map, huge, MADV_DONTNEED));
    TELL(*page);
    TRY(munmap(map, huge / 4));
    *page = 9;
    TRY(munmap(map, huge));
    TRY(mincore(page, 4096, (unsigned char *)stack));
    for (int i = 0; i < 10; i++) {
        map = mmap(NULL, huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        munmap(map, huge);
    }
    TELL(now() - start < 1);
}

/* A page here and there, far from each other, time and again. */
static void far_apart(void)
{
    int failed = 0;

    for (uint64_t i = 0; i < 60000; i++) {
        char *page = (char *)(0x100000000000 + (i << 30) % 0x300000000000);
        char *map = mmap(page, 4096, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

        failed += map != page;
        *page = 1;
        failed += munmap(page, 4096) != 0;
    }
    TELL(failed);
}

/* A mapping of every second page, until there may be no more. */
static void pieces(void)
{
    const size_t size = 70000 * 2 * 4096ul;
    char *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    size_t at = 0;

    while (at < size && mprotect(map + at, 4096, PROT_NONE) == 0)
        at += 8192;
    TELL(errno);
    TELL(at > 60000 * 4096ul && at < 66000 * 4096ul);
    /* Alike again, they are one. */
    TRY(mprotect(map, size, PROT_NONE));
    for (at = 0; at < 40000 * 4096ul; at += 4096)
        if (mprotect(map + at, 4096, PROT_READ) != 0)
            break;
    TELL(at / 4096);
    TRY(munmap(map, size));
}

static int exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void folders(void)
{
    int gone;

    mkdir("/folder", 0755);
    close(open("/folder/file", O_CREAT | O_WRONLY, 0600));
    mkdir("/folder/gone", 0755);
    mkdir("/folder/other", 0755);
    TRY(gone = open("/folder/gone", O_RDONLY | O_DIRECTORY));
    TRY(chdir("/folder/gone"));
    TRY(rmdir("/folder/gone"));
    TRY(rename("/folder/file", "file"));
    TRY(renameat(AT_FDCWD, "/folder/file", gone, "file"));
    TRY(rename("/folder/other", "other"));
    TRY(link("/folder/file", "file"));
    TRY(symlink("/folder/file", "file"));
    TRY(mkdir("folder", 0755));
    TRY(open("file", O_CREAT | O_WRONLY, 0600));
    TELL(exists("/folder/file") + exists("/folder/other"));
    TRY(chdir("/folder/other"));
    /* Ways to a folder are not its names. */
    TRY(rename("/folder/other/.", "/folder/moved"));
    TRY(rename("/folder/other/..", "/folder/moved"));
    TRY(rename(".", "/folder/moved"));
    TRY(rename("/folder/file", "/folder/other/."));
    TRY(rename("/folder/other", "/folder/other/.."));
    TRY(rename("/folder/none/.", "/folder/moved"));
    TRY(rename("/folder/file", "/folder/moved"));
    TRY(rename("/folder/other", "/folder/file"));
    TRY(rename("/folder/file", "/folder/moved/x"));
    mkdir("/folder/empty", 0755);
    TRY(rename("/folder/file", "/folder/empty"));
    TELL(exists("/folder/file") + exists("/folder/empty"));
    struct stat about;
    TRY(stat("/folder", &about));
    TELL(about.st_nlink);
    TRY(stat("/folder/empty/..", &about));
    TELL(about.st_nlink);
    TRY(stat("/folder/empty", &about));
    TELL(about.st_nlink);
    TRY(chdir("/"));
    TRY(unlink("/folder/moved"));
    TRY(rmdir("/folder/empty"));
    TRY(rmdir("/folder"));
    TRY(close(gone));
}

static int add(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

/* One epoll above the other: which does not go, and why. */
static void chain(int upwards)
{
    int epolls[8], failed = 0, i;

    for (i = 0; i < 8; i++)
        epolls[i] = epoll_create1(0);
    for (i = 0; i < 7 && !failed; i++)
        failed = upwards ? add(epolls[i + 1], epolls[i]) : add(epolls[6 - i], epolls[7 - i]);
    TELL(i);
    TELL(failed);
    TELL(add(epolls[0], epolls[1]));
    TELL(add(epolls[1], epolls[0]));
    for (i = 0; i < 8; i++)
        close(epolls[i]);
}

/* Each watches the one below it under many descriptors. */
static void fan(void)
{
    int epolls[5], pair[2], failed = 0, added = 0;
    struct epoll_event event;
    double start = now();

    for (int i = 0; i < 5; i++)
        epolls[i] = epoll_create1(0);
    for (int i = 0; i < 4 && !failed; i++)
        for (int j = 0; j < 240 && !failed; j++, added++)
            failed = add(epolls[i], dup(epolls[i + 1]));
    TELL(failed);
    pipe(pair);
    write(pair[1], "x", 1);
    TELL(add(epolls[4], pair[0]));
    TRY(epoll_wait(epolls[0], &event, 1, 0));
    TELL(now() - start < 2);
    for (int i = 3; i < 1024; i++)
        close(i);
}

static const struct {
    const char *name;
    void (*part)(void);
} parts[] = {
    {"timerfds", timerfds}, {"timers", timers},       {"itimers", itimers}, {"frames", frames},
    {"futexes", futexes},   {"takers", takers},       {"queues", queues},   {"files", files},
    {"ranges", ranges},     {"far_apart", far_apart}, {"pieces", pieces},   {"folders", folders},
    {"epolls", NULL},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (argc > 1 && strcmp(argv[1], parts[i].name) != 0)
            continue;
        printf("-- %s\n", parts[i].name);
        fflush(stdout);
        if (parts[i].part) {
            parts[i].part();
        } else {
            chain(0);
            chain(1);
            fan();
        }
    }
    return 0;
}
