/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/address.h"
#include "lib/lib.h"

enum { CLIENT, SERVER, GATEWAY, NETMASK, HOST, DEVICE, AUTOCONF, FIELDS };

static bool ends(char c)
{
    return c == ':' || !c;
}

static bool is(const char *field, const char *word)
{
    size_t length = strlen(word);

    return strncmp(field, word, length) == 0 && ends(field[length]);
}

static bool is_dhcp(const char *field)
{
    return is(field, "dhcp") || is(field, "on") || is(field, "any") || is(field, "both");
}

/* Four numbers with dots between; an empty field is 0.0.0.0. */
static bool read_ipv4(const char *field, uint32_t *out)
{
    uint64_t number;

    *out = 0;
    if (ends(*field))
        return true;
    for (int part = 0; part < 4; part++) {
        if (!read_digits(&field, 10, 15, &number) || number > 255 || (part < 3 && *field++ != '.'))
            return false;
        *out |= (uint32_t)number << 8 * part;
    }
    return ends(*field);
}

static uint32_t class_netmask(uint32_t address)
{
    unsigned first = address & 255;

    return first < 128 ? 0xff : first < 192 ? 0xffff : 0xffffff;
}

bool address_parse(const char *text, struct address *out)
{
    const char *fields[FIELDS], *at = text;
    uint32_t server;

    for (int i = 0; i < FIELDS; i++) {
        fields[i] = at;
        while (!ends(*at))
            at++;
        at += *at == ':';
    }
    *out = (struct address){0};
    if (!(*text >= '0' && *text <= '9') && !strchr(text, ':'))
        return out->dhcp = is_dhcp(text);
    if (!read_ipv4(fields[CLIENT], &out->client) || !read_ipv4(fields[SERVER], &server) ||
        !read_ipv4(fields[GATEWAY], &out->gateway) || !read_ipv4(fields[NETMASK], &out->netmask))
        return false;
    if (!out->client) /* Linux too asks nobody when it has been told */
        return out->dhcp = is_dhcp(fields[AUTOCONF]);
    if (!out->netmask)
        out->netmask = class_netmask(out->client);
    return true;
}
