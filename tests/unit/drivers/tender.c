/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A tender: a program of the host that gets a tap and answers on it, by itself. This program is
 * one, in the sandbox. What was seen is noted in shared memory and looked at outside.
 */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "bench/base/clock.h"
#include "bench/base/json.h"
#include "bench/measure/cputime.h"
#include "bench/measure/memory.h"
#include "bench/measure/network.h"
#include "bench/measure/sandbox.h"
#include "tests/unit/fixture.h"
#include "tests/unit/measure/guest.h"

#define STAGE SANDBOX_DIR "/stage"
#define PORT 7
#define MIB (1 << 20)
#define HELD (24 * MIB) /* by a child of the guest */

extern const struct driver driver_process;

struct note {
    enum event awaited;
    int run, wait;
    int64_t create, resume, up, ready, reply; /* when its tap was connected */
    bool speaks;
    unsigned status;
    uint64_t uss_kib;
    double cpu_s;
    uint64_t sent, taken; /* packets, by us and by the guest */
    double frames;        /* of the guest; seen by who tries it */
    char interface[16], error[256], console[4096];
};

static struct note *note;

/* --- the guest */

/* The Internet's checksum (RFC 1071), in network order, of two pieces. */
static uint16_t sum(const void *first, size_t first_size, const void *second, size_t size)
{
    const unsigned char *pieces[] = {first, second};
    const size_t sizes[] = {first_size, size};
    uint32_t all = 0;

    for (int piece = 0; piece < 2; piece++)
        for (size_t i = 0; i < sizes[piece]; i++)
            all += i % 2 ? pieces[piece][i] : (uint32_t)pieces[piece][i] << 8;
    while (all >> 16)
        all = (all & 0xffff) + (all >> 16);
    return htons((uint16_t)~all);
}

static void answer_ping(struct ip *ip, size_t size)
{
    struct icmphdr *icmp = (void *)(ip + 1);

    icmp->type = ICMP_ECHOREPLY;
    icmp->checksum = 0;
    icmp->checksum = sum(icmp, size - sizeof *ip, NULL, 0);
}

/* As if something listened. */
static void answer_syn(struct ip *ip)
{
    struct tcphdr *tcp = (void *)(ip + 1);
    const struct {
        struct in_addr from, to;
        uint16_t protocol, length;
    } pseudo = {ip->ip_src, ip->ip_dst, htons(IPPROTO_TCP), htons(sizeof *tcp)};
    uint16_t port = tcp->source;

    tcp->source = tcp->dest;
    tcp->dest = port;
    tcp->ack_seq = htonl(ntohl(tcp->seq) + 1);
    tcp->ack = 1;
    tcp->doff = sizeof *tcp / 4;
    tcp->check = 0;
    tcp->check = sum(&pseudo, sizeof pseudo, tcp, sizeof *tcp);
    ip->ip_len = htons(sizeof *ip + sizeof *tcp);
}

/* Turn a frame into its answer: its length, or 0. */
static size_t answer(unsigned char *frame, size_t size, const char *address)
{
    struct ether_header *ethernet = (void *)frame;
    struct ip *ip = (void *)(ethernet + 1);
    struct tcphdr *tcp = (void *)(ip + 1);
    struct in_addr source;
    unsigned char mac[6];

    if (size < sizeof *ethernet + sizeof *ip + sizeof(struct icmphdr) ||
        ethernet->ether_type != htons(ETHERTYPE_IP) || ip->ip_dst.s_addr != inet_addr(address))
        return 0;
    memcpy(mac, ethernet->ether_shost, 6);
    memcpy(ethernet->ether_shost, ethernet->ether_dhost, 6);
    memcpy(ethernet->ether_dhost, mac, 6);
    source = ip->ip_src;
    ip->ip_src = ip->ip_dst;
    ip->ip_dst = source;
    if (ip->ip_p == IPPROTO_ICMP)
        answer_ping(ip, size - sizeof *ethernet);
    else if (ip->ip_p == IPPROTO_TCP && tcp->syn && tcp->dest == htons(PORT))
        answer_syn(ip);
    else
        return 0;
    ip->ip_sum = 0;
    ip->ip_sum = sum(ip, sizeof *ip, NULL, 0);
    return sizeof *ethernet + ntohs(ip->ip_len);
}

/* What the tap is before anybody attaches to it. */
static void print_flags(const char *tap)
{
    char path[64], line[32] = "none\n";
    FILE *file;

    snprintf(path, sizeof path, "/sys/class/net/%s/tun_flags", tap);
    file = fopen(path, "re");
    if (file && fgets(line, sizeof line, file))
        printf("tap has %s header\n", strtoul(line, NULL, 16) & IFF_VNET_HDR ? "a" : "no");
    if (file)
        fclose(file);
    fflush(stdout);
}

