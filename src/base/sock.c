#include "src/base/sock.h"

#include <errno.h>
#include <sys/socket.h>

ssize_t sock_recv(int fd, void *buf, size_t n, int flags)
{
	ssize_t got;

	do
		got = recv(fd, buf, n, flags | MSG_DONTWAIT);
	while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	return got < 0 ? -errno : got;
}
