/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages that change hands, with a page table of the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "memory/parcel.c" /* with what it keeps to itself */
#include "host.h"

enum { PROGRAM_PAGES = 40, FIRST = 0x400000, POOL = 64 << 20, SMALL = 2 << 20 };

static uint64_t table[PROGRAM_PAGES];
static char *own; /* the program's pages, before any exchange */
static void *given[128];
static unsigned given_count, whole_count;

uint64_t *paging_entry(uint64_t address, bool create)
{
    (void)create;
    assert_in_range(address, FIRST, FIRST + PROGRAM_PAGES * PAGE - 1);
    return &table[(address - FIRST) / PAGE];
}

void page_give(void *page)
{
    given[given_count++] = page;
}

static void count_whole(struct parcel *parcel)
{
    (void)parcel;
    whole_count++;
}

static void begin_with(uint64_t size)
{
    static char *pool;

    if (!pool)
        pool = aligned_alloc(SMALL, POOL);
    pages_init(&memory, pool);
    pages_add(&memory, 0, size);
    block = NULL;
    left = given_count = 0;
}

/* No translation is marked as accessed: a host cannot flush one. */
static int start(void **state)
{
    (void)state;
    host_reset();
    if (!own)
        own = aligned_alloc(PAGE, PROGRAM_PAGES * PAGE);
    begin_with(POOL);
    for (unsigned i = 0; i < PROGRAM_PAGES; i++)
        table[i] = physical(own + i * PAGE) | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX;
    spread = whole_count = 0;
    parcel_limit(8);
    return 0;
}

static struct parcel *take(void)
{
    struct parcel *parcel = parcel_take();

    assert_non_null(parcel);
    parcel->whole = count_whole;
    return parcel;
}

static size_t flip(struct parcel *parcel, unsigned at, unsigned from, unsigned pages)
{
    return parcel_flip(parcel, FIRST + at * PAGE, parcel->data + from * PAGE, pages * PAGE) / PAGE;
}

static void test_exchange(void **state)
{
    struct parcel *parcel = take();

    (void)state;
    assert_int_equal(flip(parcel, 2, 1, 3), 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_ptr_equal(direct(table[2 + i] & PTE_ADDRESS), parcel->data + (1 + i) * PAGE);
        assert_int_equal(table[2 + i] & ~PTE_ADDRESS,
                         PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX | PTE_BORROWED | PTE_FLIPPED);
        /* So that the allocator hands them out in order again. */
        assert_ptr_equal(given[i], own + (4 - i) * PAGE);
    }
    assert_int_equal(given_count, 3);
    assert_ptr_equal(direct(table[5] & PTE_ADDRESS), own + 5 * PAGE);
}

static void test_not_its_own(void **state)
{
    struct parcel *parcel = take();

    (void)state;
    table[1] = 0;
    table[3] &= ~PTE_WRITE;
    table[5] |= PTE_BORROWED;
    assert_int_equal(flip(parcel, 0, 0, 3), 1);
    assert_int_equal(flip(parcel, 1, 0, 1), 0);
    assert_int_equal(flip(parcel, 2, 1, 4), 1);
    assert_int_equal(flip(parcel, 5, 2, 1), 0);
    assert_int_equal(parcel_flip(parcel, 0xffff800000000000, parcel->data, PAGE), 0);
    assert_int_equal(parcel_flip(parcel, PROGRAM_END - PAGE, parcel->data, 2 * PAGE), 0);
    assert_int_equal(given_count, 2);
}

static void test_comes_back_whole(void **state)
{
    struct parcel *parcel = take(), *other = take();

    (void)state;
    flip(parcel, 0, 0, 2);
    parcel_release(parcel);
    assert_int_equal(whole_count, 0);
    assert_int_equal(flip(other, 1, 5, 1), 1); /* in the place of one of them */
    assert_int_equal(whole_count, 0);
    parcel_return(direct(table[0] & PTE_ADDRESS));
    assert_int_equal(whole_count, 1);
    parcel_return(direct(table[1] & PTE_ADDRESS));
    assert_int_equal(whole_count, 1); /* the other's taker still has it */
    parcel_release(other);
    assert_int_equal(whole_count, 2);
}

static void test_limit(void **state)
{
    struct parcel *parcel = take(), *other = take();

    (void)state;
    parcel_limit(1);
    assert_int_equal(flip(parcel, 0, 0, 1), 1);
    assert_int_equal(flip(other, 1, 0, 1), 0);
    assert_int_equal(flip(parcel, 1, 1, 1), 1);
    parcel_return(direct(table[0] & PTE_ADDRESS));
    parcel_return(direct(table[1] & PTE_ADDRESS));
    assert_int_equal(flip(other, 2, 0, 1), 1);
}

static void tell_their_parcels(unsigned count)
{
    const struct parcel *former = NULL;

    for (unsigned i = 0; i < count; i++) {
        struct parcel *parcel = take();

        assert_ptr_equal(parcel_of(parcel->data), parcel);
        assert_ptr_equal(parcel_of(parcel->data + PARCEL_PAGES * PAGE - 1), parcel);
        assert_ptr_not_equal(parcel, former);
        former = parcel;
    }
}

static void test_every_page_tells_its_parcel(void **state)
{
    (void)state;
    tell_their_parcels(40);
    assert_int_equal(given_count, 0); /* 15 parcels of 17 pages, and one page that describes them */
}

static void test_small_memory(void **state)
{
    (void)state;
    begin_with(SMALL);
    tell_their_parcels(8 * 3);
    assert_null(parcel_take());
    assert_int_equal(given_count, 8 * 12); /* of 64 pages 3 parcels take 51, one describes them */
    for (unsigned i = 0; i < given_count; i++)
        for (unsigned j = 0; j < i; j++)
            assert_ptr_not_equal(given[i], given[j]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_exchange, start),
        cmocka_unit_test_setup(test_not_its_own, start),
        cmocka_unit_test_setup(test_comes_back_whole, start),
        cmocka_unit_test_setup(test_limit, start),
        cmocka_unit_test_setup(test_every_page_tells_its_parcel, start),
        cmocka_unit_test_setup(test_small_memory, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
