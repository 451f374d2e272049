/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the CPU refuses a program, and what Linux makes of it: privileged instructions, the kernel's
 * addresses, ports, flags, and what a handler begins and ends with. */
#define _GNU_SOURCE
#include "abi.h"
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define KERNEL_TEXT 0xffffffff80101000
#define DIRECT 0xffff800000001000
#define CARRY_FLAG 1ul
#define STEP_FLAG 0x100ul
#define INTERRUPT_FLAG 0x200ul
#define NESTED_FLAG 0x4000ul
#define ALIGNMENT_FLAG 0x40000ul

static sigjmp_buf back;
static volatile struct {
    int signal, code;
    uint64_t address, rip;
    long trap, error, cr2;
} seen;
static volatile int count;

static void note(int signal, siginfo_t *info, void *context)
{
    const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

    seen.signal = signal;
    seen.code = info->si_code;
    seen.address = (uint64_t)info->si_addr;
    seen.rip = (uint64_t)registers[REG_RIP];
    seen.trap = registers[REG_TRAPNO];
    seen.error = registers[REG_ERR];
    seen.cr2 = registers[REG_CR2];
    count++;
}

static void leave(int signal, siginfo_t *info, void *context)
{
    note(signal, info, context);
    siglongjmp(back, 1);
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

static void handle_all(void)
{
    const int signals[] = {SIGSEGV, SIGILL, SIGBUS, SIGFPE, SIGTRAP};

    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        handle(signals[i], leave, 0);
}

static void report(const char *what)
{
    printf("%s: signal %d code %d ", what, seen.signal, seen.code);
    if (seen.address == seen.rip)
        printf("at the instruction");
    else
        printf("address %lx", (long)seen.address);
    printf(" trap %ld error %lx\n", seen.trap, seen.error);
}

/* Run it; tell what came of it. */
#define ATTEMPT(what, statement)                                                                   \
    do {                                                                                           \
        if (sigsetjmp(back, 1) == 0) {                                                             \
            statement;                                                                             \
            printf("%s: done\n", what);                                                            \
        } else {                                                                                   \
            report(what);                                                                          \
        }                                                                                          \
    } while (0)

#define INSTRUCTION(text)                                                                          \
    ATTEMPT(text, __asm__ volatile(text                                                            \
                                   :                                                               \
                                   : "a"(0), "c"(0), "d"(0x80), "S"(table), "D"(table)             \
                                   : "memory", "rbx"))

static char table[64];

static void privileged(void)
{
    INSTRUCTION("hlt");
    INSTRUCTION("cli");
    INSTRUCTION("sti");
    INSTRUCTION("clts");
    INSTRUCTION("inb $0x80, %%al");
    INSTRUCTION("inb %%dx, %%al");
    INSTRUCTION("inl %%dx, %%eax");
    INSTRUCTION("outb %%al, $0x80");
    INSTRUCTION("outw %%ax, %%dx");
    INSTRUCTION("insb");
    INSTRUCTION("outsl");
    INSTRUCTION("rdmsr");
    INSTRUCTION("wrmsr");
    INSTRUCTION("rdpmc");
    INSTRUCTION("xsetbv");
    INSTRUCTION("mov %%cr0, %%rbx");
    INSTRUCTION("mov %%rax, %%cr0");
    INSTRUCTION("mov %%cr2, %%rbx");
    INSTRUCTION("mov %%cr3, %%rbx");
    INSTRUCTION("mov %%rax, %%cr3");
    INSTRUCTION("mov %%cr4, %%rbx");
    INSTRUCTION("mov %%rax, %%cr4");
    INSTRUCTION("mov %%cr8, %%rbx");
    INSTRUCTION("mov %%rax, %%cr8");
    INSTRUCTION("mov %%db7, %%rbx");
    INSTRUCTION("mov %%rax, %%db0");
    INSTRUCTION("lmsw %%ax");
    INSTRUCTION("lgdt (%%rsi)");
    INSTRUCTION("lidt (%%rsi)");
    INSTRUCTION("lldt %%ax");
    INSTRUCTION("ltr %%ax");
    INSTRUCTION("invlpg (%%rsi)");
    INSTRUCTION("invd");
    INSTRUCTION("wbinvd");
    INSTRUCTION("swapgs");
    INSTRUCTION("sysretq");
    INSTRUCTION("sysexitq");
    INSTRUCTION("monitor");
    INSTRUCTION("mwait");
    INSTRUCTION("stac");
    INSTRUCTION("clac");
    INSTRUCTION("vmrun");
    INSTRUCTION("clgi");
    INSTRUCTION("ud2");
    INSTRUCTION(".byte 0xf0, 0x90"); /* lock nop */
}

static void software_interrupts(void)
{
    handle(SIGTRAP, note, 0); /* a trap: behind the instruction already */
    INSTRUCTION("int3");
    report("int3");
    INSTRUCTION(".byte 0xf1");
    report("int1");
    INSTRUCTION(".byte 0xcd, 3");
    report("int 3");
    handle(SIGTRAP, leave, 0);
    INSTRUCTION("int $0");
    INSTRUCTION("int $1");
    INSTRUCTION("int $2");
    INSTRUCTION("int $4");
    INSTRUCTION("int $8");
    INSTRUCTION("int $14");
    INSTRUCTION("int $32");
    INSTRUCTION("int $33");
    INSTRUCTION("int $47");
    INSTRUCTION("int $48");
    INSTRUCTION("int $0x80");
    INSTRUCTION("int $255");
}

static void segments(void)
{
    struct __attribute__((packed)) {
        uint64_t offset;
        uint16_t selector;
    } far = {KERNEL_TEXT, 16};

    ATTEMPT("load ds with the kernel's", __asm__ volatile("mov %0, %%ds" : : "r"(24)));
    ATTEMPT("load ss with the kernel's", __asm__ volatile("mov %0, %%ss" : : "r"(24)));
    ATTEMPT("load ss with none", __asm__ volatile("mov %0, %%ss" : : "r"(0)));
    ATTEMPT("load es with its own", __asm__ volatile("mov %0, %%es" : : "r"(0x2b)));
    ATTEMPT("jump to the kernel's code", __asm__ volatile("rex.w ljmp *%0" : : "m"(far)));
    uint64_t code, stack;
    __asm__ volatile("mov %%cs, %0; mov %%ss, %1" : "=r"(code), "=r"(stack));
    printf("selectors %lx %lx\n", code & 0xffff, stack & 0xffff);
    /* Where the kernel lets programs use it, it says so. */
    seen.signal = 0;
    if (sigsetjmp(back, 1) == 0) {
        uint64_t base;

        __asm__ volatile("rdfsbase %0; wrfsbase %0" : "=r"(base));
    }
    TELL(!!(getauxval(AT_HWCAP2) & 2) == !seen.signal);
    TELL(!seen.signal || (seen.signal == SIGILL && seen.code == ILL_ILLOPN));
}

static void addresses(void)
{
    static const uint64_t forbidden[] = {
        KERNEL_TEXT,    DIRECT,         0xffff888000000000, 0xffffffff80000000, 0xffffffffffffe000,
        0x7ffffffff000, 0x7ffffffffff8, 0x800000000000,     0xffff7fffffffffff, 0x1234567800000000,
    };
    char what[64];

    for (unsigned i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        volatile uint64_t *at = (volatile uint64_t *)forbidden[i];

        snprintf(what, sizeof what, "read %lx", forbidden[i]);
        ATTEMPT(what, (void)*at);
        snprintf(what, sizeof what, "write %lx", forbidden[i]);
        ATTEMPT(what, *at = 1);
        snprintf(what, sizeof what, "exchange %lx", forbidden[i]);
        ATTEMPT(what, __atomic_fetch_add(at, 1, __ATOMIC_SEQ_CST));
        snprintf(what, sizeof what, "jump to %lx", forbidden[i]);
        ATTEMPT(what, ((void (*)(void))at)());
        if (seen.trap == 14)
            TELL(seen.cr2 == (long)seen.address);
    }
    TELL(getpid() > 0);
}

static char *touched_page(void)
{
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    *page = 1;
    return page;
}

/* What the CPU has looked up before must not serve afterwards. */
#define GONE(what, call)                                                                           \
    do {                                                                                           \
        char *volatile page = touched_page();                                                      \
                                                                                                   \
        TRY_AS(what, (call) == MAP_FAILED);                                                        \
        if (sigsetjmp(back, 1) == 0)                                                               \
            printf("still there: %d\n", *(volatile char *)page);                                   \
        else                                                                                       \
            printf("gone: signal %d code %d, at that address %d, error %lx\n", seen.signal,        \
                   seen.code, seen.address == (uint64_t)page, seen.error);                         \
    } while (0)

static void pages_that_left(void)
{
    GONE("munmap", (void *)(long)munmap(page, 4096));
    GONE("mprotect", (void *)(long)mprotect(page, 4096, PROT_NONE));
    GONE("mremap", mremap(page, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, 0x10000000));
    GONE("madvise", (void *)(long)madvise(page, 4096, MADV_DONTNEED));
}

static void out(uint16_t port)
{
    __asm__ volatile("outb %%al, %%dx" : : "a"(0), "d"(port));
}

#define OUT(port) ATTEMPT("out " #port, out(port))

static void *ports_of_thread(void *unused)
{
    OUT(0x80);
    OUT(0x84);
    TRY(syscall(SYS_ioperm, 0x84, 1, 1));
    TRY(syscall(SYS_ioperm, 0x80, 1, 0));
    OUT(0x80);
    OUT(0x84);
    return unused;
}

static volatile int turns;

/* Two threads take turns; only the other may use the port. */
static void *without_port(void *unused)
{
    sigjmp_buf here;

    syscall(SYS_ioperm, 0x80, 1, 0);
    for (; turns < 200; turns++) {
        while (turns % 2)
            sched_yield();
        memcpy(&here, &back, sizeof here);
        if (sigsetjmp(back, 1) == 0) {
            out(0x80);
            count = -1000000;
        }
        memcpy(&back, &here, sizeof here);
    }
    return unused;
}

static void alternating_threads(void)
{
    pthread_t thread;

    count = 0;
    pthread_create(&thread, NULL, without_port, NULL);
    for (; turns < 200; turns++) {
        while (!(turns % 2))
            sched_yield();
        out(0x80);
    }
    pthread_join(thread, NULL);
    printf("refused to one thread %d times\n", count);
}

static void ports(void)
{
    uint64_t flags;
    pthread_t thread;

    TRY(syscall(SYS_ioperm, 0, 0, 1));
    TRY(syscall(SYS_ioperm, 65536, 1, 1));
    TRY(syscall(SYS_ioperm, 65535, 2, 1));
    TRY(syscall(SYS_ioperm, -1, 2, 1));
    TRY(syscall(SYS_ioperm, -2, 1, 0));
    TRY(syscall(SYS_iopl, 4));
    TRY(syscall(SYS_iopl, -1));
    OUT(0x80);
    TRY(syscall(SYS_ioperm, 0x80, 1, 1));
    OUT(0x80);
    OUT(0x81);
    ATTEMPT("two ports, one allowed", __asm__ volatile("outw %%ax, $0x80" : : "a"(0)));
    TRY(syscall(SYS_ioperm, 0x81, 1, 1));
    ATTEMPT("two ports", __asm__ volatile("outw %%ax, $0x80" : : "a"(0)));
    TRY(syscall(SYS_ioperm, 65535, 1, 1));
    OUT(0xffff);
    OUT(0xfffe);
    ATTEMPT("behind the last", __asm__ volatile("outw %%ax, %%dx" : : "a"(0), "d"(0xffff)));
    pthread_create(&thread, NULL, ports_of_thread, NULL);
    pthread_join(thread, NULL);
    OUT(0x80);
    OUT(0x84);
    alternating_threads();
    TRY(syscall(SYS_ioperm, 0, 65536, 0));
    OUT(0x80);
    OUT(0xe9);
    TRY(syscall(SYS_iopl, 3));
    OUT(0x80);
    OUT(0xfffe);
    INSTRUCTION("cli");
    INSTRUCTION("sti");
    INSTRUCTION("hlt");
    __asm__ volatile("pushf; pop %0" : "=r"(flags));
    printf("flags after iopl(3) and cli: %lx\n", flags & 0x3200);
    TRY(syscall(SYS_iopl, 2));
    OUT(0x80);
    TRY(syscall(SYS_iopl, 0));
    INSTRUCTION("cli");
}

static uint64_t flags_with(uint64_t extra)
{
    uint64_t flags;

    __asm__ volatile("pushf; orq %1, (%%rsp); popf; mov $39, %%eax; syscall; pushf; pop %0;"
                     "push %2; popf"
                     : "=&r"(flags)
                     : "r"(extra), "r"(INTERRUPT_FLAG)
                     : "rax", "rcx", "r11", "memory", "cc");
    return flags & (extra | INTERRUPT_FLAG);
}

static void flags(void)
{
    uint64_t off;

    __asm__ volatile("push $0; popf; pushf; pop %0" : "=r"(off) : : "cc", "memory");
    printf("interrupts cannot be switched off: %lx\n", off & 0x3200);
    printf("flags across a system call: %lx %lx %lx %lx\n", flags_with(CARRY_FLAG),
           flags_with(NESTED_FLAG), flags_with(ALIGNMENT_FLAG), flags_with(0x200000));
    /* The kernel interrupts the program, faults for it and calls it with these set. */
    handle(SIGUSR1, note, 0);
    count = 0;
    for (int i = 0; i < 2; i++) {
        uint64_t bits = i ? NESTED_FLAG : ALIGNMENT_FLAG;
        char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        long id = getpid(), result;

        __asm__ volatile("pushf; orq %[bits], (%%rsp); popf; movb $1, (%[page]);"
                         "mov $62, %%eax; mov %[id], %%rdi; mov $10, %%esi; syscall;"
                         "pushf; andq %[mask], (%%rsp); popf"
                         : "=&a"(result)
                         : [bits] "r"(bits), [mask] "r"(~bits), [page] "r"(page), [id] "r"(id)
                         : "rcx", "rdi", "rsi", "r11", "memory", "cc");
        printf("signal with flag %lx: %ld, %d\n", bits, result, count);
    }
    /* Step by step. */
    handle(SIGTRAP, note, 0);
    count = 0;
    __asm__ volatile("pushf; orq %0, (%%rsp); popf; nop; nop; nop;"
                     "pushf; andq %1, (%%rsp); popf; nop"
                     :
                     : "r"(STEP_FLAG), "r"(~STEP_FLAG)
                     : "rax", "rcx", "r11", "memory", "cc");
    printf("stepped %d, code %d trap %ld, at the instruction %d\n", count, seen.code, seen.trap,
           seen.address == seen.rip);
    handle(SIGTRAP, leave, 0);
}

static volatile int first_lane, mxcsr;
static volatile uint16_t control;

static void look(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    __asm__ volatile("movd %%xmm7, %0; stmxcsr %1; fnstcw %2"
                     : "=r"(first_lane), "=m"(mxcsr), "=m"(control));
    __asm__ volatile("pcmpeqd %%xmm7, %%xmm7" : : : "xmm7");
}

static void arithmetic(const char *what, int mask, long double above, long double below)
{
    volatile long double a = above, b = below;
    uint16_t unmasked = 0x37f & ~mask;

    handle(SIGFPE, leave, 0);
    ATTEMPT(what, __asm__ volatile("fldcw %0"
                                   :
                                   : "m"(unmasked));
            a = a / b; __asm__ volatile("fwait"));
    __asm__ volatile("fninit");
}

static void vectors(void)
{
    const uint32_t upward = 0x5f80;
    const uint16_t upward_x87 = 0xb7f;
    uint32_t after_mxcsr;
    uint16_t after_x87;
    int after;

    handle(SIGUSR2, look, 0);
    __asm__ volatile("ldmxcsr %0; fldcw %1; movd %2, %%xmm7"
                     :
                     : "m"(upward), "m"(upward_x87), "r"(77)
                     : "xmm7");
    syscall(SYS_kill, getpid(), SIGUSR2);
    __asm__ volatile("movd %%xmm7, %0; stmxcsr %1; fnstcw %2; fninit; ldmxcsr %3"
                     : "=r"(after), "=m"(after_mxcsr), "=m"(after_x87)
                     : "m"(mxcsr));
    printf("handler: xmm7 %d mxcsr %x x87 %x; after it %d %x %x\n", first_lane, mxcsr, control,
           after, after_mxcsr, after_x87);
    arithmetic("divide by zero", 4, 1, 0);
    arithmetic("invalid", 1, 0, 0);
    arithmetic("inexact", 0x20, 1, 3);
    arithmetic("underflow", 0x10, 0x1p-16382L, 3);
    arithmetic("overflow", 8, 0x1p16383L, 0x1p-16000L);
    /* The exception is still pending when the handler begins: it must not meet it. */
    count = 0;
    handle(SIGFPE, leave, SA_NODEFER);
    arithmetic("once", 4, 1, 0);
    TELL(count);
}

static uint64_t target;

static void return_elsewhere(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = (greg_t)target;
}

static void bad_returns(void)
{
    static const uint64_t bad[] = {0x1000000000000, 0x800000000000, 0xffff7fffffffffff,
                                   KERNEL_TEXT,     0x7ffffffff000, 8};
    char what[64];

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        target = bad[i];
        handle(SIGUSR1, return_elsewhere, 0);
        snprintf(what, sizeof what, "return from a handler to %lx", target);
        ATTEMPT(what, raise(SIGUSR1));
        TELL(seen.rip == target);
        handle(SIGUSR1, (void (*)(int, siginfo_t *, void *))target, SA_NODEFER);
        snprintf(what, sizeof what, "a handler at %lx", target);
        ATTEMPT(what, syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR1));
        TELL(seen.rip == target);
    }
    const uint64_t bases[] = {0x7ffffffff000, 0x800000000000, 0x8000000000001234, KERNEL_TEXT};
    for (unsigned i = 0; i < sizeof bases / sizeof *bases; i++) {
        TRY(syscall(SYS_arch_prctl, 0x1001, bases[i]));
        TRY(syscall(SYS_clone,
                    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                        CLONE_SYSVSEM | CLONE_SETTLS,
                    table, NULL, NULL, bases[i]));
    }
}

