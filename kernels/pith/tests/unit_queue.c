/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Virtqueues, with a device that keeps the rules and with one that does not. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "memory/paging.h"
#include "host.h"

static struct virtqueue queue;
static struct host_device device;
static char data[64];
static int tokens[64];

static void start(uint16_t size, uint64_t features)
{
    host_reset();
    host_device(&device, size, features);
    assert_true(virtqueue_init(&queue, &device.virtio, 3, size));
}

static bool add(unsigned count, void *token)
{
    struct piece pieces[8];

    for (unsigned i = 0; i < count; i++)
        pieces[i] = (struct piece){data + 8 * i, 8 - i};
    return virtqueue_add(&queue, pieces, count, true, token);
}

static void test_sizes(void **state)
{
    static const uint16_t bad[] = {0, 3, 255, 384, 65535};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        host_reset();
        host_device(&device, bad[i], 0);
        assert_false(virtqueue_init(&queue, &device.virtio, 0, 65535));
    }
    host_device(&device, 256, 0);
    device.takes_queue = false;
    assert_false(virtqueue_init(&queue, &device.virtio, 0, 256));
    start(256, 0);
    assert_int_equal(queue.size, 256);
    assert_int_equal(queue.index, 3);
    assert_int_equal(physical(queue.descriptors) % PAGE, 0);
    host_device(&device, 1024, 0);
    assert_true(virtqueue_init(&queue, &device.virtio, 0, 8));
    assert_int_equal(queue.size, 8);
}

static void test_chain(void **state)
{
    const struct virtqueue_descriptor *descriptor;
    uint32_t length;
    int head;

    (void)state;
    start(8, 0);
    assert_true(add(3, &tokens[0]));
    assert_int_equal(host_take(&device), -1); /* not before the kick */
    virtqueue_kick(&queue, false);
    assert_int_equal(device.notified, 1);
    head = host_take(&device);
    assert_int_equal(host_take(&device), -1);
    descriptor = &queue.descriptors[head];
    for (unsigned i = 0; i < 3; i++) {
        assert_ptr_equal(direct(descriptor->address), data + 8 * i);
        assert_int_equal(descriptor->length, 8 - i);
        assert_int_equal(descriptor->flags, i < 2 ? 3 : 2); /* WRITE, NEXT */
        descriptor = &queue.descriptors[descriptor->next];
    }
    assert_null(virtqueue_take(&queue, &length));
    host_use(&device, (uint32_t)head, 7);
    assert_ptr_equal(virtqueue_take(&queue, &length), &tokens[0]);
    assert_int_equal(length, 7);
    assert_int_equal(queue.free_count, 8);
    assert_false(queue.broken);
}

static void test_full(void **state)
{
    uint32_t length;

    (void)state;
    start(8, 0);
    assert_true(add(5, &tokens[0]));
    assert_false(add(4, &tokens[1]));
    assert_true(add(3, &tokens[1]));
    assert_false(add(1, &tokens[2]));
    virtqueue_kick(&queue, false);
    (void)host_take(&device);
    host_use(&device, (uint32_t)host_take(&device), 0); /* the second first */
    assert_ptr_equal(virtqueue_take(&queue, &length), &tokens[1]);
    assert_false(add(4, &tokens[2]));
    assert_true(add(3, &tokens[2]));
}

/* Chains of all lengths, done in another order than offered, until the indices have gone round
 * several times: every token comes back once, with its own length. */
static void test_wraps(void **state)
{
    unsigned out[16], count = 0, done = 0;
    uint32_t length;

    (void)state;
    srand(1);
    start(16, VIRTIO_F_EVENT_IDX);
    for (unsigned step = 0; done < 300000; step++) {
        unsigned pick;
        int *token;

        if (add(1 + step % 4, &tokens[step % 64])) {
            virtqueue_kick(&queue, false);
            out[count++] = (unsigned)host_take(&device);
        }
        if (count < 3 && step % 2)
            continue;
        pick = (unsigned)rand() % count;
        host_use(&device, out[pick], out[pick] + 1000);
        token = queue.slots[out[pick]].token;
        assert_ptr_equal(virtqueue_take(&queue, &length), token);
        assert_non_null(token);
        assert_int_equal(length, out[pick] + 1000);
        out[pick] = out[--count];
        done++;
    }
    assert_false(queue.broken);
}

static void test_kick_flags(void **state)
{
    (void)state;
    start(8, 0);
    virtqueue_kick(&queue, false);
    assert_int_equal(device.notified, 0); /* nothing new */
    host_write_used_flags(&device, 1);
    add(1, &tokens[0]);
    virtqueue_kick(&queue, false);
    assert_int_equal(device.notified, 0);
    assert_int_not_equal(host_take(&device), -1); /* but it is there to be seen */
    virtqueue_kick(&queue, true);
    assert_int_equal(device.notified, 1);
    host_write_used_flags(&device, 0);
    add(1, &tokens[1]);
    virtqueue_kick(&queue, false);
    assert_int_equal(device.notified, 2);
}

/* By the event index: exactly when what it asks for is among what is new, also where the indices
 * wrap. */
