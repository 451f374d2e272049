/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmdline.h"
#include "errno.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

/* The next word of *rest, or NULL: Linux's next_arg(). A quote hides spaces; quotes around a whole
 * word or a whole value are taken off. */
static char *next_word(char **rest)
{
    char *word = *rest, *end, *equals = NULL;
    bool quoted = false, in_quotes = false;

    while (is_space(*word))
        word++;
    if (!*word)
        return NULL;
    if (*word == '"') {
        word++;
        quoted = in_quotes = true;
    }
    for (end = word; *end && (in_quotes || !is_space(*end)); end++) {
        if (*end == '=' && !equals)
            equals = end;
        if (*end == '"')
            in_quotes = !in_quotes;
    }
    *rest = *end ? end + 1 : end;
    *end = '\0';
    if (equals && equals[1] == '"') {
        memmove(equals + 1, equals + 2, (size_t)(end - equals - 1));
        end--;
        quoted = true;
    }
    if (quoted && end > word && end[-1] == '"')
        end[-1] = '\0';
    return word;
}

static bool starts(const char *word, const char *with)
{
    return strncmp(word, with, strlen(with)) == 0;
}

static bool has_dot_before_equals(const char *word)
{
    for (; *word && *word != '='; word++)
        if (*word == '.')
            return true;
    return false;
}

static long add(const char **list, unsigned *count, const char *word)
{
    if (*count == CMDLINE_WORDS)
        return -E2BIG;
    list[(*count)++] = word;
    return 0;
}

/* A word before "--" that is not pith's: "console" means something to kernels only, module.option
 * to their modules. */
static long pass_on(struct cmdline *out, const char *word)
{
    if (starts(word, "console=") || has_dot_before_equals(word))
        return 0;
    if (strchr(word, '='))
        return add(out->environment, &out->environment_count, word);
    return add(out->arguments, &out->argument_count, word);
}

long cmdline_parse(char *text, struct cmdline *out)
{
    const char *init = NULL, *rdinit = NULL;
    bool ours = true;
    long status = 0;
    char *word;

    *out = (struct cmdline){.argument_count = 1, .environment_count = 2};
    out->environment[0] = "HOME=/";
    out->environment[1] = "TERM=linux";
    while (status == 0 && (word = next_word(&text))) {
        if (!ours)
            status = add(out->arguments, &out->argument_count, word);
        else if (strcmp(word, "--") == 0)
            ours = false;
        else if (starts(word, "rdinit="))
            rdinit = word + 7;
        else if (starts(word, "init="))
            init = word + 5;
        else if (starts(word, "ip="))
            out->ip = word + 3;
        else if (starts(word, "tsc_early_khz="))
            out->tsc_khz = word + 14;
        else if (starts(word, "virtio_mmio.device="))
            status = add(out->devices, &out->device_count, word + 19);
        else if (strcmp(word, "quiet") == 0)
            out->quiet = true;
        else
            status = pass_on(out, word);
    }
    out->program = rdinit ? rdinit : init ? init : "/init";
    out->arguments[0] = out->program;
    return status;
}
