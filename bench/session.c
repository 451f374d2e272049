/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "journal.h"
#include "record.h"
#include "results.h"
#include "sandbox.h"
#include "session.h"
#include "trial.h"

/* Open the journal at `path`, for us alone. */
static int open_journal(const char *path, int flags, struct error *error)
{
    int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | flags, 0666);

    if (fd < 0 && errno == EEXIST)
        return fail(error, EEXIST,
                    "%s: a cut run is kept here; complete it with --resume, or delete it", path);
    if (fd < 0)
        return fail(error, errno, "%s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        return fail(error, EBUSY, "%s: another tare is writing it", path);
    }
    return fd;
}

static int begin(struct run *run, const char *path, struct error *error)
{
    int status = open_journal(path, O_CREAT | O_EXCL, error);

    if (status < 0)
        return status;
    run->journal_fd = status;
    status = journal_append(run->journal_fd, record_begin(run), error);
    if (status < 0)
        unlink(path); /* nothing is in it */
    return status;
}

static int take_up(struct run *run, const cJSON *document, const char *path, long length,
                   struct error *error)
{
    int status = record_resume(document, run, error);

    if (status < 0)
        return status;
    status = open_journal(path, 0, error);
    if (status < 0)
        return status;
    run->journal_fd = status;
    if (ftruncate(run->journal_fd, length) < 0) /* the line that was cut short */
        return fail(error, errno, "%s: %s", path, strerror(errno));
    return 0;
}

/* CPU seconds of all that ran in the sandbox. It has been waited for, so rusage holds it. */
static double cpu_seconds(void)
{
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Run the trials and journal under which conditions they ran. */
static int do_part(struct run *run, struct error *error)
{
    struct host_snapshot before, after;
    double cpu = cpu_seconds();
    int64_t start = clock_now();
    cJSON *line, *part;
    int status, kept;

    host_snapshot(NULL, &before);
    status = sandbox_run(run_trials, run, error);
    host_snapshot(NULL, &after);
    line = cJSON_CreateObject();
    part = cJSON_AddObjectToObject(line, "part");
    cJSON_AddItemToObject(part, "load",
                          host_load(&before, &after, cpu_seconds() - cpu));
    cJSON_AddNumberToObject(part, "duration_s",
                            run->elapsed_s + (double)(clock_now() - start) / 1e9);
    kept = journal_append(run->journal_fd, line, error);
    return status < 0 ? status : kept;
}
