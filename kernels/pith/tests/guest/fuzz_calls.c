/* SPDX-License-Identifier: GPL-3.0-or-later */
/* System calls with arguments that are right, nearly right, or anything. */
#include "fuzz.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096ul
#define PROGRAM_END 0x7ffffffff000ul

static uint64_t first_seed;

static const char *const paths[] = {
    "/f",          "/f2",
    "/d",          "/d/x",
    "/d/y",        "x",
    ".",           "..",
    "/",           "/d/..",
    "/none/x",     "",
    "/dev/zero",   "/dev/null",
    "/l",          "/dev/full",
    "/dev/random", "/proc/self/maps",
    "/proc/1/exe", "/proc/meminfo",
};
#define LONG_PATH (ARENA + 2 * ARENA_SIZE) /* longer than any may be, and not to be written to */
#define LONG_SIZE (2 * PAGE)

/* An address: of the arena mostly, where anything may be written to. */
static uint64_t address(uint64_t *random)
{
    static const uint64_t odd[] = {
        0,
        1,
        4096,
        ARENA - 8,
        ARENA + ARENA_SIZE - 4,
        1ul << 46,
        1ul << 47,
        ~0ul,
        ~0ul - 4095,
        0x7ffffffff000,
        0x7fffffffeff8,
        1ul << 63,
        0xffff800000000000,
        0xffff800000100000,
        0xffffffff80100000,
        0x7fffffffffff,
        0x8000000000000,
        FREE_END - 4096,
    };
    uint64_t which = draw(random), at = draw(random) % ARENA_SIZE;

    if (which % 16 == 0)
        return odd[draw(random) % (sizeof odd / sizeof *odd)];
    if (which % 16 == 1)
        return (uint64_t)paths[draw(random) % (sizeof paths / sizeof *paths)];
    if (which % 16 == 2)
        return LONG_PATH + draw(random) % LONG_SIZE;
    if (which % 16 == 3)
        return 0x200000000000 + (draw(random) & 0x1fffffffffff000); /* often beyond any */
    if (which % 16 < 6)
        at = (at | 4095) - draw(random) % 64; /* across the end of a page */
    else if (which % 16 < 12)
        at &= ~7ul;
    return ARENA + at;
}

static uint64_t value(uint64_t *random)
{
    static const uint64_t odd[] = {
        0,          1,          2,          3,          8,
        16,         24,         64,         100,        128,
        1000,       4095,       4096,       4097,       65536,
        1000000,    1000000000, 0x7fffffff, 0x80000000, 0xffffffff,
        0x7ffff000, 1ul << 32,  1ul << 40,  1ul << 47,  0x7fffffffffffffff,
        1ul << 63,  ~0ul,       ~0ul - 1,   ~0ul - 99,  ~0ul - 4095,
    };

    switch (draw(random) % 8) {
    case 0:
    case 1:
        return draw(random) % 48; /* a descriptor, a signal, a thread */
    case 2:
        return odd[draw(random) % (sizeof odd / sizeof *odd)];
    case 3:
        return 1ul << draw(random) % 64;
    case 4:
        return draw(random) & draw(random) & 0xffffff; /* flags */
    case 5:
        return draw(random) >> draw(random) % 64;
    default:
        return address(random);
    }
}

/* What a structure at an address in the arena may hold. It may not be there any more: a fault here
 * is the worker's, whose handler ends the step. */
static void fill(uint64_t at, uint64_t *random)
{
    uint64_t *words = (uint64_t *)(at & ~7ul);

    if (at < ARENA || at > ARENA + ARENA_SIZE - 128)
        return;
    for (int i = 0; i < 12; i++)
        words[i] = value(random);
    if (draw(random) % 4 == 0) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(8 + draw(random) % 999)};

        to.sin_addr.s_addr = htonl(draw(random) & 1 ? 0x0a000001 : 0x7f000001);
        memcpy(words, &to, sizeof to);
    }
}

/* The program's own: what is mapped outside the arena. */
static int is_own(uint64_t at, uint64_t size)
{
    uint64_t end = at + size;

    if (at >= 1ul << 47 || end < at || end > PROGRAM_END) /* no range at all */
        return 0;
    return at < ARENA || end > FREE_END - PAGE;
}

static void keep_range(uint64_t *at, uint64_t *size)
{
    if (is_own(*at, *size)) {
        *at = ARENA + (*at & (ARENA_SIZE - PAGE));
        *size %= ARENA_SIZE;
    }
}

static int is_kept(uint64_t fd)
{
    return (uint32_t)fd >= KEPT_FROM && (uint32_t)fd < KEPT_TO;
}

