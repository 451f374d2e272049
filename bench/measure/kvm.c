/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/kvm.h"
#include "bench/measure/patience.h"

#define TURNS 2000000 /* of three instructions each */
#define TRIES_MIN 3   /* the fastest counts: others may use the CPU meanwhile */
#define TRIES_MAX 30  /* on a busy host */
#define SLOWER_MAX 4  /* as a guest on the CPU never is, and one in an emulator by far */
#define PATIENCE_S 5  /* for all of them */

/* The guest's memory, and what lies where. */
#define MEMORY 0x200000ul
#define PML4 0x1000
#define PDPT 0x2000
#define PAGE_DIRECTORY 0x3000
#define CODE 0x8000
#define STOP 0x8800 /* where the loop returns to */
#define STACK 0x9ff8

#define PRESENT 0x1
#define WRITE 0x2
#define LARGE 0x80
#define LONG_MODE_CR0 0x80000033 /* PG, NE, ET, MP, PE */
#define LONG_MODE_CR4 0x620      /* PAE, OSFXSR, OSXMMEXCPT */
#define LONG_MODE_EFER 0x500     /* LMA, LME */
#define HLT 0xf4

/* What is done, here and in the guest by the same bytes: to add 1.0 so many times. */
uint64_t kvm_loop(uint64_t turns);
extern const char kvm_loop_end[];
__asm__(".pushsection .text\n"
        ".globl kvm_loop, kvm_loop_end\n"
        ".type kvm_loop, @function\n"
        "kvm_loop:\n"
        "    mov $1, %eax\n"
        "    cvtsi2sd %eax, %xmm1\n"
        "    pxor %xmm0, %xmm0\n"
        "1:  addsd %xmm1, %xmm0\n"
        "    dec %rdi\n"
        "    jnz 1b\n"
        "    cvttsd2si %xmm0, %rax\n"
        "    ret\n"
        "kvm_loop_end:\n"
        ".popsection\n");

/* What the guest's process tells of a try: how fast it was, or why not. */
struct answer {
    int64_t host_ns, guest_ns;
    char why[160];
};

struct vm {
    int kvm, vm, vcpu;
    char *memory;
    struct kvm_run *run;
};

static bool say(struct answer *answer, const char *what)
{
    snprintf(answer->why, sizeof answer->why, "%s: %s", what, strerror(errno));
    return false;
}

static void fill_memory(char *memory)
{
    const uint64_t tables[][2] = {{PML4, PDPT | WRITE | PRESENT},
                                  {PDPT, PAGE_DIRECTORY | WRITE | PRESENT},
                                  {PAGE_DIRECTORY, LARGE | WRITE | PRESENT}};
    const uint64_t stop = STOP;

    for (unsigned i = 0; i < 3; i++)
        memcpy(memory + tables[i][0], &tables[i][1], sizeof tables[i][1]);
    memcpy(memory + CODE, (const void *)kvm_loop, (size_t)(kvm_loop_end - (const char *)kvm_loop));
    memory[STOP] = (char)HLT;
    memcpy(memory + STACK, &stop, sizeof stop);
}

