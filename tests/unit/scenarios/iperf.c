/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What scenario iperf reads and works out: iperf3's reports, a search, CPU time, packets, units. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "bench/measure/cputime.h"
#include "bench/base/file.h"
#include "bench/measure/packets.h"
#include "bench/result/results.h"
#include "bench/base/units.h"
#include "scenarios/iperf/output.h"
#include "scenarios/iperf/search.h"

/* Read tests/fixtures/iperf-NAME.json, which iperf3 3.12 wrote. */
static int read_fixture(const char *name, struct output *output, struct error *error)
{
    char path[128];
    struct file file;
    int status;

    snprintf(path, sizeof path, "tests/fixtures/iperf-%s.json", name);
    assert_int_equal(file_read(path, &file, error), 0);
    status = output_read(file.data, output, error);
    file_free(&file);
    return status;
}

static void test_to_guest(void **state)
{
    struct error error = {0};
    struct output output;
    const cJSON *interval;

    (void)state;
    assert_int_equal(read_fixture("rx", &output, &error), 0);
    assert_null(output.tx.series);
    assert_float_equal(output.rx.received_bps, 8 * 3390898229.0 / 1.000115, 1); /* not 1.003886 */
    assert_float_equal(output.rx.sent_bps, 27134026466.9563, 1);
    assert_float_equal(output.rx.retransmits, 7, 0);
    assert_float_equal(output.rx.silent_s, 0, 0);
    assert_float_equal(output.rx.clock_error, 1.003886 / 1.000115 - 1, 1e-6);
    assert_float_equal(output.moved_bytes, 2941255680.0 + 3392143360.0, 0);
    assert_float_equal(output.cpu_percent, 63.353842158620445, 1e-9);
    assert_int_equal(cJSON_GetArraySize(output.rx.series), 2);
    interval = output.rx.series->child;
    assert_true(cJSON_IsTrue(json_field(interval, "warmup")));
    assert_float_equal(json_number(interval, "bytes"), 2941255680.0, 0);
    assert_null(json_field(interval->next, "warmup"));
    assert_float_equal(json_number(interval->next, "start"), json_number(interval, "seconds"),
                       1e-3);
    assert_int_equal(cJSON_GetArraySize(json_field(interval, "streams")), 2);
    output_free(&output);
}

static void test_from_guest(void **state)
{
    struct error error = {0};
    struct output output;

    (void)state;
    assert_int_equal(read_fixture("tx", &output, &error), 0);
    assert_null(output.rx.series);
    assert_float_equal(output.tx.received_bps, 28355422634.101658, 1);
    assert_float_equal(output.tx.retransmits, 14, 0);
    assert_null(json_field(output.tx.series->child, "streams"));
    output_free(&output);
}

static void test_both_ways(void **state)
{
    struct error error = {0};
    struct output output;
    struct flow both;
    const cJSON *interval;

    (void)state;
    assert_int_equal(read_fixture("bidir", &output, &error), 0);
    assert_float_equal(output.rx.received_bps, 8 * 852033589.0 / 0.99966, 1);
    assert_float_equal(output.tx.received_bps, 8 * 1443364864.0 / 0.99966, 1);
    assert_float_equal(output.tx.clock_error, 1.004201 / 0.99966 - 1, 1e-6);
    assert_float_equal(output.moved_bytes, 1984430080.0 + 907018240.0 + 1610874880.0 + 1443364864.0,
                       0);
    assert_int_equal(cJSON_GetArraySize(json_field(output.tx.series->child, "streams")), 2);
    both = output_both(&output);
    assert_float_equal(both.received, 852033589.0 + 1443364864.0, 0);
    assert_float_equal(both.received_bps, output.rx.received_bps + output.tx.received_bps, 1);
    assert_int_equal(cJSON_GetArraySize(both.series), cJSON_GetArraySize(output.rx.series));
    interval = both.series->child->next;
    assert_float_equal(json_number(interval, "bytes"), 907018240.0 + 1443364864.0, 0);
    assert_float_equal(json_field(interval, "streams")->child->valuedouble, 907018240.0, 0);
    assert_null(json_field(interval, "warmup"));
    assert_true(cJSON_IsTrue(json_field(both.series->child, "warmup")));
    cJSON_Delete(both.series);
    cJSON_Delete(cJSON_DetachItemFromArray(output.tx.series, 0)); /* not the same intervals */
    assert_null(output_both(&output).series);
    output_free(&output);
}

