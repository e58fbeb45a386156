/*
 * Writing the guest's bytes to our stdout or stderr without ever blocking on it: a reader that
 * stopped must not keep us from hearing signals.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct outstream {
	int fd;	     /* what is written to */
	bool own;    /* fd was opened by us */
	bool socket; /* MSG_DONTWAIT instead of O_NONBLOCK */
	size_t step; /* bytes at once */
	int error; /* positive errno of the write that failed for good; further bytes are dropped */
};

/* For a descriptor that others may share: their file description's flags are left alone. */
void outstream_open(struct outstream *o, int fd);
/* Bytes taken, at most n; 0 when poll(2) has to be asked for POLLOUT first. After an error: n. */
size_t outstream_write(struct outstream *o, const char *bytes, size_t n);
void outstream_close(struct outstream *o);
