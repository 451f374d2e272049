/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unit tests of the threads of a process. */
#include <pthread.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/threads.h"
#include "tests/unit/test.h"

#define WORK_NS 2000000

static pthread_barrier_t worked, seen;

/* Uses that much CPU time, and waits until that was looked at. */
static void *work(void *unused)
{
    while (clock_read(CLOCK_THREAD_CPUTIME_ID) < WORK_NS)
        ;
    pthread_barrier_wait(&worked);
    pthread_barrier_wait(&seen);
    return unused;
}

/* More of them than can be watched at once, one after the other: each counts, also when it has
 * ended. */
static void test_many_in_turn(void **state)
{
    const int count = 2 * THREADS_MAX;
    struct threads threads;
    int64_t first;

    (void)state;
    pthread_barrier_init(&worked, NULL, 2);
    pthread_barrier_init(&seen, NULL, 2);
    threads_of(&threads, getpid());
    first = threads_read(&threads).ran_ns;
    for (int i = 1; i <= count; i++) {
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, work, NULL), 0);
        pthread_barrier_wait(&worked);
        threads_find(&threads);
        assert_true(threads_read(&threads).ran_ns - first >= i * WORK_NS * 3 / 4);
        pthread_barrier_wait(&seen);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_true(threads_read(&threads).ran_ns - first >= count * WORK_NS * 3 / 4);
    threads_forget(&threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_in_turn)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
