/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scenario contract: a scenario is a question with its metrics.
 *
 * A scenario does not know which driver runs the guest. It waits for events of the trial and
 * records values. To add one, see docs/adding-a-scenario.md.
 */
#ifndef TARE_SCENARIO_H
#define TARE_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/base/error.h"

enum direction { LOWER_IS_BETTER, HIGHER_IS_BETTER };

/* What a metric cannot do without; several may be or'ed. */
enum need {
    NEEDS_NOTHING = 0,
    NEEDS_KERNEL_MARKER = 1 << 0, /* may be missing in any trial */
    NEEDS_EXIT_MARKER = 1 << 1,
    NEEDS_REPLY = 1 << 2,
    NEEDS_ICOUNT = 1 << 3,
    NEEDS_OWN_PROGRAM = 1 << 4, /* none of the user's */
    NEEDS_PROGRAM = 1 << 5,     /* a target that runs it */
    NEEDS_MACHINE = 1 << 6,     /* a VM */
    NEEDS_TCG = 1 << 7,
    NEEDS_RATE = 1 << 8, /* the sender kept the rate that the definition names; may be missing in
                          * any trial */
    NEEDS_SIZE = 1 << 9, /* a guest that can be given another size of memory */
    /* Of a program that a target brings, by what it offers; others have all of it: */
    NEEDS_ANSWERS = 1 << 10,     /* answers to small requests or pings */
    NEEDS_REQUESTS = 1 << 11,    /* answers to small requests over TCP */
    NEEDS_CONNECTIONS = 1 << 12, /* many connections at once */
    NEEDS_TLS = 1 << 13,         /* a server of TLS; a user's program has none */
    NEEDS_REVERSE = 1 << 14,     /* that it also sends when it is asked to */
    NEEDS_UDP = 1 << 15,
};

/* How thorough a run is (--profile). */
enum profile {
    PROFILE_ANY, /* of a metric: measured whatever the profile is */
    PROFILE_QUICK,
    PROFILE_FULL,
};

/* The clock of instruction counts: one instruction is one nanosecond. */
#define VIRTUAL_CLOCK "guest TSC under -icount shift=0"

struct metric {
    const char *name;
    const char *title; /* in words, as figures and tables say it: "VM start to ..." */
    const char *unit;  /* "ms", "ns", "bit/s", ... */
    enum direction direction;
    const char *clock; /* which clock the value comes from */
    const char *start; /* the event the measurement starts at */
    const char *stop;  /* the event it stops at */
    const char *definition;
    unsigned needs;       /* enum need: without it there is no sample, neither value nor failure */
    enum profile profile; /* likewise */
    bool no_ratio;        /* two of its values are not compared by division: it may be near 0 */
    bool leads;           /* --until is about its ratios */
    bool counted;         /* no time, but a count: it is measured in virtual time too, exactly */
};

/* The events that a trial stamps, in the order of a healthy guest. */
enum event {
    EVENT_CREATE, /* t0: just before the driver is asked to create the guest */
    EVENT_EXEC,   /* the guest's process became QEMU, where the driver knows when */
    EVENT_RESUME, /* t1: just BEFORE the driver is asked to start its CPU */
    EVENT_KERNEL, /* t2: MARKER_KERNEL arrived */
    EVENT_MAIN,   /* t3: MARKER_MAIN arrived */
    EVENT_READY,  /* t4: MARKER_READY arrived, or what --ready names */
    EVENT_REPLY,  /* t5: the first SYN-ACK from the program's port was on the wire */
    EVENT_EXIT,   /* MARKER_EXIT arrived: the payload is about to end */
    EVENT_END,    /* MARKER_END arrived: kernel or init saw it end */
    EVENT_GONE,   /* t6: the guest's process is gone */
    EVENT_COUNT,
};

struct trial; /* one (target, scenario, repetition); bench/measure/trial.c */
struct cJSON;

/* What a scenario boots. */
struct program {
    const char *payload; /* a name in payloads/; NULL ends a list */
    bool network;        /* whether the guest gets the network: trial_address() */
    uint16_t port;       /* with `network`: TCP port that is probed for EVENT_REPLY as soon as the
                            program marks that it is ready; 0: none */
};

#define PROGRAMS_MAX 4

/* What a program serves that a target brings. */
struct workload {
    const char *protocol; /* "http", "https", "echo", "icmp", "iperf3" or "iperf2" */
    const char *path;     /* of http and https */
    uint16_t port;        /* 0: none, of icmp */
    bool udp;             /* of iperf: by UDP, too */
    unsigned connections; /* as many at once, no more; 0: any */
};

