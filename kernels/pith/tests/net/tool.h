/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's side of the network tests: one program of several tools, each run inside the
 * namespaces that network.sh makes. A tool prints one line of what it found and ends with 0, or
 * says what is wrong and ends with 1.
 */
#ifndef PITH_NET_TOOL_H
#define PITH_NET_TOOL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What echod, the guest's program, serves. */
enum { ECHO_PORT = 7, DISCARD_PORT = 9, REPORT_PORT = 11, END_PORT = 13, SUPPLY_PORT = 19 };
enum { PAGES_PORT = 21 };

/* What goes to PAGES_PORT: words, of which the stream's nth is n times that. */
#define PAGES_FACTOR 0x9e3779b97f4a7c15u

/* Without a byte for so long, something is stuck: no host is so busy. */
enum { STALL_MS = 30000 };
#define STALL "30000"

/* Say why on standard error and end with 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Milliseconds of the monotonic clock. */
long now_ms(void);

/* A pseudo-random number. The same `*state` gives the same numbers on every host. */
uint64_t next_random(uint64_t *state);

/* The number in `text`, with K, M or G for its thousands; ends the tool if it is none. */
long number(const char *text);

/* The value after `name` in a list of NAME VALUE pairs that ends with NULL, or `otherwise`. */
const char *option(char **arguments, const char *name, const char *otherwise);

/*
 * A TCP connection to a port of the guest, waiting `ms` at most: the socket, or negative errno.
 * Addresses are IPv4, or IPv6 with a scope (fe80::1%tap0).
 */
int dial(const char *address, int port, int ms);

/* Wait until `events` (as of poll) hold for `fd`, `ms` at most: 0, or -ETIMEDOUT. */
int ready(int fd, short events, int ms);

/* Send all of `size` bytes, or end the tool saying why. */
void send_all(int fd, const void *data, size_t size);

/* Receive exactly `size` bytes; false if the connection ends or stalls before. */
bool receive_all(int fd, void *data, size_t size);

/* Is an echo of a few bytes returned over a new connection, within `ms`? */
bool answers(const char *address, int ms);

/* Is an ICMP echo request (of `size` bytes of data) answered within `ms`? */
/* The CPU time of process `pid`, QEMU, in ms; negative: it has ended. */
long cpu_ms(long pid);

/* Whether its guest is late with an answer that it owes since `since` (now_ms()), when QEMU had
 * used `cpu` (cpu_ms()): by QEMU's CPU time, as the host may have none to give, or idle for long.
 */
enum { LIMIT_MS = 1000, HALTED_MS = 15000 };
bool is_late(long pid, long cpu, long since);

bool ping_once(const char *address, int sequence, size_t size, int ms);

/* How many datagrams the guest has echoed since that was last asked. */
long datagrams_echoed(const char *address);

/* The guest's free memory in KiB, as its own kernel tells. */
long guest_free(const char *address);

/* The tools. `arguments` end with NULL; the result is the exit status. */
int lan_main(char **arguments);
int echo_main(char **arguments);
int pages_main(char **arguments);
int unread_main(char **arguments);
int datagrams_main(char **arguments);
int burst_main(char **arguments);
int churn_main(char **arguments);
int again_main(char **arguments);
int alternate_main(char **arguments);
int asker_main(char **arguments);
int early_main(char **arguments);
int ping_main(char **arguments);
int report_main(char **arguments);
int wait_main(char **arguments);
int relay_main(char **arguments);
int flood_main(char **arguments);
int fuzz_main(char **arguments);
int case_main(char **arguments);
int greedy_main(char **arguments);
int lease_main(char **arguments);
int peers_main(char **arguments);
int heartbeat_main(char **arguments);

#endif
