/*
 * The uncompressed kernel inside a bzImage (Documentation/arch/x86/boot.rst, fields payload_offset
 * and payload_length), when QEMU can start it directly through its PVH entry.
 */
#include "vmm/qemu/vmlinux.h"

#include <elf.h>
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
#include "vmm/engine.h"

enum {
	SETUP_SECTS = 0x1f1,	/* u8, 0 means 4 */
	MAGIC = 0x202,		/* "HdrS" */
	VERSION = 0x206,	/* u16, 2.08 has the payload's place */
	PAYLOAD_OFFSET = 0x248, /* u32, from the protected-mode code on */
	PAYLOAD_LENGTH = 0x24c, /* u32 */
	HEAD = 0x250,
	NOTE_PHYS32_ENTRY = 18, /* XEN_ELFNOTE_PHYS32_ENTRY: the PVH entry */
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

/* Whether a segment of notes tells a PVH entry: name "Xen", a 32-bit (or 64-bit) address. */
static bool notes_have_entry(const unsigned char *p, uint64_t n)
{
	while (n >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr h;
		uint64_t whole;

		memcpy(&h, p, sizeof(h));
		whole = sizeof(h) + (((uint64_t)h.n_namesz + 3) & ~3ULL) +
			(((uint64_t)h.n_descsz + 3) & ~3ULL);
		if (whole > n)
			return false;
		if (h.n_type == NOTE_PHYS32_ENTRY && h.n_namesz == 4 &&
			memcmp(p + sizeof(h), "Xen", 4) == 0)
			return true;
		p += whole;
		n -= whole;
	}
	return false;
}

bool qemu_has_pvh_entry(const void *elf, size_t n)
{
	const unsigned char *p = elf;
	Elf64_Ehdr h;

	if (n < sizeof(h))
		return false;
	memcpy(&h, p, sizeof(h));
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 || h.e_ident[EI_CLASS] != ELFCLASS64 ||
		h.e_ident[EI_DATA] != ELFDATA2LSB || h.e_machine != EM_X86_64 ||
		h.e_phentsize != sizeof(Elf64_Phdr) || h.e_phoff > n ||
		h.e_phnum > (n - h.e_phoff) / sizeof(Elf64_Phdr))
		return false;
	for (unsigned i = 0; i < h.e_phnum; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, p + h.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_NOTE && ph.p_offset <= n && ph.p_filesz <= n - ph.p_offset &&
			notes_have_entry(p + ph.p_offset, ph.p_filesz))
			return true;
	}
	return false;
}

static bool file_has_pvh_entry(int fd)
{
	struct stat st;
	bool found;
	void *map;

	if (fstat(fd, &st) || st.st_size <= 0)
		return false;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return false;
	found = qemu_has_pvh_entry(map, (size_t)st.st_size);
	munmap(map, (size_t)st.st_size);
	return found;
}

int qemu_vmlinux(const char *image)
{
	cleanup_close int fd = open(image, O_RDONLY | O_CLOEXEC), packed = -1, out = -1;
	uint64_t at, size;

	if (fd < 0 || find_payload(fd, &at, &size))
		return -1;
	packed = file_memfd("kernel-packed");
	out = file_memfd("kernel");
	if (packed < 0 || out < 0 || copy_payload(fd, at, size, packed) ||
		arc_decompress_to(packed, image, out, VMLINUX_MAX, NULL) ||
		!file_has_pvh_entry(out))
		return -1;
	return take_fd(out);
}
