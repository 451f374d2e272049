/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls in the other thread: what they return, their deadline, and what they are cut by. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "bench/base/clock.h"
#include "bench/measure/caller.h"
#include "bench/measure/sandbox.h"
#include "drivers/started.h"
#include "tests/unit/fixture.h"

/* What a call does here: wait for the end of a child. */
struct job {
    pid_t child;
    int64_t since;
    int code; /* returned if the child could not be waited for */
    pthread_t thread;
};

static int succeed(void *data, struct error *error)
{
    struct job *job = data;

    job->thread = pthread_self();
    return job->code ? fail(error, job->code, "it was to fail") : 0;
}

/* A child that nobody but started_kill() knows of, as libvirt's QEMU. */
static int wait_for_child(void *data, struct error *error)
{
    struct job *job = data;

    job->child = fork();
    if (job->child == 0)
        for (;;)
            pause();
    waitpid(job->child, NULL, 0);
    return fail(error, EIO, "the child has ended");
}

static void cut(void *data)
{
    const struct job *job = data;

    started_kill(job->since);
}

static void test_returns(void **state)
{
    struct job job = {0};
    struct call call = {.name = "test", .work = succeed, .data = &job, .seconds = 10};
    struct error error = {0};
    struct caller *caller;
    pthread_t first;

    (void)state;
    assert_int_equal(caller_open(&caller, &error), 0);
    assert_int_equal(caller_do(caller, &call, NULL, 0, &error), 0);
    assert_string_equal(error.text, "");
    first = job.thread;
    assert_false(pthread_equal(first, pthread_self()));
    job.code = ENODEV;
    assert_int_equal(caller_do(caller, &call, NULL, 0, &error), -ENODEV);
    assert_string_equal(error.text, "it was to fail");
    assert_true(pthread_equal(first, job.thread)); /* children may hang on it */
    caller_close(caller);
    caller_close(NULL);
}

/* In the sandbox: started_kill() kills whatever it sees. */
static int run_cut(void *data, struct error *error)
{
    struct job job = {0};
    const struct call call = {
        .name = "test", .work = wait_for_child, .cut = cut, .data = &job, .seconds = 0.02};
    struct error why = {0};
    struct caller *caller;
    pid_t older = fork();
    int status;

    (void)data;
    if (older == 0)
        for (;;)
            pause();
    do /* until it is older, in ticks */
        job.since = started_now();
    while (kill(older, 0) == 0 && job.since <= started_of(older));
    status = caller_open(&caller, error);
    if (status < 0)
        return status;
    status = caller_do(caller, &call, NULL, 0, &why);
    caller_close(caller);
    if (status != -ETIMEDOUT)
        return fail(error, EPROTO, "it said %d", status);
    if (kill(older, 0) != 0)
        return fail(error, EPROTO, "a process is gone that was there before");
    kill(older, SIGKILL);
    return fail(error, ETIMEDOUT, "%s", why.text);
}

static void test_cut(void **state)
{
    struct error error = {0};
    int status = sandbox_run(run_cut, NULL, &error);

    (void)state;
    if (status == -EPERM) {
        print_message("%s\n", error.text);
        skip();
    }
    assert_int_equal(status, -ETIMEDOUT);
    assert_holds(error.text, "test had not returned after 0.");
    assert_holds(error.text, ", and was cut");
}

static void *abandon(void *data)
{
    (void)data;
    sandbox_abandon(EDEADLK, "thread %d hangs", 1);
    return NULL;
}

/* A worker one of whose threads hangs ends nevertheless, with a message. */
static int run_abandon(void *data, struct error *error)
{
    pthread_t thread;

    (void)data;
    (void)error;
    pthread_create(&thread, NULL, abandon, NULL);
    return pause();
}

static void test_abandon(void **state)
{
    struct error error = {0};
    int status = sandbox_run(run_abandon, NULL, &error);

    (void)state;
    if (status == -EPERM)
        skip();
    assert_int_equal(status, -EDEADLK);
    assert_string_equal(error.text, "thread 1 hangs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_returns),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_abandon),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
