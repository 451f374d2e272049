/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Targets: kernel + driver + options, declared by DATADIR/kernels/NAME/target.json.
 * docs/adding-a-kernel.md describes the file for its writers.
 */
#ifndef TARE_TARGET_H
#define TARE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "drivers/driver.h"
#include "bench/base/file.h"
#include "bench/plan/rules.h"

#define EXTRAS_MAX 32 /* files in the initrd beside the payload */
#define OFFERS_MAX 8
#define TENDER_MAX 32
#define MACHINES_MAX 3
#define NICS_MAX 5

/* How a program reaches a kernel: in the initrd, in the target's own files, or not at all. */
enum payload_way { PAYLOAD_INITRD, PAYLOAD_BAKED, PAYLOAD_NONE };

/* How a VM starts. */
enum boot {
    BOOT_ANY,       /* the kernel by PVH or Linux's protocol, as its file has it */
    BOOT_PVH,       /* likewise, and its file must be that */
    BOOT_LINUX,     /* likewise */
    BOOT_MULTIBOOT, /* the kernel by multiboot, which QEMU does itself */
    BOOT_DISK,      /* the firmware boots the first disk */
    BOOT_GRUB,      /* tare makes a disk with GRUB and the kernel, by multiboot 1 or 2 */
};

/* A disk of the target: an image that is never written to, too large to be read into memory. */
struct target_disk {
    struct file file;   /* without data */
    const char *format; /* "raw" or "qcow2" */
    enum disk_bus bus;
    uint64_t size; /* of the disk, in bytes */
    dev_t device;  /* which file was hashed, and when it was changed */
    ino_t inode;
    struct timespec changed;
};

/* A workload that the program serves. */
struct offer {
    char *protocol;       /* one of offer_protocols[] */
    char *path;           /* of http and https; "" otherwise */
    uint16_t port;        /* 0: none, for icmp */
    bool udp;             /* of iperf2 and iperf3: by UDP, too */
    unsigned connections; /* as many at once, no more; 0: any */
};

extern const char *const offer_protocols[]; /* ends with NULL */
extern const char *const nic_names[];       /* as target.json has them; ends with NULL */

struct target {
    char *name;
    char *asked;   /* what target_read() was asked for, with the driver that runs it */
    char *twin_of; /* the target that this one is the twin of, or NULL */
    char *summary;
    char *absent; /* why it cannot be run here: it is skipped; NULL: it can */
    char *source; /* the target.json */
    const struct driver *driver;
    bool runs_program; /* false: it has no part in scenarios that need one, and its markers tell
                          when it has started */
    bool built_in;     /* comes with tare: if KVM refuses it, KVM is broken, not the target */
    bool image;        /* its files are the user's: --image, TARE_IMAGES */
    unsigned baseline_rank; /* ratios are to the target whose rank is lowest; 0: to others if any */
    enum payload_way payload;
    enum boot boot;
    struct file kernel;  /* empty where the driver needs none */
    struct file grub;    /* what loads it, for BOOT_GRUB */
    struct file *extras; /* archives that follow the payload in the initrd */
    size_t extra_count;
    struct target_disk disks[DISKS_MAX];
    unsigned disk_count;
    const char *machines[MACHINES_MAX]; /* the types it runs on, the best first; none: any */
    unsigned machine_count;
    enum nic nics[NICS_MAX]; /* the models it drives, the best first; none: virtio */
    unsigned nic_count;
    bool no_nic;                  /* it must not find one */
    bool no_event_idx;            /* it goes deaf where the NIC offers that */
    unsigned memory_min;          /* MiB; 0: not known */
    char *address;                /* IPv4, baked into the image; "": it can be told */
    char *cmdline;                /* templates, target_words[] */
    char *cmdline_tcg;            /* goes before cmdline under TCG; empty where there is none */
    char *tender[TENDER_MAX + 1]; /* the process driver's argument vector; tender[0] NULL: none */
    struct file tender_file;      /* the program that tender[0] names */
    bool no_vnet_hdr;             /* the tap of the tender carries plain frames */
    struct rules rules;           /* when it is ready, has succeeded, failed, ended */
    struct offer offers[OFFERS_MAX];
    unsigned offer_count;
    char *script; /* the null driver's, as JSON text */
};

/* Where a user's images are: --image's NAME=PATH, each a folder or a file, and a folder in which
 * NAME is a folder (TARE_IMAGES). */
struct images {
    const char *const *named; /* ends with NULL; NULL: none */
    const char *folder;       /* or NULL */
};

/* Read the target.json of `name`, which is NAME (DATADIR/kernels/NAME/target.json), NAME.VARIANT,
 * or the path of a target.json (it holds a slash), each with or without :DRIVER; and the files it
 * names, and check them. The message of a failure names file, field, reason and remedy. Where a
 * file of the user's is not found, that is no failure: target->absent says so. Free with
 * target_free(), also after a failure. */
int target_read(const char *datadir, const struct images *images, const char *name,
                struct target *target, struct error *error);

/* Have `driver` run a VM target in place of the file's driver: it is then called NAME:DRIVER, so
 * that nothing takes its samples for those of the other. target_read() takes such names too. */
int target_run_by(struct target *target, const struct driver *driver, struct error *error);
void target_free(struct target *target);

/* The names of the targets under DATADIR, sorted, their variants after them, NULL-terminated; with
 * `all` but for those with "in_all": false. Free each and the array. NULL with `error` filled on
 * failure. */
char **target_names(const char *datadir, bool all, struct error *error);

/* Whether guests of `target` can be given the network: where a word on the command line tells them
 * their address, or it is baked in, or the guest is a process. */
bool target_has_network(const struct target *target);

/* Whether what it runs knows nothing of tare: it brings its own program, and its rules tell when
 * that is ready and how it ends. */
bool target_is_foreign(const struct target *target);

/* The machine that `target` gets where the run's is `machine`: another only as far as it says that
 * it cannot run on that. */
struct machine target_machine(const struct target *target, const struct machine *machine);

/* How that machine and its disks differ from `machine`, in words, or "" if they do not. */
void target_difference(const struct target *target, const struct machine *machine, char *text,
                       size_t size);

/* What stands for something in a template, with the braces: {ip}, ...; ends with NULL. */
extern const char *const target_words[];

/* 0, or -EINVAL if `template` has a word in braces that is none of target_words[]. */
int target_check_template(const char *template, struct error *error);

/* The template with its words replaced, for a program and its arguments; machine, accelerator and
 * network are `launch`'s. One that is empty and stands by itself takes the space after it along, so
 * that what is not asked for leaves no trace. `{{` is a brace. The caller frees it. */
char *target_expand(const char *template, const char *program, const char *arguments,
                    const struct launch *launch);

/* The command line of `target`, as target_expand(). */
char *target_cmdline(const struct target *target, const char *program, const char *arguments,
                     const struct launch *launch);

#endif
