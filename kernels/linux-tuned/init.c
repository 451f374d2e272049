/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The init of the target `linux-tuned`: the drivers are the kernel's own here. */
#include "../linux/network.h"
#include "../linux/payload.h"

int main(int argc, char **argv)
{
    (void)argc;
    mount_at("proc", "/proc");
    if (network_asked())
        network_up();
    return payload_main(argv + 1);
}
