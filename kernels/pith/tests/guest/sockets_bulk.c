/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Much data, many connections: every byte arrives, in order, and nothing is left behind. */
#include "inet.h"
#include <stdint.h>
#include <sys/epoll.h>

enum { MUCH = 8 << 20, MANY = 490 };

static uint8_t pattern[1 << 16];

/* Byte `offset` of every stream. The length is prime, so a block that is lost or repeated shows. */
static uint8_t at(long offset)
{
    return pattern[offset % 65521];
}

struct stream {
    int fd;
    long bytes, chunk; /* chunk: most per call */
    long wrong;
    int slow;
};

static void *sender(void *data)
{
    struct stream *s = data;
    static __thread uint8_t block[1 << 17];
    long done = 0, now, size;

    while (done < s->bytes) {
        size = s->bytes - done < s->chunk ? s->bytes - done : s->chunk;
        for (long i = 0; i < size; i++)
            block[i] = at(done + i);
        for (long part = 0; part < size; part += now)
            if ((now = send(s->fd, block + part, size - part, MSG_NOSIGNAL)) <= 0) {
                s->wrong = -errno;
                return NULL;
            }
        done += size;
    }
    shutdown(s->fd, SHUT_WR);
    return NULL;
}

static void *receiver(void *data)
{
    struct stream *s = data;
    static __thread uint8_t block[1 << 17];
    long done = 0, now;

    while ((now = recv(s->fd, block, s->chunk, 0)) > 0) {
        for (long i = 0; i < now; i++)
            s->wrong += block[i] != at(done + i);
        done += now;
        if (s->slow && done / 65536 != (done - now) / 65536)
            rest(s->slow);
    }
    if (done != s->bytes || now < 0)
        s->wrong = -1000 - errno;
    return NULL;
}

