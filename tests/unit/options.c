/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command lines of `tare run` and `tare gate`. argp ends the program over bad ones, so that
 * each of those is parsed by a child. */
#include "tests/unit/test.h"

#include <sys/wait.h>

#include "bench/options.h"
#include "tests/unit/fixture.h"

#define WORDS_MAX 32

/* A command line, which argp may reorder. */
struct line {
    char *argv[WORDS_MAX];
    int argc;
};

static struct line split(char *text)
{
    struct line line = {.argv = {(char *)"tare run"}, .argc = 1};

    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        line.argv[line.argc++] = word;
    assert_true(line.argc < WORDS_MAX);
    return line;
}

/* What `text`, which must stay, means. */
static struct plan_options parsed(char *text, const char **resume)
{
    struct line line = split(text);
    struct plan_options options = {.datadir = "default"};

    options_run(line.argc, line.argv, &options, resume);
    return options;
}

static void test_defaults(void **state)
{
    char text[] = "";
    const char *resume = "untouched";
    struct plan_options options = parsed(text, &resume);

    (void)state;
    assert_null(resume);
    assert_string_equal(options.datadir, "default");
    assert_string_equal(options.scenarios, "boot");
    assert_string_equal(options.targets, "all");
    assert_int_equal(options.repeat, 10);
    assert_int_equal(options.warmup, 1);
    assert_int_equal(options.seed, 1);
    assert_int_equal(options.profile, PROFILE_QUICK);
    assert_int_equal(options.twins, TWINS_NONE);
    assert_int_equal(options.accel, CHOOSE_AUTO);
    assert_string_equal(options.out, "tare.json");
    assert_string_equal(options.machine.type, "microvm");
    assert_int_equal(options.machine.memory_mib, 256);
    assert_int_equal(options.machine.vcpus, 1);
    assert_false(options.machine.icount);
    assert_false(options.unjudged);
    assert_null(options.machine.pin);
    assert_null(options.payload);
    assert_null(options.args);
    assert_null(options.ready);
    assert_null(options.noise);
    assert_null(options.drivers);
    assert_int_equal(options.argc, 1);
}

static void test_all(void **state)
{
    char text[] = "-s micro -t a,b -n 8 --warmup 0 --seed 9007199254740992 -o x.json "
                  "--profile full --accel tcg";
    char machine[] = "--machine q35 --memory 16 --vcpus 255 --pin 0,2-3 --data dir --driver qemu";
    char program[] = "--payload p --args a --ready tcp:80 --url /x --icount --unjudged --vms 9";
    const char *resume;
    struct plan_options options = parsed(text, &resume);

    (void)state;
    assert_string_equal(options.scenarios, "micro");
    assert_string_equal(options.targets, "a,b");
    assert_int_equal(options.repeat, 8);
    assert_int_equal(options.warmup, 0);
    assert_true(options.seed == 1ULL << 53);
    assert_string_equal(options.out, "x.json");
    assert_int_equal(options.profile, PROFILE_FULL);
    assert_int_equal(options.accel, CHOOSE_TCG);
    options = parsed(machine, &resume);
    assert_string_equal(options.machine.type, "q35");
    assert_int_equal(options.machine.memory_mib, 16);
    assert_int_equal(options.machine.vcpus, 255);
    assert_string_equal(options.machine.pin, "0,2-3");
    assert_string_equal(options.datadir, "dir");
    assert_string_equal(options.drivers, "qemu");
    options = parsed(program, &resume);
    assert_string_equal(options.payload, "p");
    assert_string_equal(options.args, "a");
    assert_string_equal(options.ready, "tcp:80");
    assert_string_equal(options.url, "/x");
    assert_int_equal(options.vms, 9);
    assert_true(options.machine.icount);
    assert_true(options.unjudged);
}

static void test_until(void **state)
{
    char percent[] = "--until 2%", limits[] = "--until 0.5 --repeat 12 --minutes 1.5";
    const char *resume;
    struct plan_options options = parsed(percent, &resume);

    (void)state;
    assert_float_equal(options.until, 2, 0);
    assert_float_equal(options.minutes, 0, 0);
    assert_int_equal(options.repeat, 100);
    options = parsed(limits, &resume);
    assert_float_equal(options.until, 0.5, 0);
    assert_float_equal(options.minutes, 1.5, 0);
    assert_int_equal(options.repeat, 12);
}

