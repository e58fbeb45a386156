#include "vmm/outbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"

struct outbox_message {
	struct outbox_message *next;
	struct ctl_message m; /* data points behind the struct */
};

void outbox_init(struct outbox *o, int fd)
{
	*o = (struct outbox){.fd = fd};
	o->tail = &o->head;
}

static void drop_all(struct outbox *o)
{
	while (o->head) {
		struct outbox_message *next = o->head->next;

		free(o->head);
		o->head = next;
	}
	o->tail = &o->head;
	o->bytes = 0;
}

/* True when the message is dealt with: sent, or nobody is there to receive it. */
static bool try_send(struct outbox *o, const struct ctl_message *m)
{
	int rc = ctl_send(o->fd, m);

	if (rc && rc != -EAGAIN && rc != -ENOBUFS)
		o->broken = true;
	return !rc || o->broken;
}

static void enqueue(struct outbox *o, const struct ctl_message *m)
{
	struct outbox_message *q = xmalloc(sizeof(*q) + m->size);

	*q = (struct outbox_message){.m = *m};
	if (m->size)
		memcpy(q + 1, m->data, m->size);
	q->m.data = (const char *)(q + 1);
	*o->tail = q;
	o->tail = &q->next;
	o->bytes += sizeof(*q) + m->size;
}

static void put(struct outbox *o, const struct ctl_message *m)
{
	if (!o->broken && (o->head || !try_send(o, m)))
		enqueue(o, m);
}

void outbox_put(struct outbox *o, enum ctl_type type, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		size_t k = n < CTL_DATA_MAX ? n : CTL_DATA_MAX;

		put(o, &(struct ctl_message){.type = type, .data = p, .size = k});
		p += k;
		n -= k;
	}
}

void outbox_put_numbers(
	struct outbox *o, enum ctl_type type, uint64_t a, uint64_t b, const char *text)
{
	size_t n = text ? strlen(text) : 0;

	put(o, &(struct ctl_message){.type = type,
		       .a = a,
		       .b = b,
		       .data = text,
		       .size = n < CTL_DATA_MAX ? n : CTL_DATA_MAX});
}

void outbox_put_log(struct outbox *o, const void *data, size_t n)
{
	char line[80];

	if (o->bytes > OUTBOX_LOG) {
		o->dropped += n;
		return;
	}
	if (o->dropped) {
		snprintf(line, sizeof(line), "\n[%zu bytes of the kernel log left out]\n",
			o->dropped);
		o->dropped = 0;
		outbox_put(o, CTL_DMESG, line, strlen(line));
	}
	outbox_put(o, CTL_DMESG, data, n);
}

void outbox_flush(struct outbox *o)
{
	while (o->head && !o->broken && try_send(o, &o->head->m)) {
		struct outbox_message *sent = o->head;

		o->head = sent->next;
		if (!o->head)
			o->tail = &o->head;
		o->bytes -= sizeof(*sent) + sent->m.size;
		free(sent);
	}
	if (o->broken)
		drop_all(o);
}

bool outbox_empty(const struct outbox *o)
{
	return !o->head;
}

void outbox_release(struct outbox *o)
{
	drop_all(o);
}