/* Who has this address? Nobody asked. */
static int speak(int fd)
{
    unsigned char frame[ETHER_HDR_LEN + 28] = {0};
    struct ether_header *ethernet = (void *)frame;
    struct instance instance;

    if (instance_make(0, &instance, NULL) < 0)
        return -1;
    memset(ethernet->ether_dhost, 0xff, sizeof ethernet->ether_dhost);
    memcpy(ethernet->ether_shost, instance.mac, sizeof ethernet->ether_shost);
    ethernet->ether_type = htons(ETHERTYPE_ARP);
    return write(fd, frame, sizeof frame) == sizeof frame ? 0 : -1;
}

static int tend(const char *tap, const char *address, const char *kind)
{
    bool header = strcmp(kind, "vnet_hdr") == 0;
    struct ifreq request = {.ifr_flags =
                                (short)(IFF_TAP | IFF_NO_PI | (header ? IFF_VNET_HDR : 0))};
    size_t skip = header ? sizeof(struct virtio_net_hdr) : 0;
    unsigned char buffer[2048] __attribute__((aligned(8)));
    unsigned char *bytes =
        buffer + (header ? 0 : 2); /* so that what follows Ethernet's is aligned */
    int fd = open("/dev/net/tun", O_RDWR);
    ssize_t got;

    print_flags(tap);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", tap);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
        perror(tap);
        return 3;
    }
    if (strcmp(kind, "speaks") == 0 && speak(fd) < 0)
        return 6;
    puts("attached");
    fflush(stdout);
    while ((got = read(fd, bytes, sizeof buffer - 2)) > 0) {
        size_t size = (size_t)got > skip ? answer(bytes + skip, (size_t)got - skip, address) : 0;

        memset(bytes, 0, skip);
        if (size > 0 && write(fd, bytes, skip + size) < 0)
            return 4;
    }
    return 5;
}

/* Say what is beside us, and who we are. */
static int look(void)
{
    char line[64] = "";
    FILE *file = fopen(SANDBOX_DIR "/image", "re");

    if (file && !fgets(line, sizeof line, file))
        line[0] = '\0';
    printf("image: %s\nPATH: %s\n", line, getenv("PATH") ? getenv("PATH") : "none");
    printf("image is %s\n", access(SANDBOX_DIR "/image", W_OK) < 0 ? "read-only" : "not safe");
    return file ? 9 : 2;
}

/* A child holds memory; neither listens to a polite end. */
static _Noreturn void hold(void)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (fork() == 0) {
        char *data = mmap(NULL, HELD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        memset(data, 1, HELD);
        puts("held");
        fflush(stdout);
    }
    for (;;)
        pause();
}

static int be_guest(char **argv)
{
    if (strcmp(argv[1], "look") == 0)
        return look();
    if (strcmp(argv[1], "hold") == 0)
        hold();
    return tend(argv[1], argv[2], argv[3]);
}

/* --- the test */

/* IP packets that were sent in this network namespace. */
static uint64_t count_sent(void)
{
    FILE *file = fopen("/proc/self/net/snmp", "re");
    char line[1024];
    unsigned long long sent = 0;

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Ip: %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu", &sent) == 1)
            break;
    if (file)
        fclose(file);
    return sent;
}

/* How many packets the reader of a tap has read, and written. */
static void count_on(const char *tap, uint64_t *taken, uint64_t *came)
{
    FILE *file = fopen("/proc/self/net/dev", "re");
    char line[512], name[32];

    *taken = *came = 0;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, " %31[^:]: %*u %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64, name,
                   came, taken) == 3 &&
            strcmp(name, tap) == 0)
            break;
    if (file)
        fclose(file);
}

/* Let the guest read what was sent. */
static void count_packets(struct trial *trial)
{
    struct error ignored = {0};
    int64_t patience = clock_now() + 5000000000;
    uint64_t came;

    do {
        note->sent = count_sent();
        count_on(trial_interface(trial), &note->taken, &came);
    } while (note->taken < note->sent && clock_now() < patience &&
             trial_pause(trial, 0.001, &ignored) == 0);
}

static bool is_up(const char *interface)
{
    char path[64], state[16] = "";
    FILE *file;

    snprintf(path, sizeof path, "/sys/class/net/%s/operstate", interface);
    file = fopen(path, "re");
    if (file && !fgets(state, sizeof state, file))
        state[0] = '\0';
    if (file)
        fclose(file);
    return strcmp(state, "up\n") == 0;
}