static void test_pin(void **state)
{
    char off[] = "--pin 1 --pin off", automatic[] = "--pin auto";
    const char *resume;
    struct plan_options options = parsed(off, &resume);

    (void)state;
    assert_null(options.machine.pin);
    options = parsed(automatic, &resume);
    assert_true(*options.machine.pin >= '0' && *options.machine.pin <= '9');
}

static void test_twins(void **state)
{
    char one[] = "--ab new", two[] = "--ab old,new", words[] = "--ab old new", aa[] = "--aa";
    char noise[] = "--noise file", resumed[] = "--resume x.json";
    const char *resume;
    struct plan_options options = parsed(one, &resume);

    (void)state;
    assert_int_equal(options.twins, TWINS_AB);
    assert_null(options.builds[0]);
    assert_string_equal(options.builds[1], "new");
    options = parsed(two, &resume);
    assert_string_equal(options.builds[0], "old");
    assert_string_equal(options.builds[1], "new");
    options = parsed(words, &resume);
    assert_string_equal(options.builds[0], "old");
    assert_string_equal(options.builds[1], "new");
    options = parsed(aa, &resume);
    assert_int_equal(options.twins, TWINS_AA);
    assert_int_equal(options.repeat, 60);
    options = parsed(noise, &resume);
    assert_string_equal(options.noise, "file");
    options = parsed(resumed, &resume);
    assert_string_equal(resume, "x.json");
}

static void parse_run(const struct line *line)
{
    struct plan_options options = {0};
    const char *resume;

    options_run(line->argc, (char **)line->argv, &options, &resume);
}

static void parse_gate(const struct line *line)
{
    struct gate_options options = {0};

    options_gate(line->argc, (char **)line->argv, &options);
}

/* That `text` ends the program with status 2 and says `reason`. */
static void refuse_by(void (*parse)(const struct line *line), const char *text, const char *reason)
{
    char *copy = strdup(text), *said;
    struct line line = split(copy);
    int memory, before = fixture_hush(&memory), status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        parse(&line);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    said = fixture_unhush(before, memory);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 2)
        print_error("%s: status %x\n", text, status);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2);
    assert_holds(said, reason);
    free(said);
    free(copy);
}

static void refuse(const char *text, const char *reason)
{
    refuse_by(parse_run, text, reason);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *name, *low, *high; /* the first that are too low and too high */
    } numbers[] = {
        {"repeat", "0", "100001"},   {"warmup", "-1", "1001"}, {"seed", "-1", "9007199254740993"},
        {"memory", "0", "16777217"}, {"vcpus", "0", "256"},
    };
    const char *const bad[] = {"-18446744073709551615", "", "x", "1x", "-1", "1.5",
                               "99999999999999999999"};
    char text[128], reason[128];

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(text, sizeof text, "--%s=%s", numbers[i].name, numbers[i].low);
        snprintf(reason, sizeof reason, "--%s: \"%s\" is not a whole number from", numbers[i].name,
                 numbers[i].low);
        refuse(text, reason);
        snprintf(text, sizeof text, "--%s=%s", numbers[i].name, numbers[i].high);
        refuse(text, "is not a whole number from");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "--repeat=%s", bad[i]);
        refuse(text, "is not a whole number from 1 to 100000");
    }
}

static void test_choices(void **state)
{
    (void)state;
    refuse("--accel hvf", "--accel: \"hvf\" is none of the choices");
    refuse("--machine i440fx", "--machine: \"i440fx\" is none of the choices");
    refuse("--until 0", "--until: \"0\" is not a number above 0");
    refuse("--until 2%%", "is not a number above 0");
    refuse("--until nan", "is not a number above 0");
    refuse("--until 101", "--until: 101 % is not more than 0 and up to 100");
    refuse("--until 2 --minutes 1h", "--minutes: \"1h\" is not a number above 0");
    refuse("--until 2 --minutes 1e6", "--minutes: 1e+06 is not from 0 to 100000");
    refuse("--profile fast", "--profile: \"fast\" is none of the choices");
    refuse("--pin one", "--pin: \"one\" is neither auto, off nor a list");
    refuse("--pin=", "--pin: \"\" is neither auto, off nor a list");
    refuse("--connect qemu:///system", "--connect qemu:///system: the libvirt daemon runs outside");
    refuse("--nosuch", "nosuch");
    refuse("word", "\"word\": run takes options only");
}

