/*
 * A guest's driver for virtio devices, without a guest: memory in two regions that lie side by side
 * for the guest and apart for us, a transport on a loop that is turned by hand, and queues whose
 * every field can be written, right or wrong.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/virtio/mmio.h"

enum {
	FV_RAM = 1 << 20,
	FV_SEAM = FV_RAM / 2,  /* where the second region begins */
	FV_QUEUES_AT = 0x1000, /* rings of queue q: FV_QUEUE_ROOM from here */
	FV_QUEUE_ROOM = 0x2000,
	FV_DATA_AT = 0x20000, /* free for the test */
	FV_NEXT = 1,	      /* flags of descriptors */
	FV_WRITE = 2,
	FV_INDIRECT = 4,
	FV_OK = 0xf,	       /* status: acknowledged, driver, features ok, driver ok */
	FV_NEEDS_RESET = 0x40, /* status */
	FV_USED = 1,	       /* interrupt status */
	FV_CONFIG = 2,
	FV_EVENT_IDX = 29, /* features */
	FV_VERSION_1 = 32,
};

enum { /* registers */
	FV_MAGIC = 0x00,
	FV_VERSION = 0x04,
	FV_ID = 0x08,
	FV_FEATURES = 0x10,
	FV_FEATURES_SEL = 0x14,
	FV_ACCEPT = 0x20,
	FV_ACCEPT_SEL = 0x24,
	FV_QUEUE_SEL = 0x30,
	FV_QUEUE_MAX = 0x34,
	FV_QUEUE_NUM = 0x38,
	FV_QUEUE_READY = 0x44,
	FV_NOTIFY = 0x50,
	FV_ISR = 0x60,
	FV_ACK = 0x64,
	FV_STATUS = 0x70,
	FV_DESC = 0x80,
	FV_AVAIL = 0x90,
	FV_USED_RING = 0xa0,
	FV_CONFIG_SPACE = 0x100,
};

struct fv_queue {
	uint64_t desc, avail, used;
	unsigned size;
	uint16_t next_desc, next_avail, next_used;
};

struct fv {
	unsigned char *region[2]; /* owned */
	struct gmem mem;
	struct loop *loop;
	struct irq_line irq;
	struct bus bus;
	struct vmmio *mmio;
	struct fv_queue q[VIRTIO_QUEUES_MAX];
};

/* Memory and a loop; then a device is made in f->loop, and attached. */
void fv_init(struct fv *f);
void fv_attach(struct fv *f, struct virtio_device *d);
/* The transport goes, then everything else; the device is to be freed between the two. */
void fv_detach(struct fv *f);
void fv_release(struct fv *f);

uint32_t fv_get(struct fv *f, unsigned reg);
void fv_set(struct fv *f, unsigned reg, uint32_t v);
uint64_t fv_features(struct fv *f);
/* Reset, ACKNOWLEDGE, DRIVER, features (VERSION_1 added), FEATURES_OK; whether that was accepted.
 */
bool fv_negotiate(struct fv *f, uint64_t features);
/* Tells the device about queue q with `size` entries at its usual place. */
void fv_set_queue(struct fv *f, unsigned q, unsigned size);
void fv_start(struct fv *f); /* DRIVER_OK */
/* All of it, every queue with `size` entries (or fewer, where the device has fewer). */
void fv_bring_up(struct fv *f, uint64_t features, unsigned size);

/* Rings, field by field. */
void fv_desc(struct fv *f, unsigned q, uint16_t i, uint64_t addr, uint32_t len, uint16_t flags,
	uint16_t next);
void fv_offer(struct fv *f, unsigned q, uint16_t head); /* into the ring, and the index */
void fv_avail_index(struct fv *f, unsigned q, uint16_t v);
uint16_t fv_used_index(struct fv *f, unsigned q);
/* With EVENT_IDX: the entry of the avail ring that the device wants to be notified of, and the one
 * of the used ring that the driver wants an interrupt for. Fences between these and the indices are
 * the driver's. */
uint16_t fv_avail_event(struct fv *f, unsigned q);
void fv_used_event(struct fv *f, unsigned q, uint16_t v);
/* The next entry of the used ring; false: there is none. */
bool fv_used(struct fv *f, unsigned q, uint32_t *head, uint32_t *len);

/* One buffer in guest memory, for a request. */
struct fv_buf {
	uint64_t gpa;
	uint32_t len;
	bool writable;
};
/* Makes a chain of them and enters it into the ring; returns its head. The device sees it with the
 * next fv_publish(). */
uint16_t fv_prepare(struct fv *f, unsigned q, const struct fv_buf *b, unsigned n);
void fv_publish(struct fv *f, unsigned q);
/* Both at once. */
uint16_t fv_request(struct fv *f, unsigned q, const struct fv_buf *b, unsigned n);
void fv_notify(struct fv *f, unsigned q);
/* Turns the loop so often, each time for what is ready. */
void fv_turn(struct fv *f, unsigned turns);
/* Request, notification, turns; the used length, or -1 when it did not come back. */
int64_t fv_do(struct fv *f, unsigned q, const struct fv_buf *b, unsigned n);

void *fv_ptr(struct fv *f, uint64_t gpa, uint64_t len); /* within one region */
/* How often the line was raised since the last question. */
unsigned fv_interrupts(struct fv *f);
