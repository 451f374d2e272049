/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Linux's system calls (x86-64): each takes up to six arguments, addresses in the program as
 * numbers, and returns a result or a negative errno. What they mean is in section 2 of the manual.
 */
#ifndef PITH_SYSCALL_H
#define PITH_SYSCALL_H

#include "../cpu/cpu.h"
#include "../sched/alarm.h"

#define AT_FDCWD (-100)

struct timespec {
    int64_t seconds, nanoseconds;
};

struct interval { /* itimerspec: what comes after `value`, and the time until then */
    struct timespec interval, value;
};

enum {
    CLOCK_REALTIME,
    CLOCK_MONOTONIC,
    CLOCK_PROCESS_CPUTIME_ID,
    CLOCK_THREAD_CPUTIME_ID,
    CLOCK_MONOTONIC_RAW,
    CLOCK_REALTIME_COARSE,
    CLOCK_MONOTONIC_COARSE,
    CLOCK_BOOTTIME,
    CLOCK_TAI = 11,
};

/* Time (time.c): a clock's reading in ns; ns of and to a timespec, checked; timer_now() in `ns`
 * from now. 0, -EINVAL, -EFAULT. */
long time_clock(int clock, int64_t *now);
struct timespec time_of(int64_t ns);
long time_from(uint64_t address, int64_t *ns);
long time_valid(const struct timespec *time, int64_t *ns);
int64_t time_after(int64_t ns);

/* What is left of a timer that goes off by `alarm` and then every `every` ns: never 0 while set. */
struct interval time_left(const struct alarm *alarm, int64_t every);

/* Compare and exchange in the program's memory (traps.S). 0 or -EFAULT. */
long exchange_word(uint32_t *at, uint32_t expected, uint32_t value, uint32_t *old);

/* traps.S calls it for every `syscall`. Whether more than the result was changed in `frame`. */
bool syscall(struct trap_frame *frame);

/* fd.c */
long sys_close(int fd);
long sys_close_range(unsigned first, unsigned last, unsigned flags);
long sys_dup(int fd);
long sys_dup2(int fd, int to);
long sys_dup3(int fd, int to, int flags);
long sys_fcntl(int fd, int command, uint64_t argument);
long sys_flock(int fd);
long sys_ioctl(int fd, uint32_t request, uint64_t argument);

/* transfer.c */
long sys_read(int fd, uint64_t buffer, uint64_t size);
long sys_write(int fd, uint64_t buffer, uint64_t size);
long sys_pread64(int fd, uint64_t buffer, uint64_t size, uint64_t offset);
long sys_pwrite64(int fd, uint64_t buffer, uint64_t size, uint64_t offset);
long sys_readv(int fd, uint64_t vectors, uint64_t count);
long sys_writev(int fd, uint64_t vectors, uint64_t count);
long sys_preadv(int fd, uint64_t vectors, uint64_t count, uint64_t offset);
long sys_pwritev(int fd, uint64_t vectors, uint64_t count, uint64_t offset);
long sys_lseek(int fd, int64_t offset, int whence);
long sys_fsync(int fd);

/* device.c */
long sys_getrandom(uint64_t buffer, uint64_t size, unsigned flags);

/* open.c */
long sys_openat(int folder, uint64_t path, int flags, uint32_t mode);
long sys_open(uint64_t path, int flags, uint32_t mode);
long sys_creat(uint64_t path, uint32_t mode);
long sys_umask(uint32_t mask);
long sys_mkdirat(int folder, uint64_t path, uint32_t mode);
long sys_mkdir(uint64_t path, uint32_t mode);

/* names.c */
long sys_unlinkat(int folder, uint64_t path, int flags);
long sys_unlink(uint64_t path);
long sys_rmdir(uint64_t path);
long sys_renameat2(int from_folder, uint64_t from_path, int to_folder, uint64_t to_path,
                   unsigned flags);
long sys_renameat(int from_folder, uint64_t from, int to_folder, uint64_t to);
long sys_rename(uint64_t from, uint64_t to);
long sys_linkat(int from_folder, uint64_t from_path, int to_folder, uint64_t to_path, int flags);
long sys_link(uint64_t from, uint64_t to);
long sys_symlinkat(uint64_t target, int folder, uint64_t path);
long sys_symlink(uint64_t target, uint64_t path);
long sys_readlinkat(int folder, uint64_t path, uint64_t buffer, int size);
long sys_readlink(uint64_t path, uint64_t buffer, int size);

