/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A wire between two taps that loses, reorders and duplicates frames. The taps have no offloads, so
 * the kernel cuts what crosses them into frames of the MTU first: each frame has its own fate.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tool.h"

enum { LARGEST = 9018, HELD = 32, HOLD_MS = 5, HOLD_FRAMES = 8 };

struct held {
    size_t size; /* 0: free */
    int frames;  /* how many more overtake it */
    long until;  /* or when it goes on in any case */
    uint8_t data[LARGEST];
};

struct way {
    int from, to;
    long frames, lost, reordered, duplicated, damaged;
    struct held held[HELD];
};

static struct way ways[2];
static uint64_t state;
static double loss, reorder, duplicate, damage;
static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
    (void)signal;
    stop = 1;
}

static bool chance(double probability)
{
    return (double)(next_random(&state) >> 11) * 0x1p-53 < probability;
}

static int attach(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
        die("tap %s: %s", name, strerror(errno));
    return fd;
}

/* For the test's own test: two words of the payload change places, which no checksum notices. */
static void harm(struct way *way, uint8_t *frame, size_t size)
{
    uint8_t *word = frame + size / 2 / 2 * 2, swap[2];

    if (size < 200 || memcmp(word, word + 2, 2) == 0)
        return;
    memcpy(swap, word, 2);
    memcpy(word, word + 2, 2);
    memcpy(word + 2, swap, 2);
    way->damaged++;
}

static void pass(struct way *way, const uint8_t *frame, size_t size)
{
    /* A queue that is full drops, as a wire's does. */
    if (write(way->to, frame, size) < 0 && errno != EAGAIN && errno != ENOBUFS)
        die("relay: %s", strerror(errno));
}

static bool hold(struct way *way, const uint8_t *frame, size_t size)
{
    for (struct held *held = way->held; held < way->held + HELD; held++)
        if (held->size == 0) {
            memcpy(held->data, frame, size);
            held->size = size;
            held->frames = 1 + (int)(next_random(&state) % HOLD_FRAMES);
            held->until = now_ms() + HOLD_MS;
            way->reordered++;
            return true;
        }
    return false;
}

/* Let go of what was overtaken often enough, or waited long enough: is any left? */
static bool release(struct way *way, int overtaken, long now)
{
    bool left = false;

    for (struct held *held = way->held; held < way->held + HELD; held++) {
        if (held->size == 0)
            continue;
        held->frames -= overtaken;
        if (held->frames <= 0 || now >= held->until) {
            pass(way, held->data, held->size);
            held->size = 0;
        }
        left |= held->size != 0;
    }
    return left;
}

static void take(struct way *way)
{
    uint8_t frame[LARGEST];
    ssize_t size = read(way->from, frame, sizeof frame);

    if (size <= 0)
        return;
    way->frames++;
    if (chance(damage))
        harm(way, frame, (size_t)size);
    if (chance(loss)) {
        way->lost++;
        return;
    }
    if (chance(reorder) && hold(way, frame, (size_t)size))
        return;
    pass(way, frame, (size_t)size);
    if (chance(duplicate)) {
        pass(way, frame, (size_t)size);
        way->duplicated++;
    }
    release(way, 1, now_ms());
}

static double probability(char **arguments, const char *name)
{
    return strtod(option(arguments, name, "0"), NULL);
}

int relay_main(char **arguments)
{
    int a = attach(arguments[0]), b = attach(arguments[1]);
    struct sigaction action = {.sa_handler = on_signal}; /* without restart: poll must end */
    struct pollfd polled[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};

    loss = probability(arguments + 2, "loss");
    reorder = probability(arguments + 2, "reorder");
    duplicate = probability(arguments + 2, "duplicate");
    damage = probability(arguments + 2, "damage");
    state = (uint64_t)number(option(arguments + 2, "seed", "1"));
    ways[0].from = ways[1].to = a;
    ways[1].from = ways[0].to = b;
    sigaction(SIGTERM, &action, NULL);
    while (!stop) {
        long now = now_ms();
        bool held = release(&ways[0], 0, now) | release(&ways[1], 0, now);

        if (poll(polled, 2, held ? 1 : 1000) > 0)
            for (int i = 0; i < 2; i++)
                if (polled[i].revents)
                    take(&ways[i]);
    }
    for (int i = 0; i < 2; i++)
        printf("%s %ld frames: %ld lost, %ld reordered, %ld duplicated%s", i ? " in" : "out",
               ways[i].frames, ways[i].lost, ways[i].reordered, ways[i].duplicated,
               i ? "\n" : "; ");
    return 0;
}
