/* Sockets between processes of ours. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/*
 * recv(2) without waiting, and without losing the last words of a peer: one that closed while it
 * had something of ours unread (unix(7) reports that as ECONNRESET, once, and ahead of what it had
 * sent) is heard to the end, which is 0. Bytes, or a negative errno (-EAGAIN: nothing now).
 */
ssize_t sock_recv(int fd, void *buf, size_t n, int flags);