/* attributes.c */
long sys_ftruncate(int fd, int64_t size);
long sys_truncate(uint64_t path, int64_t size);
long sys_fallocate(int fd, int mode, int64_t offset, int64_t size);
long sys_fchmodat(int folder, uint64_t path, uint32_t mode);
long sys_chmod(uint64_t path, uint32_t mode);
long sys_fchmod(int fd, uint32_t mode);
long sys_fchownat(int folder, uint64_t path, uint32_t uid, uint32_t gid, int flags);
long sys_chown(uint64_t path, uint32_t uid, uint32_t gid);
long sys_lchown(uint64_t path, uint32_t uid, uint32_t gid);
long sys_fchown(int fd, uint32_t uid, uint32_t gid);
long sys_utimensat(int folder, uint64_t path, uint64_t times, int flags);

/* stat.c */
long sys_newfstatat(int folder, uint64_t path, uint64_t out, int flags);
long sys_stat(uint64_t path, uint64_t out);
long sys_lstat(uint64_t path, uint64_t out);
long sys_fstat(int fd, uint64_t out);
long sys_statx(int folder, uint64_t path, int flags, uint32_t mask, uint64_t out);
long sys_faccessat(int folder, uint64_t path, int mode);
long sys_access(uint64_t path, int mode);
long sys_statfs(uint64_t path, uint64_t out);
long sys_fstatfs(int fd, uint64_t out);
long sys_getdents64(int fd, uint64_t buffer, uint64_t size);

/* path.c */
long sys_chdir(uint64_t path);
long sys_fchdir(int fd);
long sys_getcwd(uint64_t buffer, uint64_t size);

/* pipe.c */
long sys_pipe2(uint64_t out, int flags);
long sys_pipe(uint64_t out);

/* event.c */
long sys_eventfd2(uint32_t count, int flags);
long sys_eventfd(uint32_t count);
long sys_timerfd_create(int clock, int flags);
long sys_timerfd_settime(int fd, int flags, uint64_t new, uint64_t old);
long sys_timerfd_gettime(int fd, uint64_t out);

/* poll.c */
long sys_poll(uint64_t fds, unsigned count, int timeout);
long sys_ppoll(uint64_t fds, unsigned count, uint64_t timeout, uint64_t mask, uint64_t size);
long sys_select(int count, uint64_t in, uint64_t out, uint64_t except, uint64_t timeout);
long sys_pselect6(int count, uint64_t in, uint64_t out, uint64_t except, uint64_t timeout,
                  uint64_t mask_at);

/* epoll.c */
long sys_epoll_create1(int flags);
long sys_epoll_create(int size);
long sys_epoll_ctl(int epfd, int operation, int fd, uint64_t event_at);
long sys_epoll_wait(int epfd, uint64_t out, int most, int timeout);
long sys_epoll_pwait(int epfd, uint64_t out, int most, int timeout, uint64_t mask, uint64_t size);

/* socket.c */
long sys_socket(int family, int type, int protocol);
long sys_bind(int fd, uint64_t address, int size);
long sys_connect(int fd, uint64_t address, int size);
long sys_listen(int fd, int backlog);
long sys_accept4(int fd, uint64_t address, uint64_t size_at, int flags);
long sys_accept(int fd, uint64_t address, uint64_t size_at);
long sys_shutdown(int fd, int how);
long sys_getsockname(int fd, uint64_t address, uint64_t size_at);
long sys_getpeername(int fd, uint64_t address, uint64_t size_at);

/* socket_message.c */
long sys_sendto(int fd, uint64_t buffer, uint64_t size, int flags, uint64_t address,
                int address_size);
long sys_recvfrom(int fd, uint64_t buffer, uint64_t size, int flags, uint64_t address,
                  uint64_t size_at);
long sys_sendmsg(int fd, uint64_t at, int flags);
long sys_recvmsg(int fd, uint64_t at, int flags);
long sys_sendmmsg(int fd, uint64_t at, unsigned count, int flags);
long sys_recvmmsg(int fd, uint64_t at, unsigned count, int flags, uint64_t timeout);
long sys_sendfile(int out, int in, uint64_t offset_at, uint64_t size);

/* socket_options.c */
long sys_setsockopt(int fd, int level, int name, uint64_t at, int size);
long sys_getsockopt(int fd, int level, int name, uint64_t at, uint64_t size_at);

/* socketpair.c */
long sys_socketpair(int family, int type, int protocol, uint64_t out);

