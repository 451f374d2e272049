/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The driver contract: how a target runs.
 *
 * A driver turns a struct launch into a guest that is created but not yet running, starts it, and
 * removes it without trace. It does not measure and knows no scenario: the trial watches the
 * guest's three file descriptors and stamps what happens on them. null.c is the annotated example.
 * To add a driver, see docs/adding-a-driver.md.
 *
 * All hooks return 0 or a negative errno with `error` filled. Those of a guest are called one at a
 * time, by the same thread, and may block: they have a deadline. Those of several guests may be
 * called at once.
 */
#ifndef TARE_DRIVER_H
#define TARE_DRIVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/base/error.h"
#include "drivers/instance.h"

enum accel { ACCEL_TCG, ACCEL_KVM };

/* The tap of a guest that gets one. With a vnet_hdr every frame begins with a header of virtio-net,
 * by which checksums and segmentation are left to the other end. */
enum tap { TAP_NONE, TAP_PLAIN, TAP_VNET_HDR };

/* A host file that a process guest sees, as `name` in its folder. */
struct shown {
    const char *file; /* NULL ends a list */
    const char *name;
};

#define SHOWN_PROGRAM "app" /* what a process guest executes */
#define SHOWN_MAX 4

/* A VM's network card. On pc virtio is transitional; on q35 it follows virtio 1 only, unless it is
 * asked to be transitional. */
enum nic { NIC_VIRTIO, NIC_TRANSITIONAL, NIC_VMXNET3, NIC_E1000, NIC_RTL8139 };

/* The one virtual machine that every VM target of a run gets, unless its target.json says that it
 * cannot run on that (target_machine()). */
struct machine {
    const char *type; /* "microvm", "q35" or "pc" */
    enum nic nic;
    bool no_nic;       /* there is none */
    bool no_event_idx; /* the NIC does not offer VIRTIO_F_EVENT_IDX */
    bool debug_exit;   /* what the guest writes to I/O port 0x501 ends QEMU: v becomes 2v + 1 */
    unsigned memory_mib;
    unsigned vcpus;
    enum accel accel;
    bool icount;      /* count virtual time: -icount shift=0,sleep=off with a seeded guest RNG */
    const char *pin;  /* host CPUs of the guest, "0,2-3"; NULL: not pinned */
    unsigned tsc_khz; /* how fast the guest's TSC runs: under TCG as the host's, or 1 GHz of
                         virtual time; guests cannot always measure it */
    bool vhost; /* the host's kernel moves the NIC's packets (vhost-net), not QEMU; KVM only */
    const char *plugin; /* QEMU plugin that counts halts, used with icount */
};

#define DISKS_MAX 4

enum disk_bus { DISK_VIRTIO, DISK_IDE, DISK_SATA };

/* A disk of a VM. All that the guest writes goes to the overlay, which dies with it. */
struct disk {
    enum disk_bus bus;
    const char *overlay;     /* qcow2, this guest's own */
    const char *base;        /* what is below it, never written */
    const char *base_format; /* "raw" or "qcow2" */
};

/* What one guest consists of. All strings are the caller's and outlive the guest. */
struct launch {
    struct instance instance; /* which of the guests that run at once */
    const char *name;         /* unique among them */
    const struct machine *machine;
    unsigned memory_kib; /* RAM in place of the machine's; 0: as much as that */
    const char *kernel;  /* file; NULL where there is none */
    const char *initrd;  /* file, or NULL */
    struct disk disks[DISKS_MAX];
    unsigned disk_count; /* without a kernel the firmware boots the first */
    const char *cmdline; /* kernel command line, or NULL */
    const char
        *program; /* what a process executes, as a host file: the payload's ELF or a tender */
    const char *payload; /* the payload's ELF where a tender runs it, or NULL */
    const char *hidden;  /* folder in which all guests' files are: no process may see it; or NULL */
    struct shown shown[SHOWN_MAX + 1]; /* what it sees in that folder's place, beside `program` */
    char *const *argv;                 /* the process's arguments, argv[0] first, NULL-terminated */
    bool tended;         /* argv is of a tender, a program of the host, and not of a payload */
    enum tap asked;      /* the tap that a process wants for its network; TAP_NONE: it is a host */
    const char *script;  /* the null driver's script (JSON text, see null.c), or NULL */
    bool network;        /* whether the guest gets instance.address */
    uint16_t port;       /* TCP port that is probed, or 0 */
    bool ping;           /* it is probed by ICMP echo instead */
    bool tap;            /* whether the tap instance.interface was made for this guest */
    int netns;           /* network namespace made for a process; -1: the harness's own */
    const char *workdir; /* private directory of this guest for sockets and files */
};

/* A created guest. Each descriptor is -1 where there is none; all are closed by destroy. */
struct guest {
    int marker_fd;   /* stream of marker records (scenarios/marker.h) */
    int console_fd;  /* stream of console bytes: hostile, never print unescaped */
    int exit_fd;     /* becomes readable when the guest's process is gone (a pidfd) */
    pid_t pid;       /* the guest's process: QEMU, or the payload itself */
    int64_t execed;  /* when it became QEMU, in ns of CLOCK_MONOTONIC; -1: not known */
    char *xml;       /* what describes the machine to the driver (domain XML), or NULL */
    char *argv;      /* the process's argument vector, NUL-separated */
    size_t argv_len; /* bytes in argv */
    char *halts;     /* file whose first 8 bytes count the vCPU's halts (icount), or NULL */
    int64_t since;   /* when create was called (started.h), where give_up asks for it */
    void *state;     /* the driver's own */
};

struct driver {
    const char *name;
    const char *summary;
    bool uses_machine; /* its guests boot launch->kernel on launch->machine */
    bool needs_accel;  /* the accelerator matters to it: KVM has to be proven */
    bool has_tap;      /* its guests have a NIC on a tap that is made for them */
    bool enters_netns; /* its guests live in launch->netns when they get the network */
    bool plays_script; /* its targets have a script */
    /* Optional: prepare once per run, in the sandbox. `workdir` is private to this driver. Several
     * guests of one context may exist at once. */
    int (*open)(const char *workdir, void **context, struct error *error);
    /* Required: create the guest, stopped before its first instruction. On failure nothing is
     * left behind; `guest` comes initialised by guest_init(). */
    int (*create)(void *context, const struct launch *launch, struct guest *guest,
                  struct error *error);
    /* Optional: called by another thread while create of this guest has not returned for too long.
     * Make it return: kill what it waits for. From then on the guest's process is known, and
     * killed, if resume or destroy do not return. */
    void (*give_up)(void *context, const struct guest *guest);
    /* Required: let it run. The caller stamps t1 just before this call, and watches the guest while
     * it lasts. */
    int (*resume)(void *context, struct guest *guest, struct error *error);
    /* Required: end it if it still runs, reap it, close and free all that create made. */
    void (*destroy)(void *context, struct guest *guest);
    /* Optional: undo open. */
    void (*close)(void *context);
};

/* Set every descriptor to -1 and every pointer to NULL. */
void guest_init(struct guest *guest);

/* Close the descriptors and free the strings of `guest`; for the drivers' destroy. */
void guest_release(struct guest *guest);

/* Read /proc/PID/cmdline into guest->argv and open guest->exit_fd for guest->pid. */
int guest_adopt(struct guest *guest, pid_t pid, struct error *error);

#endif
