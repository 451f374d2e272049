/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/machine.h"
#include "bench/doctor.h"
#include "bench/measure/kvm.h"
#include "bench/measure/network.h"
#include "bench/measure/sandbox.h"
#include "bench/run/host.h"

#define QEMU_DRIVER "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so"

struct list {
    struct finding *findings;
    unsigned count;
};

static void found(struct list *list, const char *what, enum finding_level level, const char *remedy,
                  const char *detail)
{
    struct finding *finding = &list->findings[list->count++];

    *finding = (struct finding){.what = what, .level = level, .remedy = remedy};
    snprintf(finding->detail, sizeof finding->detail, "%s", detail);
}

static void find_file(struct list *list, const char *what, const char *path, const char *remedy)
{
    bool there = access(path, R_OK) == 0;

    found(list, what, there ? FINDING_OK : FINDING_CANNOT, there ? NULL : remedy, path);
}

static int try_network(void *data, struct error *error)
{
    static const struct driver vm = {.has_tap = true};
    struct launch launch = {.netns = -1};
    int status = network_open(error);

    (void)data;
    if (status == 0)
        status = instance_make(0, &launch.instance, error);
    return status == 0 ? network_attach(&vm, &launch, error) : status;
}

static void find_sandbox(struct list *list)
{
    struct error error = {0};
    int status = sandbox_run(try_network, NULL, &error);

    found(list, "sandbox", status < 0 ? FINDING_CANNOT : FINDING_OK, NULL,
          status < 0 ? error.text : "own namespaces, a bridge and a tap can be made");
}

static void find_kvm(struct list *list)
{
    char text[256];
    int status = kvm_prove(text, sizeof text);

    found(list, "kvm", status < 0 ? FINDING_WEAK : FINDING_OK,
          access(KVM_DEVICE, R_OK | W_OK) < 0
              ? "as root: modprobe kvm-amd or kvm-intel; usermod -aG kvm $USER"
          : status < 0 ? "measure on a machine with KVM, or with TCG, which does not predict it"
                       : NULL,
          text);
}

static void find_noise(struct list *list)
{
    struct host_use use = host_watch(NULL);
    bool quiet = host_use_is_quiet(&use);
    char text[128];

    snprintf(text, sizeof text, "%.2f of %ld CPUs used in %.0f s, %.1f %% stolen", use.other_load,
             sysconf(_SC_NPROCESSORS_ONLN), HOST_WATCH_S, use.steal_percent);
    found(list, "quiet", quiet ? FINDING_OK : FINDING_WEAK,
          quiet ? NULL : "let the machine come to rest before measuring", text);
}

static void find_artifacts(struct list *list, const char *datadir)
{
    struct stat about;
    char path[4096];
    bool there;

    snprintf(path, sizeof path, "%s/kernels", datadir);
    there = stat(path, &about) == 0;
    found(list, "kernels", there ? FINDING_OK : FINDING_CANNOT, there ? NULL : "make", path);
}

unsigned doctor_examine(const char *datadir, struct finding *findings)
{
    struct list list = {findings, 0};

    find_file(&list, "qemu", MACHINE_QEMU, "apt-get install qemu-system-x86");
    find_file(&list, "libvirt", QEMU_DRIVER, "apt-get install libvirt-daemon-driver-qemu");
    find_sandbox(&list);
    find_kvm(&list);
    find_noise(&list);
    find_artifacts(&list, datadir);
    find_file(&list, "gnuplot", "/usr/bin/gnuplot", "apt-get install gnuplot-nox");
    find_file(&list, "iperf3", "/usr/bin/iperf3", "apt-get install iperf3");
    return list.count;
}
