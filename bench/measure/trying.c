/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure/capture.h"
#include "bench/measure/packets.h"
#include "bench/measure/trying.h"

#define ANSWER_S 1.0

struct trying {
    struct capture *capture;
    unsigned frames;
    unsigned count;
    char addresses[TRYING_ADDRESSES][INET_ADDRSTRLEN];
};

static void note(struct trying *trying, const unsigned char *address)
{
    char text[INET_ADDRSTRLEN];

    snprintf(text, sizeof text, "%u.%u.%u.%u", address[0], address[1], address[2], address[3]);
    if (strcmp(text, "0.0.0.0") == 0) /* it asks whether an address is free, or for one */
        return;
    for (unsigned i = 0; i < trying->count; i++)
        if (strcmp(trying->addresses[i], text) == 0)
            return;
    if (trying->count < TRYING_ADDRESSES)
        snprintf(trying->addresses[trying->count++], sizeof trying->addresses[0], "%s", text);
}

/* The sender's address, of ARP and IPv4. */
static void look_at(struct trying *trying, const unsigned char *bytes, size_t captured)
{
    unsigned type = captured >= ETHER_HDR_LEN ? (unsigned)bytes[12] << 8 | bytes[13] : 0;

    trying->frames++;
    if (type == ETHERTYPE_ARP && captured >= ETHER_HDR_LEN + 28)
        note(trying, bytes + ETHER_HDR_LEN + 14);
    else if (type == ETHERTYPE_IP && captured >= ETHER_HDR_LEN + 20)
        note(trying, bytes + ETHER_HDR_LEN + 12);
}

static void take(struct trying *trying)
{
    struct error ignored = {0};
    int64_t stamp;

    while (capture_next(trying->capture, &stamp, &ignored) > 0) {
        size_t captured, length;
        const unsigned char *bytes = capture_bytes(trying->capture, &captured, &length);

        look_at(trying, bytes, captured);
    }
}

struct trying *trying_begin(struct trial *trial)
{
    struct trying *trying = calloc(1, sizeof *trying);
    struct error ignored = {0};
    struct instance instance;
    char filter[64];

    if (!trying || !trial_interface(trial) || instance_make(0, &instance, &ignored) < 0) {
        free(trying);
        return NULL;
    }
    snprintf(filter, sizeof filter, "ether src %02x:%02x:%02x:%02x:%02x:%02x", instance.mac[0],
             instance.mac[1], instance.mac[2], instance.mac[3], instance.mac[4], instance.mac[5]);
    if (capture_open(trial_interface(trial), filter, &trying->capture, &ignored) == 0)
        return trying;
    free(trying);
    return NULL;
}

cJSON *trying_end(struct trying *trying, struct trial *trial)
{
    cJSON *told, *list;
    unsigned before;

    if (!trying)
        return NULL;
    told = cJSON_CreateObject();
    take(trying);
    before = trying->frames;
    cJSON_Delete(packets_collect(trial, trial_port(trial), ANSWER_S));
    take(trying);
    cJSON_AddNumberToObject(told, "frames", trying->frames);
    cJSON_AddNumberToObject(told, "answers", trying->frames - before);
    list = cJSON_AddArrayToObject(told, "addresses");
    for (unsigned i = 0; i < trying->count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(trying->addresses[i]));
    capture_close(trying->capture);
    free(trying);
    return told;
}