/* 413925 numbers were missing in between and 251 at the end, of all that the client sent. */
static void test_datagrams_to_guest(void **state)
{
    struct error error = {0};
    struct output output;

    (void)state;
    assert_int_equal(read_fixture("udp-rx", &output, &error), 0);
    assert_float_equal(output.rx.lost_percent, 100 * (413925.0 + 251) / 535616, 1e-6);
    assert_float_equal(output.rx.received_bps, 8 * 112693000.0 / 1.999966, 10);
    output_free(&output);
}

/* 40 were missing in between and 16 at the end, of what the client saw numbers of and those 16. */
static void test_datagrams_from_guest(void **state)
{
    struct error error = {0};
    struct output output;

    (void)state;
    assert_int_equal(read_fixture("udp-tx", &output, &error), 0);
    assert_float_equal(output.tx.lost_percent, 100 * (40.0 + 16) / (225449 + 16), 1e-6);
    assert_float_equal(json_number(cJSON_GetArrayItem(output.tx.series, 4), "lost"), 40, 0);
    output_free(&output);
}

/* The server read for 0.3 s and then slept: no number was missing between those that it saw. */
static void test_datagrams_unread(void **state)
{
    struct error error = {0};
    struct output output;

    (void)state;
    assert_int_equal(read_fixture("udp-late", &output, &error), 0);
    assert_float_equal(output.rx.lost_percent, 100 * (44643.0 + 30323) / 89252, 1);
    assert_true(output.rx.clock_error > 1);
    output_free(&output);
}

/* The warm-up ended at 1 s, in the midst of an interval of 0.2 s: its second half counts. */
static void test_end_of_warmup(void **state)
{
    static const char text[] =
        "{\"start\":{\"test_start\":{\"reverse\":1}},\"error\":\"cut\",\"intervals\":["
        "{\"sum\":{\"end\":0.9,\"seconds\":0.9,\"bytes\":900,\"omitted\":true}},"
        "{\"sum\":{\"end\":0.1,\"seconds\":0.2,\"bytes\":100,\"omitted\":false}},"
        "{\"sum\":{\"end\":0.2,\"seconds\":0.1,\"bytes\":100,\"omitted\":false}}],\"end\":{}}";
    struct error error = {0};
    struct output output;
    const cJSON *interval;

    (void)state;
    assert_int_equal(output_read(text, &output, &error), -EIO);
    interval = cJSON_GetArrayItem(output.tx.series, 1);
    assert_float_equal(json_number(interval, "start"), 1, 1e-9);
    assert_float_equal(json_number(interval, "seconds"), 0.1, 1e-9);
    assert_float_equal(json_number(interval, "value"), 8000, 1e-6);
    assert_float_equal(json_number(interval->next, "start"), 1.1, 1e-9);
    output_free(&output);
}

static void test_no_report(void **state)
{
    static const char silent[] =
        "{\"start\":{\"test_start\":{\"reverse\":1}},\"error\":\"timed \\u001b "
        "out\",\"intervals\":["
        "{\"sum\":{\"seconds\":0.5,\"bytes\":9,\"bits_per_second\":144}},"
        "{\"sum\":{\"seconds\":0.5,\"bytes\":0,\"bits_per_second\":0}},"
        "{\"sum\":{\"seconds\":0.75,\"bytes\":0,\"bits_per_second\":0}}],\"end\":{}}";
    struct error refused = {0}, nothing = {0}, cut = {0}, part = {0};
    struct output output;

    (void)state;
    assert_int_equal(read_fixture("refused", &output, &refused), -EIO);
    assert_string_equal(refused.text, "iperf3: unable to connect to server: Connection refused");
    output_free(&output);
    assert_int_equal(output_read("", &output, &nothing), -EPROTO);
    assert_int_equal(output_read("{\"start\":{}, \"intervals\":[]}", &output, &cut), -EPROTO);
    output_free(&output);
    /* What a failed run measured until then is there. */
    assert_int_equal(output_read(silent, &output, &part), -EIO);
    assert_int_equal(cJSON_GetArraySize(output.tx.series), 3);
    assert_float_equal(output.tx.silent_s, 1.25, 0);
    output_free(&output);
}

