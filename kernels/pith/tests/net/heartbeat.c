/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a guest go on? Asked all the time, until its QEMU ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tool.h"

enum { PERIOD_MS = 100, START_MS = 10000, INTERRUPTS_ON = 0x200 };

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

/* Whether the program computes with interrupts off, as QEMU's monitor at `path` tells. A program
 * cannot switch them off, but some of QEMU's instructions damage the flags (guest/fuzz_code.c). */
static bool flags_are_damaged(const char *path)
{
    static const char question[] = "info registers\n";
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    char text[8192] = "";
    size_t size = 0;
    const char *flags, *level;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    if (!*path || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        return false;
    send_all(fd, question, sizeof question - 1);
    while (size < sizeof text - 1 && !strstr(text, "CPL=") && ready(fd, POLLIN, 1000) == 0) {
        ssize_t got = recv(fd, text + size, sizeof text - 1 - size, 0);

        if (got <= 0)
            break;
        size += (size_t)got;
    }
    close(fd);
    flags = strstr(text, "RFL=");
    level = flags ? strstr(flags, "CPL=3") : NULL;
    return level && !(strtoul(flags + 4, NULL, 16) & INTERRUPTS_ON);
}

int heartbeat_main(char **arguments)
{
    bool strict = strcmp(option(arguments + 2, "program", "strict"), "strict") == 0;
    const char *address = arguments[0], *end = "";
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
            if (kernel_answers(address, pid))
                end = "; then the program was silent";
            else if (flags_are_damaged(option(arguments + 2, "monitor", "")))
                end = "; then QEMU had masked interrupts";
            else
                die("the kernel is silent after %lu answers and %lu steps", answered, back.done);
            if (strict || !answered)
                die("%lu answers and %lu steps%s", answered, back.done, end);
            break;
        }
    }
    printf("%lu answers, the slowest after %ld ms; %lu steps%s\n", answered, slowest, back.done,
           end);
    return 0;
}
