/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

static const struct {
    const char *name, *arguments;
    int (*main)(char **arguments);
} tools[] = {
    {"lan", "up IFACE | tap NAME | address IFACE A.B.C.D/N | bridge NAME MEMBER... | mtu IFACE N",
     lan_main},
    {"wait", "ADDRESS SECONDS", wait_main},
    {"asker", "IFACE ADDRESS SECONDS PORT", asker_main},
    {"early", "IFACE ADDRESS SECONDS", early_main},
    {"ping", "ADDRESS COUNT", ping_main},
    {"report", "ADDRESS", report_main},
    {"echo", "ADDRESS BYTES [seed N] [stall MS]", echo_main},
    {"pages", "ADDRESS BLOCKS", pages_main},
    {"unread", "ADDRESS BYTES CONNECTIONS", unread_main},
    {"datagrams", "ADDRESS COUNT", datagrams_main},
    {"burst", "ADDRESS IFACE COUNT", burst_main},
    {"churn", "ADDRESS COUNT", churn_main},
    {"again", "ADDRESS COUNT", again_main},
    {"alternate", "ADDRESS SECONDS [stall MS]", alternate_main},
    {"relay", "TAP TAP [loss P] [reorder P] [duplicate P] [damage P] [seed N]", relay_main},
    {"case", "ADDRESS IFACE NAME", case_main},
    {"greedy", "ADDRESS CONNECTIONS", greedy_main},
    {"peers", "ADDRESS IFACE SECONDS PID [rate N] [seed N]", peers_main},
    {"lease", "IFACE ADDRESS", lease_main},
    {"flood", "ADDRESS IFACE COUNT [rate N] [seed N]", flood_main},
    {"fuzz", "ADDRESS IFACE COUNT [rate N] [seed N] [stall MS]", fuzz_main},
    {"heartbeat", "ADDRESS PID [program strict|loose] [monitor PATH]", heartbeat_main},
};

_Noreturn void die(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(1);
}

long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

long number(const char *text)
{
    static const char units[] = "KMG";
    char *end = NULL;
    long value = text ? strtol(text, &end, 10) : -1;
    const char *unit;

    if (value < 0 || end == text)
        die("%s: not a number", text ? text : "nothing");
    if (*end == 0 || *end == '\n')
        return value;
    unit = strchr(units, *end);
    if (!unit)
        die("%s: not a number", text);
    for (; unit >= units; unit--)
        value *= 1000;
    return value;
}

const char *option(char **arguments, const char *name, const char *otherwise)
{
    for (; arguments[0] && arguments[1]; arguments += 2)
        if (strcmp(arguments[0], name) == 0)
            return arguments[1];
    return otherwise;
}

int ready(int fd, short events, int ms)
{
    struct pollfd one = {.fd = fd, .events = events};
    int count = poll(&one, 1, ms);

    return count > 0 ? 0 : count == 0 ? -ETIMEDOUT : -errno;
}

int dial(const char *address, int port, int ms)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *to;
    socklen_t size = sizeof(int);
    int fd, status = 0;
    char service[8];

    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(address, service, &hints, &to) != 0)
        die("%s: not an address", address);
    fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket: %s", strerror(errno));
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0)
        status = errno == EINPROGRESS ? ready(fd, POLLOUT, ms) : -errno;
    freeaddrinfo(to);
    if (status == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &status, &size) == 0)
        status = -status;
    if (status < 0) {
        close(fd);
        return status;
    }
    return fd;
}

void send_all(int fd, const void *data, size_t size)
{
    const char *from = data;

    while (size) {
        ssize_t done = send(fd, from, size, MSG_NOSIGNAL);

        if (done < 0 && errno == EAGAIN && ready(fd, POLLOUT, STALL_MS) == 0)
            continue;
        if (done < 0)
            die("send: %s", errno == EAGAIN ? "stalled" : strerror(errno));
        from += done;
        size -= (size_t)done;
    }
}

bool receive_all(int fd, void *data, size_t size)
{
    char *to = data;

    while (size) {
        ssize_t done = ready(fd, POLLIN, STALL_MS) == 0 ? recv(fd, to, size, 0) : -1;

        if (done <= 0)
            return false;
        to += done;
        size -= (size_t)done;
    }
    return true;
}

bool answers(const char *address, int ms)
{
    char word[4] = "";
    int fd = dial(address, ECHO_PORT, ms);
    bool good;

    if (fd < 0)
        return false;
    good = send(fd, "word", 4, MSG_NOSIGNAL) == 4 && ready(fd, POLLIN, ms) == 0 &&
           recv(fd, word, 4, 0) == 4 && memcmp(word, "word", 4) == 0;
    close(fd);
    return good;
}

int wait_main(char **arguments)
{
    long start = now_ms(), end = start + number(arguments[1]) * 1000;

    /* A SYN that nobody was there to take is not sent again for a second; but a slow guest is
     * waited for. */
    for (int ms = 300; !answers(arguments[0], ms); ms = ms < 5000 ? ms * 2 : ms) {
        if (now_ms() > end)
            die("%s does not answer", arguments[0]);
        poll(NULL, 0, 20); /* a refusal comes at once */
    }
    return 0;
}

long guest_free(const char *address)
{
    int fd = dial(address, REPORT_PORT, STALL_MS);
    char text[32];
    ssize_t size;

    if (fd < 0)
        die("report: %s", strerror(-fd));
    size = ready(fd, POLLIN, STALL_MS) == 0 ? recv(fd, text, sizeof text - 1, 0) : -1;
    close(fd);
    if (size <= 0)
        die("report: no answer");
    text[size] = 0;
    return number(text);
}

int report_main(char **arguments)
{
    printf("%ld\n", guest_free(arguments[0]));
    return 0;
}

int main(int count, char **arguments)
{
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; count > 2 && i < sizeof tools / sizeof *tools; i++)
        if (strcmp(arguments[1], tools[i].name) == 0)
            return tools[i].main(arguments + 2);
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        fprintf(stderr, "%s %s %s\n", arguments[0], tools[i].name, tools[i].arguments);
    return 2;
}