/* Search for `limit`, below which every rate passes, and count the steps. */
static double search_for(double limit, unsigned *steps)
{
    struct search search = {.first = 250e6, .low = 1e6, .high = 40e9, .ratio = 1.05};
    double rate;

    for (*steps = 0; (rate = search_next(&search)) > 0; ++*steps) {
        assert_in_range(rate, 1000000, 40000000000);
        search_tell(&search, rate, rate <= limit);
        assert_in_range(*steps, 0, 30);
    }
    return search.good;
}

static void test_search(void **state)
{
    static const double limits[] = {1.1e6, 99e6, 249e6, 250e6, 1.7e9, 33e9};
    unsigned steps;

    (void)state;
    for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++) {
        double found = search_for(limits[i], &steps);

        assert_true(found <= limits[i] && found > limits[i] / 1.06);
    }
    assert_float_equal(search_for(1e12, &steps), 40e9, 0);
    assert_float_equal(search_for(0.5e6, &steps), 0, 0);
    search_for(1.7e9, &steps);
    assert_in_range(steps, 6, 10);
}

/* Something else makes the first try of every rate fail: the outcome is the same. */
static void test_search_again(void **state)
{
    struct search once = {.first = 4, .low = 1, .high = 64, .ratio = 1.1, .tries = 1};
    struct search twice = {.first = 4, .low = 1, .high = 64, .ratio = 1.1, .tries = 2};
    double rate;

    (void)state;
    while ((rate = search_next(&once)) > 0)
        search_tell(&once, rate, rate <= 21);
    while ((rate = search_next(&twice)) > 0) {
        search_tell(&twice, rate, false);
        if (search_next(&twice) == rate) /* not so the second time */
            search_tell(&twice, rate, rate <= 21);
    }
    assert_float_equal(twice.good, once.good, 0);
    assert_float_equal(twice.bad, once.bad, 0);
    assert_true(once.bad / once.good <= 1.1);
}

static void burn(double seconds)
{
    struct timespec used;

    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    while ((double)used.tv_sec + (double)used.tv_nsec / 1e9 < seconds);
}

/* What a process says that it has used: its second thread, and all of it. */
struct own {
    double second_s, all_s;
};

static struct own own;
static sem_t burnt;

