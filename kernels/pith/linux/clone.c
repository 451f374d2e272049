/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads as Linux's programs make and end them. */
#include "cpu/console.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/futex.h"
#include "linux/ports.h"
#include "linux/signal.h"
#include "memory/copy.h"

#define PID 1

enum {
    CLONE_VM = 0x100,
    CLONE_VFORK = 0x4000,
    CLONE_THREAD = 0x10000,
    CLONE_SETTLS = 0x80000,
    CLONE_PARENT_SETTID = 0x100000,
    CLONE_CHILD_CLEARTID = 0x200000,
    CLONE_CHILD_SETTID = 0x1000000,
};

struct clone_arguments { /* clone3's, as far as it concerns threads */
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

long sys_no_processes(void)
{
    static bool told;

    if (!told)
        print("pith: one program per VM: fork and exec are not there (ENOSYS)\n");
    told = true;
    return -ENOSYS;
}

static long make_thread(const struct clone_arguments *how)
{
    const uint64_t needed = CLONE_VM | CLONE_THREAD;
    struct trap_frame frame = *current->frame;
    struct thread *thread;
    uint32_t tid;

    if ((how->flags & needed) != needed || how->flags & CLONE_VFORK)
        return sys_no_processes();
    if (how->flags & CLONE_SETTLS && how->tls >= PROGRAM_END)
        return -EPERM;
    frame.rax = 0;
    if (how->stack)
        frame.rsp = how->stack;
    thread = thread_create(&frame);
    if (!thread)
        return -EAGAIN;
    tid = (uint32_t)thread->tid;
    thread->fs = how->flags & CLONE_SETTLS ? how->tls : current->fs;
    thread->gs = current->gs;
    ports_share(thread);
    thread->blocked = current->blocked;
    if (how->flags & CLONE_CHILD_CLEARTID)
        thread->clear_tid = how->child_tid;
    if (how->flags & CLONE_PARENT_SETTID)
        copy_to(how->parent_tid, &tid, sizeof tid);
    if (how->flags & CLONE_CHILD_SETTID)
        copy_to(how->child_tid, &tid, sizeof tid);
    thread_wake(thread);
    return (long)tid;
}

long sys_clone(uint64_t flags, uint64_t stack, uint64_t parent_tid, uint64_t child_tid,
               uint64_t tls)
{
    struct clone_arguments how = {
        .flags = flags & ~0xffull,
        .stack = stack,
        .parent_tid = parent_tid,
        .child_tid = child_tid,
        .tls = tls,
    };

    return make_thread(&how);
}

long sys_clone3(uint64_t arguments, uint64_t size)
{
    struct clone_arguments how;

    if (size < sizeof how)
        return -EINVAL;
    if (copy_from(&how, arguments, sizeof how) < 0)
        return -EFAULT;
    how.stack += how.stack_size;
    return make_thread(&how);
}

long sys_exit_group(int status)
{
    machine_end((unsigned)status);
}

long sys_exit(int status)
{
    uint32_t zero = 0;

    if (thread_count() == 1)
        machine_end((unsigned)status);
    futex_release_robust(current);
    if (current->clear_tid && copy_to(current->clear_tid, &zero, sizeof zero) == 0)
        futex_wake(current->clear_tid);
    signals_forget(current);
    ports_forget(current);
    thread_exit();
}

long sys_getpid(void)
{
    return PID;
}

long sys_gettid(void)
{
    return current->tid;
}

long sys_sched_yield(void)
{
    thread_yield();
    return 0;
}

long sys_set_tid_address(uint64_t address)
{
    current->clear_tid = address;
    return current->tid;
}

long sys_set_robust_list(uint64_t head, uint64_t size)
{
    if (size != 24)
        return -EINVAL;
    current->robust_list = head;
    return 0;
}

long sys_get_robust_list(int tid, uint64_t head, uint64_t size)
{
    const struct thread *thread = tid ? thread_find(tid) : current;
    uint64_t bytes = 24;

    if (!thread)
        return -ESRCH;
    if (copy_to(size, &bytes, sizeof bytes) < 0)
        return -EFAULT;
    return copy_to(head, &thread->robust_list, sizeof thread->robust_list);
}

enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS };

