/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP: sending, receiving, ending a connection in each way there is. */
#include "inet.h"
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>

static char text[100000];
static int pipes;

static void note(int signal)
{
    pipes += signal == SIGPIPE;
}

static void receiving(void)
{
    int fds[2];

    TELL(tcp_pair(fds));
    TRY(recv(fds[1], text, 10, MSG_DONTWAIT));
    TRY(send(fds[0], "abcdefghij", 10, 0));
    await(fds[1], POLLIN);
    TRY(recv(fds[1], text, 4, MSG_PEEK));
    TRY(recv(fds[1], text, 100, MSG_PEEK));
    printf("%.10s\n", text);
    TRY(recv(fds[1], text, 4, 0));
    printf("%.4s\n", text);
    TRY(recv(fds[1], text, 0, 0));
    TRY(read(fds[1], text, 0));
    TRY(recv(fds[1], NULL, 3, MSG_TRUNC)); /* counted and thrown away */
    TRY(recv(fds[1], (void *)8, 3, 0));
    TRY(recv(fds[1], text, 100, 0)); /* what could not be copied is still there */
    printf("%.3s\n", text);
    TRY(recv(fds[1], text, 10, MSG_OOB));
    nonblocking(fds[1], 1);
    TRY(recv(fds[1], text, 10, 0));
    TRY(recv(fds[1], text, 0, 0));
    TRY(read(fds[1], text, 0));
    TRY(read(fds[1], text, 1));
    TRY(recv(fds[1], text, 10, MSG_WAITALL));
    nonblocking(fds[1], 0);
    TRY(write(fds[1], "back", 4));
    TELL(take(fds[0], text, 10));
    any_size = sizeof any;
    TRY(send(fds[0], "name", 4, 0));
    await(fds[1], POLLIN);
    TRY(recvfrom(fds[1], text, 10, 0, ANY, &any_size));
    TELL(any_size);
    TRY(send(fds[0], text, 0, 0));
    TRY(write(fds[0], text, 0));
    TRY(send(fds[0], (void *)8, 5, 0));
    TRY(write(fds[0], (void *)8, 5));
    TELL(state(fds[1]));
    TRY(sendto(fds[0], "to", 2, 0, v4("10.1.2.3", 9), sizeof(struct sockaddr_in)));
    TELL(take(fds[1], text, 10));
    close_pair(fds);
}

static void *halves(void *fd)
{
    for (int i = 0; i < 5; i++) {
        rest(5);
        send(*(int *)fd, "0123456789", 10, 0);
    }
    return NULL;
}

static void waiting_for_all(void)
{
    struct iovec two[2] = {{text, 20}, {text + 50, 10}};
    struct msghdr message = {.msg_iov = two, .msg_iovlen = 2};
    pthread_t thread;
    int fds[2];

    TELL(tcp_pair(fds));
    pthread_create(&thread, NULL, halves, &fds[0]);
    TRY(recv(fds[1], text, 15, MSG_WAITALL));
    TRY(recvmsg(fds[1], &message, MSG_WAITALL));
    printf("%.5s %.10s\n", text, text + 50);
    pthread_join(thread, NULL);
    shutdown(fds[0], SHUT_WR);
    TRY(recv(fds[1], text, 100, MSG_WAITALL)); /* there is no more */
    TRY(recv(fds[1], text, 100, MSG_WAITALL));
    close_pair(fds);
}

