/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs of the host that run beside a guest. */
#include "tests/unit/test.h"

#include <signal.h>
#include <sys/wait.h>

#include "bench/measure/client.h"
#include "tests/unit/fixture.h"
#include "tests/unit/measure/guest.h"

/* What to run beside the guest, and what came of it. */
static struct {
    char *const *argv;
    double seconds;
    struct client client;
    int status;
    struct error error;
} job;

static int run_client(struct trial *trial, struct error *error)
{
    (void)error;
    job.status = client_run(trial, job.argv, job.seconds, &job.client, &job.error);
    return -ENOANO; /* of no interest */
}

#define RUN(script, seconds, ...) run_beside(script, seconds, (char *[]){__VA_ARGS__, NULL})

static void run_beside(const char *script, double seconds, char *const *argv)
{
    const struct guest_trial asked = {.scripts = {script}, .measure = run_client};
    struct trial_report report;

    job.argv = argv;
    job.seconds = seconds;
    job.error = (struct error){0};
    assert_int_equal(guest_run(&asked, &report), 0);
    trial_report_free(&report);
}

static void test_output(void **state)
{
    (void)state;
    RUN("[" HANG "]", 10, "sh", "-c", "echo out; echo err >&2; exit 3");
    assert_int_equal(job.status, 0);
    assert_string_equal(job.client.output, "out\nerr\n");
    assert_true(WIFEXITED(job.client.status));
    assert_int_equal(WEXITSTATUS(job.client.status), 3);
    client_free(&job.client);
    assert_null(job.client.output);
}

/* The end of its output is not yet its own. */
static void test_quiet_end(void **state)
{
    (void)state;
    RUN("[" HANG "]", 10, "sh", "-c",
        "exec >&- 2>&-; i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; exit 4");
    assert_int_equal(job.status, 0);
    assert_int_equal(WEXITSTATUS(job.client.status), 4);
    assert_true(job.client.cpu_s > 0);
    client_free(&job.client);
}

static void test_deadline(void **state)
{
    (void)state;
    RUN("[" HANG "]", 0.05, "sh", "-c", "echo begun; exec tail -f /dev/null");
    assert_int_equal(job.status, -ETIMEDOUT);
    assert_holds(job.error.text, "no end of sh within 0.");
    assert_true(WIFSIGNALED(job.client.status));
    assert_int_equal(WTERMSIG(job.client.status), SIGKILL);
    client_free(&job.client);
}

static void test_guest_gone(void **state)
{
    (void)state;
    RUN("[" LEAVE "]", 10, "tail", "-f", "/dev/null");
    assert_int_equal(job.status, -EPIPE);
    assert_holds(job.error.text, "gone before end of tail");
    assert_true(WIFSIGNALED(job.client.status));
    client_free(&job.client);
}

static void test_not_there(void **state)
{
    (void)state;
    RUN("[" HANG "]", 10, "/proc/self/no-such");
    assert_int_equal(job.status, -ENOENT);
    assert_holds(job.error.text, "/proc/self/no-such: cannot be started: No such file");
    client_free(&job.client);
}

/* A run blocks and ignores signals; a client must not inherit that. */
static void test_signals(void **state)
{
    unsigned long long blocked = ~0ULL, ignored = ~0ULL;
    sigset_t set, before;

    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &before);
    signal(SIGPIPE, SIG_IGN);
    RUN("[" HANG "]", 10, "sh", "-c", "grep -E '^Sig(Blk|Ign)' /proc/self/status");
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(job.status, 0);
    assert_int_equal(sscanf(job.client.output, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_false(blocked & 1ULL << (SIGTERM - 1));
    assert_false(ignored & 1ULL << (SIGPIPE - 1));
    client_free(&job.client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),    cmocka_unit_test(test_quiet_end),
        cmocka_unit_test(test_deadline),  cmocka_unit_test(test_guest_gone),
        cmocka_unit_test(test_not_there), cmocka_unit_test(test_signals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
