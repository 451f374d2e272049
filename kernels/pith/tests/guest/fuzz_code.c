/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Instructions at random, from any registers: bytes, and such as a program may not execute or that
 * do odd things to the CPU. A handler of every signal they may cause goes on with the next ones. It
 * uses no thread-local storage, since %fs may be anything by then.
 */
#include "fuzz.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096ul
#define CODE (ARENA + 16 * PAGE)
#define CODE_SIZE 256
#define DATA (ARENA + 32 * PAGE)
#define DATA_SIZE (64 * PAGE)
#define ARCH_SET_FS 0x1002

enum { IF = 0x200, IOPL = 0x3000 }; /* of the flags */
#define MASKED "fuzz: QEMU damaged the flags\n"

static char signal_stack[65536] __attribute__((aligned(4096)));
static uint64_t base_of_fs;

volatile int code_inside;
uint64_t code_registers[17],
    code_kept; /* what to begin with: r15 to rax, rsp, rip; our own stack */

/* Save what a function must, begin with the registers, and come back here from the handler. */
__asm__(".globl code_enter\n"
        ".globl code_resume\n"
        "code_enter:\n"
        "push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n"
        "mov %rsp, code_kept(%rip)\n"
        "movl $1, code_inside(%rip)\n"
        "lea code_registers(%rip), %rsp\n"
        "pop %r15\npop %r14\npop %r13\npop %r12\npop %r11\npop %r10\npop %r9\npop %r8\n"
        "pop %rbp\npop %rdi\npop %rsi\npop %rdx\npop %rcx\npop %rbx\npop %rax\n"
        "mov (%rsp), %rsp\n"
        "jmp *code_registers+128(%rip)\n"
        "code_resume:\n"
        "mov code_kept(%rip), %rsp\n"
        "movl $0, code_inside(%rip)\n"
        "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\n"
        "ret\n"
        "code_return:\n"
        "mov $15, %eax\n"
        "syscall\n");
extern void code_enter(void), code_resume(void), code_return(void);

static long call(long number, long a, long b, long c)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    struct _libc_fpstate *vectors = at->uc_mcontext.fpregs;

    (void)info;
    if (!code_inside) {
        if (signal != SIGALRM && signal != SIGUSR1) /* the program is damaged */
            call(SYS_exit_group, 128 + signal, 0, 0);
        return;
    }
    call(SYS_arch_prctl, ARCH_SET_FS, (long)base_of_fs, 0);
    if ((at->uc_mcontext.gregs[REG_EFL] & (IOPL | IF)) != IF) { /* QEMU's doing: see spare_qemu() */
        call(SYS_write, CONSOLE, (long)MASKED, sizeof MASKED - 1);
        call(SYS_exit_group, 0, 0, 0);
    }
    at->uc_mcontext.gregs[REG_RIP] = (long)code_resume;
    at->uc_mcontext.gregs[REG_EFL] = 0x202;
    at->uc_mcontext.gregs[REG_CSGSFS] = 0x2b000000000033; /* ss, cs */
    memset(&at->uc_sigmask, 0, 8);
    vectors->cwd = 0x37f;
    vectors->swd = 0;
    vectors->mxcsr = 0x1f80;
}

