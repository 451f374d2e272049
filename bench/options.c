/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "bench/options.h"

enum {
    KEY_ACCEL = 0x100,
    KEY_MACHINE,
    KEY_MEMORY,
    KEY_VCPUS,
    KEY_PIN,
    KEY_NET_BACKEND,
    KEY_ICOUNT,
    KEY_SEED,
    KEY_WARMUP,
    KEY_PROFILE,
    KEY_RESUME,
    KEY_PAYLOAD,
    KEY_ARGS,
    KEY_READY,
    KEY_URL,
    KEY_KEEP_PCAP,
    KEY_DATA,
    KEY_CONNECT,
    KEY_UNJUDGED,
    KEY_DRIVER,
    KEY_VMS,
    KEY_UNTIL,
    KEY_MINUTES,
    KEY_IMAGE,
};

static const struct argp_option table[] = {
    {"scenario", 's', "LIST", 0, "Scenarios to run, comma-separated, or all [boot]", 0},
    {"target", 't', "LIST", 0, "Targets to compare, comma-separated, or all [all]", 0},
    {"image", KEY_IMAGE, "NAME=PATH", 0,
     "Where the files of target NAME are, a folder or its one file; may be given again. "
     "$TARE_IMAGES/NAME is looked through, too",
     0},
    {"driver", KEY_DRIVER, "LIST", 0,
     "What runs the VMs: libvirt, qemu (QEMU without libvirt), or libvirt,qemu: each VM target by "
     "both, the second time as TARGET:qemu [libvirt]",
     0},
    {"repeat", 'n', "N", 0, "Repetitions of every target and scenario [10, with --aa 60]", 0},
    {"until", KEY_UNTIL, "PERCENT", 0,
     "Repeat only until the ratios of the leading metrics are known so closely, as 2%; --repeat is "
     "then the most, [100]",
     0},
    {"minutes", KEY_MINUTES, "M", 0, "With --until: begin no repetition after so long", 0},
    {"warmup", KEY_WARMUP, "N", 0, "Repetitions before those, recorded apart [1]", 0},
    {"profile", KEY_PROFILE, "quick|full", 0,
     "How thorough each trial is, where a scenario can be either (iperf) [quick]", 0},
    {"vms", KEY_VMS, "N", 0,
     "At most so many VMs at once in scenario density [64, with --profile full 1000]", 0},
    {"seed", KEY_SEED, "S", 0, "Seed of the order and of resampling [1]", 0},
    {"out", 'o', "FILE", 0, "The result file [tare.json]", 0},
    {"resume", KEY_RESUME, "FILE", 0, "Complete the cut run that was to write FILE", 0},
    {0, 0, 0, 0, "Your own program, on every target:", 1},
    {"payload", KEY_PAYLOAD, "FILE", 0,
     "A static x86-64 ELF program to run in place of the scenario's (boot and latency take one)",
     1},
    {"args", KEY_ARGS, "\"A B\"", 0, "Its arguments, separated by spaces", 1},
    {"url", KEY_URL, "PATH", 0, "What scenario latency asks a server for [/]", 1},
    {"ready", KEY_READY, "marker|console:REGEX", 0,
     "When it has started: its main() wrote a marker (scenarios/payload.h), or a line of its "
     "console matches. By console, it may run on: tare watches it for a second more, fails the "
     "trial if it ends with another status than 0, and ends it if it still runs [marker]",
     1},
    {0, 0, 0, 0, "The machine, the same for every VM target:", 3},
    {"accel", KEY_ACCEL, "auto|kvm|tcg", 0, "Accelerator; auto: KVM where a boot proves it [auto]",
     3},
    {"machine", KEY_MACHINE, "microvm|q35|pc", 0, "QEMU machine type [microvm]", 3},
    {"memory", KEY_MEMORY, "MIB", 0, "Guest memory [256]", 3},
    {"vcpus", KEY_VCPUS, "N", 0, "Virtual CPUs [1]", 3},
    {"pin", KEY_PIN, "auto|off|LIST", 0, "Host CPUs for the guest, as 0,2-3 [off]", 3},
    {"net-backend", KEY_NET_BACKEND, "qemu|vhost", 0,
     "Who moves the guest's packets: QEMU, or under KVM the host's kernel [qemu]", 3},
    {"icount", KEY_ICOUNT, 0, 0, "Count virtual time: exact, repeatable, TCG only", 3},
    {0, 0, 0, 0, "Other:", 4},
    {"data", KEY_DATA, "DIR", 0, "Kernels and payloads [../share/tare from this program]", 4},
    {"keep-pcap", KEY_KEEP_PCAP, "DIR", 0,
     "Keep what scenario latency captures: a file for each test, headers and the first bytes", 4},
    {"unjudged", KEY_UNJUDGED, 0, 0,
     "Do not judge how busy the machine is: nor watch it for 2 s before, nor call the result quiet "
     "or invalid for it",
     4},
    {"connect", KEY_CONNECT, "URI", 0,
     "Another libvirt than the embedded one (always refused: "
     "see docs/architecture.md)",
     4},
    {0},
};

