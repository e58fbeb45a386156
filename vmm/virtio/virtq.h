/*
 * Split virtqueues, the device's side (virtio 1.2, 2.7). Everything in a ring is a guest's and may
 * change while it is looked at: each field is read once, checked as read, and only the copy used.
 * What breaks a rule poisons the queue: it hands out nothing more until the device is reset.
 *
 * Used by one thread at a time; the transport sees to that.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vmm/kvm/gmem.h"

enum {
	VIRTQ_SIZE_MAX = 256,
	/* a buffer that crosses from one region into the next makes two pieces */
	VIRTQ_PIECES_MAX = VIRTQ_SIZE_MAX + 32,
};

/* What the driver says about a queue before it is used; checked and frozen by virtq_start(). */
struct virtq_setup {
	uint32_t size;
	uint64_t desc, avail, used;
};

struct virtq {
	const struct gmem *mem; /* borrowed; NULL = not in use */
	struct virtq_setup at;
	bool event_idx;		  /* VIRTIO_F_RING_EVENT_IDX was negotiated */
	bool poisoned;		  /* the driver broke a rule */
	uint16_t next_avail;	  /* entry to take next */
	uint16_t next_used;	  /* entry to fill next */
	uint16_t signalled;	  /* next_used when the driver was last told */
	unsigned long long taken; /* chains in all */
};

/* One request: buffers that the device reads, then buffers that it writes, as pointers that hold
 * until the device returns to its loop. */
struct virtq_chain {
	uint16_t head;
	unsigned nin, nout; /* pieces: [0, nin) to be read, [nin, nin + nout) to be written */
	uint64_t readable, writable; /* bytes */
	struct iovec piece[VIRTQ_PIECES_MAX];
};

/* False when the driver's values cannot be a queue of at most `max` entries in this memory. */
bool virtq_start(struct virtq *q, const struct gmem *mem, const struct virtq_setup *at,
	uint32_t max, bool event_idx);
void virtq_stop(struct virtq *q);
/* For a device: the request that was just taken breaks its rules. */
void virtq_poison(struct virtq *q);

/* Takes the next request. False: there is none (the driver was asked to announce the next one), or
 * the queue is poisoned or not in use. */
bool virtq_pop(struct virtq *q, struct virtq_chain *c);
/* Puts the request that was taken last back, to be taken again. */
void virtq_unpop(struct virtq *q);
/* Gives a request back; `written` is cut to what the chain can hold. */
void virtq_push(struct virtq *q, const struct virtq_chain *c, uint64_t written);
/* Whether the driver wants an interrupt for what was pushed since it was last asked. */
bool virtq_wants_interrupt(struct virtq *q);

/* Copies from the buffers to be read, or into those to be written, from byte `at` on; returns how
 * many bytes there were. */
size_t virtq_read(const struct virtq_chain *c, uint64_t at, void *to, size_t n);
size_t virtq_write(const struct virtq_chain *c, uint64_t at, const void *from, size_t n);
/* The same range as pieces for readv(2) and friends: at most `max` of them, covering at most `n`
 * bytes. Returns how many pieces. */
unsigned virtq_slice(const struct virtq_chain *c, bool writable, uint64_t at, uint64_t n,
	struct iovec *out, unsigned max);