struct scenario {
    const char *name;
    const char *summary;
    const struct program *programs; /* ends with a NULL payload; the first is what a trial boots */
    bool needs_program;             /* targets that run none take no part */
    bool takes_payload;             /* whether --payload may stand in for all of `programs` */
    const char *const *protocols; /* of programs that targets bring it can measure those that serve
                                     one of these, the best first; ends with NULL. NULL: those that
                                     --payload may be, too */
    bool sends_requests;          /* to the URL of --url; a user's program must then be ready by
                                     tcp:PORT */
    bool weighs;                  /* trial_touched() is wanted */
    bool hidden;                  /* asked by tare itself, not by the user */
    const struct metric *metrics; /* ends with a NULL name */
    double deadline_s;            /* a trial still running then has failed */
    double takes_s[2];            /* what a trial takes, about, quick and full: the mean of the
                                     built-in targets, under TCG on the host of the references */
    /* Measure one guest, which has just been started: wait for events, record one value or failure
     * per metric. A negative errno with `error` filled fails every metric not yet recorded. */
    int (*measure)(struct trial *trial, struct error *error);
};

/* End the guest, if there is one, and boot another with programs[`program`]. All stamps and the
 * deadline start again. A target without a network gets none. 0, or a negative errno with `error`
 * filled; then there is no guest. */
int trial_boot(struct trial *trial, unsigned program, struct error *error);

/* Guests that are booted from now on have `kib` of memory in place of what the run gives every VM;
 * 0: that again. */
void trial_memory(struct trial *trial, unsigned kib);

/* In which steps that can be given, in KiB: a VM takes any size, a process that is told how much it
 * gets (a tender) whole MiB, any other process none: 0. */
unsigned trial_memory_step(const struct trial *trial);

/* How much memory the run gives every VM, in KiB. */
unsigned trial_memory_given(const struct trial *trial);

/* Of a scenario that weighs: how many bytes of its memory the VM has touched so far, also when it
 * has ended; -1 of what is no VM. */
int64_t trial_touched(const struct trial *trial);

/* The bytes of the files that the guest was started from: the kernel, or a tender's image (0:
 * none), and the disks; and the archive, or the program of a plain process. A tender that runs an
 * image counts as little as QEMU. 0, or a negative errno with `error` filled. */
int trial_image(const struct trial *trial, int64_t *kernel, int64_t *payload, struct error *error);

/* Several guests at once: from now on every call is about guest `number`, at first 0. The number
 * after the last adds a guest, which trial_boot() then boots beside the others. A wait for one
 * watches and stamps all of them. Each has its own address, and all end with the trial. 0, or a
 * negative errno with `error` filled. */
int trial_select(struct trial *trial, unsigned number, struct error *error);

/* Many guests at once: what became of their boots. */
struct crowd {
    unsigned booted, failed;
    char why[256]; /* of the first that failed */
};

/* Boot guests `first` to `first + count - 1`, which are not there, with programs[`program`],
 * several at a time. Before each boot `may_go_on` is asked; once it says no, no further one is
 * begun. A guest that fails is counted, and the others go on: which of them are there, trial_pid()
 * tells. 0; -ECANCELED when the user interrupted; or another negative errno when tare itself
 * failed, and the trial counts for nothing. Until trial_boot() is next called, the end of one guest
 * ends no wait but its own. */
int trial_boot_crowd(struct trial *trial, unsigned first, unsigned count, unsigned program,
                     bool (*may_go_on)(void *data), void *data, struct crowd *crowd,
                     struct error *error);

/* End guest number `first` and all that follow it. */
void trial_end_crowd(struct trial *trial, unsigned first);

/* How many more guests fit into what this process may open and start, and into the network; and the
 * name of that limit. */
unsigned trial_crowd_room(struct trial *trial, const char **limit);

/* Watch all guests for `seconds`. 0, or as trial_wait(). */
int trial_pause(struct trial *trial, double seconds, struct error *error);

/* Wait until `event` has been stamped. 0; -ETIMEDOUT past the trial's deadline, -ECANCELED when
 * the user interrupted, -EPIPE when the guest was gone first; `error` says what was seen. */
int trial_wait(struct trial *trial, enum event event, struct error *error);

/* The event at which the program counts as started: EVENT_MAIN, or EVENT_READY for a user's program
 * that writes no markers (--ready). */
enum event trial_started(const struct trial *trial);

/* From now on the trial has this many `seconds`, instead of the scenario's deadline. As all
 * deadlines, it is longer on a host that is slower than expected. */