struct parsed {
    struct plan_options *options;
    const char **resume;
};

static uint64_t number(struct argp_state *state, const char *name, const char *text, uint64_t low,
                       uint64_t high)
{
    char *end;

    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || value < low || value > high)
        argp_error(state, "--%s: \"%s\" is not a whole number from %llu to %llu", name, text,
                   (unsigned long long)low, (unsigned long long)high);
    return value;
}

static double decimal(struct argp_state *state, const char *name, const char *text,
                      const char *unit)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || (*end && strcmp(end, unit) != 0) || !isfinite(value) || value <= 0)
        argp_error(state, "--%s: \"%s\" is not a number above 0", name, text);
    return value;
}

static int choice(struct argp_state *state, const char *name, const char *text,
                  const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    argp_error(state, "--%s: \"%s\" is none of the choices; see --help", name, text);
    return 0;
}

/* auto: the last of the CPUs we may use, away from CPU 0, which takes most interrupts. */
static const char *pin_of(struct argp_state *state, const char *text)
{
    static char last[16];
    cpu_set_t set;

    if (strcmp(text, "off") == 0)
        return NULL;
    if (strcmp(text, "auto") == 0) {
        if (sched_getaffinity(0, sizeof set, &set) == 0)
            for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
                if (CPU_ISSET(cpu, &set))
                    snprintf(last, sizeof last, "%d", cpu);
        return last;
    }
    if (!pin_is_list(text))
        argp_error(state, "--pin: \"%s\" is neither auto, off nor a list of CPUs as 0,2-3", text);
    return text;
}