static bool create(struct vm *vm, struct answer *answer)
{
    struct kvm_userspace_memory_region region = {.memory_size = MEMORY};
    long size;

    vm->kvm = open(KVM_DEVICE, O_RDWR | O_CLOEXEC);
    if (vm->kvm < 0)
        return say(answer, KVM_DEVICE);
    vm->vm = ioctl(vm->kvm, KVM_CREATE_VM, 0);
    if (vm->vm < 0)
        return say(answer, "no VM can be created");
    vm->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (vm->memory == MAP_FAILED)
        return say(answer, "no memory for a VM");
    fill_memory(vm->memory);
    region.userspace_addr = (uintptr_t)vm->memory;
    ioctl(vm->vm, KVM_SET_TSS_ADDR, 0xfffbd000ul); /* for Intel's CPUs of before 2010 */
    if (ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
        return say(answer, "a VM takes no memory");
    vm->vcpu = ioctl(vm->vm, KVM_CREATE_VCPU, 0ul);
    size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (vm->vcpu < 0 || size < (long)sizeof *vm->run)
        return say(answer, "a VM gets no CPU");
    vm->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
    return vm->run != MAP_FAILED || say(answer, "a VM's CPU cannot be mapped");
}

/* At the loop's beginning, in long mode and ring 0. */
static bool set_registers(const struct vm *vm)
{
    const struct kvm_segment
        code = {.limit = ~0u, .selector = 8, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1},
        data = {.limit = ~0u, .selector = 16, .type = 3, .present = 1, .db = 1, .s = 1, .g = 1};
    const struct kvm_regs regs = {.rip = CODE, .rsp = STACK, .rdi = TURNS, .rflags = 2};
    struct kvm_sregs system;

    if (ioctl(vm->vcpu, KVM_GET_SREGS, &system) < 0)
        return false;
    system.cr0 = LONG_MODE_CR0;
    system.cr3 = PML4;
    system.cr4 = LONG_MODE_CR4;
    system.efer = LONG_MODE_EFER;
    system.cs = code;
    system.ds = system.es = system.fs = system.gs = system.ss = data;
    return ioctl(vm->vcpu, KVM_SET_SREGS, &system) == 0 &&
           ioctl(vm->vcpu, KVM_SET_REGS, &regs) == 0;
}

static bool run_once(const struct vm *vm, struct answer *answer)
{
    struct kvm_regs regs;
    int64_t begun;

    if (!set_registers(vm))
        return say(answer, "a guest's registers cannot be set");
    begun = clock_now();
    if (ioctl(vm->vcpu, KVM_RUN, 0) < 0)
        return say(answer, "a guest does not run");
    begun = clock_now() - begun;
    if (vm->run->exit_reason != KVM_EXIT_HLT) {
        snprintf(answer->why, sizeof answer->why,
                 vm->run->exit_reason == KVM_EXIT_INTERNAL_ERROR
                     ? KVM_DEVICE " cannot do every instruction (KVM_EXIT_INTERNAL_ERROR)"
                     : "a guest that adds numbers ends with exit reason %u of KVM_RUN",
                 vm->run->exit_reason);
        return false;
    }
    if (ioctl(vm->vcpu, KVM_GET_REGS, &regs) < 0)
        return say(answer, "a guest's registers cannot be read");
    if (regs.rax != TURNS) {
        snprintf(answer->why, sizeof answer->why, "a guest adds 1.0 %u times and gets %llu", TURNS,
                 (unsigned long long)regs.rax);
        return false;
    }
    answer->guest_ns = begun;
    return true;
}

/* By CPU time, so that on a busy host the process never looks slower than it is. */
static int64_t run_here(void)
{
    int64_t begun = clock_read(CLOCK_THREAD_CPUTIME_ID);

    kvm_loop(TURNS);
    return clock_read(CLOCK_THREAD_CPUTIME_ID) - begun;
}

/* In a process of its own, which can be killed when the guest hangs: tries of process and guest by
 * turns, each told. */
static _Noreturn void be_guest(int out)
{
    struct answer answer = {0};
    struct vm vm = {0};
    bool good;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    good = create(&vm, &answer);
    for (int i = 0; i < TRIES_MAX && good; i++) {
        answer.host_ns = run_here();
        good = run_once(&vm, &answer);
        if (good && write(out, &answer, sizeof answer) < 0)
            _exit(1);
    }
    if (!good && write(out, &answer, sizeof answer) < 0)
        _exit(1);
    _exit(0);
}

int kvm_judge(int64_t host_ns, int64_t guest_ns, char *text, size_t size)
{
    bool fast = guest_ns <= SLOWER_MAX * host_ns;

    snprintf(text, size, "%sa loop with SSE takes a guest %.1f ms, a process %.1f ms",
             fast ? "" : KVM_DEVICE " emulates: ", (double)guest_ns / 1e6, (double)host_ns / 1e6);
    return fast ? 0 : -ENOTSUP;
}

static bool comes(int in, struct patience *patience)
{
    struct pollfd ready = {.fd = in, .events = POLLIN};
    int64_t left;

    do {
        left = patience->deadline - clock_now();
        if (left > 0 && poll(&ready, 1, (int)(left / 1000000 + 1)) == 1)
            return true;
    } while (left > 0 || patience_extend(patience));
    return false;
}

/* What the guest's process tells, until it is good or over. */
static int judge_all(int in, char *text, size_t size)
{
    int64_t host_ns = INT64_MAX, guest_ns = INT64_MAX;
    struct patience patience;
    struct answer answer;
    int status = -ENOTSUP;

    patience_begin(&patience, PATIENCE_S);
    snprintf(text, size, "a guest that adds numbers does not end");
    for (int tries = 1; status < 0 || tries <= TRIES_MIN; tries++) {
        if (!comes(in, &patience) || read(in, &answer, sizeof answer) != sizeof answer) {
            if (status == 0)
                snprintf(text, size, "a guest that adds numbers does not end each time");
            return -ENOTSUP;
        }
        if (*answer.why) {
            snprintf(text, size, "%s", answer.why);
            return -ENOTSUP;
        }
        host_ns = answer.host_ns < host_ns ? answer.host_ns : host_ns;
        guest_ns = answer.guest_ns < guest_ns ? answer.guest_ns : guest_ns;
        status = kvm_judge(host_ns, guest_ns, text, size);
    }
    return status;
}

int kvm_prove(char *text, size_t size)
{
    int pipes[2], status;
    pid_t child;

    if (pipe2(pipes, O_CLOEXEC) < 0 || (child = fork()) < 0) {
        snprintf(text, size, "cannot be tried: %s", strerror(errno));
        return -errno;
    }
    if (child == 0)
        be_guest(pipes[1]);
    close(pipes[1]);
    status = judge_all(pipes[0], text, size);
    kill(child, SIGKILL);
    close(pipes[0]);
    waitpid(child, NULL, 0);
    return status;
}
