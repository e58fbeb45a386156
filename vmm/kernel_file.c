/*
 * Where a bzImage holds its kernel: Documentation/arch/x86/boot.rst, fields payload_offset and
 * payload_length.
 */
#include "vmm/kernel_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/archive.h"
#include "src/base/file.h"
#include "vmm/kernel_store.h"

enum {
	SETUP_SECTS = 0x1f1,	/* u8, 0 means 4 */
	MAGIC = 0x202,		/* "HdrS" */
	VERSION = 0x206,	/* u16, 2.08 has the payload's place */
	PAYLOAD_OFFSET = 0x248, /* u32, from the protected-mode code on */
	PAYLOAD_LENGTH = 0x24c, /* u32 */
	HEAD = 0x250,
};

#define PAYLOAD_MAX (256UL << 20)
#define VMLINUX_MAX (1024UL << 20)

static uint32_t le(const unsigned char *p, unsigned width)
{
	uint32_t v = 0;

	while (width--)
		v = v << 8 | p[width];
	return v;
}

/* Where the compressed kernel lies in the image. */
static int find_payload(int fd, uint64_t *at, uint64_t *size)
{
	unsigned char h[HEAD];
	unsigned sects;

	if (pread(fd, h, sizeof(h), 0) != (ssize_t)sizeof(h) || memcmp(h + MAGIC, "HdrS", 4) != 0 ||
		le(h + VERSION, 2) < 0x208)
		return -ENOTSUP;
	sects = h[SETUP_SECTS] ? h[SETUP_SECTS] : 4;
	*at = (sects + 1) * 512ULL + le(h + PAYLOAD_OFFSET, 4);
	*size = le(h + PAYLOAD_LENGTH, 4);
	return *size > 8 && *size <= PAYLOAD_MAX ? 0 : -ENOTSUP;
}

/*
 * The kernel's build appends the unpacked size in four bytes to everything but gzip, whose format
 * ends with it; the decompressors outside would take them for damage.
 */
static int copy_payload(int fd, uint64_t at, uint64_t size, int to)
{
	static const unsigned char gzip[2] = {0x1f, 0x8b};
	unsigned char magic[2];
	off_t from = (off_t)at;

	if (pread(fd, magic, sizeof(magic), from) != (ssize_t)sizeof(magic))
		return -ENOTSUP;
	if (memcmp(magic, gzip, sizeof(gzip)) != 0)
		size -= 4;
	while (size) {
		ssize_t n = sendfile(to, fd, &from, size);

		if (n <= 0)
			return -EIO;
		size -= (uint64_t)n;
	}
	return lseek(to, 0, SEEK_SET) ? -EIO : 0;
}

static bool can_start(int fd, kernel_startable_fn *startable)
{
	struct stat st;
	bool found;
	void *map;

	if (fstat(fd, &st) || st.st_size <= 0)
		return false;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return false;
	found = startable(map, (size_t)st.st_size);
	munmap(map, (size_t)st.st_size);
	return found;
}

static int unpack(int fd, const char *image, uint64_t at, uint64_t size)
{
	cleanup_close int packed = file_memfd("kernel-packed"), out = file_memfd("kernel");

	if (packed < 0 || out < 0 || copy_payload(fd, at, size, packed) ||
		arc_decompress_to(packed, image, out, VMLINUX_MAX, NULL))
		return -1;
	return take_fd(out);
}

int kernel_file_unpacked(const char *image, const char *cache, kernel_startable_fn *startable)
{
	cleanup_close int fd = open(image, O_RDONLY | O_CLOEXEC), out = -1;
	uint64_t at, size;

	/* looked at before the store is, which reads a whole file that it does not know */
	if (fd < 0 || find_payload(fd, &at, &size))
		return -1;
	out = kernel_store_open(cache, fd);
	if (out >= 0)
		return can_start(out, startable) ? take_fd(out) : -1;
	out = unpack(fd, image, at, size);
	if (out < 0 || !can_start(out, startable))
		return -1;
	kernel_store_keep(cache, fd, out);
	return take_fd(out);
}
