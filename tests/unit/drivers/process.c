/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a program that runs as a process can reach, and what is left of it: this program itself, in
 * the sandbox. What was seen is noted in shared memory and looked at outside.
 */
#include "tests/unit/test.h"

#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bench/measure/network.h"
#include "bench/measure/sandbox.h"
#include "scenarios/marker.h"
#include "tests/unit/fixture.h"
#include "tests/unit/measure/guest.h"

#define STAGE SANDBOX_DIR "/stage"

extern const struct driver driver_process;

struct note {
    enum event awaited;
    int run;
    int before, during, after; /* processes in the sandbox */
    char error[256], console[4096];
};

static struct note *note;

static int mark(enum marker kind)
{
    const char *fd = getenv(MARKER_FD_ENV);
    char record[MARKER_SIZE];

    marker_format(record, kind, 0);
    return fd && write(atoi(fd), record, sizeof record) == sizeof record ? 0 : 4;
}

/* The folder's entries, or what keeps us from it. */
static void list(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    printf("%s:%s", path, folder ? "" : " none");
    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            printf(" %s", entry->d_name);
    puts(".");
    if (folder)
        closedir(folder);
}

static int count_processes(void)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    int count = 0;

    while (folder && (entry = readdir(folder)))
        count += strtol(entry->d_name, NULL, 10) > 0;
    if (folder)
        closedir(folder);
    return count;
}

/* Become another program that writes to our file. While a file is executed the kernel forbids that
 * to everybody; but a descriptor outlives it. */
static int overwrite(void)
{
    char command[128];
    int fd = open("/proc/self/exe", O_RDONLY);

    snprintf(command, sizeof command, "echo x >/proc/self/fd/%d && echo overwritten", fd);
    return execl("/bin/sh", "sh", "-c", command, NULL);
}

/* The guest. It looks around; or it leaves a process behind, in a session of its own and with no
 * parent, which marks. */
static int be_guest(const char *what)
{
    sigset_t blocked;

    if (strcmp(what, "look") == 0) {
        list(SANDBOX_DIR);
        list(".");
        list(STAGE);
        printf("pid %d of %d\n", getpid(), count_processes());
        if (umount2(SANDBOX_DIR, MNT_DETACH) == 0)
            puts("uncovered");
        sigprocmask(SIG_BLOCK, NULL, &blocked);
        printf("SIGTERM %d, SIGPIPE %d\n", sigismember(&blocked, SIGTERM),
               signal(SIGPIPE, SIG_DFL) == SIG_IGN);
        fflush(stdout);
        return overwrite();
    }
    if (fork() == 0) {
        setsid();
        if (fork() > 0)
            _exit(0);
        mark(MARKER_MAIN);
        for (;;)
            pause();
    }
    return pause();
}

static int measure(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, note->awaited, error);

    note->during = count_processes();
    if (status == 0)
        return fail(error, ENOANO, "seen"); /* the console is kept with failures */
    return status;
}

static int run_guest(void *data, struct error *error)
{
    struct guest_trial *asked = data;
    struct trial_report report;
    int status = network_open(error);
    char *copy[] = {(char *)"cp", (char *)asked->program, (char *)STAGE "/program", NULL};
    pid_t pid;

    /* A stage as bench/run/stage.c makes it. */
    if (status == 0 && mkdir(STAGE, 0700) < 0)
        return fail(error, errno, STAGE);
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
    signal(SIGPIPE, SIG_IGN);
    note->before = count_processes();
    note->run = guest_run(asked, &report);
    note->after = count_processes();
    snprintf(note->error, sizeof note->error, "%s", report.error.text);
    if (report.outcomes[ONE].console)
        snprintf(note->console, sizeof note->console, "%s", report.outcomes[ONE].console);
    trial_report_free(&report);
    return status;
}

static void run_inside(const char *what)
{
    static char self[PATH_MAX];
    char *argv[] = {(char *)"/app", (char *)what, NULL};
    struct guest_trial asked = {
        .program = self,
        .argv = argv,
        .hidden = SANDBOX_DIR,
        .driver = &driver_process,
        .measure = measure,
    };
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    struct error error = {0};
    int status;

    assert_true(length > 0);
    status = sandbox_run(run_guest, &asked, &error);
    if (status < 0)
        print_message("%s\n", error.text);
    if (status == -EPERM)
        skip();
    assert_int_equal(status, 0);
    assert_int_equal(note->run, 0);
    assert_string_equal(note->error, "seen");
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

/* It sees its own file, which it cannot change, and nothing of other guests. */
static void test_reach(void **state)
{
    (void)state;
    note->awaited = EVENT_END;
    run_inside("look");
    assert_holds(note->console, SANDBOX_DIR ": app.\n");
    assert_holds(note->console, ".: app.\n");
    assert_holds(note->console, STAGE ": none.\n");
    assert_holds(note->console, "pid 2 of 2\n");
    assert_holds(note->console, "Read-only file system");
    assert_null(strstr(note->console, "overwritten"));
    assert_null(strstr(note->console, "uncovered"));
    assert_holds(note->console, "SIGTERM 0, SIGPIPE 0\n");
}

/* Nothing that it has started runs on. */
static void test_leftover(void **state)
{
    (void)state;
    note->awaited = EVENT_MAIN;
    run_inside("daemon");
    assert_int_equal(note->during, note->before + 4); /* with the supervisor, and a zombie */
    assert_int_equal(note->after, note->before);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reach, make_note, drop_note),
        cmocka_unit_test_setup_teardown(test_leftover, make_note, drop_note),
    };

    if (argc == 2 && strcmp(argv[0], "/app") == 0)
        return be_guest(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
