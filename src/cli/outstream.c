#include "src/cli/outstream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <poll.h>
#include <unistd.h>

void outstream_open(struct outstream *o, int fd)
{
	struct stat st;
	char path[32];
	int again = -1;

	*o = (struct outstream){.fd = fd, .step = SIZE_MAX};
	if (fstat(fd, &st))
		return;
	o->socket = S_ISSOCK(st.st_mode);
	/* Files and block devices never block for long, and a second description of one would have
	 * a position of its own. */
	if (!S_ISFIFO(st.st_mode) && !(S_ISCHR(st.st_mode) && isatty(fd)))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again >= 0) {
		o->fd = again;
		o->own = true;
	} else {
		o->step = PIPE_BUF; /* what POLLOUT promises for a pipe */
	}
}

static ssize_t put(const struct outstream *o, const char *bytes, size_t n)
{
	struct pollfd p = {o->fd, POLLOUT, 0};

	if (o->socket)
		return send(o->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (o->step != SIZE_MAX && poll(&p, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(o->fd, bytes, n);
}

size_t outstream_write(struct outstream *o, const char *bytes, size_t n)
{
	ssize_t rc;

	if (o->error)
		return n;
	do
		rc = put(o, bytes, n < o->step ? n : o->step);
	while (rc < 0 && errno == EINTR);
	if (rc >= 0)
		return (size_t)rc;
	if (errno == EAGAIN)
		return 0;
	o->error = errno;
	return n;
}

void outstream_close(struct outstream *o)
{
	if (o->own)
		close(o->fd);
	o->own = false;
}
