/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "bench/measure/cputime.h"
#include "bench/measure/proc.h"

#define BURNT_S 0.02

/* Use so much CPU time, by this thread's own clock. */
static void burn(void)
{
    struct timespec start, now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while ((double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9 <
           BURNT_S);
}

static double own_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of a process without vCPUs all is the program's. */
static void test_process(void **state)
{
    struct cpu_time before, after;
    double least = own_seconds();

    (void)state;
    assert_int_equal(cpu_time(getpid(), &before, NULL), 0);
    assert_true(before.vcpu_s >= least);
    assert_true(before.vcpu_s <= own_seconds());
    assert_float_equal(before.vmm_s, 0, 0);
    burn();
    assert_int_equal(cpu_time(getpid(), &after, NULL), 0);
    assert_true(after.vcpu_s - before.vcpu_s >= BURNT_S);
}

static int ends[2]; /* of the thread: [0] it waits on, [1] is closed to end it */
static pthread_barrier_t burnt;

static void *be_vcpu(void *data)
{
    char byte;

    pthread_setname_np(pthread_self(), "CPU 0/TCG");
    burn();
    pthread_barrier_wait(&burnt);
    return read(ends[0], &byte, 1) < 0 ? data : NULL;
}

/* QEMU's threads are told apart by their names. */
static void test_vcpu(void **state)
{
    struct cpu_time time;
    pthread_t thread;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pthread_barrier_init(&burnt, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, be_vcpu, NULL), 0);
    burn();
    pthread_barrier_wait(&burnt);
    assert_int_equal(cpu_time(getpid(), &time, NULL), 0);
    close(ends[1]);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&burnt);
    close(ends[0]);
    assert_true(time.vcpu_s >= 0.9 * BURNT_S);
    assert_true(time.vmm_s >= 0.9 * BURNT_S);
    assert_true(time.vcpu_s + time.vmm_s <= own_seconds());
}

/* The payload is its supervisor's child. */
static void test_child(void **state)
{
    struct cpu_time before, after;
    int go[2], done[2];
    char byte = 0;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(done), 0);
    pid = fork();
    if (pid == 0) {
        close(go[1]);
        if (read(go[0], &byte, 1) == 1)
            burn();
        if (write(done[1], &byte, 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(cpu_time(getpid(), &before, NULL), 0);
    assert_int_equal(write(go[1], &byte, 1), 1);
    assert_int_equal(read(done[0], &byte, 1), 1);
    assert_int_equal(cpu_time(getpid(), &after, NULL), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (int i = 0; i < 2; i++) {
        close(go[i]);
        close(done[i]);
    }
    assert_true(after.vcpu_s - before.vcpu_s >= BURNT_S);
}

#define MANY 100 /* children, whose numbers fill more than a short line */

static int count_child(pid_t child, void *data)
{
    (void)child;
    ++*(unsigned *)data;
    return -ESRCH; /* it has ended meanwhile */
}

static void test_many_children(void **state)
{
    struct cpu_time before, after;
    int go[2], done[2];
    pid_t pids[MANY];
    unsigned seen = 0;
    char byte = 0;

    (void)state;
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(done), 0);
    for (int i = 0; i < MANY; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            close(go[1]);
            if (i == MANY - 1 && read(go[0], &byte, 1) == 1)
                burn();
            if (write(done[1], &byte, 1) == 1)
                pause();
            _exit(0);
        }
    }
    for (int i = 0; i < MANY - 1; i++)
        assert_int_equal(read(done[0], &byte, 1), 1);
    assert_int_equal(cpu_time(getpid(), &before, NULL), 0);
    assert_int_equal(write(go[1], &byte, 1), 1);
    assert_int_equal(read(done[0], &byte, 1), 1);
    assert_int_equal(cpu_time(getpid(), &after, NULL), 0);
    assert_int_equal(for_each_child(getpid(), count_child, &seen), 0);
    for (int i = 0; i < MANY; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
    for (int i = 0; i < 2; i++) {
        close(go[i]);
        close(done[i]);
    }
    assert_true(after.vcpu_s - before.vcpu_s >= BURNT_S);
    assert_int_equal(seen, MANY);
}

static void test_gone(void **state)
{
    struct error error = {0};
    struct cpu_time time;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    assert_int_equal(cpu_time(pid, &time, &error), -ESRCH);
    assert_non_null(strstr(error.text, "is gone"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process), cmocka_unit_test(test_vcpu),
        cmocka_unit_test(test_child),   cmocka_unit_test(test_many_children),
        cmocka_unit_test(test_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
