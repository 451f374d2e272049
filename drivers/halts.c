/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A QEMU TCG plugin that counts the vCPU's halts, as 8 bytes in the file out=. Under -icount an
 * idle vCPU makes virtual time jump: virtual time counts instructions only while this stays 0.
 *
 * Not every QEMU comes with qemu-plugin.h. These are the declarations that this file uses (QEMU
 * manual, "QEMU TCG Plugins"), of plugin API 1 and of those from 2 on: QEMU 10 refuses 1, older
 * ones know no 2.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;

extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
                                                  void (*translated)(uint64_t id,
                                                                     struct qemu_plugin_tb *block));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block,
                                                        size_t index);
/* API 1 and 2: returns where the bytes are. From 3 on: copies them and returns how many there are.
 */
extern uintptr_t qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction, void *bytes,
                                       size_t size);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
                                                   void (*executed)(unsigned vcpu, void *data),
                                                   int registers, void *data);

extern int qemu_plugin_num_vcpus(void) __attribute__((weak)); /* from API 2 on */

int qemu_plugin_version = 1; /* QEMU reads it when the constructor has run */
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

static uint64_t *halts;

__attribute__((constructor)) static void choose_version(void)
{
    if (qemu_plugin_num_vcpus)
        qemu_plugin_version = 2;
}

static void on_halt(unsigned vcpu, void *data)
{
    (void)vcpu;
    (void)data;
    __atomic_fetch_add(halts, 1, __ATOMIC_RELAXED);
}

static void on_translated(uint64_t id, struct qemu_plugin_tb *block)
{
    static const unsigned char hlt[] = {0xf4}, mwait[] = {0x0f, 0x01, 0xc9};

    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        unsigned char copy[16];
        uintptr_t data = qemu_plugin_insn_data(instruction, copy, sizeof copy);
        const void *bytes = data <= sizeof copy ? copy : (const void *)data;
        size_t size = qemu_plugin_insn_size(instruction);

        if ((size == sizeof hlt && memcmp(bytes, hlt, size) == 0) ||
            (size == sizeof mwait && memcmp(bytes, mwait, size) == 0))
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_halt, 0, NULL);
    }
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    int fd;

    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0)
        return -1;
    fd = open(argv[0] + 4, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *halts) < 0)
        return -1;
    halts = mmap(NULL, sizeof *halts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (halts == MAP_FAILED)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
    return 0;
}
