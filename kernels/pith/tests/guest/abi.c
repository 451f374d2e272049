/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Says what it was given and does what its first argument says: run on Linux and on pith, the two
 * must print the same. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static char large[3 << 20]; /* a bss larger than anything that is mapped at once */
static const char constant[] = "constant";

#define TRY(call)                                                                                  \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long result = (long)(call);                                                                \
        printf("%s: %ld %s\n", #call, result, errno ? strerrorname(errno) : "ok");                 \
    } while (0)

static const char *strerrorname(int code)
{
    static char number[16];

    snprintf(number, sizeof number, "E%d", code);
    return number;
}

static void tell(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        printf("argv[%d] = %s\n", i, argv[i]);
    for (char **variable = environ; *variable; variable++)
        printf("env %s\n", *variable);
    printf("pagesz %lu secure %lu random %d execfn %s\n", getauxval(AT_PAGESZ),
           getauxval(AT_SECURE), getauxval(AT_RANDOM) != 0, (char *)getauxval(AT_EXECFN));
    printf("aligned %d\n", (int)((uintptr_t)__builtin_frame_address(0) & 15));
}

static void bad_pointers(void)
{
    char *bad = (char *)8, *high = (char *)0xffffffff80100000, *gap = (char *)0x7f0000000000;
    char byte;
    int fd = open("/app", O_RDONLY);

    TRY(write(1, bad, 5) < 0);
    TRY(write(1, high, 5));
    TRY(write(1, gap, 5));
    TRY(read(fd, bad, 1));
    TRY(read(fd, high, 1));
    TRY(read(fd, (char *)constant, 1));
    TRY(open(bad, O_RDONLY));
    TRY(open(high, O_RDONLY));
    TRY(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, high));
    TRY(syscall(SYS_nanosleep, bad, 0));
    TRY(syscall(SYS_uname, high));
    TRY(syscall(SYS_writev, 1, bad, 1));
    TRY(read(fd, &byte, 1));
    close(fd);
}

