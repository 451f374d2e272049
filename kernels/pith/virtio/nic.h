/* SPDX-License-Identifier: GPL-3.0-or-later */
/* virtio-net (virtio 1.2, 5.1), with checksum and segmentation offload both ways. */
#ifndef PITH_VIRTIO_NIC_H
#define PITH_VIRTIO_NIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pbuf;

/* What goes before every frame (5.1.6). */
struct nic_header {
    uint8_t flags, gso_type;
    uint16_t header_length, gso_size, checksum_start, checksum_offset, buffers;
} __attribute__((packed));

#define NIC_NEEDS_CHECKSUM 1 /* flags: the sum from checksum_start on is still to be made */
#define NIC_CHECKSUM_VALID 2
#define NIC_GSO_TCP4 1
#define NIC_GSO_TCP6 4

struct nic {
    /* The caller's: gets each frame that arrives, a pbuf without the header, and owns it. False
     * when that is enough for now: nic_receive() leaves the others with the device. */
    bool (*receive)(struct pbuf *frame, const struct nic_header *header);
    /* Where in a page a frame had best begin, its header (struct nic_header) that is: the `ahead`th
     * after the one in hand, which `receive` has not got yet. */
    unsigned (*place)(unsigned ahead);
    void (*room)(void); /* frames can be sent again, after nic_send() could not */
    uint8_t mac[6];
    uint16_t mtu;
    bool checksum, tso4, tso6; /* what the device does for us when sending */
};

/* Find and start it. False when there is none that can be used. `nic` is used from now on. */
bool nic_start(struct nic *nic);

/* Queue a frame, which the device reads until it is sent: it is held until then. False when the
 * queue is full. Nothing moves before nic_flush(). */
bool nic_send(struct pbuf *frame, struct nic_header header);
void nic_flush(void);

/* Have the device begin with what is queued. `anyway`: whatever it said about being told, in case
 * it has missed a word. */
void nic_kick(bool anyway);

/* Hand what has arrived to `receive`, but not without end: true when there may be more, and then
 * the device does not interrupt for it. */
bool nic_receive(void);

/* Whether a frame has arrived that nic_receive() has not taken. The device does not interrupt for
 * it any more; nic_receive() ends that. */
bool nic_has_frame(void);

/* The parcel whose pages `pbuf`, of a frame, has its data in, and at *begins how far behind the
 * beginning of its frame, the header with it. NULL: in none. */
struct parcel;
struct parcel *nic_parcel(const struct pbuf *pbuf, unsigned *begins);

/* Call `done` when the device no longer reads what was queued until now, which may be at once. The
 * struct is the caller's until then. */
struct nic_lease {
    void (*done)(struct nic_lease *lease);
    struct nic_lease *next;
    uint32_t mark; /* frames queued when it was given back */
};

void nic_end_lease(struct nic_lease *lease);

/* How many frames were ever given to the device to send. */
uint32_t nic_queued(void);

/* For the trap handler: the device's interrupt. */
void nic_interrupt(void);

#endif