/* Leave out what ends the program or takes the echo from it, as it would on Linux. */
static long tame(long number, uint64_t a[6])
{
    uint64_t any = ARENA_SIZE;

    for (int i = 0; i < 6; i++)
        if (is_kept(a[i]))
            a[i] = 5;
    switch (number) {
    case SYS_exit:
    case SYS_exit_group:
    case SYS_rt_sigreturn:
    case SYS_sigaltstack:
    case SYS_reboot:
        return SYS_getpid;
    case SYS_rt_sigaction: /* the handlers stay */
        a[1] = 0;
        break;
    case SYS_arch_prctl:
        if (a[0] == 0x1002) /* ARCH_SET_FS */
            a[0] = 0x1003;
        break;
    case SYS_kill:
    case SYS_tkill:
    case SYS_rt_sigqueueinfo:
        a[1] = a[1] % 65 == SIGKILL ? SIGUSR1 : a[1] % 65;
        break;
    case SYS_tgkill:
    case SYS_rt_tgsigqueueinfo:
        a[2] = a[2] % 65 == SIGKILL ? SIGUSR1 : a[2] % 65;
        break;
    case SYS_close_range:
        if ((uint32_t)a[0] < KEPT_TO && (uint32_t)a[1] >= KEPT_FROM)
            a[1] = KEPT_FROM - 1;
        break;
    case SYS_mmap:
        keep_range(&a[0], &a[1]);
        break;
    case SYS_munmap:
    case SYS_mprotect:
    case SYS_madvise:
        keep_range(&a[0], &a[1]);
        break;
    case SYS_mremap:
        keep_range(&a[0], &a[1]);
        keep_range(&a[4], &a[2]);
        break;
    case SYS_shmat: /* are not there, and would be as mmap */
    case SYS_remap_file_pages:
        keep_range(&a[0], &any);
    }
    return number;
}

/* A new thread ends at once, wherever its stack may be. */
static long call(long number, const uint64_t a[6])
{
    register uint64_t r10 __asm__("r10") = a[3];
    register uint64_t r8 __asm__("r8") = a[4];
    register uint64_t r9 __asm__("r9") = a[5];
    long result = number;

    __asm__ volatile("syscall\n"
                     "test %%rax, %%rax\n"
                     "jnz 1f\n"
                     "cmp $56, %%rbx\n" /* clone, clone3 */
                     "je 2f\n"
                     "cmp $435, %%rbx\n"
                     "jne 1f\n"
                     "2: mov $60, %%eax\n" /* exit */
                     "xor %%edi, %%edi\n"
                     "syscall\n"
                     "1:"
                     : "+a"(result), "+r"(r10), "+r"(r8), "+r"(r9)
                     : "b"(number), "D"(a[0]), "S"(a[1]), "d"(a[2])
                     : "rcx", "r11", "memory");
    return result;
}

static void renew(void)
{
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    truncate("/f", 0);
    truncate("/f2", 0);
    for (int i = 0; i < 32; i++)
        syscall(SYS_timer_delete, i);
    mmap((void *)ARENA, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
         -1, 0);
    memset(mmap((void *)LONG_PATH, LONG_SIZE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
           'n', LONG_SIZE - 1);
    mprotect((void *)LONG_PATH, LONG_SIZE, PROT_READ);
    mprotect((void *)(ARENA + 5 * PAGE), PAGE, PROT_READ);
    mprotect((void *)(ARENA + 9 * PAGE), PAGE, PROT_NONE);
}

/* Things to have descriptors of. */
static void open_some(uint64_t *random)
{
    int pair[2];

    switch (draw(random) % 8) {
    case 0:
        pipe2(pair, draw(random) & O_NONBLOCK);
        break;
    case 1:
        syscall(SYS_socketpair, 1, 1 + draw(random) % 2, 0, pair);
        break;
    case 2:
        syscall(SYS_socket, draw(random) & 1 ? 2 : 10, 1 + draw(random) % 3, draw(random) % 2 * 17);
        break;
    case 3:
        syscall(SYS_epoll_create1, 0);
        break;
    case 4:
        syscall(SYS_timerfd_create, draw(random) % 2, 0);
        break;
    case 5:
        syscall(SYS_eventfd2, draw(random), draw(random) & O_NONBLOCK);
        break;
    default:
        open(paths[draw(random) % (sizeof paths / sizeof *paths)], O_RDWR | O_CREAT, 0600);
    }
}

static void step(struct worker *worker)
{
    uint64_t *random = &worker->random, a[6];
    long number = (long)(draw(random) % 460);

    if (draw(random) % 400 == 0)
        renew();
    if (draw(random) % 16 == 0)
        open_some(random);
    for (int i = 0; i < 6; i++) {
        a[i] = value(random);
        if (draw(random) % 2)
            fill(a[i], random);
    }
    number = tame(number, a);
    call(number, a);
}

static __thread sigjmp_buf back;
static __thread volatile int armed;

static void on_signal(int signal)
{
    if ((signal == SIGSEGV || signal == SIGBUS) && armed)
        siglongjmp(back, 1);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    sigset_t none;

    worker->tid = (pid_t)syscall(SYS_gettid);
    for (;;) {
        sigemptyset(&none);
        pthread_sigmask(SIG_SETMASK, &none, NULL);
        worker->steps++;
        done++;
        if (sigsetjmp(back, 0) == 0) {
            armed = 1;
            step(worker);
        }
        armed = 0;
    }
    return NULL;
}

void calls_start(void)
{
    struct worker *worker = &workers[worker_count];
    pthread_attr_t attributes;
    pthread_t thread;

    worker->random = first_seed * 1000003 + (uint64_t)worker_count;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 1 << 20);
    if (pthread_create(&thread, &attributes, work, worker) == 0)
        worker_count++;
}

extern void restore(void);
__asm__("restore: mov $15, %eax\n syscall\n");

void calls_begin(uint64_t seed)
{
    struct {
        void (*handler)(int);
        uint64_t flags;
        void (*restorer)(void);
        uint64_t mask;
    } action = {on_signal, 0x04000000, restore, 0};

    first_seed = seed;
    renew();
    mkdir("/d", 0700);
    symlink("/f", "/l");
    for (int signal = 1; signal <= 64; signal++) /* those of the C library, too */
        syscall(SYS_rt_sigaction, signal, &action, NULL, 8);
    for (int i = 0; i < 4; i++)
        calls_start();
}
