/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Says what kvm_prove() says of this machine. */
#include <stdio.h>

#include "bench/measure/kvm.h"

int main(void)
{
    char text[256];
    int status = kvm_prove(text, sizeof text);

    printf("prove: %s: %s\n", status == 0 ? "KVM" : "not KVM", text);
    return 0;
}
