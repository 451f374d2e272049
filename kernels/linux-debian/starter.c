/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the service tare.service starts: the payload, as the other Linux targets' init does. systemd
 * ends the VM when this has ended. The payload's command line is the kernel parameter
 * tare.args="..." and not what follows `--`, since systemd would take those words for its own. tare
 * refuses arguments with a double quote.
 */
#include <fcntl.h>

#include "../linux/payload.h"

#define PARAMETER "tare.args=\""
#define WORDS_MAX 32

/* As every other target's payload gets it. */
static char *environment[] = {(char *)"HOME=/", (char *)"TERM=linux", NULL};

/* The words of the parameter, in argv. */
static void read_words(char **argv)
{
    static char line[4096];
    int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC), count = 0;
    ssize_t size = read(fd, line, sizeof line - 1);
    char *words, *end;

    close(fd);
    line[size < 0 ? 0 : size] = '\0';
    words = strstr(line, PARAMETER);
    if (!words)
        return;
    words += strlen(PARAMETER);
    end = strchr(words, '"');
    if (end)
        *end = '\0';
    for (char *word = strtok(words, " "); word && count < WORDS_MAX; word = strtok(NULL, " "))
        argv[count++] = word;
}

int main(void)
{
    char *argv[WORDS_MAX + 1] = {NULL};
    int console = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
    unsigned status;

    for (int fd = 0; fd <= 2; fd++)
        dup2(console, fd);
    environ = environment;
    read_words(argv);
    if (ioperm(MARKER_PORT, 1, 1) != 0) {
        complain("use", "the marker port");
        return 1;
    }
    status = payload_run(argv);
    marker_port(MARKER_END, status);
    tcdrain(STDOUT_FILENO);
    return (int)status;
}