/* A driver whose guest has its tap, and has said what it says unasked, before its start returns. */
static int resume_late(void *context, struct guest *guest, struct error *error)
{
    int status = driver_process.resume(context, guest, error);
    int64_t patience = clock_now() + 10000000000;
    uint64_t taken, came;

    while (status == 0 && note->up == 0 && clock_now() < patience) {
        count_on("vm0", &taken, &came);
        if (is_up("vm0") && is_up(NETWORK_BRIDGE) && (came > 0 || !note->speaks))
            note->up = clock_now();
        sched_yield();
    }
    return status;
}

static int measure(struct trial *trial, struct error *error)
{
    struct memory_use use;
    struct cpu_time time;

    note->wait = trial_wait(trial, note->awaited, error);
    note->create = trial_stamp(trial, EVENT_CREATE);
    note->resume = trial_stamp(trial, EVENT_RESUME);
    note->ready = trial_stamp(trial, EVENT_READY);
    note->reply = trial_stamp(trial, EVENT_REPLY);
    note->status = trial_status(trial, EVENT_END);
    if (memory_of(trial_pid(trial), &use, NULL) == 0)
        note->uss_kib = use.uss;
    if (trial_cpu_time(trial, &time, NULL) == 0)
        note->cpu_s = time.vcpu_s;
    if (trial_interface(trial))
        snprintf(note->interface, sizeof note->interface, "%s", trial_interface(trial));
    if (note->reply >= 0)
        count_packets(trial);
    return note->wait == 0 ? fail(error, ENOANO, "seen") /* the console is kept with failures */
                           : note->wait;
}