static double used_s(clockid_t clock)
{
    struct timespec used;

    clock_gettime(clock, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static void *work(void *name)
{
    prctl(PR_SET_NAME, name);
    burn(0.2);
    own.second_s = used_s(CLOCK_THREAD_CPUTIME_ID);
    sem_post(&burnt);
    pause();
    return NULL;
}

/* A process that burns 0.2 s in a thread called `name` and 0.1 s in its first, and tells `done`
 * what it used. */
static pid_t start_burner(const char *name, int done)
{
    pid_t pid = fork();
    pthread_t thread;

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sem_init(&burnt, 0, 0);
    pthread_create(&thread, NULL, work, (void *)name);
    burn(0.1);
    sem_wait(&burnt);
    own.all_s = used_s(CLOCK_PROCESS_CPUTIME_ID);
    if (write(done, &own, sizeof own) != sizeof own)
        _exit(1);
    for (;;)
        pause();
}

/* CPU time of a process whose second thread has this name, and what it says itself. */
static struct cpu_time measure(const char *name, struct own *said)
{
    struct error error = {0};
    struct cpu_time time;
    int done[2];
    pid_t pid;

    assert_int_equal(pipe(done), 0);
    pid = start_burner(name, done[1]);
    assert_int_equal(read(done[0], said, sizeof *said), sizeof *said);
    assert_int_equal(cpu_time(pid, &time, &error), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(done[0]);
    close(done[1]);
    assert_int_equal(cpu_time(pid, &(struct cpu_time){0}, &error), -ESRCH);
    return time;
}

/* A system call or two come after it has said so; the whole is told in ticks. */
static void assert_used(double seconds, double said)
{
    assert_in_range(seconds * 1000, said * 1000 - 10, said * 1000 + 20);
}

static void test_cpu(void **state)
{
    struct own said;
    struct cpu_time time = measure("CPU 0/TCG", &said);

    (void)state;
    assert_true(said.second_s >= 0.2 && said.all_s >= 0.3);
    assert_used(time.vcpu_s, said.second_s);
    assert_used(time.vmm_s, said.all_s - said.second_s);
    time = measure("worker", &said); /* a plain process is all guest */
    assert_used(time.vcpu_s, said.all_s);
    assert_float_equal(time.vmm_s, 0, 0);
}

static void line_is(const unsigned char *bytes, size_t captured, size_t length,
                    const char *expected)
{
    char line[200];

    packet_text(bytes, captured, length, line, sizeof line);
    assert_string_equal(line, expected);
}

static void test_packets(void **state)
{
    unsigned char frame[] = {
        0,    0,    0,    0,    0, 1, 0, 0, 0,  0, 0, 2, 0x08, 0x00, /* Ethernet */
        0x45, 0,    0,    44,   0, 0, 0, 0, 64, 6, 0, 0, 10,   0,
        0,    2,    10,   0,    0, 1, /* IPv4 */
        0x14, 0x51, 0x9c, 0x40, 0, 0, 0, 1, 0,  0, 0, 2, 0x50, 0x12,
        0x20, 0,    0,    0,    0, 0, /* TCP */
        1,    2,    3,    4};

    (void)state;
    line_is(frame, sizeof frame, sizeof frame,
            "10.0.0.2 > 10.0.0.1 TCP 5201 > 40000 SYN ACK seq 1 ack 2 window 8192, 4 bytes");
    line_is(frame, 54, 1000,
            "10.0.0.2 > 10.0.0.1 TCP 5201 > 40000 SYN ACK seq 1 ack 2 window 8192, 946 bytes");
    line_is(frame, 50, 54, "10.0.0.2 > 10.0.0.1 protocol 6, 20 bytes");
    line_is(frame, 30, 54, "IPv4, cut short");
    line_is(frame, 5, 54, "cut short");
    frame[14] = 0x4f; /* a header longer than what there is */
    line_is(frame, sizeof frame, sizeof frame, "IPv4, cut short");
    frame[14] = 0x45;
    frame[23] = 17;
    line_is(frame, sizeof frame, sizeof frame, "10.0.0.2 > 10.0.0.1 UDP 5201 > 40000, 16 bytes");
    frame[23] = 1;
    frame[34] = frame[35] = 0;
    line_is(frame, sizeof frame, sizeof frame,
            "10.0.0.2 > 10.0.0.1 ICMP echo reply (type 0, code 0)");
    frame[21] = 1;
    line_is(frame, sizeof frame, sizeof frame, "10.0.0.2 > 10.0.0.1 fragment, 24 bytes");
    frame[12] = 0x86;
    frame[13] = 0xdd;
    line_is(frame, sizeof frame, sizeof frame, "ethertype 0x86dd, 44 bytes");
}

static void test_units(void **state)
{
    double scale;

    (void)state;
    assert_string_equal(unit_shown("bit/s", 3e9, &scale), "Gbit/s");
    assert_float_equal(scale, 1e9, 0);
    assert_string_equal(unit_shown("bit/s", 999e6, &scale), "Mbit/s");
    assert_string_equal(unit_shown("bit/s", 0, &scale), "bit/s");
    assert_string_equal(unit_shown("ms", 3e9, &scale), "ms");
    assert_float_equal(scale, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_guest),
        cmocka_unit_test(test_from_guest),
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_datagrams_to_guest),
        cmocka_unit_test(test_datagrams_from_guest),
        cmocka_unit_test(test_datagrams_unread),
        cmocka_unit_test(test_end_of_warmup),
        cmocka_unit_test(test_no_report),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_search_again),
        cmocka_unit_test(test_cpu),
        cmocka_unit_test(test_packets),
        cmocka_unit_test(test_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
