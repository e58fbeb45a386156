/*
 * Messages on their way from the child to the client. What the socket does not take waits here; the
 * owner looks at `bytes` and stops reading from the guest while too much waits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "vmm/ctlwire.h"

enum {
	OUTBOX_HIGH = 256 * 1024, /* the guest's streams are not read beyond this */
	OUTBOX_LOG = 512 * 1024,  /* the kernel log is dropped beyond this */
};

struct outbox_message;

struct outbox {
	int fd; /* borrowed */
	struct outbox_message *head, **tail;
	size_t bytes;
	size_t dropped; /* bytes of the kernel log */
	bool broken;	/* the client is gone: everything is thrown away */
};

void outbox_init(struct outbox *o, int fd);
/* Sends or queues; cuts bytes into as many messages as needed. */
void outbox_put(struct outbox *o, enum ctl_type type, const void *data, size_t n);
void outbox_put_numbers(
	struct outbox *o, enum ctl_type type, uint64_t a, uint64_t b, const char *text);
/* For the kernel log: dropped, and counted, when the client does not keep up. */
void outbox_put_log(struct outbox *o, const void *data, size_t n);
/* Sends what the socket takes. */
void outbox_flush(struct outbox *o);
bool outbox_empty(const struct outbox *o);
void outbox_release(struct outbox *o);