static void vectors(void)
{
    static struct iovec many[1025];
    struct iovec out[3] = {{"one ", 4}, {"", 0}, {"three", 5}},
                 in[2] = {{text, 2}, {text + 50, 20}};
    struct msghdr message = {.msg_iov = out, .msg_iovlen = 3};
    int fds[2];

    TELL(tcp_pair(fds));
    TRY(writev(fds[0], out, 3));
    await(fds[1], POLLIN);
    TRY(readv(fds[1], in, 2));
    printf("%.2s|%.7s\n", text, text + 50);
    TRY(sendmsg(fds[0], &message, 0));
    await(fds[1], POLLIN);
    message = (struct msghdr){.msg_name = &any,
                              .msg_namelen = sizeof any,
                              .msg_iov = in,
                              .msg_iovlen = 2,
                              .msg_flags = 77};
    TRY(recvmsg(fds[1], &message, 0));
    TELL(message.msg_namelen);
    TELL(message.msg_flags);
    TELL(message.msg_controllen);
    message = (struct msghdr){
        .msg_name = v4("10.1.2.3", 5), .msg_namelen = 16, .msg_iov = out, .msg_iovlen = 1};
    TRY(sendmsg(fds[0], &message, 0));
    TELL(take(fds[1], text, 10));
    message.msg_iovlen = 0;
    TRY(sendmsg(fds[0], &message, 0));
    message.msg_iovlen = 1025;
    message.msg_iov = many;
    TRY(sendmsg(fds[0], &message, 0));
    TRY(recvmsg(fds[1], &message, MSG_DONTWAIT));
    TRY(writev(fds[0], many, 1025));
    TRY(readv(fds[1], many, -1));
    message.msg_iov = (struct iovec *)8;
    message.msg_iovlen = 1;
    TRY(sendmsg(fds[0], &message, 0));
    TRY(syscall(SYS_sendmsg, fds[0], 8, 0)); /* musl would read it itself */
    TRY(syscall(SYS_recvmsg, fds[1], 8, 0));
    out[1] = (struct iovec){(void *)8, 5};
    message.msg_iov = out + 1;
    TRY(sendmsg(fds[0], &message, 0));
    in[0].iov_len = -1;
    TRY(readv(fds[1], in, 1));
    close_pair(fds);
}

static void not_connected(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    signal(SIGPIPE, note);
    TRY(recv(fd, text, 1, 0));
    TRY(read(fd, text, 1));
    TRY(send(fd, "x", 1, MSG_NOSIGNAL));
    TELL(pipes);
    TRY(send(fd, "x", 1, 0));
    TELL(pipes);
    TRY(write(fd, "x", 1));
    TELL(pipes);
    TRY(shutdown(fd, SHUT_WR));
    TRY(shutdown(fd, 9));
    TELL(state(fd));
    close(fd);
}

static void half_closing(void)
{
    int fds[2];

    TELL(tcp_pair(fds));
    TRY(shutdown(fds[0], 3));
    TRY(shutdown(fds[0], -1));
    TRY(send(fds[0], "last", 4, 0));
    TRY(shutdown(fds[0], SHUT_WR));
    TELL(state(fds[0]));
    TELL(await(fds[1], POLLIN | POLLRDHUP));
    TELL(state(fds[1]));
    TRY(recv(fds[1], text, 100, 0));
    TRY(recv(fds[1], text, 100, 0));
    TRY(recv(fds[1], text, 100, MSG_DONTWAIT));
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL));
    pipes = 0;
    TRY(write(fds[0], "x", 1));
    TELL(pipes);
    TRY(shutdown(fds[0], SHUT_WR));
    TRY(send(fds[1], "still", 5, 0)); /* the other direction is open */
    TELL(take(fds[0], text, 100));
    TRY(close(fds[1]));
    TELL(await(fds[0], POLLHUP));
    TELL(state(fds[0]));
    TRY(recv(fds[0], text, 100, 0));
    TRY(shutdown(fds[0], SHUT_RDWR));
    TRY(getpeername(fds[0], ANY, &any_size));
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL));
    close(fds[0]);
}

static void deaf(void)
{
    int fds[2];

    TELL(tcp_pair(fds));
    TRY(shutdown(fds[0], SHUT_RD));
    TELL(state(fds[0]));
    TRY(recv(fds[0], text, 10, 0));
    TRY(send(fds[1], "data", 4, 0)); /* the other end is not told */
    TELL(state(fds[1]));
    TRY(send(fds[0], "answer", 6, 0));
    TELL(take(fds[1], text, 10));
    TRY(recv(fds[0], text, 10, 0)); /* Linux hands out what comes all the same */
    TRY(recv(fds[0], text, 10, 0));
    close_pair(fds);
    TELL(tcp_pair(fds));
    TRY(shutdown(fds[0], SHUT_RDWR));
    TELL(await(fds[1], POLLRDHUP));
    TRY(recv(fds[1], text, 10, 0));
    TELL(state(fds[0]));
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL));
    TRY(recv(fds[0], text, 10, 0));
    TRY(shutdown(fds[1], SHUT_RDWR));
    TELL(await(fds[0], POLLHUP));
    TELL(await(fds[1], POLLHUP));
    close_pair(fds);
}

