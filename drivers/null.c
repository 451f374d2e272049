/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The null driver: a scripted guest in a separate process, without kernel or VM. It has three uses.
 * It checks the harness's accuracy against known delays. Tests make guests crash and hang with it.
 * And it is the example for a new driver: the comments say what the contract asks of each hook.
 *
 * The script is an array in target.json. Its times are in ms after the resume, which may take time
 * itself, as libvirt's does:
 *
 *     "script": [
 *         {"resume_ms": 9},                        resume returns so much later, or with the guest
 *         {"at_ms": 1,  "marker": "M"},            one letter of scenarios/marker.h
 *         {"at_ms": 2,  "console": "hello\n"},     text on the console
 *         {"at_ms": 5,  "marker": "E", "status": 0},
 *         {"at_ms": 6,  "exit": 0}                 or "crash": SIGNAL, or "hang": true
 *     ]
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scenarios/marker.h"
#include "driver.h"

enum action { ACT_MARKER, ACT_CONSOLE, ACT_EXIT, ACT_CRASH, ACT_HANG };

struct step {
    int64_t at_ns;
    enum action action;
    int value; /* marker letter, exit status or signal */
    unsigned status;
    char *text;
};

struct script {
    struct step *steps;
    size_t count;
    int resume_ms;
};

struct state {
    int go_fd; /* resume writes the start time here; the guest blocks on it until then */
    int resume_ms;
};

static void script_free(struct script *script)
{
    for (size_t i = 0; i < script->count; i++)
        free(script->steps[i].text);
    free(script->steps);
}

static int parse_step(const cJSON *item, size_t index, struct step *step, struct error *error)
{
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(item, "at_ms");
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(item, "status");
    const cJSON *value;

    if (!cJSON_IsNumber(at) || at->valuedouble < 0)
        return fail(error, EINVAL, "script[%zu]: \"at_ms\" must be a number of ms, 0 or more",
                    index);
    step->at_ns = (int64_t)(at->valuedouble * 1e6);
    step->status = cJSON_IsNumber(status) ? (unsigned)status->valueint & 0xff : 0;
    if ((value = cJSON_GetObjectItemCaseSensitive(item, "marker")) && cJSON_IsString(value) &&
        strlen(value->valuestring) == 1) {
        step->action = ACT_MARKER;
        step->value = (unsigned char)value->valuestring[0];
    } else if ((value = cJSON_GetObjectItemCaseSensitive(item, "console")) &&
               cJSON_IsString(value)) {
        step->action = ACT_CONSOLE;
        step->text = strdup(value->valuestring);
        if (!step->text)
            return fail(error, ENOMEM, "out of memory");
    } else if ((value = cJSON_GetObjectItemCaseSensitive(item, "exit")) && cJSON_IsNumber(value)) {
        step->action = ACT_EXIT;
        step->value = value->valueint;
    } else if ((value = cJSON_GetObjectItemCaseSensitive(item, "crash")) && cJSON_IsNumber(value)) {
        step->action = ACT_CRASH;
        step->value = value->valueint;
    } else if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "hang"))) {
        step->action = ACT_HANG;
    } else {
        return fail(error, EINVAL,
                    "script[%zu]: needs one of \"marker\" (a letter), \"console\" (text), "
                    "\"exit\" (status), \"crash\" (signal), \"hang\" (true)",
                    index);
    }
    return 0;
}

static int script_parse(const char *text, struct script *script, struct error *error)
{
    cJSON *list = cJSON_Parse(text ? text : "");
    int status = 0, count = cJSON_GetArraySize(list);

    *script = (struct script){0};
    if (!cJSON_IsArray(list) || count == 0)
        status = fail(error, EINVAL, "\"script\" must be an array of at least one step");
    else if (!(script->steps = calloc((size_t)count, sizeof *script->steps)))
        status = fail(error, ENOMEM, "out of memory");
    for (int i = 0; status == 0 && i < count; i++) {
        const cJSON *item = cJSON_GetArrayItem(list, i);
        const cJSON *resume = cJSON_GetObjectItemCaseSensitive(item, "resume_ms");

        if (cJSON_IsNumber(resume))
            script->resume_ms = resume->valueint;
        else
            status = parse_step(item, (size_t)i, &script->steps[script->count++], error);
    }
    cJSON_Delete(list);
    return status;
}

