#include "vmm/kvm/fill.h"

#include <errno.h>
#include <unistd.h>

int fill_from_file(const struct gmem *m, uint64_t gpa, int fd, uint64_t offset, uint64_t size)
{
	unsigned char *to = size ? gmem_at(m, gpa, size) : NULL;

	if (!to)
		return size ? -EFAULT : 0;
	while (size) {
		ssize_t n = pread(fd, to, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		to += n;
		offset += (uint64_t)n;
		size -= (uint64_t)n;
	}
	return 0;
}
