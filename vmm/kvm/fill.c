#include "vmm/kvm/fill.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beyond this it is cheaper to map a file than to copy it: a guest looks at each page of its
 * initramfs once, and each page that is mapped costs it a fault of its own. */
#define MAP_FROM (32ULL << 20)

enum { PAGE = 4096 };

static int copy(unsigned char *to, int fd, uint64_t offset, uint64_t size)
{
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

/* Where the next bytes lie at or behind `from`, and where they end: a file system that knows no
 * holes says that all of it is bytes. False: there are none up to `end`. */
static bool next_data(int fd, uint64_t from, uint64_t end, uint64_t *data, uint64_t *hole)
{
	off_t at = lseek(fd, (off_t)from, SEEK_DATA);

	if (at < 0 && errno == ENXIO)
		return false;
	*data = at < (off_t)from ? from : (uint64_t)at;
	at = lseek(fd, (off_t)*data, SEEK_HOLE);
	*hole = at <= (off_t)*data || (uint64_t)at > end ? end : (uint64_t)at;
	return *data < end;
}

/* 0, or why the file's bytes up to `end` cannot be had. A hole would not show that it is shorter.
 */
static int reaches(int fd, uint64_t end)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	return (uint64_t)st.st_size < end ? -EIO : 0;
}

int fill_copy(const struct gmem *m, uint64_t gpa, int fd, uint64_t offset, uint64_t size)
{
	unsigned char *to = size ? gmem_at(m, gpa, size) : NULL;
	uint64_t end = offset + size, data, hole = offset;
	int rc;

	if (!to)
		return size ? -EFAULT : 0;
	rc = reaches(fd, end);
	while (!rc && hole < end && next_data(fd, hole, end, &data, &hole))
		rc = copy(to + (data - offset), fd, data, hole - data);
	return rc;
}

static int put_in_place(unsigned char *to, int fd, uint64_t size)
{
	uint64_t whole = size & ~(uint64_t)(PAGE - 1);

	/* private: a guest frees its initramfs and writes where it was */
	if (mmap(to, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd,
		    0) == MAP_FAILED)
		return -errno;
	madvise(to, whole, MADV_DONTDUMP);
	madvise(to, whole, MADV_DONTFORK);
	return copy(to + whole, fd, whole, size - whole);
}

int fill_initrd(const struct gmem *m, uint64_t gpa, int fd, uint64_t size, bool placed)
{
	unsigned char *to = size ? gmem_at(m, gpa, size) : NULL;
	int rc;

	if (!to || placed || size < MAP_FROM || (uintptr_t)to % PAGE)
		return fill_copy(m, gpa, fd, 0, size);
	rc = reaches(fd, size);
	return rc ? rc : put_in_place(to, fd, size);
}