/* The guest's whole life. Only async-signal-safe calls: the harness has threads. */
static _Noreturn void live(const struct script *script, int go, int marker, int console)
{
    char record[MARKER_SIZE];
    struct timespec when;
    int64_t start;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_TIMERSLACK, 1UL); /* wake within 1 ns of the asked time, not 50 us */
    if (read(go, &start, sizeof start) != sizeof start)
        _exit(1);
    for (size_t i = 0; i < script->count; i++) {
        const struct step *step = &script->steps[i];
        ssize_t done = 0;

        when.tv_sec = (start + step->at_ns) / 1000000000;
        when.tv_nsec = (start + step->at_ns) % 1000000000;
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR)
            ;
        switch (step->action) {
        case ACT_MARKER:
            marker_format(record, (enum marker)step->value, step->status);
            done = write(marker, record, sizeof record);
            break;
        case ACT_CONSOLE:
            done = write(console, step->text, strlen(step->text));
            break;
        case ACT_EXIT:
            _exit(step->value);
        case ACT_CRASH:
            signal(step->value, SIG_DFL);
            raise(step->value);
            break;
        case ACT_HANG:
            for (;;)
                pause();
        }
        if (done < 0)
            _exit(1);
    }
    _exit(0);
}

static void null_destroy(void *context, struct guest *guest);

/* create: everything up to, and not including, the first instruction. It must leave nothing behind
 * when it fails, so it destroys the guest on the way out. */
static int null_create(void *context, const struct launch *launch, struct guest *guest,
                       struct error *error)
{
    int go[2] = {-1, -1}, marker[2] = {-1, -1}, console[2] = {-1, -1};
    struct script script;
    struct state *state = NULL;
    pid_t pid;
    int status = script_parse(launch->script, &script, error);

    if (status < 0)
        goto done;
    state = malloc(sizeof *state);
    if (!state || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, go) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, marker) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console) < 0 || (pid = fork()) < 0) {
        status = fail(error, errno, "null guest: %s", strerror(errno));
        free(state);
        goto done;
    }
    if (pid == 0) {
        close(go[0]);
        close(marker[0]);
        close(console[0]);
        live(&script, go[1], marker[1], console[1]);
    }
    *state = (struct state){go[0], script.resume_ms};
    guest->state = state;
    guest->marker_fd = marker[0];
    guest->console_fd = console[0];
    go[0] = marker[0] = console[0] = -1; /* the guest's now */
    status = guest_adopt(guest, pid, error);
    if (status < 0)
        null_destroy(context, guest);
done:
    for (int i = 0; i < 2; i++) {
        if (go[i] >= 0)
            close(go[i]);
        if (marker[i] >= 0)
            close(marker[i]);
        if (console[i] >= 0)
            close(console[i]);
    }
    script_free(&script);
    return status;
}

/* resume: let it run. The script's clock starts here. */
static int null_resume(void *context, struct guest *guest, struct error *error)
{
    struct pollfd end = {.fd = guest->exit_fd, .events = POLLIN};
    struct state *state = guest->state;
    struct timespec now;
    int64_t start;

    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &now);
    start = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    if (write(state->go_fd, &start, sizeof start) != sizeof start)
        return fail(error, EIO, "null guest: it is gone before its start");
    poll(&end, 1, state->resume_ms);
    return 0;
}

/* destroy: end it if it still runs, reap it, free everything. Called once for every created guest,
 * whatever became of it. */
static void null_destroy(void *context, struct guest *guest)
{
    struct state *state = guest->state;

    (void)context;
    kill(guest->pid, SIGKILL);
    while (waitpid(guest->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (state)
        close(state->go_fd);
    free(state);
    guest_release(guest);
}

const struct driver driver_null = {
    .name = "null",
    .summary = "a scripted process with known delays: the harness's own ruler",
    .plays_script = true,
    .create = null_create,
    .resume = null_resume,
    .destroy = null_destroy,
};
