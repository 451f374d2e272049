/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "bench/base/name.h"

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

bool name_is_valid(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= NAME_LENGTH_MAX && strchr(ALNUM, name[0]) &&
           strspn(name, ALNUM "_-.:") == length;
}
