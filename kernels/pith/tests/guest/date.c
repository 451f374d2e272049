/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The date by system call and by vDSO, as `date: SECONDS`; deadlines that are long past. Ends with
 * 0 when both dates agree and nothing waits. */
#include "abi.h"
#include <semaphore.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    struct timespec by_call, by_library, past = {1, 0};
    sem_t semaphore;

    syscall(SYS_clock_gettime, CLOCK_REALTIME, &by_call);
    clock_gettime(CLOCK_REALTIME, &by_library);
    printf("date: %ld\n", (long)by_call.tv_sec);
    sem_init(&semaphore, 0, 0);
    TRY(sem_timedwait(&semaphore, &past));
    TRY(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &past, NULL));
    return by_library.tv_sec - by_call.tv_sec > 1 || by_library.tv_sec < by_call.tv_sec;
}
