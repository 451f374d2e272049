/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads, futexes, what libcs build on them. */
#define _GNU_SOURCE
#include "abi.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* musl brings no kernel headers. */
enum { FUTEX_WAIT, FUTEX_WAKE, FUTEX_CMP_REQUEUE = 4, FUTEX_WAKE_OP, FUTEX_WAIT_BITSET = 9 };
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE, ADD_3_IF_0 = 1 << 28 | 3 << 12 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static __thread int own = 5;
static sem_t semaphore;
static volatile long count, ended, turns, signalled;
static uint32_t word;

static void *add(void *argument)
{
    for (int i = 0; i < 20000; i++) {
        pthread_mutex_lock(&mutex);
        count++;
        pthread_mutex_unlock(&mutex);
    }
    own += (int)(intptr_t)argument;
    return (void *)(intptr_t)own;
}

static void storm(void)
{
    pthread_t threads[8];
    long sum = 0;
    void *result;

    for (intptr_t i = 0; i < 8; i++)
        TRY(pthread_create(&threads[i], NULL, add, (void *)i));
    for (int i = 0; i < 8; i++) {
        TRY(pthread_join(threads[i], &result));
        sum += (intptr_t)result;
    }
    TELL(count);
    TELL(sum);
    TELL(own);
}

static void *one(void *argument)
{
    (void)argument;
    __atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void thousand(void)
{
    static pthread_t threads[1000];
    pthread_attr_t small;
    int failures = 0;

    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (int i = 0; i < 1000; i++)
        failures += pthread_create(&threads[i], &small, one, NULL) != 0;
    for (int i = 0; i < 1000; i++)
        failures += pthread_join(threads[i], NULL) != 0;
    TELL(failures);
    TELL(ended);
}

static void *wait_for_turn(void *argument)
{
    int me = (int)(intptr_t)argument;

    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&mutex);
        while (turns % 3 != me)
            pthread_cond_wait(&condition, &mutex);
        turns++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    pthread_barrier_wait(&barrier);
    sem_post(&semaphore);
    return NULL;
}

static void together(void)
{
    struct timespec past = {1, 0}, soon;
    pthread_t threads[3];

    TRY(pthread_barrier_init(&barrier, NULL, 3));
    TRY(sem_init(&semaphore, 0, 0));
    for (intptr_t i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, wait_for_turn, (void *)i);
    for (int i = 0; i < 3; i++)
        sem_wait(&semaphore);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    TELL(turns);
    TRY(sem_trywait(&semaphore));
    TRY(sem_timedwait(&semaphore, &past));
    pthread_mutex_lock(&mutex);
    TRY(pthread_mutex_trylock(&mutex));
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 10000000;
    soon.tv_sec += soon.tv_nsec / 1000000000;
    soon.tv_nsec %= 1000000000;
    TRY(pthread_cond_timedwait(&condition, &mutex, &soon));
    pthread_mutex_unlock(&mutex);
}

static void set_up(void)
{
    TRY(pthread_key_create(&key, free));
}

static void *special(void *argument)
{
    (void)argument;
    pthread_once(&once, set_up);
    pthread_setspecific(key, malloc(10));
    return pthread_getspecific(key) ? "set" : "not set";
}

static void *spin(void *argument)
{
    (void)argument;
    for (;;)
        turns++; /* it never gives up the CPU by itself */
}

static void on_signal(int signal)
{
    signalled += signal == SIGUSR1;
}

static void *sleeper(void *argument)
{
    struct timespec long_time = {100, 0};

    (void)argument;
    return (void *)(intptr_t)(nanosleep(&long_time, NULL) == -1 && errno == EINTR);
}

static void *cancelled(void *argument)
{
    (void)argument;
    for (;;)
        pause();
}

static unsigned stack_segment(void)
{
    unsigned segment;

    __asm__ volatile("mov %%ss, %0" : "=r"(segment));
    return segment;
}