static void add_image(struct argp_state *state, struct plan_options *options, const char *text)
{
    static const char *named[PLAN_NAMES_MAX + 1];
    size_t count = 0;

    while (named[count])
        count++;
    if (count == PLAN_NAMES_MAX)
        argp_error(state, "--image: more than %d", PLAN_NAMES_MAX);
    named[count] = text;
    options->images.named = named;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    static const char *const accels[] = {"auto", "kvm", "tcg", NULL};
    static const char *const profiles[] = {"quick", "full", NULL};
    static const char *const backends[] = {"qemu", "vhost", NULL};
    struct parsed *parsed = state->input;
    struct plan_options *options = parsed->options;
    struct error error = {0};

    switch (key) {
    case 's':
        options->scenarios = text;
        break;
    case 't':
        options->targets = text;
        break;
    case KEY_IMAGE:
        add_image(state, options, text);
        break;
    case KEY_DRIVER:
        options->drivers = text;
        break;
    case 'n':
        options->repeat = (unsigned)number(state, "repeat", text, 1, REPEAT_MAX);
        break;
    case KEY_UNTIL:
        options->until = decimal(state, "until", text, "%");
        break;
    case KEY_MINUTES:
        options->minutes = decimal(state, "minutes", text, "");
        break;
    case KEY_WARMUP:
        options->warmup = (unsigned)number(state, "warmup", text, 0, WARMUP_MAX);
        break;
    case KEY_PROFILE:
        options->profile =
            choice(state, "profile", text, profiles) == 1 ? PROFILE_FULL : PROFILE_QUICK;
        break;
    case KEY_VMS:
        options->vms = (unsigned)number(state, "vms", text, 1, VMS_MAX);
        break;
    case KEY_SEED:
        options->seed = number(state, "seed", text, 0, SEED_MAX);
        break;
    case 'o':
        options->out = text;
        break;
    case KEY_RESUME:
        *parsed->resume = text;
        break;
    case KEY_PAYLOAD:
        options->payload = text;
        break;
    case KEY_ARGS:
        options->args = text;
        break;
    case KEY_READY:
        options->ready = text;
        break;
    case KEY_KEEP_PCAP:
        options->keep_pcap = text;
        break;
    case KEY_URL:
        options->url = text;
        break;
    case KEY_ACCEL:
        options->accel = (enum accel_choice)choice(state, "accel", text, accels);
        break;
    case KEY_MACHINE:
        options->machine.type = machine_types[choice(state, "machine", text, machine_types)];
        break;
    case KEY_MEMORY:
        options->machine.memory_mib = (unsigned)number(state, "memory", text, 1, MEMORY_MIB_MAX);
        break;
    case KEY_VCPUS:
        options->machine.vcpus = (unsigned)number(state, "vcpus", text, 1, VCPUS_MAX);
        break;
    case KEY_PIN:
        options->machine.pin = pin_of(state, text);
        break;
    case KEY_NET_BACKEND:
        options->machine.vhost = choice(state, "net-backend", text, backends) == 1;
        break;
    case KEY_ICOUNT:
        options->machine.icount = true;
        break;
    case KEY_DATA:
        options->datadir = text;
        break;
    case KEY_UNJUDGED:
        options->unjudged = true;
        break;
    case KEY_CONNECT:
        argp_error(state,
                   "--connect %s: the libvirt daemon runs outside tare's network and PID "
                   "namespaces, so its guests could neither be kept from the host's "
                   "network nor be ended with tare; only the embedded driver can",
                   text);
        break;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options;
        break;
    case ARGP_KEY_END:
        if (plan_check_options(options, &error) < 0)
            argp_error(state, "%s", error.text);
        if (*parsed->resume &&
            (options->payload || options->args || options->ready || options->url))
            argp_error(state, "--resume takes --payload, --args, --ready and --url from the cut "
                              "run");
        if (!options->payload && (options->args || options->ready))
            argp_error(state, "--args and --ready are about the program of --payload, "
                              "which is missing");
        if (*parsed->resume && (options->twins != TWINS_NONE || options->noise))
            argp_error(state, "--resume takes --ab, --aa and --noise from the cut run");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const char *options_images(void)
{
    const char *folder = getenv("TARE_IMAGES");

    return folder && *folder ? folder : NULL;
}

void options_run(int argc, char **argv, struct plan_options *options, const char **resume)
{
    static const struct argp_child children[] = {{&options_twins, 0, "Comparing builds:", 2}, {0}};
    static const struct argp argp = {
        .children = children,
        .options = table,
        .parser = parse,
        .doc = "Boot every target, measure every scenario, write the result."
               "\vDocumentation: docs/method.md, man tare.",
    };
    struct parsed parsed = {options, resume};

    argp_err_exit_status = 2;
    *resume = NULL;
    options->scenarios = "boot";
    options->targets = "all";
    options->repeat = 0; /* options_twins.c knows the default */
    options->profile = PROFILE_QUICK;
    options->warmup = 1;
    options->seed = 1;
    options->out = "tare.json";
    options->images.folder = options_images();
    options->machine = machine_usual;
    options->argc = argc;
    options->argv = argv;
    argp_parse(&argp, argc, argv, 0, NULL, &parsed);
}