static void test_together(void **state)
{
    (void)state;
    refuse("--icount --accel kvm", "cannot go with --accel kvm");
    refuse("--net-backend vhost --accel tcg", "--net-backend vhost needs KVM");
    refuse("--net-backend vhost --icount", "--net-backend vhost needs KVM");
    refuse("--net-backend tap", "none of the choices");
    refuse("--icount --vcpus 2", "--icount needs --vcpus 1");
    refuse("--resume x --payload p", "--resume takes --payload, --args, --ready and --url");
    refuse("--resume x --aa", "--resume takes --ab, --aa and --noise");
    refuse("--resume x --noise f", "--resume takes --ab, --aa and --noise");
    refuse("--resume x --url /", "--resume takes");
    refuse("--args a", "which is missing");
    refuse("--ready marker", "which is missing");
    refuse("--ab a --aa", "--ab and --aa: one of them, once");
    refuse("--aa --aa", "--ab and --aa: one of them, once");
    refuse("--ab=", "--ab: needs the file of a kernel");
    refuse("--ab=a,", "--ab: needs the file of a kernel");
    refuse("--ab=,b", "--ab: needs the file of a kernel");
    refuse("--ab a,b c", "\"c\": run takes options only");
    refuse("--ab a b c", "\"c\": run takes options only");
    refuse("--aa -n 7", "need --repeat 8 or more");
    refuse("--aa -n 59", "--aa needs --repeat 60 or more");
    refuse("--noise f -n 7", "need --repeat 8 or more");
    refuse("--until 2 -n 11", "--until needs --repeat 12 or more");
    refuse("--until 2 --icount", "with --icount one repetition tells all");
    refuse("--until 2 --aa", "--aa and --noise need to know how many");
    refuse("--until 2 --noise f", "--aa and --noise need to know how many");
    refuse("--minutes 2", "--minutes needs --until");
}

static void test_gate(void **state)
{
    char text[] = "old new",
         full[] = "-t vm -s micro --threshold 0.5 -o out --data dir --junit x.xml a b";
    struct line line = split(text);
    struct gate_options options = {0};

    (void)state;
    options_gate(line.argc, line.argv, &options);
    assert_string_equal(options.base, "old");
    assert_string_equal(options.new, "new");
    assert_string_equal(options.target, "pith");
    assert_string_equal(options.scenarios, "boot,loopback,micro");
    assert_float_equal(options.threshold, 0.1, 0);
    assert_null(options.junit);
    assert_null(options.out);
    line = split(full);
    options = (struct gate_options){0};
    options_gate(line.argc, line.argv, &options);
    assert_string_equal(options.target, "vm");
    assert_string_equal(options.scenarios, "micro");
    assert_float_equal(options.threshold, 0.5, 0);
    assert_string_equal(options.out, "out");
    assert_string_equal(options.datadir, "dir");
    assert_string_equal(options.junit, "x.xml");
}

static void test_gate_refused(void **state)
{
    (void)state;
    refuse_by(parse_gate, "", "needs two kernel files");
    refuse_by(parse_gate, "a", "needs two kernel files");
    refuse_by(parse_gate, "a b c", "\"c\": gate takes two kernels");
    refuse_by(parse_gate, "--threshold=x a b", "--threshold: \"x\" is not a number");
    refuse_by(parse_gate, "--threshold=-1 a b", "--threshold: \"-1\" is not a number");
    refuse_by(parse_gate, "--threshold=nan a b", "--threshold: \"nan\" is not a number");
    refuse_by(parse_gate, "--threshold= a b", "--threshold: \"\" is not a number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_all),
        cmocka_unit_test(test_pin),      cmocka_unit_test(test_until),
        cmocka_unit_test(test_twins),    cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_choices),  cmocka_unit_test(test_together),
        cmocka_unit_test(test_gate),     cmocka_unit_test(test_gate_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
