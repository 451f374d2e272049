/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A guest with a network in the sandbox: this program itself, as a process that listens. What was
 * seen is noted in shared memory and looked at outside, since cmocka's asserts would end the wrong
 * process.
 */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "bench/base/json.h"
#include "bench/measure/network.h"
#include "bench/measure/packets.h"
#include "bench/measure/sandbox.h"
#include "scenarios/marker.h"
#include "tests/unit/fixture.h"
#include "tests/unit/measure/guest.h"

#define PORT 80
#define CLOSED 81

extern const struct driver driver_process;

struct note {
    int64_t resume, ready, reply;
    int wait, boot, end, run;
    unsigned status;
    int isolated, flooded; /* of the guest's port of the bridge; -1: sysfs does not say */
    char address[16], interface[16], error[256];
    char open[4096], closed[4096], gone[4096]; /* lines of packets */
};

static struct note *note;

/* The guest: it listens, tells so, and stays. Without an argument it fails. */
static int be_guest(int argc)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    const char *marker = getenv(MARKER_FD_ENV);
    char record[MARKER_SIZE];
    int fd = argc > 1 ? socket(AF_INET, SOCK_STREAM, 0) : -1;

    if (fd < 0 || !marker || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, 16) < 0)
        return 3;
    marker_format(record, MARKER_READY, 0);
    if (write(atoi(marker), record, sizeof record) != sizeof record)
        return 4;
    return pause();
}

static void note_packets(struct trial *trial, unsigned port, double seconds, char *text,
                         size_t size)
{
    cJSON *lines = packets_collect(trial, port, seconds), *line;

    cJSON_ArrayForEach(line, lines)
        snprintf(text + strlen(text), size - strlen(text), "%s\n", line->valuestring);
    cJSON_Delete(lines);
}

static int port_flag(const char *name)
{
    char path[64];
    FILE *file;
    int flag = -1;

    snprintf(path, sizeof path, "/sys/class/net/vm0/brport/%s", name);
    file = fopen(path, "re");
    if (!file)
        return -1;
    if (fscanf(file, "%d", &flag) != 1)
        flag = -1;
    fclose(file);
    return flag;
}

static int measure(struct trial *trial, struct error *error)
{
    note->wait = trial_wait(trial, EVENT_REPLY, error);
    note->resume = trial_stamp(trial, EVENT_RESUME);
    note->ready = trial_stamp(trial, EVENT_READY);
    note->reply = trial_stamp(trial, EVENT_REPLY);
    if (trial_address(trial)) {
        snprintf(note->address, sizeof note->address, "%s", trial_address(trial));
        snprintf(note->interface, sizeof note->interface, "%s", trial_interface(trial));
    }
    note->isolated = port_flag("isolated");
    note->flooded = port_flag("unicast_flood");
    if (note->wait == 0) {
        note_packets(trial, PORT, 0.1, note->open, sizeof note->open);
        note_packets(trial, CLOSED, 0.1, note->closed, sizeof note->closed);
    }
    snprintf(note->error, sizeof note->error, "%s", error->text);
    note->boot = trial_boot(trial, 1, error);
    note->end = trial_wait(trial, EVENT_END, error);
    note->status = trial_status(trial, EVENT_END);
    note_packets(trial, PORT, 0.1, note->gone, sizeof note->gone);
    return -ENOANO; /* the metrics are of no interest */
}

static int run_guest(void *data, struct error *error)
{
    const struct guest_trial *asked = data;
    struct trial_report report;
    int status = network_open(error);

    if (status < 0)
        return status;
    note->run = guest_run(asked, &report);
    trial_report_free(&report);
    return 0;
}

/* A host that forbids the sandbox cannot show what is in it. */
static void run_inside(struct guest_trial *asked)
{
    static char self[32];
    static char *argv[] = {(char *)"/app", (char *)"listen", NULL};
    int fd = open("/proc/self/exe", O_PATH), status;
    struct error error = {0};

    /* Not by its path: it may lie where the sandbox has a file system of its own. */
    assert_true(fd >= 0);
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    asked->program = self;
    asked->argv = argv;
    asked->port = PORT;
    asked->driver = &driver_process;
    asked->measure = measure;
    status = sandbox_run(run_guest, asked, &error);
    close(fd);
    if (status < 0)
        print_message("%s\n", error.text);
    if (status == -EPERM)
        skip();
    assert_int_equal(status, 0);
    assert_int_equal(note->run, 0);
}

static int make_note(void **state)
{
    (void)state;
    note = mmap(NULL, sizeof *note, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return note == MAP_FAILED ? -1 : 0;
}

static int drop_note(void **state)
{
    (void)state;
    return munmap(note, sizeof *note);
}

static void test_reply(void **state)
{
    struct guest_trial asked = {.probed = true};

    (void)state;
    run_inside(&asked);
    assert_string_equal(note->error, "");
    assert_int_equal(note->wait, 0);
    assert_true(note->ready > note->resume);
    assert_true(note->reply > note->ready); /* it is asked when it says that it listens */
    assert_string_equal(note->address, "10.0.0.2");
    assert_string_equal(note->interface, "vm0");
    /* It hears nothing that is for others. */
    assert_int_not_equal(note->isolated, 0);
    assert_int_not_equal(note->flooded, 1);
}

/* What a guest is asked and answers, as evidence; and that of one without a network. */
static void test_packets(void **state)
{
    struct guest_trial asked = {.probed = true};

    (void)state;
    run_inside(&asked);
    assert_holds(note->open, "0 s: SYN to port 80 and ping sent to 10.0.0.2");
    assert_holds(note->open, "10.0.0.1 > 10.0.0.2 TCP ");
    assert_holds(note->open, "10.0.0.2 > 10.0.0.1 TCP 80 > ");
    assert_holds(note->open, " SYN ACK ");
    assert_holds(note->open, "10.0.0.1 > 10.0.0.2 ICMP echo (type 8, code 0)");
    assert_holds(note->open, "10.0.0.2 > 10.0.0.1 ICMP echo reply (type 0, code 0)");
    assert_holds(note->closed, "10.0.0.2 > 10.0.0.1 TCP 81 > ");
    assert_holds(note->closed, " RST ACK ");
    assert_int_equal(note->boot, 0);
    assert_int_equal(note->end, 0);
    assert_int_equal(note->status, 3);
    assert_string_equal(note->gone, "there is no guest with a network\n");
}

/* --ready tcp: the answer on the wire is what makes it ready, whatever it marks. */
static void test_ready_tcp(void **state)
{
    struct guest_trial asked = {.probed = true};
    struct ready ready;

    (void)state;
    assert_int_equal(ready_parse("tcp:80", &ready, NULL), 0);
    asked.ready = &ready;
    run_inside(&asked);
    assert_int_equal(note->wait, 0);
    assert_true(note->reply > note->resume);
    assert_int_equal(note->ready, note->reply);
    ready_free(&ready);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reply, make_note, drop_note),
        cmocka_unit_test_setup_teardown(test_packets, make_note, drop_note),
        cmocka_unit_test_setup_teardown(test_ready_tcp, make_note, drop_note),
    };

    if (strcmp(argv[0], "/app") == 0)
        return be_guest(argc);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
