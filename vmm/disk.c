#include "vmm/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/mem.h"

int disk_open(uint64_t bytes, struct err *e)
{
	const char *dir = getenv("TMPDIR");
	cleanup_free char *path = NULL;
	int fd;

	if (!dir || !*dir)
		dir = "/var/tmp"; /* on disk where /tmp is in memory */
	path = xasprintf("%s/ktstr-disk-XXXXXX", dir);
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) {
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
	}
	if (fd < 0)
		return err_sys(e, errno, "--disk: cannot create a file in %s", dir);
	if (ftruncate(fd, (off_t)bytes)) {
		int code = errno;

		close(fd);
		return err_sys(e, code, "--disk: cannot make a file of %llu bytes in %s",
			(unsigned long long)bytes, dir);
	}
	return fd;
}
