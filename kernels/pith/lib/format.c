/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/lib.h"

struct sink {
    char *out;
    size_t size, used;
};

static void put(struct sink *sink, char c)
{
    if (sink->used + 1 < sink->size)
        sink->out[sink->used] = c;
    sink->used++;
}

static void put_number(struct sink *sink, uint64_t value, unsigned base, int width, char fill)
{
    char digits[24];
    int count = 0;

    do
        digits[count++] = "0123456789abcdef"[value % base];
    while (value /= base);
    for (; width > count; width--)
        put(sink, fill);
    while (count--)
        put(sink, digits[count]);
}

static void put_text(struct sink *sink, const char *text)
{
    for (; *text; text++)
        put(sink, *text);
}

static const char *convert(struct sink *sink, const char *pattern, va_list *arguments)
{
    char fill = ' ';
    int width = 0;
    bool wide = false;
    int64_t value;

    if (*pattern == '0')
        fill = *pattern++;
    while (*pattern >= '0' && *pattern <= '9')
        width = width * 10 + *pattern++ - '0';
    for (; *pattern == 'l' || *pattern == 'z'; pattern++)
        wide = true;
    switch (*pattern) {
    case 's':
        put_text(sink, va_arg(*arguments, const char *));
        break;
    case 'c':
        put(sink, (char)va_arg(*arguments, int));
        break;
    case 'd':
        value = wide ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);
        if (value < 0)
            put(sink, '-');
        put_number(sink, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, width, fill);
        break;
    case 'u':
    case 'x':
        put_number(sink, wide ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned),
                   *pattern == 'x' ? 16 : 10, width, fill);
        break;
    case 'p':
        put_text(sink, "0x");
        put_number(sink, va_arg(*arguments, uint64_t), 16, 0, ' ');
        break;
    default:
        put(sink, *pattern);
    }
    return pattern + 1;
}

size_t vformat(char *out, size_t size, const char *pattern, va_list arguments)
{
    struct sink sink = {out, size, 0};
    va_list list;

    va_copy(list, arguments);
    while (*pattern) {
        if (*pattern == '%')
            pattern = convert(&sink, pattern + 1, &list);
        else
            put(&sink, *pattern++);
    }
    va_end(list);
    if (size)
        out[sink.used < size ? sink.used : size - 1] = '\0';
    return sink.used;
}

size_t format(char *out, size_t size, const char *pattern, ...)
{
    va_list arguments;
    size_t length;

    va_start(arguments, pattern);
    length = vformat(out, size, pattern, arguments);
    va_end(arguments);
    return length;
}