static const struct {
    uint8_t size, bytes[6];
} odd[] = {
    {1, {0xf4}}, /* hlt */
    {1, {0xfa}}, /* cli */
    {1, {0xfb}}, /* sti */
    {1, {0xec}}, /* in */
    {1, {0xee}}, /* out */
    {1, {0xef}},
    {1, {0x6d}}, /* ins */
    {1, {0x6f}}, /* outs */
    {1, {0xcc}}, /* int3 */
    {1, {0xf1}}, /* int1 */
    {1, {0xcd}}, /* int, of the next byte */
    {2, {0xcd, 0x80}},
    {1, {0xcb}}, /* retf */
    {2, {0x48, 0xcb}},
    {1, {0xc3}},       /* ret */
    {2, {0x0f, 0x07}}, /* sysret */
    {3, {0x48, 0x0f, 0x07}},
    {2, {0x0f, 0x34}},          /* sysenter */
    {2, {0x0f, 0x35}},          /* sysexit */
    {2, {0x0f, 0x05}},          /* syscall */
    {5, {0xb8, 0x0f, 0, 0, 0}}, /* mov $15, %eax: rt_sigreturn, if one follows */
    {2, {0x0f, 0x01}},          /* lgdt, lidt, sgdt, invlpg, swapgs, clac, xsetbv, vmcall... */
    {3, {0x0f, 0x01, 0xf8}},    /* swapgs */
    {3, {0x0f, 0x01, 0xcb}},    /* stac */
    {3, {0x0f, 0x01, 0xd1}},    /* xsetbv */
    {3, {0x0f, 0x01, 0xc8}},    /* monitor */
    {3, {0x0f, 0x01, 0xc9}},    /* mwait */
    {2, {0x0f, 0x00}},          /* lldt, ltr, sldt, str, verr, verw */
    {2, {0x0f, 0x20}},          /* mov from control registers */
    {2, {0x0f, 0x22}},          /* and to them */
    {2, {0x0f, 0x21}},          /* debug registers */
    {2, {0x0f, 0x23}},
    {2, {0x0f, 0x30}},                         /* wrmsr */
    {2, {0x0f, 0x32}},                         /* rdmsr */
    {2, {0x0f, 0x33}},                         /* rdpmc */
    {2, {0x0f, 0x06}},                         /* clts */
    {2, {0x0f, 0x08}},                         /* invd */
    {2, {0x0f, 0x09}},                         /* wbinvd */
    {2, {0x0f, 0x0b}},                         /* ud2 */
    {2, {0x0f, 0x02}},                         /* lar */
    {2, {0x0f, 0x03}},                         /* lsl */
    {1, {0x9d}},                               /* popf */
    {1, {0x9c}},                               /* pushf */
    {6, {0x68, 0x00, 0x41, 0x00, 0x00, 0x9d}}, /* NT, TF */
    {6, {0x68, 0x00, 0x30, 0x04, 0x00, 0x9d}}, /* IOPL, AC */
    {6, {0x68, 0xff, 0xff, 0x3f, 0x00, 0x9d}}, /* all */
    {1, {0x8e}},                               /* mov to a segment register */
    {2, {0x0f, 0xa1}},                         /* pop %fs */
    {2, {0x0f, 0xa9}},                         /* pop %gs */
    {2, {0x0f, 0xb2}},                         /* lss */
    {2, {0x0f, 0xb4}},                         /* lfs */
    {3, {0xf3, 0x0f, 0xae}},                   /* rdfsbase, wrgsbase... */
    {4, {0xf3, 0x48, 0x0f, 0xae}},
    {2, {0x0f, 0xae}}, /* fxrstor, ldmxcsr, xsave, xrstor... */
    {3, {0x48, 0x0f, 0xae}},
    {2, {0x0f, 0xc7}}, /* cmpxchg8b, xsaves, rdrand... */
    {1, {0xff}},       /* far jumps and calls */
    {2, {0x48, 0xff}},
    {1, {0xd9}}, /* x87 */
    {1, {0xdb}},
    {1, {0xdd}},
    {1, {0x9b}}, /* wait */
    {1, {0xc8}}, /* enter */
    {1, {0xc9}}, /* leave */
    {1, {0xf0}}, /* lock */
    {1, {0xf3}}, /* rep */
    {1, {0x66}},
    {1, {0x67}},
    {1, {0x64}},
    {1, {0x48}},
    {1, {0xc5}}, /* AVX */
    {1, {0x62}},
    {2, {0xeb, 0xfe}}, /* a circle */
    {2, {0xf3, 0xa4}}, /* rep movsb */
    {2, {0xf3, 0xaa}}, /* rep stosb */
    {1, {0xd7}},
    {2, {0xf7, 0xf1}}, /* div */
};

