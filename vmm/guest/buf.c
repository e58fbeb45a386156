#include "vmm/guest/guest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void buf_init(struct buf *b, size_t cap)
{
	*b = (struct buf){.b = malloc(cap), .cap = cap};
	if (!b->b) /* the few hundred KiB of init's start: without them nothing can be said */
		abort();
}

size_t buf_room(const struct buf *b)
{
	return b->cap - b->len;
}

/* Contiguous room for n bytes behind the content. */
static unsigned char *tail(struct buf *b, size_t n)
{
	if (b->at + b->len + n > b->cap) {
		memmove(b->b, b->b + b->at, b->len);
		b->at = 0;
	}
	return b->b + b->at + b->len;
}

void buf_put(struct buf *b, const void *bytes, size_t n)
{
	memcpy(tail(b, n), bytes, n);
	b->len += n;
}

ssize_t buf_read(struct buf *b, int fd, size_t max)
{
	size_t want = buf_room(b) < max ? buf_room(b) : max;
	ssize_t n = read(fd, tail(b, want), want);

	if (n > 0)
		b->len += (size_t)n;
	return n;
}

ssize_t buf_write(struct buf *b, int fd)
{
	ssize_t n = write(fd, b->b + b->at, b->len);

	if (n > 0) {
		b->at += (size_t)n;
		b->len -= (size_t)n;
	}
	if (!b->len)
		b->at = 0;
	return n;
}
