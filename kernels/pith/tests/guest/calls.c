/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `calls N`: N times what programs ask a kernel for and no device is needed for. Under KVM none of
 * it may leave the VM (tests/e2e/kvm.sh counts). */
#include "abi.h"
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static char bytes[4096];

static int call_all(int file, const int *pipes)
{
    struct timespec now;
    char *page;

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return 1;
    if (clock_gettime(CLOCK_REALTIME, &now) || syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now))
        return 2;
    if (write(pipes[1], bytes, 512) != 512 || read(pipes[0], bytes, 512) != 512)
        return 3;
    if (pwrite(file, bytes, sizeof bytes, 0) != sizeof bytes)
        return 4;
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return 5;
    *(volatile char *)page = 1;
    munmap(page, 4096);
    return sched_yield();
}

int main(int argc, char **argv)
{
    int pipes[2], file = open("/file", O_RDWR | O_CREAT, 0600);
    int count = argc > 1 ? atoi(argv[1]) : 1, status = pipe(pipes) || file < 0;

    for (int i = 0; i < count && !status; i++)
        status = call_all(file, pipes);
    printf("calls: %d\n", count);
    return status;
}
