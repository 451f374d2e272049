/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a guest go on? Asked all the time, until its QEMU ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool.h"

enum { PERIOD_MS = 100, START_MS = 10000 };

struct beat {
    uint64_t number, done;
};

long cpu_ms(long pid)
{
    char path[64], state = 0;
    unsigned long user, kernel;
    int got = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    file = fopen(path, "re");
    if (!file)
        return -1;
    got = fscanf(file, "%*d (%*[^)]) %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &state,
                 &user, &kernel);
    fclose(file);
    if (got != 3 || state == 'Z' || state == 'X')
        return -1;
    return (long)(user + kernel) * 1000 / sysconf(_SC_CLK_TCK);
}

bool is_late(long pid, long cpu, long since)
{
    long used = cpu_ms(pid);

    return used >= 0 && (used - cpu > LIMIT_MS || now_ms() - since > HALTED_MS);
}

static int dial_echo(const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(ECHO_PORT)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, address, &to.sin_addr);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("%s: %s", address, strerror(errno));
    return fd;
}

/* The answer to this or an earlier one; false when none comes for a while. */
static bool beats(int fd, uint64_t number, struct beat *back)
{
    struct beat beat = {number, 0};
    long end = now_ms() + PERIOD_MS, left;

    send(fd, &beat, sizeof beat, 0); /* refused: the program has not come to listen */
    while ((left = end - now_ms()) > 0 && ready(fd, POLLIN, (int)left) == 0)
        if (recv(fd, back, sizeof *back, 0) == sizeof *back && back->number <= number)
            return true;
    return false;
}

/* The program does not answer. Does the kernel? */
static bool kernel_answers(const char *address, long pid)
{
    long cpu = cpu_ms(pid), since = now_ms();

    for (int i = 0; cpu >= 0 && !is_late(pid, cpu, since); i++)
        if (ping_once(address, i, 56, PERIOD_MS))
            return true;
    return cpu_ms(pid) < 0;
}

int heartbeat_main(char **arguments)
{
    bool strict = strcmp(option(arguments + 2, "program", "strict"), "strict") == 0;
    const char *address = arguments[0];
    int fd = dial_echo(address);
    long pid = number(arguments[1]), cpu = cpu_ms(pid), since = now_ms(), slowest = 0;
    struct beat back = {0};
    uint64_t sent = 0, answered = 0;

    while (cpu >= 0) {
        if (beats(fd, ++sent, &back)) {
            if (answered++ && now_ms() - since > slowest)
                slowest = now_ms() - since;
            poll(NULL, 0, PERIOD_MS);
            cpu = cpu_ms(pid);
            since = now_ms();
        } else if (cpu_ms(pid) < 0) {
            break;
        } else if (is_late(pid, answered ? cpu : cpu + START_MS, since)) {
            if (!kernel_answers(address, pid))
                die("the kernel is silent after %lu answers and %lu steps", answered, back.done);
            if (strict || !answered)
                die("the program is silent after %lu answers and %lu steps; the kernel is not",
                    answered, back.done);
            printf(
                "%lu answers, the slowest after %ld ms; %lu steps; then the program was silent\n",
                answered, slowest, back.done);
            kill((pid_t)pid, SIGKILL);
            return 0;
        }
    }
    printf("%lu answers, the slowest after %ld ms; %lu steps\n", answered, slowest, back.done);
    return 0;
}