static void transfer(const char *what, int fds[2], long bytes, long out, long in, int slow)
{
    struct stream all[4];
    pthread_t threads[4];
    long wrong = 0;

    for (int i = 0; i < 4; i++) {
        /* both directions at once */
        all[i] = (struct stream){fds[i / 2 ^ i % 2], bytes, i % 2 ? in : out, 0, slow};
        pthread_create(&threads[i], NULL, i % 2 ? receiver : sender, &all[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        wrong += all[i].wrong;
    }
    printf("%s: wrong %ld\n", what, wrong);
    close_pair(fds);
}

static void streams(void)
{
    int fds[2], server;

    tcp_pair(fds);
    transfer("large writes, large reads", fds, MUCH, 1 << 17, 1 << 17, 0);
    tcp_pair(fds);
    transfer("large writes, small reads", fds, MUCH / 4, 1 << 17, 999, 0);
    tcp_pair(fds);
    transfer("small writes, large reads", fds, MUCH / 8, 777, 1 << 16, 0);
    tcp_pair(fds);
    set(fds[0], IPPROTO_TCP, TCP_NODELAY, 1);
    transfer("tiny writes", fds, 20000, 3, 5000, 0);
    tcp_pair(fds);
    transfer("slow readers", fds, MUCH / 4, 1 << 17, 50000, 3);
    tcp_pair(fds);
    set(fds[0], SOL_SOCKET, SO_SNDBUF, 5000);
    set(fds[1], SOL_SOCKET, SO_RCVBUF, 5000);
    transfer("small buffers", fds, 50000, 1 << 16, 1 << 16, 0);
    server = listener(AF_INET6, 5);
    fds[0] = socket(AF_INET6, SOCK_STREAM, 0);
    connect(fds[0], V6(port_of(server)));
    fds[1] = accept(server, NULL, NULL);
    close(server);
    transfer("IPv6", fds, MUCH / 2, 1 << 16, 1 << 16, 0);
}

/* One writes all before the other reads anything: it must block, and go on. */
static void unread(void)
{
    struct stream out = {.bytes = MUCH, .chunk = 1 << 17}, in = out;
    pthread_t thread;
    int fds[2];

    tcp_pair(fds);
    out.fd = fds[0];
    in.fd = fds[1];
    pthread_create(&thread, NULL, sender, &out);
    rest(300);
    TELL(recv(fds[1], pattern, 0, MSG_PEEK));
    receiver(&in);
    pthread_join(thread, NULL);
    TELL(out.wrong + in.wrong);
    close_pair(fds);
}

/* Connections that all are open at once, each with data under way. */
static void many(void)
{
    static int fds[MANY][2];
    int server = listener(AF_INET, 512), port = port_of(server), right = 0, made = 0, last;
    char word[20], back[20];

    for (int i = 0; i < MANY; i++) {
        fds[i][0] = connected(SOCK_STREAM, port);
        made += fds[i][0] >= 0;
        if (i % 50 == 49 || i == MANY - 1)
            for (int j = i / 50 * 50; j <= i; j++)
                fds[j][1] = accept(server, NULL, NULL);
    }
    TELL(made);
    for (int i = 0; i < MANY; i++) {
        snprintf(word, sizeof word, "connection %d", i);
        send(fds[i][0], word, strlen(word), 0);
    }
    for (int i = MANY - 1; i >= 0; i--) {
        long got = take(fds[i][1], word, sizeof word);

        send(fds[i][1], word, got > 0 ? got : 0, 0);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(word, sizeof word, "connection %d", i);
        right += take(fds[i][0], back, sizeof back) == (long)strlen(word) &&
                 memcmp(word, back, strlen(word)) == 0;
    }
    TELL(right);
    for (int i = 0; i < MANY; i++)
        close_pair(fds[i]);
    TRY(last = socket(AF_INET, SOCK_STREAM, 0));
    close(last);
    close(server);
}

/* The shape of most servers: one thread, epoll, sockets that do not block. */
static void *echo(void *data)
{
    int server = *(int *)data, ep = epoll_create1(0), open = 0, ended = 0;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = server}, got[32];
    char block[4096];

    nonblocking(server, 1);
    epoll_ctl(ep, EPOLL_CTL_ADD, server, &event);
    while (open > 0 || ended == 0) {
        int count = epoll_wait(ep, got, 32, 5000);

        if (count <= 0)
            break;
        for (int i = 0; i < count; i++) {
            int fd = got[i].data.fd;
            long now;

            if (fd == server) {
                while ((fd = accept4(server, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    event = (struct epoll_event){.events = EPOLLIN | EPOLLRDHUP | EPOLLET};
                    event.data.fd = fd;
                    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
                    open++;
                }
                continue;
            }
            while ((now = recv(fd, block, sizeof block, 0)) > 0)
                send(fd, block, now, 0);
            if (now == 0) {
                close(fd);
                open--;
                ended++;
            }
        }
    }
    close(ep);
    return (void *)(long)ended;
}

static void served(void)
{
    int server = listener(AF_INET, 128), port = port_of(server), clients[100];
    char word[20], back[100];
    long right = 0;
    pthread_t thread;
    void *ended;

    pthread_create(&thread, NULL, echo, &server);
    for (int i = 0; i < 100; i++)
        clients[i] = connected(SOCK_STREAM, port);
    for (int turn = 0; turn < 20; turn++) {
        for (int i = 0; i < 100; i++) {
            snprintf(word, sizeof word, "%d of %d", turn, i);
            send(clients[i], word, sizeof word, 0);
        }
        for (int i = 0; i < 100; i++) {
            snprintf(word, sizeof word, "%d of %d", turn, i);
            right += recv(clients[i], back, sizeof word, MSG_WAITALL) == sizeof word &&
                     strcmp(word, back) == 0;
        }
    }
    TELL(right);
    for (int i = 0; i < 100; i++)
        close(clients[i]);
    pthread_join(thread, &ended);
    TELL((long)ended);
    close(server);
}

/* One after the other: what ended must leave its port and its memory. */
static void in_turn(void)
{
    int server = listener(AF_INET, 5), port = port_of(server), right = 0, fds[2];
    char byte;

    for (int i = 0; i < 1000; i++) {
        fds[0] = connected(SOCK_STREAM, port);
        fds[1] = accept(server, NULL, NULL);
        byte = (char)i;
        send(fds[0], &byte, 1, 0);
        byte++;
        right += recv(fds[1], &byte, 1, 0) == 1 && byte == (char)i;
        close(fds[i % 2]); /* now this one ends it first, now that one */
        right += recv(fds[1 - i % 2], &byte, 1, 0) == 0;
        close(fds[1 - i % 2]);
    }
    TELL(right);
    close(server);
}

static void datagrams(void)
{
    int server = bound(AF_INET, SOCK_DGRAM), client = connected(SOCK_DGRAM, port_of(server));
    static uint8_t block[9000];
    long right = 0, size;

    for (int i = 0; i < 2000; i++) {
        size = i * 37 % 9000;
        send(client, pattern, size, 0);
        right += take(server, block, sizeof block) == size && memcmp(block, pattern, size) == 0;
    }
    TELL(right);
    close(server);
    close(client);
}

int main(void)
{
    fill_random(pattern, sizeof pattern);
    begin();
    PART(streams);
    PART(unread);
    PART(many);
    PART(served);
    PART(in_turn);
    PART(datagrams);
    return 0;
}
