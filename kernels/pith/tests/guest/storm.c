/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many threads, a contended mutex, a million futex round trips. With an argument it also tells how
 * long each took. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE };
enum { THREADS = 1000, LOCKERS = 8, LOCKS = 100000, TRIPS = 1000000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long ended, locked;
static uint32_t turn;
static int tell;

static void took(const char *what, const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (tell)
        printf("%s took %.3f s\n", what,
               (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9);
}

static void *one(void *unused)
{
    __atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED);
    return unused;
}

static void *lock(void *unused)
{
    for (int i = 0; i < LOCKS; i++) {
        pthread_mutex_lock(&mutex);
        locked++;
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

static void *bounce(void *mine)
{
    uint32_t me = (uint32_t)(uintptr_t)mine;

    for (int i = 0; i < TRIPS; i++) {
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != me)
            syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !me, NULL);
        __atomic_store_n(&turn, !me, __ATOMIC_RELEASE);
        syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1);
    }
    return NULL;
}

static int all(int count, void *(*work)(void *))
{
    static pthread_t threads[THREADS];
    int failed = 0;

    for (int i = 0; i < count; i++)
        failed += pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i) != 0;
    for (int i = 0; i < count; i++)
        failed += pthread_join(threads[i], NULL) != 0;
    return failed;
}

int main(int argc, char **argv)
{
    struct timespec start;

    (void)argv;
    tell = argc > 1;
    clock_gettime(CLOCK_MONOTONIC, &start);
    printf("%d failed, ", all(THREADS, one));
    printf("%ld threads ended\n", ended);
    took("1,000 threads", &start);
    clock_gettime(CLOCK_MONOTONIC, &start);
    printf("%d failed, ", all(LOCKERS, lock));
    printf("locked %ld times\n", locked);
    took("8 threads with a mutex", &start);
    clock_gettime(CLOCK_MONOTONIC, &start);
    printf("%d failed, turn %u\n", all(2, bounce), turn);
    took("1,000,000 futex round trips", &start);
    return 0;
}
