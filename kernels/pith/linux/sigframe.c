/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a handler finds on its stack: Linux's struct rt_sigframe (arch/x86/include/asm/sigframe.h,
 * uapi/asm/sigcontext.h), which libcs, unwinders and handlers that change it rely upon. */
#include "lib/errno.h"
#include "linux/signal.h"
#include "memory/copy.h"

#define RED_ZONE 128
#define VECTORS_MAGIC1 0x46505853u
#define VECTORS_MAGIC2 0x46505845u
#define SOFTWARE 464 /* offset of the bytes that FXSAVE leaves to the system */

/* uc_flags: vector state in XSAVE form; SS is saved and, when restored, taken as it is. */
enum { UC_FP_XSTATE = 1, UC_SIGCONTEXT_SS = 2, UC_STRICT_RESTORE_SS = 4 };
enum { SS_ONSTACK = 1, SS_DISABLE = 2 };

#define SS_AUTODISARM 0x80000000u
#define USER_FLAGS                                                                                 \
    0x50dd5ull /* what a handler may change: AC, OF, DF, TF, SF, ZF, AF, PF, CF, RF */

struct context {
    uint64_t flags, link;
    struct alternate_stack stack;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
    uint64_t rflags;
    uint16_t cs, gs, fs, ss;
    uint64_t error, trap, old_mask, cr2, vectors, reserved[8];
    uint64_t mask;
};

struct sigframe {
    uint64_t restorer;
    struct context context;
    struct siginfo info;
};

struct software_bytes {
    uint32_t magic1, extended_size;
    uint64_t features;
    uint32_t size, padding[7];
};

static bool on_alternate(uint64_t stack)
{
    return current->alternate.size && stack > current->alternate.base &&
           stack - current->alternate.base <= current->alternate.size;
}

/* The vector state at `at`, which is a multiple of 64, with Linux's marks around it. */
static long push_vectors(uint64_t at)
{
    uint32_t size = cpu_vectors_size(), magic2 = VECTORS_MAGIC2;
    struct software_bytes bytes = {VECTORS_MAGIC1, size + 4, cpu_vectors_mask(), size, {0}};

    cpu_save_vectors(current->vectors);
    cpu_clear_vectors(); /* the handler begins with none */
    if (copy_to(at, current->vectors, size) < 0)
        return -EFAULT;
    if (!cpu_vectors_mask())
        return 0;
    if (copy_to(at + SOFTWARE, &bytes, sizeof bytes) < 0)
        return -EFAULT;
    return copy_to(at + size, &magic2, sizeof magic2);
}

long sigframe_push(struct trap_frame *f, const struct action *action, const struct siginfo *info,
                   uint64_t mask)
{
    uint64_t stack = f->rsp - RED_ZONE, vectors, at;
    struct sigframe frame = {.restorer = action->restorer, .info = *info};

    if (action->flags & SA_ONSTACK && current->alternate.size && !on_alternate(f->rsp))
        stack = current->alternate.base + current->alternate.size;
    vectors = (stack - cpu_vectors_size() - 4) & ~63ull;
    at = ((vectors - sizeof frame) & ~15ull) - 8; /* as after a call */
    frame.context = (struct context){
        .flags = (cpu_vectors_mask() ? UC_FP_XSTATE : 0) | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS,
        .stack = current->alternate,
        .r8 = f->r8,
        .r9 = f->r9,
        .r10 = f->r10,
        .r11 = f->r11,
        .r12 = f->r12,
        .r13 = f->r13,
        .r14 = f->r14,
        .r15 = f->r15,
        .rdi = f->rdi,
        .rsi = f->rsi,
        .rbp = f->rbp,
        .rbx = f->rbx,
        .rdx = f->rdx,
        .rax = f->rax,
        .rcx = f->rcx,
        .rsp = f->rsp,
        .rip = f->rip,
        .rflags = f->rflags,
        .cs = 0x33, /* as Linux's programs see it */
        .ss = 0x2b,
        .error = current->fault.error,
        .trap = current->fault.vector,
        .old_mask = mask,
        .cr2 = current->fault.address,
        .vectors = vectors,
        .mask = mask,
    };
    if (current->alternate.size && !on_alternate(f->rsp))
        frame.context.stack.flags &= ~SS_ONSTACK;
    if (push_vectors(vectors) < 0 || copy_to(at, &frame, sizeof frame) < 0)
        return -EFAULT;
    if ((uint32_t)current->alternate.flags & SS_AUTODISARM)
        current->alternate = (struct alternate_stack){.flags = SS_DISABLE};
    f->rip = action->handler;
    f->rsp = at;
    f->rdi = (uint64_t)info->signal;
    f->rsi = at + offsetof(struct sigframe, info);
    f->rdx = at + offsetof(struct sigframe, context);
    f->rax = 0;
    f->rflags &= ~0x10500ull; /* RF, DF, TF */
    return 0;
}

static long pop_vectors(uint64_t at)
{
    if (!at)
        return 0;
    cpu_save_vectors(current->vectors); /* what is not in the frame stays as it is */
    if (copy_from(current->vectors, at, cpu_vectors_size()) < 0 ||
        !cpu_check_vectors(current->vectors)) {
        cpu_blank_vectors(current->vectors);
        return -EFAULT;
    }
    cpu_restore_vectors(current->vectors);
    return 0;
}

long sigframe_pop(struct trap_frame *f, uint64_t *mask)
{
    struct sigframe frame;
    const struct context *c = &frame.context;

    /* The handler's return has taken the restorer off. */
    if (copy_from(&frame, f->rsp - 8, sizeof frame) < 0 || pop_vectors(c->vectors) < 0)
        return -EFAULT;
    f->r8 = c->r8;
    f->r9 = c->r9;
    f->r10 = c->r10;
    f->r11 = c->r11;
    f->r12 = c->r12;
    f->r13 = c->r13;
    f->r14 = c->r14;
    f->r15 = c->r15;
    f->rdi = c->rdi;
    f->rsi = c->rsi;
    f->rbp = c->rbp;
    f->rbx = c->rbx;
    f->rdx = c->rdx;
    f->rax = c->rax;
    f->rcx = c->rcx;
    f->rsp = c->rsp;
    f->rip = c->rip;
    f->rflags = (f->rflags & ~USER_FLAGS) | (c->rflags & USER_FLAGS);
    if (!on_alternate(f->rsp) || c->stack.size)
        current->alternate = c->stack;
    *mask = c->mask;
    return 0;
}
