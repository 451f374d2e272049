/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sockets.h"

#define ACCEPT_MS 10000 /* never reached: QEMU connects before it says that it is ready */

static int listen_at(const char *workdir, const char *name, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if ((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", workdir, name) >=
        sizeof address.sun_path)
        return fail(error, ENAMETOOLONG, "%s/%s: too long for a socket's path", workdir, name);
    unlink(address.sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0) {
        int code = errno;

        if (fd >= 0)
            close(fd);
        return fail(error, code, "%s: %s", address.sun_path, strerror(code));
    }
    return fd;
}

int sockets_listen(const char *workdir, struct sockets *sockets, struct error *error)
{
    *sockets = (struct sockets){-1, -1};
    sockets->console = listen_at(workdir, "console", error);
    if (sockets->console < 0)
        return sockets->console;
    sockets->marker = listen_at(workdir, "marker", error);
    return sockets->marker < 0 ? sockets->marker : 0;
}

void sockets_close(struct sockets *sockets)
{
    if (sockets->console >= 0)
        close(sockets->console);
    if (sockets->marker >= 0)
        close(sockets->marker);
    *sockets = (struct sockets){-1, -1};
}

static int accept_from(int listener, const char *what, struct error *error)
{
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    int fd;

    if (poll(&ready, 1, ACCEPT_MS) != 1)
        return fail(error, ETIMEDOUT, "QEMU did not open its %s", what);
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return fail(error, errno, "%s: accept: %s", what, strerror(errno));
    return fd;
}

int sockets_accept(const struct sockets *sockets, struct guest *guest, struct error *error)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;

    guest->console_fd = accept_from(sockets->console, "console", error);
    if (guest->console_fd < 0)
        return guest->console_fd;
    guest->marker_fd = accept_from(sockets->marker, "debug console", error);
    if (guest->marker_fd < 0)
        return guest->marker_fd;
    if (getsockopt(guest->console_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return fail(error, errno, "SO_PEERCRED: %s", strerror(errno));
    return guest_adopt(guest, peer.pid, error);
}
