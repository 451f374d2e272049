/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sandbox, and what is asked of its network: a process that listens is joined to the bridge and
 * answers a probe. What happens in the sandbox is noted in shared memory and looked at outside:
 * cmocka's asserts would end the wrong process.
 */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "bench/base/clock.h"
#include "bench/measure/capture.h"
#include "bench/measure/network.h"
#include "bench/measure/probe.h"
#include "bench/measure/sandbox.h"
#include "tests/unit/fixture.h"

extern const struct driver driver_process, driver_null;

struct note {
    pid_t pid;
    uid_t uid;
    int files;
    bool has_loopback, joined, joined_by_null, away;
    int opened, attached, probed, replied, check, bad_capture;
    int64_t before, stamp, after;
    struct error error;
};

static struct note *note;

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

/* A host that forbids the sandbox cannot show what is in it. */
static int enter(int (*work)(void *data, struct error *error), void *data, struct error *error)
{
    int status = sandbox_run(work, data, error);

    if (status == -EPERM) {
        print_message("%s\n", error->text);
        skip();
    }
    return status;
}

static int look_around(void *data, struct error *error)
{
    DIR *folder = opendir(SANDBOX_DIR);
    struct dirent *entry;

    note->pid = getpid();
    note->uid = getuid();
    while (folder && (entry = readdir(folder)))
        note->files += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    note->has_loopback = if_nametoindex("lo") > 0;
    return fail(error, EXDEV, "seen by %s", (const char *)data);
}

static void test_inside(void **state)
{
    struct error error = {0};

    (void)state;
    assert_int_equal(enter(look_around, (char *)"the worker", &error), -EXDEV);
    assert_string_equal(error.text, "seen by the worker");
    assert_int_equal(note->pid, 2); /* the first is the reaper */
    assert_int_equal(note->uid, SANDBOX_UID);
    assert_int_equal(note->files, 0);
    assert_true(note->has_loopback);
}

static int die(void *data, struct error *error)
{
    (void)data;
    (void)error;
    return raise(SIGKILL);
}

static int leave(void *data, struct error *error)
{
    (void)data;
    (void)error;
    _exit(3);
}

/* A worker that did not come to its end has not done its work. */
static void test_death(void **state)
{
    struct error error = {0}, other = {0};

    (void)state;
    assert_int_equal(enter(die, NULL, &error), -ECHILD);
    assert_string_equal(error.text, "the sandbox's worker was killed");
    assert_int_equal(enter(leave, NULL, &other), -ECHILD);
}

/* Take connections at port 80 in the network namespace `netns`. */
static pid_t listen_in(int netns)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
    int ready[2];
    char byte = 0;
    pid_t pid;

    if (pipe(ready) < 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        int fd;

        if (setns(netns, CLONE_NEWNET) == 0 && (fd = socket(AF_INET, SOCK_STREAM, 0)) >= 0 &&
            bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 16) == 0 &&
            write(ready[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        pid = -1;
    close(ready[0]);
    return pid;
}

static void ask(struct launch *launch, struct error *error)
{
    struct probe *probe;
    struct pollfd waiting = {.events = POLLIN};

    note->probed = probe_open(&launch->instance, 80, &probe, error);
    if (note->probed < 0)
        return;
    waiting.fd = probe_fd(probe);
    note->before = clock_now();
    probe_start(probe);
    while (note->replied == 0 && poll(&waiting, 1, 10000) > 0)
        note->replied = probe_take(probe, &note->stamp, error);
    note->after = clock_now();
    note->check = probe_check(probe, error);
    probe_close(probe);
}

static int use_network(void *data, struct error *error)
{
    struct launch launch = {.network = true, .netns = -1};
    struct capture *capture = NULL;
    pid_t pid;

    (void)data;
    note->opened = network_open(error);
    if (note->opened < 0)
        return 0;
    instance_make(7, &launch.instance, error);
    network_attach(&driver_null, &launch, error);
    note->joined_by_null = if_nametoindex(launch.instance.interface) > 0;
    note->attached = network_attach(&driver_process, &launch, error);
    note->joined = if_nametoindex(launch.instance.interface) > 0;
    pid = note->attached < 0 ? -1 : listen_in(launch.netns);
    if (pid > 0) {
        ask(&launch, error);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    network_detach(&launch);
    note->away = if_nametoindex(launch.instance.interface) == 0 && launch.netns == -1;
    note->bad_capture = capture_open("nosuch", "tcp", &capture, &note->error);
    capture_close(capture);
    return 0;
}

static void test_network(void **state)
{
    struct error error = {0};

    (void)state;
    assert_int_equal(enter(use_network, NULL, &error), 0);
    assert_int_equal(note->opened, 0);
    assert_false(note->joined_by_null);
    assert_int_equal(note->attached, 0);
    assert_true(note->joined);
    assert_int_equal(note->probed, 0);
    assert_int_equal(note->replied, 1);
    assert_int_equal(note->check, 0);
    assert_in_range(note->stamp, note->before, note->after);
    assert_true(note->away);
    assert_true(note->bad_capture < 0);
    assert_holds(note->error.text, "nosuch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_inside, make_note, drop_note),
        cmocka_unit_test_setup_teardown(test_death, make_note, drop_note),
        cmocka_unit_test_setup_teardown(test_network, make_note, drop_note),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