void trial_allow(struct trial *trial, double seconds);

/* Wait for the payload's end, for `seconds` at most: 0 also if it still runs. */
int trial_linger(struct trial *trial, double seconds, struct error *error);

/* See how a program that has started, and writes no markers, goes on, as its target.json says:
 * until its good end, which may fail; or for `seconds`, if it serves until it is ended. Without
 * such rules as trial_linger(). */
int trial_conclude(struct trial *trial, double seconds, struct error *error);

/* Whether such rules have judged its end. */
bool trial_is_judged(const struct trial *trial);

/* The stamp of `event` in ns of CLOCK_MONOTONIC, or -1 when it was not seen. */
int64_t trial_stamp(const struct trial *trial, enum event event);

/* The guest's TSC in the marker of `event` (virtual ns since reset under --icount). */
uint64_t trial_tsc(const struct trial *trial, enum event event);

/* The status carried by the marker of `event`. */
unsigned trial_status(const struct trial *trial, enum event event);

#define PHASES 64
struct phase_mark {
    uint64_t tsc;   /* the guest's */
    uint64_t halts; /* of the vCPU until then, under --icount */
    bool seen;
};

/* The phase marker whose status is `number`. False if it did not come; it must be below PHASES. */
bool trial_phase(const struct trial *trial, unsigned number, struct phase_mark *mark);

/* Wait until phase `number` is marked; as trial_wait(). */
int trial_wait_phase(struct trial *trial, unsigned number, struct error *error);

/* Between two stamps of one guest's TSC, in ns: in virtual time under --icount, else by the
 * frequency that the harness measured and the guest's TSC has. */
double trial_tsc_ns(const struct trial *trial, uint64_t from, uint64_t to);

/* Whether the run counts virtual time (--icount), and whether the vCPU had idled before `event`:
 * then virtual time is more than an instruction count. */
bool trial_icount(const struct trial *trial);
bool trial_idled(const struct trial *trial, enum event event);

/* Whether the program is the user's, which stands in for programs[0]. */
bool trial_users(const struct trial *trial);

/* The guest's IPv4 address, and the interface on which its packets are seen (its tap, or the
 * harness's end of a process's veth pair); NULL when this guest has no network. */
const char *trial_address(const struct trial *trial);
const char *trial_interface(const struct trial *trial);

/* The TCP port that the user's program is ready by, or that programs[] names; 0: none. And the path
 * of --url. */
uint16_t trial_port(const struct trial *trial);
const char *trial_url(const struct trial *trial);

/* How many VMs the user wants at once, at most (--vms); 0: nothing was said. */
unsigned trial_vms(const struct trial *trial);

/* What is measured of the program that the target brings: the first of the scenario's protocols
 * that it serves. NULL: it is another program, or the scenario has none. */
const struct workload *trial_workload(const struct trial *trial);

/* The same by any protocol; NULL if it does not serve that. */
const struct workload *trial_serves(const struct trial *trial, const char *protocol);

/* The run's profile: PROFILE_QUICK or PROFILE_FULL. */
enum profile trial_profile(const struct trial *trial);

/* The guest's process, QEMU or the payload's supervisor; 0 when there is none. */
pid_t trial_pid(const struct trial *trial);

/* The CPU time so far of the guest (bench/measure/cputime.h), with what the host's kernel does in
 * QEMU's place under --net-backend vhost. */
struct cpu_time;
int trial_cpu_time(const struct trial *trial, struct cpu_time *time, struct error *error);

/* Whether this trial is to record metric `name`. It is not if, for instance, the target lacks what
 * the metric needs. */
bool trial_expects(const struct trial *trial, const char *name);

/* Record `value` for metric `name`, with an optional note ("idle") kept beside it. */
void trial_record(struct trial *trial, const char *name, double value, const char *note);

/* Keep `json` as `field` of metric `name`'s sample, whether that is a value or a failure
 * (results/README.md has the fields). Takes ownership of `json`. */
void trial_keep(struct trial *trial, const char *name, const char *field, struct cJSON *json);

/* Keep beside the sample of metric `name` what could have disturbed it between two moments, in ns
 * of CLOCK_MONOTONIC. `busy`: the guest had something to do all the time, so that standing still is
 * a disturbance. */
void trial_observe(struct trial *trial, const char *name, int64_t from, int64_t to, bool busy);

/* Record that metric `name` failed, with the reason in `why` and the present end of the console.
 * The trial goes on. A metric that was already recorded, or has failed, stays as it is. */
void trial_fail(struct trial *trial, const char *name, const struct error *why);

#endif
