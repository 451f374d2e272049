/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "address.h"
#include "../lib/lib.h"

enum { CLIENT, SERVER, GATEWAY, NETMASK, HOST, DEVICE, AUTOCONF, FIELDS };

struct field {
    const char *text;
    size_t length;
};

static bool is(struct field field, const char *word)
{
    return field.length == strlen(word) && strncmp(field.text, word, field.length) == 0;
}

static bool is_dhcp(struct field field)
{
    return is(field, "dhcp") || is(field, "on") || is(field, "any") || is(field, "both");
}

/* Four numbers with dots between; an empty field is 0.0.0.0. */
static bool read_ipv4(struct field field, uint32_t *out)
{
    const char *text = field.text, *end;
    uint32_t value = 0;

    *out = 0;
    if (!field.length)
        return true;
    end = text + field.length;
    for (int part = 0; part < 4; part++) {
        unsigned number = 0;
        const char *first = text;

        for (; text < end && *text >= '0' && *text <= '9' && number < 256; text++)
            number = 10 * number + (unsigned)(*text - '0');
        if (text == first || number > 255 || (part < 3 && (text == end || *text++ != '.')))
            return false;
        value |= number << 8 * part;
    }
    *out = value;
    return text == end;
}

static uint32_t class_netmask(uint32_t address)
{
    unsigned first = address & 255;

    return first < 128 ? 0xff : first < 192 ? 0xffff : 0xffffff;
}

bool address_parse(const char *text, struct address *out)
{
    struct field fields[FIELDS] = {0};
    uint32_t server;
    int count = 0;

    for (; count < FIELDS; count++, text++) {
        fields[count].text = text;
        while (*text && *text != ':')
            text++;
        fields[count].length = (size_t)(text - fields[count].text);
        if (!*text)
            break;
    }
    *out = (struct address){.dhcp = is_dhcp(fields[CLIENT]) || is_dhcp(fields[AUTOCONF])};
    if (count == 0 && !(fields[0].length && *fields[0].text >= '0' && *fields[0].text <= '9'))
        return out->dhcp;
    if (!read_ipv4(fields[CLIENT], &out->client) || !read_ipv4(fields[SERVER], &server) ||
        !read_ipv4(fields[GATEWAY], &out->gateway) || !read_ipv4(fields[NETMASK], &out->netmask))
        return false;
    if (!out->client)
        return out->dhcp;
    out->dhcp = false; /* Linux too asks nobody when it has been told */
    if (!out->netmask)
        out->netmask = class_netmask(out->client);
    return true;
}