long sys_arch_prctl(int code, uint64_t address)
{
    switch (code) {
    case ARCH_SET_FS:
    case ARCH_SET_GS:
        if (address >= PROGRAM_END)
            return -EPERM;
        write_msr(code == ARCH_SET_FS ? MSR_FS_BASE : MSR_GS_BASE, address);
        *(code == ARCH_SET_FS ? &current->fs : &current->gs) = address;
        return 0;
    case ARCH_GET_FS:
        return copy_to(address, &current->fs, sizeof current->fs);
    case ARCH_GET_GS:
        return copy_to(address, &current->gs, sizeof current->gs);
    default:
        return -EINVAL;
    }
}

enum { PR_SET_DUMPABLE = 4, PR_GET_DUMPABLE = 3, PR_SET_NAME = 15, PR_GET_NAME = 16 };
enum { PR_SET_NO_NEW_PRIVS = 38, PR_GET_NO_NEW_PRIVS = 39 };

long sys_prctl(int option, uint64_t argument)
{
    static bool no_new_privileges;
    char name[sizeof current->name];

    switch (option) {
    case PR_SET_NAME:
        if (copy_text(name, argument, sizeof name) == -EFAULT)
            return -EFAULT;
        name[sizeof name - 1] = '\0';
        memcpy(current->name, name, sizeof name);
        return 0;
    case PR_GET_NAME:
        return copy_to(argument, current->name, sizeof current->name);
    case PR_GET_DUMPABLE:
        return 1;
    case PR_SET_DUMPABLE:
        return argument > 1 ? -EINVAL : 0;
    case PR_SET_NO_NEW_PRIVS:
        no_new_privileges = true;
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return no_new_privileges;
    default:
        return -EINVAL;
    }
}

long sys_sched_getaffinity(int pid, uint64_t size, uint64_t out)
{
    uint64_t one = 1;

    if (pid != 0 && !thread_find(pid))
        return -ESRCH;
    if (size < 8)
        return -EINVAL;
    return copy_to(out, &one, sizeof one) < 0 ? -EFAULT : 8;
}

long sys_sched_setaffinity(int pid, uint64_t size, uint64_t from)
{
    uint64_t set = 0;

    if (pid != 0 && !thread_find(pid))
        return -ESRCH;
    if (copy_from(&set, from, size < 8 ? size : 8) < 0)
        return -EFAULT;
    return set & 1 ? 0 : -EINVAL;
}

/* One priority and one policy: every thread has its turn. */
long sys_sched_getparam(int pid, uint64_t out)
{
    int32_t priority = 0;

    return pid && !thread_find(pid) ? -ESRCH : copy_to(out, &priority, sizeof priority);
}

long sys_sched_getscheduler(int pid)
{
    return pid && !thread_find(pid) ? -ESRCH : 0;
}

long sys_getcpu(uint64_t cpu, uint64_t node)
{
    uint32_t zero = 0;

    if ((cpu && copy_to(cpu, &zero, 4) < 0) || (node && copy_to(node, &zero, 4) < 0))
        return -EFAULT;
    return 0;
}

enum { MEMBARRIER_QUERY, MEMBARRIER_COMMANDS = 0x1f };

/* One CPU sees its own writes in order. */
long sys_membarrier(int command, uint32_t flags)
{
    if (flags)
        return -EINVAL;
    return command == MEMBARRIER_QUERY      ? MEMBARRIER_COMMANDS
           : command & ~MEMBARRIER_COMMANDS ? -EINVAL
                                            : 0;
}

long sys_wait4(void)
{
    return -ECHILD;
}
