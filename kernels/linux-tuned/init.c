/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The init of the target `linux-tuned`: drivers and `ip=` are the kernel's own here. */
#include "../linux/payload.h"

int main(int argc, char **argv)
{
    (void)argc;
    mount_at("devtmpfs", "/dev");
    mount_at("proc", "/proc");
    return payload_main(argv + 1);
}