static void closed_by_peer(void)
{
    int fds[2];

    TELL(tcp_pair(fds));
    TRY(send(fds[1], "bye", 3, 0));
    TRY(close(fds[1]));
    TELL(await(fds[0], POLLIN | POLLRDHUP));
    TELL(state(fds[0]));
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL)); /* who could know that nobody reads it? */
    TELL(await(fds[0], POLLHUP | POLLERR));
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL));
    pipes = 0;
    TRY(write(fds[0], "x", 1));
    TELL(pipes);
    TRY(recv(fds[0], text, 10, 0));
    TRY(recv(fds[0], text, 10, 0));
    TELL(state(fds[0]));
    TELL(option(fds[0], SOL_SOCKET, SO_ERROR));
    close(fds[0]);
}

static void reset(void)
{
    struct linger now = {1, 0};
    int fds[2];

    TELL(tcp_pair(fds));
    TRY(send(fds[1], "unread", 6, 0));
    await(fds[0], POLLIN);
    TRY(setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &now, sizeof now));
    TRY(close(fds[1]));
    TELL(await(fds[0], POLLERR | POLLHUP));
    TELL(state(fds[0]));
    TRY(recv(fds[0], text, 10, 0));
    TRY(recv(fds[0], text, 10, 0));
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL));
    TRY(getpeername(fds[0], ANY, &any_size));
    TELL(state(fds[0]));
    close(fds[0]);

    TELL(tcp_pair(fds));
    TRY(send(fds[0], "unread", 6, 0));
    await(fds[1], POLLIN);
    TRY(close(fds[1])); /* with unread data: not an orderly end */
    TELL(await(fds[0], POLLERR | POLLHUP));
    TELL(option(fds[0], SOL_SOCKET, SO_ERROR));
    TELL(option(fds[0], SOL_SOCKET, SO_ERROR));
    TRY(recv(fds[0], text, 10, 0));
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL));
    close(fds[0]);

    TELL(tcp_pair(fds));
    setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fds[1]);
    await(fds[0], POLLERR);
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL));
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL));
    TRY(recv(fds[0], text, 10, 0));
    close(fds[0]);

    /* Lingering until all is sent: it is, at once. */
    now.l_linger = 5;
    TELL(tcp_pair(fds));
    setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &now, sizeof now);
    TRY(send(fds[1], "all", 3, 0));
    TRY(close(fds[1]));
    TELL(take(fds[0], text, 10));
    TELL(take(fds[0], text, 10));
    close(fds[0]);
}

/* A client that is gone before it was accepted. */
static void gone_early(void)
{
    struct linger now = {1, 0};
    int server = listener(AF_INET, 5), fds[2];

    fds[0] = connected(SOCK_STREAM, port_of(server));
    await(server, POLLIN);
    TRY(send(fds[0], "early", 5, 0));
    close(fds[0]);
    TRY(fds[1] = accept(server, NULL, NULL));
    TELL(take(fds[1], text, 10));
    TELL(take(fds[1], text, 10));
    close(fds[1]);
    fds[0] = connected(SOCK_STREAM, port_of(server));
    await(server, POLLIN);
    close(server); /* with a connection that nobody took */
    TELL(await(fds[0], POLLERR | POLLHUP));
    TRY(recv(fds[0], text, 10, 0));
    setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fds[0]);
}

