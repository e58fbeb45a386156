#include "vmm/pipebuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "src/base/mem.h"
#include "src/base/sock.h"

size_t pipebuf_room(const struct pipebuf *b)
{
	return PIPEBUF_SIZE - b->len;
}

/* Where further bytes go: everything held is moved to the front first. */
static unsigned char *tail(struct pipebuf *b)
{
	if (!b->bytes)
		b->bytes = xmalloc(PIPEBUF_SIZE);
	if (b->at) {
		memmove(b->bytes, b->bytes + b->at, b->len);
		b->at = 0;
	}
	return b->bytes + b->len;
}

ssize_t pipebuf_read(struct pipebuf *b, int fd)
{
	ssize_t n;

	if (!pipebuf_room(b))
		return -EAGAIN;
	n = sock_recv(fd, tail(b), pipebuf_room(b), 0);
	if (n > 0)
		b->len += (size_t)n;
	return n;
}

int pipebuf_write(struct pipebuf *b, int fd)
{
	while (b->len) {
		ssize_t n = send(fd, b->bytes + b->at, b->len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		pipebuf_drop(b, (size_t)n);
	}
	return 0;
}

void pipebuf_put(struct pipebuf *b, const void *bytes, size_t n)
{
	unsigned char *to = tail(b);

	if (n > pipebuf_room(b))
		n = pipebuf_room(b);
	memcpy(to, bytes, n);
	b->len += n;
}

void pipebuf_drop(struct pipebuf *b, size_t n)
{
	b->at += n;
	b->len -= n;
	if (!b->len)
		b->at = 0;
}

void pipebuf_release(struct pipebuf *b)
{
	free(b->bytes);
	*b = (struct pipebuf){0};
}
