/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The proof of KVM: its verdict, and that it comes whatever this host's /dev/kvm is.
 * tests/e2e/kvm.sh has a host whose KVM is real. */
#include "tests/unit/test.h"

#include <stdbool.h>

#include "bench/measure/kvm.h"
#include "tests/unit/fixture.h"

static void test_judge(void **state)
{
    char text[256];

    (void)state;
    assert_int_equal(kvm_judge(3000000, 3000000, text, sizeof text), 0);
    assert_int_equal(kvm_judge(3000000, 12000000, text, sizeof text), 0);
    assert_int_equal(kvm_judge(3000000, 12000001, text, sizeof text), -ENOTSUP);
    assert_holds(text, KVM_DEVICE " emulates: ");
    assert_holds(text, "a guest 12.0 ms, a process 3.0 ms");
}

static void test_prove(void **state)
{
    char text[256] = "";
    bool opens = access(KVM_DEVICE, R_OK | W_OK) == 0;
    int status = kvm_prove(text, sizeof text);

    (void)state;
    assert_true(*text);
    if (status == 0)
        assert_holds(text, "a loop with SSE takes a guest ");
    if (!opens) {
        assert_int_equal(status, -ENOTSUP);
        assert_holds(text, KVM_DEVICE ": ");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_prove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
