/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which accelerator is chosen where no target has to be booted for it. */
#include "tests/unit/test.h"

#include "bench/measure/kvm.h"
#include "bench/run/accel.h"
#include "tests/unit/fixture.h"

static struct {
    char reason[256];
    struct error error;
    enum accel accel;
    int status;
} chosen;

static void choose(const struct fixture *fixture, enum accel_choice asked, bool icount)
{
    struct plan_options options = fixture_options(fixture);
    struct plan plan;
    struct run run;

    memset(&chosen, 0, sizeof chosen);
    fixture_text(fixture, "data/halts.so", "plugin");
    options.accel = asked;
    options.machine.icount = icount;
    options.machine.accel = ACCEL_KVM;
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_int_equal(run_init(&run, &plan, NULL), 0);
    chosen.status = accel_decide(&run, chosen.reason, sizeof chosen.reason, &chosen.error);
    chosen.accel = run.machine.accel;
    run_free(&run);
    plan_free(&plan);
}

static void test_tcg(void **state)
{
    choose(*state, CHOOSE_TCG, false);
    assert_int_equal(chosen.status, 0);
    assert_int_equal(chosen.accel, ACCEL_TCG);
    assert_string_equal(chosen.reason, "--accel tcg");
    choose(*state, CHOOSE_AUTO, true);
    assert_int_equal(chosen.status, 0);
    assert_int_equal(chosen.accel, ACCEL_TCG);
    assert_string_equal(chosen.reason, "--icount needs TCG");
}

/* Whatever this host has must be proven; the null driver's targets then need no boot. */
static void test_kvm(void **state)
{
    char proof[256];
    bool proven = kvm_prove(proof, sizeof proof) == 0;

    choose(*state, CHOOSE_AUTO, false);
    assert_int_equal(chosen.status, 0);
    assert_int_equal(chosen.accel, proven ? ACCEL_KVM : ACCEL_TCG);
    assert_holds(chosen.reason, proven ? "KVM booted every" : "no KVM: ");
    choose(*state, CHOOSE_KVM, false);
    assert_int_equal(chosen.status, proven ? 0 : -ENOTSUP);
    assert_holds(proven ? chosen.reason : chosen.error.text, "--accel kvm");
    if (!proven)
        assert_holds(chosen.error.text, "remedy: --accel tcg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_tcg),
        FIXTURE_TEST(test_kvm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