static void bad_arguments(void)
{
    char byte;
    struct stat about;
    struct timespec time = {0, 2000000000};
    struct iovec vector = {&byte, 1};

    TRY(write(77, "x", 1));
    TRY(read(-1, &byte, 1));
    TRY(close(55));
    TRY(lseek(1, 0, SEEK_SET) == 0);
    TRY(open("/no/such", O_RDONLY));
    TRY(open("/app/x", O_RDONLY));
    TRY(open("", O_RDONLY));
    TRY(open("/app", O_RDONLY | O_DIRECTORY));
    TRY(stat("/nowhere", &about));
    TRY(fstat(99, &about));
    TRY(syscall(SYS_nanosleep, &time, 0));
    TRY(clock_gettime(99, &time));
    TRY(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    TRY(mmap(NULL, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    TRY(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 66, 0) == MAP_FAILED);
    TRY(munmap((void *)1, 4096));
    TRY(mprotect((void *)1, 4096, PROT_READ));
    TRY(mprotect((void *)0x10000000, 4096, PROT_READ));
    TRY(syscall(SYS_rt_sigaction, 99, 0, 0, 8));
    TRY(syscall(SYS_rt_sigaction, 9, &time, 0, 8));
    TRY(syscall(SYS_arch_prctl, 0x1002, 0xffffffff80000000));
    TRY(syscall(SYS_set_robust_list, 0, 5));
    TRY(readv(1, &vector, -1));
    TRY(syscall(SYS_getcwd, &byte, 1));
    TRY(readlink("/app", &byte, 1));
    TRY(dup(88));
    TRY(fcntl(88, F_GETFL));
    TRY(access("/app", X_OK));
    TRY(access("/none", R_OK));
}

static void memory(void)
{
    char *area = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t sum = 0;
    int fd = open("/app", O_RDONLY);
    char *file, head[4];
    struct stat about;

    for (size_t i = 0; i < sizeof large; i += 4096)
        sum += large[i];
    printf("bss %zu\n", sum);
    memset(large, 1, sizeof large);
    memset(area, 7, 16 * 4096);
    TRY(munmap(area + 4 * 4096, 4096));
    TRY(mprotect(area, 16 * 4096, PROT_READ));
    TRY(mprotect(area, 4 * 4096, PROT_READ));
    TRY(read(fd, area, 4));
    TRY(madvise(area + 8 * 4096, 4096, MADV_DONTNEED));
    printf("after dontneed %d %d\n", area[8 * 4096], area[9 * 4096]);
    TRY(mmap(area, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
    printf("replaced by %d\n", area[0]);
    fstat(fd, &about);
    file = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    file[0]++; /* a private copy: the file must not change */
    TRY(pread(fd, head, 4, 0));
    printf("mapped %.3s, file %.3s, size %d\n", file + 1, head + 1, about.st_size > 1000);
    TRY(lseek(fd, 1, SEEK_SET));
    TRY(read(fd, head, 3));
    printf("read %.3s\n", head);
    long top = syscall(SYS_brk, 0); /* musl has no sbrk() */
    TRY(syscall(SYS_brk, top + 100000) == top + 100000);
    memset((void *)top, 3, 100000);
    TRY(syscall(SYS_brk, top) == top);
    TRY(syscall(SYS_brk, 8) == top);
}

static void time_and_console(void)
{
    struct timespec before, after, wait = {0, 3000000};
    long ms;

    clock_gettime(CLOCK_MONOTONIC, &before);
    TRY(nanosleep(&wait, NULL));
    clock_gettime(CLOCK_MONOTONIC, &after);
    ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    printf("slept enough %d, not too long %d\n", ms >= 3, ms < 2000);
    printf("this century %d\n", time(NULL) > 1700000000);
    printf("terminal %d\n", isatty(1));
    printf("double %.3f\n", 22.0 / 7);
}

static int recurse(volatile char *above)
{
    volatile char frame[4096];

    frame[0] = above ? above[0] : 1;
    return recurse(frame) + frame[0];
}

/* How many bytes can be read; -1 where it cannot be opened. */
static long length_of(const char *path)
{
    char text[1000];
    long length = 0, got;
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        return -1;
    while ((got = read(fd, text, sizeof text)) > 0)
        length += got;
    return length;
}

/* A file of /proc when no 64 KB are left. */
static int file_in_little_memory(void)
{
    struct sysinfo info;

    while (sysinfo(&info) == 0 && info.freeram >= 65536)
        *(volatile char *)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                               0) = 1;
    return length_of("/proc/meminfo") > 100;
}

/* Files of /proc that take more than a page: long arguments, many areas. */
static int long_files(int argc, char **argv)
{
    long arguments = 0;

    for (int i = 0; i < argc; i++)
        arguments += strlen(argv[i]) + 1;
    for (int i = 0; i < 200; i++)
        mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("%ld bytes of arguments\n", arguments);
    return length_of("/proc/self/cmdline") == arguments && length_of("/proc/self/maps") > 8192;
}

/* How many TSC ticks the clock takes for a millisecond, to 2 %: the host may hold us up. */
static int counts_khz(double khz)
{
    struct timespec from, to;
    uint64_t start, ticks;
    double ms;

    clock_gettime(CLOCK_MONOTONIC, &from);
    start = __builtin_ia32_rdtsc();
    do {
        ticks = __builtin_ia32_rdtsc() - start;
        clock_gettime(CLOCK_MONOTONIC, &to);
        ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
    } while (ms < 100);
    printf("%.0f ticks in %.3f ms\n", (double)ticks, ms);
    return (double)ticks > ms * khz * 0.98 && (double)ticks < ms * khz * 1.02;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "tell";

    if (strcmp(what, "tell") == 0)
        tell(argc, argv);
    else if (strcmp(what, "pointers") == 0)
        bad_pointers();
    else if (strcmp(what, "arguments") == 0)
        bad_arguments();
    else if (strcmp(what, "memory") == 0)
        memory();
    else if (strcmp(what, "time") == 0)
        time_and_console();
    else if (strcmp(what, "khz") == 0)
        return !counts_khz(atof(argv[2]));
    else if (strcmp(what, "missing") == 0) {
        TRY(syscall(SYS_fork));
        TRY(syscall(SYS_execve, "/app", 0, 0));
        TRY(syscall(SYS_kexec_load, 0, 0, 0, 0));
        TRY(syscall(SYS_kexec_load, 0, 0, 0, 0));
        TRY(syscall(499));
        TRY(syscall(100000));
    } else if (strcmp(what, "null") == 0)
        return *(volatile int *)0;
    else if (strcmp(what, "text") == 0)
        *(volatile char *)(uintptr_t)main = 0;
    else if (strcmp(what, "constant") == 0)
        *(volatile char *)(uintptr_t)constant = 0;
    else if (strcmp(what, "data") == 0)
        ((void (*)(void))(uintptr_t)large)();
    else if (strcmp(what, "stack") == 0)
        return recurse(NULL);
    else if (strcmp(what, "kernel") == 0)
        *(volatile char *)0xffffffff80101000 = 0;
    else if (strcmp(what, "behind") == 0) /* the end of a mapped file */
        return ((volatile char *)mmap(NULL, 1 << 30, PROT_READ, MAP_PRIVATE, open("/app", O_RDONLY),
                                      0))[(1 << 30) - 1];
    else if (strcmp(what, "meminfo") == 0)
        return !file_in_little_memory();
    else if (strcmp(what, "long") == 0)
        return !long_files(argc, argv);
    else if (strcmp(what, "illegal") == 0)
        __asm__ volatile("ud2");
    else if (strcmp(what, "hlt") == 0)
        __asm__ volatile("hlt");
    else if (strcmp(what, "crash") == 0) { /* musl: free() executes hlt */
        char *volatile block = malloc(100), *volatile other = malloc(100);
        free(block);
        free(block);
        free(other);
    } else if (strcmp(what, "divide") == 0)
        __asm__ volatile("xor %%ecx, %%ecx; div %%ecx" : : : "eax", "ecx", "edx");
    else if (strcmp(what, "eat") == 0)
        for (size_t i = 0; i < 1ul << 18; i++)
            *(volatile char *)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                                   -1, 0) = 1;
    else
        return atoi(what);
    return 0;
}