/* A stage as bench/run/stage.c makes it. */
static int make_stage(struct guest_trial *asked, struct error *error)
{
    char *copy[] = {(char *)"cp", (char *)asked->program, (char *)STAGE "/program", NULL};
    FILE *image;
    pid_t pid;

    if (mkdir(STAGE, 0700) < 0 || !(image = fopen(STAGE "/image", "we")))
        return fail(error, errno, STAGE);
    fputs("unikernel", image);
    fclose(image);
    pid = fork();
    if (pid == 0) {
        execvp(copy[0], copy);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    if (mount(STAGE, STAGE, NULL, MS_BIND, NULL) < 0 ||
        mount(NULL, STAGE, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
        return fail(error, errno, "mount");
    asked->program = STAGE "/program";
    asked->shown = (struct shown){STAGE "/image", "image"};
    return 0;
}

static int run_guest(void *data, struct error *error)
{
    struct guest_trial *asked = data;
    struct trial_report report;
    int status = network_open(error);

    if (status == 0)
        status = make_stage(asked, error);
    if (status < 0)
        return status;
    note->run = guest_run(asked, &report);
    snprintf(note->error, sizeof note->error, "%s", report.error.text);
    if (report.outcomes[ONE].console)
        snprintf(note->console, sizeof note->console, "%s", report.outcomes[ONE].console);
    note->frames = json_number(json_field(report.outcomes[ONE].kept, "tried"), "frames");
    trial_report_free(&report);
    return 0;
}

static void run_inside(struct guest_trial asked, char **argv)
{
    static char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    struct error error = {0};
    int status;

    assert_true(length > 0);
    asked.program = self;
    asked.argv = argv;
    asked.hidden = SANDBOX_DIR;
    asked.driver = asked.driver ? asked.driver : &driver_process;
    asked.tended = true;
    asked.measure = measure;
    status = sandbox_run(run_guest, &asked, &error);
    if (status < 0)
        print_message("%s\n", error.text);
    if (status == -EPERM)
        skip();
    assert_int_equal(status, 0);
    assert_int_equal(note->run, 0);
}

static int make_note(void **state)
{
    (void)state;
    note = mmap(NULL, sizeof *note, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return note == MAP_FAILED ? -1 : 0;
}

static int drop_note(void **state)
{
    (void)state;
    return munmap(note, sizeof *note);
}

static void expect_answer(const char *rule, enum tap tap, const char *kind, const char *header)
{
    char *argv[] = {(char *)"tender", (char *)"vm0", (char *)"10.0.0.2", (char *)kind, NULL};
    struct driver late = driver_process;
    struct ready ready;

    late.resume = resume_late;
    assert_int_equal(ready_parse(rule, &ready, NULL), 0);
    note->awaited = EVENT_READY;
    run_inside((struct guest_trial){.ready = &ready,
                                    .driver = &late,
                                    .probed = true,
                                    .port = ready.port,
                                    .ping = ready.kind == READY_PING,
                                    .asked = tap},
               argv);
    ready_free(&ready);
    assert_string_equal(note->error, "seen");
    assert_string_equal(note->interface, "vm0");
    assert_true(note->reply > note->resume);
    assert_true(note->sent > 0);
    /* What is sent before the tap is connected is lost: so nobody asks then, but once a second. */
    assert_true(note->up > 0);
    assert_true(note->sent - note->taken <= (uint64_t)(note->up - note->create) / 1000000000);
    assert_int_equal(note->ready, note->reply);
    assert_holds(note->console, header);
    assert_holds(note->console, "attached\n");
}

static void test_ping_on_plain_tap(void **state)
{
    (void)state;
    expect_answer("ping", TAP_PLAIN, "plain", "tap has no header\n");
}

static void test_tcp_on_plain_tap(void **state)
{
    (void)state;
    expect_answer("tcp:7", TAP_PLAIN, "plain", "tap has no header\n");
}

static void test_ping_with_header(void **state)
{
    (void)state;
    expect_answer("ping", TAP_VNET_HDR, "vnet_hdr", "tap has a header\n");
}

/* Who tries a guest hears it from its first word on. */
static void test_heard(void **state)
{
    char *argv[] = {(char *)"tender", (char *)"vm0", (char *)"10.0.0.2", (char *)"speaks", NULL};
    struct driver late = driver_process;
    struct ready ready;

    (void)state;
    late.resume = resume_late;
    note->speaks = true;
    assert_int_equal(ready_parse("console:^attached$", &ready, NULL), 0);
    note->awaited = EVENT_READY;
    run_inside(
        (struct guest_trial){.ready = &ready, .asked = TAP_PLAIN, .driver = &late, .trying = true},
        argv);
    ready_free(&ready);
    assert_string_equal(note->error, "seen");
    assert_float_equal(note->frames, 2, 0); /* the other one answers the ping of who tries it */
}

/* Nobody listens on that port: the tender answers nothing. */
static void test_no_answer(void **state)
{
    char *argv[] = {(char *)"tender", (char *)"vm0", (char *)"10.0.0.2", (char *)"plain", NULL};
    struct ready ready;

    (void)state;
    assert_int_equal(ready_parse("tcp:8", &ready, NULL), 0);
    note->awaited = EVENT_READY;
    run_inside(
        (struct guest_trial){
            .ready = &ready, .probed = true, .port = 8, .asked = TAP_PLAIN, .deadline_s = 0.3},
        argv);
    ready_free(&ready);
    assert_int_equal(note->wait, -ETIMEDOUT);
    assert_holds(note->error, "nothing accepted a connection to TCP port 8");
}

/* It is not given a tap that it did not ask for. */
static void test_no_tap(void **state)
{
    char *argv[] = {(char *)"tender", (char *)"vm0", (char *)"10.0.0.2", (char *)"plain", NULL};

    (void)state;
    note->awaited = EVENT_END;
    run_inside((struct guest_trial){0}, argv);
    assert_int_equal(note->status, 3);
    assert_holds(note->console, "vm0: ");
}

static void test_image_and_status(void **state)
{
    char *argv[] = {(char *)"tender", (char *)"look", NULL};

    (void)state;
    note->awaited = EVENT_END;
    run_inside((struct guest_trial){0}, argv);
    assert_int_equal(note->status, 9);
    assert_holds(note->console, "image: unikernel\n");
    assert_holds(note->console, "image is read-only\n");
    assert_holds(note->console, "PATH: /");
}

/* All that it has started counts, and ends. */
static void test_stubborn(void **state)
{
    char *argv[] = {(char *)"tender", (char *)"hold", NULL};
    struct ready ready;

    (void)state;
    assert_int_equal(ready_parse("console:^held$", &ready, NULL), 0);
    note->awaited = EVENT_READY;
    run_inside((struct guest_trial){.ready = &ready}, argv);
    ready_free(&ready);
    assert_string_equal(note->error, "seen");
    assert_true(note->uss_kib >= HELD / 1024);
    assert_true(note->cpu_s > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ping_on_plain_tap, make_note, drop_note),
        cmocka_unit_test_setup_teardown(test_tcp_on_plain_tap, make_note, drop_note),
        cmocka_unit_test_setup_teardown(test_ping_with_header, make_note, drop_note),
        cmocka_unit_test_setup_teardown(test_heard, make_note, drop_note),
        cmocka_unit_test_setup_teardown(test_no_answer, make_note, drop_note),
        cmocka_unit_test_setup_teardown(test_no_tap, make_note, drop_note),
        cmocka_unit_test_setup_teardown(test_image_and_status, make_note, drop_note),
        cmocka_unit_test_setup_teardown(test_stubborn, make_note, drop_note),
    };

    if (argc > 1 && strcmp(argv[0], "tender") == 0)
        return be_guest(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