static void various(void)
{
    unsigned segment = stack_segment();
    struct timespec wait = {0, 20000000};
    struct sigaction action = {.sa_handler = on_signal};
    pthread_t thread;
    void *result = NULL;
    cpu_set_t cpus;
    long before;

    pthread_create(&thread, NULL, special, NULL);
    TRY(pthread_join(thread, &result));
    printf("specific %s\n", (char *)result);
    before = turns;
    pthread_create(&thread, NULL, spin, NULL);
    nanosleep(&wait, NULL); /* comes back although the other computes */
    TELL(stack_segment() == segment);
    TELL(turns > before);
    sigaction(SIGUSR1, &action, NULL);
    pthread_create(&thread, NULL, sleeper, NULL);
    nanosleep(&wait, NULL);
    TRY(pthread_kill(thread, SIGUSR1));
    TRY(pthread_join(thread, &result));
    TELL((intptr_t)result);
    TELL(signalled);
    pthread_create(&thread, NULL, cancelled, NULL);
    TRY(pthread_cancel(thread));
    TRY(pthread_join(thread, &result));
    TELL(result == PTHREAD_CANCELED);
    pthread_create(&thread, NULL, one, NULL);
    TRY(pthread_detach(thread));
    TRY(sched_yield());
    TRY(sched_getaffinity(0, sizeof cpus, &cpus));
    TELL(CPU_COUNT(&cpus));
    TRY(syscall(SYS_tgkill, getpid(), 123456, 0));
    TRY(syscall(SYS_gettid) == getpid());
}

static pthread_mutex_t robust;

static void *die_holding(void *argument)
{
    (void)argument;
    pthread_mutex_lock(&robust);
    return NULL;
}

static void owner_died(void)
{
    pthread_mutexattr_t attributes;
    pthread_t thread;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_create(&thread, NULL, die_holding, NULL);
    pthread_join(thread, NULL);
    TRY(pthread_mutex_lock(&robust));
    TRY(pthread_mutex_consistent(&robust));
    TRY(pthread_mutex_unlock(&robust));
}

static long futex(int operation, uint32_t value, void *time, uint32_t *second, uint32_t third)
{
    return syscall(SYS_futex, &word, operation, value, time, second, third);
}

static void *wake_later(void *argument)
{
    struct timespec wait = {0, 5000000};

    (void)argument;
    nanosleep(&wait, NULL);
    word = 1;
    futex(FUTEX_WAKE, 1, NULL, NULL, 0);
    return NULL;
}

static void *bounce(void *argument)
{
    uint32_t mine = (uint32_t)(uintptr_t)argument;

    for (int i = 0; i < 10000; i++) {
        while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) != mine)
            futex(FUTEX_WAIT_PRIVATE, !mine, NULL, NULL, 0);
        __atomic_store_n(&word, !mine, __ATOMIC_RELEASE);
        futex(FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return NULL;
}

static void futexes(void)
{
    struct timespec little = {0, 1000000}, bad = {0, 2000000000};
    pthread_t thread, other;
    uint32_t second = 0;

    word = 0;
    TRY(futex(FUTEX_WAIT, 1, NULL, NULL, 0));
    TRY(futex(FUTEX_WAIT, 0, &little, NULL, 0));
    TRY(futex(FUTEX_WAIT, 0, &bad, NULL, 0));
    TRY(futex(FUTEX_WAKE, 1, NULL, NULL, 0));
    TRY(futex(FUTEX_WAIT_BITSET, 0, &little, NULL, 1));
    TRY(futex(FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
    TRY(futex(FUTEX_CMP_REQUEUE, 1, (void *)1, &second, 5));
    TRY(futex(FUTEX_CMP_REQUEUE, 1, (void *)1, &second, 0));
    TRY(futex(FUTEX_WAKE_OP, 1, (void *)1, &second, ADD_3_IF_0));
    TELL(second);
    TRY(futex(77, 0, NULL, NULL, 0));
    TRY(syscall(SYS_futex, (char *)&word + 1, FUTEX_WAKE, 1, 0, 0, 0));
    TRY(syscall(SYS_futex, 4096, FUTEX_WAIT, 1, 0, 0, 0));
    pthread_create(&thread, NULL, wake_later, NULL);
    while (word == 0)
        futex(FUTEX_WAIT, 0, NULL, NULL, 0);
    TRY(pthread_join(thread, NULL));
    word = 0;
    pthread_create(&thread, NULL, bounce, (void *)0);
    pthread_create(&other, NULL, bounce, (void *)1);
    TRY(pthread_join(thread, NULL));
    TRY(pthread_join(other, NULL));
    TELL(word);
}

int main(void)
{
    storm();
    thousand();
    together();
    owner_died();
    futexes();
    various();
    return 0; /* with a thread that still computes */
}
