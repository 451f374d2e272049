/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Much data, many connections: every byte arrives, in order, and nothing is left behind. */
#include "inet.h"
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>

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

/* What is sent from whole pages may stay there while it is under way: whatever happens to the pages
 * when send() has returned, what arrives is what they held. */
enum { SOME = 96 << 10, WAYS = 8 };

static void change(int way, char *pages, int file)
{
    char *gone = MAP_FAILED;

    if (way == 0)
        memset(pages, 'x', SOME);
    else if (way == 1) /* the kernel is who writes */
        TELL(pread(file, pages + 100, SOME - 200, 0));
    else if (way == 2)
        TRY(madvise(pages, SOME, MADV_DONTNEED));
    else if (way == 3)
        TRY(mprotect(pages, SOME, PROT_READ));
    else if (way == 4)
        gone = mremap(pages, SOME, 2 * SOME, MREMAP_MAYMOVE);
    else if (way == 5)
        pages[5 * 4096] = pages[9 * 4096 - 1] = 'x';
    else if (way == 6)
        TELL(mmap(pages, SOME, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                  0) == pages);
    if (way == 3) {
        TRY(mprotect(pages, SOME, PROT_READ | PROT_WRITE));
        memset(pages, 'x', SOME);
    }
    if (gone != MAP_FAILED) {
        memset(gone, 'x', 2 * SOME);
        TRY(munmap(gone, 2 * SOME));
        TELL(mmap(pages, SOME, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                  0) == pages);
    }
}

/* Send it twice from `pages`, changing them in between. */
static long twice(int fds[2], char *pages, int way, int file)
{
    static char back[SOME];
    long right = 0;

    for (int turn = 0; turn < 2; turn++) {
        for (long i = 0; i < SOME; i++)
            pages[i] = (char)at(i + turn + way);
        for (long sent = 0, now; sent < SOME; sent += now)
            if ((now = send(fds[0], pages + sent, SOME - sent, 0)) <= 0)
                return -errno;
        change(way, pages, file);
        right += recv(fds[1], back, SOME, MSG_WAITALL) == SOME;
        for (long i = 0; i < SOME; i++)
            right += (uint8_t)back[i] == at(i + turn + way);
    }
    return right;
}

static void sent_from_pages(void)
{
    int fds[2], file = open("/lent", O_CREAT | O_RDWR, 0600);

    TELL(write(file, pattern, sizeof pattern));
    TELL(write(file, pattern, sizeof pattern));
    for (int offset = 0; offset < 5000; offset += 1111)
        for (int way = 0; way < WAYS; way++) {
            char *pages =
                mmap(NULL, 4 * SOME, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

            if (offset && way >= 2 && way != 5)
                continue; /* these want whole pages */
            tcp_pair(fds);
            set(fds[0], SOL_SOCKET, SO_SNDBUF, 4 * SOME);
            set(fds[1], SOL_SOCKET, SO_RCVBUF, 4 * SOME);
            TELL(twice(fds, pages + offset, way, file));
            close_pair(fds);
        }
    /* Not the program's: refused, however it lies. */
    tcp_pair(fds);
    TRY(send(fds[0], (void *)0xffff800000100000, SOME, MSG_NOSIGNAL));
    TRY(send(fds[0], (void *)0x7fffffffe000, SOME, MSG_NOSIGNAL));
    close_pair(fds);
    close(file);
    unlink("/lent");
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
    uint32_t random = 1;

    for (size_t i = 0; i < sizeof pattern; i++) {
        random = random * 1664525 + 1013904223;
        pattern[i] = (uint8_t)(random >> 24);
    }
    begin();
    PART(streams);
    PART(unread);
    PART(sent_from_pages);
    PART(many);
    PART(served);
    PART(in_turn);
    PART(datagrams);
    return 0;
}