static void tick(int signal)
{
    count += signal == SIGALRM;
}

/* For a look at the kernel from outside: faults, calls and interrupts with AC set, for 20 ticks. */
static int keep_alignment_flag(void)
{
    const struct itimerval often = {{0, 2000}, {0, 2000}};
    uint64_t result = 0;

    signal(SIGALRM, tick);
    setitimer(ITIMER_REAL, &often, NULL);
    while (count < 20) {
        char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        __asm__ volatile("pushf; orq %1, (%%rsp); popf; movb $1, (%2); mov $39, %%eax; syscall;"
                         "mov $10000, %%ecx; 1: loop 1b; pushf; andq %3, (%%rsp); popf"
                         : "=&a"(result)
                         : "r"(ALIGNMENT_FLAG), "r"(page), "r"(~ALIGNMENT_FLAG)
                         : "rcx", "r11", "memory", "cc");
    }
    return result != 1;
}

/* Calls, for somebody to interrupt the kernel at its first and last instructions. */
static void call_for_ever(void)
{
    for (write(1, "calling\n", 8); syscall(SYS_getpid) == 1;)
        ;
}

static void *ask(void *unused)
{
    stack_t stack;

    (void)unused;
    return sigaltstack(NULL, &stack) == 0 && stack.ss_flags == SS_DISABLE ? NULL : "no answer";
}

static int ask_in_thread(void)
{
    pthread_t thread;
    void *failed;

    return pthread_create(&thread, NULL, ask, NULL) || pthread_join(thread, &failed) || failed;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "ask") == 0)
        return ask(NULL) != NULL;
    if (argc > 1 && strcmp(argv[1], "ask-in-thread") == 0)
        return ask_in_thread();
    if (argc > 1 && strcmp(argv[1], "alignment") == 0)
        return keep_alignment_flag();
    if (argc > 1 && strcmp(argv[1], "calls") == 0)
        call_for_ever();
    handle_all();
    privileged();
    software_interrupts();
    segments();
    addresses();
    pages_that_left();
    ports();
    flags();
    vectors();
    bad_returns();
    /* A fault's numbers stay in every later frame. */
    handle(SIGUSR1, note, 0);
    ATTEMPT("read 8", (void)*(volatile char *)8);
    raise(SIGUSR1);
    printf("then a signal: trap %ld error %lx cr2 %lx\n", seen.trap, seen.error, seen.cr2);
    return 0;
}
