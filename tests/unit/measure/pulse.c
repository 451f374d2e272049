/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pulse sees of processes that a test stops and makes wait. */
#include "tests/unit/test.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "bench/base/clock.h"
#include "bench/base/json.h"
#include "bench/measure/pulse.h"

#define SECOND 1000000000LL

static pid_t start_busy(void)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            ;
    }
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static double seen(struct pulse *pulse, int64_t from, int64_t to, const char *what)
{
    cJSON *evidence = pulse_evidence(pulse, from, to, true);
    double value = json_number(evidence, what);

    assert_non_null(json_field(evidence, what));
    cJSON_Delete(evidence);
    return value;
}

/* The guest, which runs, is seen to run; on a machine with better to do it may have to wait. */
static void await_work(struct pulse *pulse)
{
    int64_t start, end = clock_now() + 60 * SECOND;

    do {
        start = clock_now();
        poll(NULL, 0, 200);
        assert_true(start < end);
    } while (seen(pulse, start, clock_now(), "still_s") > 0.1);
}

/* That the guest is stopped is seen, and only while it was. */
static void test_still(void **state)
{
    struct pulse *pulse;
    pid_t guest = start_busy();
    int64_t start, stop, go;

    (void)state;
    assert_int_equal(pulse_start(&pulse, NULL), 0);
    pulse_guest(pulse, 0, guest);
    await_work(pulse);
    start = clock_now();
    poll(NULL, 0, 300);
    kill(guest, SIGSTOP);
    stop = clock_now();
    poll(NULL, 0, 400);
    kill(guest, SIGCONT);
    go = clock_now();
    poll(NULL, 0, 100);
    assert_true(seen(pulse, start, clock_now(), "still_s") > 0.3);
    assert_true(seen(pulse, start, go, "still_s") > 0.3);
    assert_true(seen(pulse, stop, go, "still_s") > 0.3);
    assert_float_equal(seen(pulse, start, stop, "seconds"), (double)(stop - start) / 1e9, 1e-5);
    assert_true(seen(pulse, start, go, "looked_s") >= (double)(go - start) / 1e9);
    assert_true(seen(pulse, start, go, "own_cpu_s") > 0);
    await_work(pulse);
    end(guest);
    pulse_guest(pulse, 0, 0);
    pulse_stop(pulse);
}

/* Two that share a CPU wait for each other. */
static void test_delay(void **state)
{
    struct pulse *pulse;
    cpu_set_t all, one;
    pid_t guest, client;
    int64_t start;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    guest = start_busy();
    client = start_busy();
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(pulse_start(&pulse, NULL), 0);
    pulse_guest(pulse, 1, guest);
    pulse_client(pulse, client);
    start = clock_now();
    poll(NULL, 0, 600);
    assert_true(seen(pulse, start, clock_now(), "vcpu_delay_s") > 0.1); /* it has no vCPU: all */
    assert_true(seen(pulse, start, clock_now(), "client_delay_s") > 0.1);
    assert_float_equal(seen(pulse, start, clock_now(), "vmm_delay_s"), 0, 0);
    end(guest);
    end(client);
    pulse_stop(pulse);
}

static void test_none(void **state)
{
    (void)state;
    pulse_guest(NULL, 0, 1);
    pulse_client(NULL, 1);
    assert_null(pulse_evidence(NULL, 0, 1, true));
    pulse_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_still),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