/* mmap.c */
long sys_mmap(uint64_t address, uint64_t length, int protection, int flags, int fd,
              uint64_t offset);
long sys_munmap(uint64_t address, uint64_t length);
long sys_mprotect(uint64_t address, uint64_t length, int protection);
long sys_mremap(uint64_t old, uint64_t old_length, uint64_t new_length, int flags, uint64_t wanted);
long sys_madvise(uint64_t address, uint64_t length, int advice);
long sys_msync(uint64_t address, uint64_t length, int flags);
long sys_mlock(uint64_t address, uint64_t length);
long sys_mincore(uint64_t address, uint64_t length, uint64_t out);
long sys_brk(uint64_t wanted);

/* clone.c */
long sys_no_processes(void);
long sys_clone(uint64_t flags, uint64_t stack, uint64_t parent_tid, uint64_t child_tid,
               uint64_t tls);
long sys_clone3(uint64_t arguments, uint64_t size);
long sys_exit_group(int status);
long sys_exit(int status);
long sys_getpid(void);
long sys_gettid(void);
long sys_sched_yield(void);
long sys_set_tid_address(uint64_t address);
long sys_set_robust_list(uint64_t head, uint64_t size);
long sys_get_robust_list(int tid, uint64_t head, uint64_t size);
long sys_arch_prctl(int code, uint64_t address);
long sys_prctl(int option, uint64_t argument);
long sys_sched_getaffinity(int pid, uint64_t size, uint64_t out);
long sys_sched_setaffinity(int pid, uint64_t size, uint64_t from);
long sys_sched_getparam(int pid, uint64_t out);
long sys_sched_getscheduler(int pid);
long sys_getcpu(uint64_t cpu, uint64_t node);
long sys_membarrier(int command, uint32_t flags);
long sys_wait4(void);

/* futex.c */
long sys_futex(uint64_t address, int operation, uint32_t value, uint64_t timeout, uint64_t second,
               uint32_t third);

/* signal.c */
long sys_rt_sigreturn(void);
long sys_rt_sigaction(int signal, uint64_t new, uint64_t old, uint64_t size);
long sys_rt_sigprocmask(int how, uint64_t new, uint64_t old, uint64_t size);
long sys_rt_sigpending(uint64_t out, uint64_t size);
long sys_rt_sigsuspend(uint64_t mask, uint64_t size);
long sys_pause(void);
long sys_rt_sigtimedwait(uint64_t set, uint64_t out, uint64_t timeout, uint64_t size);
long sys_kill(int pid, int signal);
long sys_tgkill(int group, int tid, int signal);
long sys_tkill(int tid, int signal);
long sys_rt_sigqueueinfo(int pid, int signal, uint64_t info);
long sys_rt_tgsigqueueinfo(int group, int tid, int signal, uint64_t info);
long sys_sigaltstack(uint64_t new, uint64_t old);

/* time.c */
long sys_clock_gettime(int clock, uint64_t out);
long sys_clock_settime(int clock);
long sys_clock_getres(int clock, uint64_t out);
long sys_gettimeofday(uint64_t out, uint64_t zone);
long sys_time(uint64_t out);
long sys_times(uint64_t out);
long sys_clock_nanosleep(int clock, int flags, uint64_t request, uint64_t remaining);
long sys_nanosleep(uint64_t request, uint64_t remaining);

/* timers.c */
long sys_alarm(unsigned seconds);
long sys_getitimer(int which, uint64_t out);
long sys_setitimer(int which, uint64_t new, uint64_t old);
long sys_timer_create(int clock, uint64_t event, uint64_t out);
long sys_timer_settime(int id, int flags, uint64_t new, uint64_t old);
long sys_timer_gettime(int id, uint64_t out);
long sys_timer_getoverrun(int id);
long sys_timer_delete(int id);

/* misc.c */
long sys_zero(void);
long sys_getresuid(uint64_t real, uint64_t effective, uint64_t saved);
long sys_getpgid(int pid);
long sys_getgroups(int size);
long sys_uname(uint64_t out);
long sys_prlimit64(int pid, unsigned resource, uint64_t new, uint64_t old);
long sys_getrlimit(unsigned resource, uint64_t out);
long sys_setrlimit(unsigned resource, uint64_t new);
long sys_getrusage(int who, uint64_t out);
long sys_sysinfo(uint64_t out);
long sys_ioperm(uint64_t from, uint64_t count);
long sys_iopl(unsigned level);

#endif
