/* Bytes on their way through us from one descriptor to another: bounded, in order, unmodified. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

enum { PIPEBUF_SIZE = 64 * 1024 };

struct pipebuf {
	unsigned char *bytes; /* owned, PIPEBUF_SIZE, allocated on first use */
	size_t at, len;	      /* what is held starts at `at` */
};

/* Room for further bytes. */
size_t pipebuf_room(const struct pipebuf *b);
/* One recv(2) or read(2): bytes added, 0 = end of file, -EAGAIN (also: no room), -errno. */
ssize_t pipebuf_read(struct pipebuf *b, int fd);
/* Writes what fd takes: 0, also when some is left; -errno when fd takes nothing any more. */
int pipebuf_write(struct pipebuf *b, int fd);
/* Adds n bytes; the caller has looked at pipebuf_room(). */
void pipebuf_put(struct pipebuf *b, const void *bytes, size_t n);
/* Forgets n bytes at the front. */
void pipebuf_drop(struct pipebuf *b, size_t n);
void pipebuf_release(struct pipebuf *b);