static void test_kick_event(void **state)
{
    uint32_t length;

    (void)state;
    start(8, VIRTIO_F_EVENT_IDX);
    for (unsigned i = 0; i < 70000; i++) {
        uint16_t from = (uint16_t)(queue.next_available);
        int offset = (int)(i % 5) - 1; /* of the event from the first new entry */
        unsigned before = device.notified;

        host_write_event(&device, (uint16_t)(from + offset));
        add(1, &tokens[0]);
        add(1, &tokens[1]);
        virtqueue_kick(&queue, false);
        assert_int_equal(device.notified - before, offset == 0 || offset == 1);
        host_use(&device, (uint32_t)host_take(&device), 0);
        host_use(&device, (uint32_t)host_take(&device), 0);
        assert_non_null(virtqueue_take(&queue, &length));
        assert_non_null(virtqueue_take(&queue, &length));
    }
}

static void test_interrupts(void **state)
{
    uint32_t length;

    (void)state;
    start(8, 0);
    virtqueue_disable(&queue);
    assert_int_equal(host_available_flags(&device), 1);
    assert_false(virtqueue_enable(&queue, 0));
    assert_int_equal(host_available_flags(&device), 0);
    start(8, VIRTIO_F_EVENT_IDX);
    for (int i = 0; i < 4; i++)
        add(1, &tokens[i]);
    virtqueue_kick(&queue, false);
    assert_false(virtqueue_enable(&queue, 1));
    assert_int_equal(host_used_event(&device), 1); /* an interrupt as entry 1 is used */
    host_use(&device, (uint32_t)host_take(&device), 0);
    assert_true(virtqueue_enable(&queue, 0)); /* used before it was asked for */
    assert_false(virtqueue_enable(&queue, 1));
    host_use(&device, (uint32_t)host_take(&device), 0);
    assert_true(virtqueue_enable(&queue, 1));
    assert_non_null(virtqueue_take(&queue, &length));
    assert_non_null(virtqueue_take(&queue, &length));
    assert_false(virtqueue_enable(&queue, 0));
    virtqueue_disable(&queue);
    assert_int_equal(host_used_event(&device), 1); /* behind it: not within 65535 */
}

static void assert_closed(void)
{
    uint32_t length;

    assert_null(virtqueue_take(&queue, &length));
    assert_true(queue.broken);
    assert_int_equal(host_lines, 1);
    assert_null(virtqueue_take(&queue, &length));
    assert_false(virtqueue_enable(&queue, 0)); /* or whoever asks would ask for ever */
    assert_false(add(1, &tokens[9]));
    assert_int_equal(host_lines, 1);
}

static void test_lies(void **state)
{
    static const uint32_t never[] = {8, 9, 255, 65536, 0x7fffffff, 0xffffffff};
    uint32_t length;
    int head;

    (void)state;
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        start(8, 0);
        add(2, &tokens[0]);
        virtqueue_kick(&queue, false);
        host_use(&device, never[i], 0); /* no such descriptor */
        assert_closed();
    }
    start(8, 0);
    add(2, &tokens[0]);
    virtqueue_kick(&queue, false);
    head = host_take(&device);
    host_use(&device, queue.descriptors[head].next, 0); /* in the middle of a chain */
    assert_closed();
    start(8, 0);
    host_use(&device, 0, 0); /* never offered */
    assert_closed();
    start(8, 0);
    add(1, &tokens[0]);
    add(1, &tokens[1]);
    virtqueue_kick(&queue, false);
    head = host_take(&device);
    host_use(&device, (uint32_t)head, 0);
    host_use(&device, (uint32_t)head, 0); /* twice */
    assert_ptr_equal(virtqueue_take(&queue, &length), &tokens[0]);
    assert_closed();
}

static void test_index_lies(void **state)
{
    uint32_t length;

    (void)state;
    start(8, 0);
    for (int i = 0; i < 8; i++)
        add(1, &tokens[i]);
    virtqueue_kick(&queue, false);
    for (uint16_t i = 0; i < 8; i++)
        host_write_used(&device, i, i, 0);
    host_write_used_index(&device, 9); /* one more than there is room for */
    assert_closed();
    start(8, 0);
    add(1, &tokens[0]);
    virtqueue_kick(&queue, false);
    host_use(&device, (uint32_t)host_take(&device), 0);
    assert_ptr_equal(virtqueue_take(&queue, &length), &tokens[0]);
    host_write_used_index(&device, 0); /* backwards */
    assert_closed();
}

/* A thread's stack lies behind the kernel's image, where no address says where the page is. */
static void test_stack(void **state)
{
    const struct piece last = {(void *)(KERNEL_BASE + TABLE_REACH - 1), 1};
    const struct piece stack = {(void *)(KERNEL_BASE + TABLE_REACH), 1};
    int status;

    (void)state;
    start(8, 0);
    assert_true(virtqueue_add(&queue, &last, 1, true, &tokens[0]));
    assert_int_equal(queue.descriptors[0].address, TABLE_REACH - 1);
    if (fork() == 0) {
        virtqueue_add(&queue, &stack, 1, true, &tokens[1]);
        _exit(0);
    }
    wait(&status);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),      cmocka_unit_test(test_chain),
        cmocka_unit_test(test_full),       cmocka_unit_test(test_wraps),
        cmocka_unit_test(test_kick_flags), cmocka_unit_test(test_kick_event),
        cmocka_unit_test(test_interrupts), cmocka_unit_test(test_lies),
        cmocka_unit_test(test_index_lies), cmocka_unit_test(test_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