static void as_files(void)
{
    struct stat about;
    int fds[2], fd, held, again, on = 1;
    off_t offset = 3;

    TELL(tcp_pair(fds));
    TRY(fstat(fds[0], &about));
    TELL(S_ISSOCK(about.st_mode));
    TELL(about.st_size);
    TRY(lseek(fds[0], 0, SEEK_SET));
    TRY(pread(fds[0], text, 1, 0));
    TRY(pwrite(fds[0], text, 1, 0));
    TRY(ftruncate(fds[0], 0));
    TRY(fsync(fds[0]));
    TRY(ioctl(fds[0], TCGETS, text));
    TRY(ioctl(fds[0], 0x12345, &held));
    TRY(ioctl(fds[1], FIONREAD, &held));
    TELL(held);
    send(fds[0], "1234567", 7, 0);
    await(fds[1], POLLIN);
    TRY(ioctl(fds[1], FIONREAD, &held));
    TELL(held);
    TRY(ioctl(fds[1], FIONREAD, 8));
    TRY(ioctl(fds[0], TIOCOUTQ, &held));
    TELL(held >= 0 && held <= 7);
    TRY(ioctl(fds[1], FIONBIO, &on));
    TRY(fcntl(fds[1], F_GETFL));
    on = 0;
    TRY(ioctl(fds[1], FIONBIO, &on));
    TRY(fcntl(fds[1], F_GETFL));
    TRY(again = dup(fds[1]));
    TRY(read(again, text, 3));
    TRY(close(fds[1]));
    TRY(read(again, text, 10)); /* the other descriptor keeps the connection */
    TRY(write(again, "dup", 3));
    TELL(take(fds[0], text, 10));
    TRY(dup2(again, 40));
    TRY(fcntl(40, F_SETFL, O_NONBLOCK));
    TRY(fcntl(again, F_GETFL)); /* flags belong to what both name */
    TRY(fcntl(40, F_SETFL, 0));
    close(40);
    TRY(fd = open("/file", O_RDWR | O_CREAT, 0600));
    TRY(write(fd, "a file in memory", 16));
    TRY(sendfile(fds[0], fd, &offset, 6));
    TELL(offset);
    TELL(take(again, text, 100));
    printf("%.6s\n", text);
    TRY(lseek(fd, 0, SEEK_SET));
    TRY(sendfile(fds[0], fd, NULL, 100));
    TELL(take(again, text, 100));
    TRY(sendfile(fds[0], fd, NULL, 100));
    TRY(sendfile(fd, fds[0], NULL, 100));
    TRY(sendfile(fds[0], again, NULL, 100));
    close_pair((int[]){fds[0], again});
    TRY(sendfile(fds[0], fd, NULL, 1));
    TRY(read(again, text, 1));
    close(fd);
}

/* What Go's io.Copy() does between two connections: to a pipe and on, in the kernel, or, where it
 * says EINVAL, by reading and writing. */
static long pass(int from, int to)
{
    char bytes[4096];
    long done = splice(from, NULL, to, NULL, sizeof bytes, SPLICE_F_NONBLOCK);

    if (done >= 0 || errno != EINVAL)
        return done;
    done = read(from, bytes, sizeof bytes);
    return done > 0 ? write(to, bytes, (size_t)done) : done;
}

static void relaying(void)
{
    int in[2], out[2], through[2], fd;

    tcp_pair(in);
    tcp_pair(out);
    pipe(through);
    TRY(write(in[0], "to be passed on", 15));
    await(in[1], POLLIN);
    TRY(pass(in[1], through[1]));
    TRY(pass(through[0], out[0]));
    TELL(take(out[1], text, sizeof text));
    printf("%.15s\n", text);
    shutdown(in[0], SHUT_WR);
    await(in[1], POLLIN);
    TRY(pass(in[1], through[1]));
    TRY(fd = open("/file", O_RDWR | O_CREAT, 0600));
    TRY(splice(in[1], NULL, out[0], NULL, 10, 0)); /* neither is a pipe */
    TRY(splice(fd, NULL, out[0], NULL, 10, 0));
    TRY(splice(in[1], NULL, through[1], NULL, 10, 0x10));
    TRY(splice(77, NULL, through[1], NULL, 10, 0));
    TRY(splice(through[0], NULL, 77, NULL, 10, 0));
    TRY(splice(through[1], NULL, out[0], NULL, 10, 0)); /* the wrong ends */
    TRY(splice(in[1], NULL, through[0], NULL, 10, 0));
    TRY(splice(77, NULL, 77, NULL, 0, 0x10)); /* nothing to do */
    close(fd);
    close_pair(through);
    close_pair(out);
    close_pair(in);
}

int main(void)
{
    begin();
    PART(receiving);
    PART(waiting_for_all);
    PART(vectors);
    PART(not_connected);
    PART(half_closing);
    PART(deaf);
    PART(relaying);
    PART(closed_by_peer);
    PART(reset);
    PART(gone_early);
    PART(as_files);
    return 0;
}