/* What QEMU 7.2's translator does wrong, wherever an instruction may begin. iret and far calls use
 * the stack as the kernel could, so that a program may take its flags from there and write to it.
 * cmpxchg8b, and seldom others, leave any flags, of which the kernel's return makes those that mask
 * interrupts. vpinsrw to a wide register is an assertion that fails. */
static void spare_qemu(uint8_t *code)
{
    enum { IRET = 0xcf, FAR_CALL = 0xff, CMPXCHG8B = 0xc7, VEX = 0xc4, NOP = 0x90 };

    for (size_t at = 0; at + 1 < PAGE; at++) {
        unsigned extension = code[at + 1] >> 3 & 7;

        if (code[at] == IRET || code[at] == VEX || (code[at] == FAR_CALL && extension == 3) ||
            (code[at] == CMPXCHG8B && extension == 1))
            code[at] = NOP;
    }
}

static void write_code(uint8_t *code, uint64_t *random)
{
    unsigned plain = draw(random) % 4; /* so many of four are any bytes */

    for (size_t at = 0; at < CODE_SIZE;) {
        size_t which = draw(random) % (sizeof odd / sizeof *odd);

        if (draw(random) % 4 < plain) {
            code[at++] = (uint8_t)draw(random);
            continue;
        }
        memcpy(code + at, odd[which].bytes, odd[which].size);
        at += odd[which].size;
    }
    spare_qemu(code);
}

static uint64_t any_register(uint64_t *random)
{
    static const uint64_t values[] = {
        0,
        1,
        0x2b,
        0x33,
        0x10,
        0x23,
        ~0ul,
        0x7ffffffff000,
        1ul << 47,
        0xffffffff80100000,
        0xffff800000100000,
        0xc0000080,
        0xc0000082,
        0xc0000102,
        0x174,
        0x1b,
    };
    uint64_t which = draw(random) % 16;

    if (which < 8)
        return DATA + draw(random) % DATA_SIZE / 8 * 8;
    if (which < 10)
        return values[draw(random) % (sizeof values / sizeof *values)];
    if (which < 12)
        return draw(random) % 400;
    if (which == 12)
        return CODE + draw(random) % 256;
    return draw(random) >> draw(random) % 64;
}

/* The code's page can be written to only where the code does not find it. */
static uint8_t *open_code(int *file)
{
    *file = dup2(open("/code", O_RDWR | O_CREAT, 0600), KEPT_FROM);
    ftruncate(*file, PAGE);
    return mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, *file, 0);
}

static void renew(int file, uint64_t *random)
{
    uint64_t *data = (uint64_t *)DATA;

    mmap((void *)ARENA, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
         -1, 0);
    mmap((void *)CODE, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, file, 0);
    for (size_t i = 0; i < DATA_SIZE / 8; i++)
        data[i] = any_register(random);
}

static void handle(void)
{
    static const int signals[] = {SIGILL,  SIGTRAP, SIGBUS, SIGFPE,   SIGUSR1,
                                  SIGSEGV, SIGALRM, SIGSYS, SIGSTKFLT};
    const stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    struct {
        void (*handler)(int, siginfo_t *, void *);
        uint64_t flags;
        void (*restorer)(void);
        uint64_t mask;
    } action = {on_signal, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | 0x04000000, code_return, 0};

    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        syscall(SYS_rt_sigaction, signals[i], &action, NULL, 8);
}

void code_run(uint64_t seed)
{
    struct worker *worker = &workers[worker_count++];
    uint64_t none = 0;
    int file;
    uint8_t *code = open_code(&file);

    syscall(SYS_arch_prctl, 0x1003, &base_of_fs);
    worker->random = seed;
    worker->tid = (pid_t)syscall(SYS_gettid);
    for (;;) {
        if (done % 256 == 0)
            renew(file, &worker->random);
        handle(); /* again: they may have been changed */
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
        write_code(code, &worker->random);
        for (int i = 0; i < 16; i++)
            code_registers[i] = any_register(&worker->random);
        code_registers[16] = CODE;
        worker->steps++;
        done++;
        code_enter();
    }
}
