#include "src/kernels/image.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/mem.h"

/* The release string lies in the setup code: at most 64 sectors, and its offset has 16 bits. */
enum { HEAD_MAX = 128 * 1024, SCAN_CHUNK = 1 << 20, SCAN_MAX = 256 << 20, PHDRS_MAX = 64 };

/* Setup header offsets, Documentation/arch/x86/boot.rst. */
enum {
	HDR_SETUP_SECTS = 0x1f1,    /* u8, 0 means 4 */
	HDR_SYSSIZE = 0x1f4,	    /* u32, in units of 16 bytes */
	HDR_BOOT_FLAG = 0x1fe,	    /* u16, 0xaa55 */
	HDR_MAGIC = 0x202,	    /* "HdrS" */
	HDR_VERSION = 0x206,	    /* u16 */
	HDR_KERNEL_VERSION = 0x20e, /* u16: the string is 0x200 bytes further */
	HDR_LOADFLAGS = 0x211,	    /* u8, bit 0: loaded high */
	HDR_XLOADFLAGS = 0x236,	    /* u16, bit 0: 64-bit entry */
	HDR_INIT_SIZE = 0x260,	    /* u32 */
	HDR_END = 0x264,
};

struct head {
	const uint8_t *p;
	size_t n;
	uint64_t file_size;
	const char *name;
};

/* Little-endian number of `width` bytes; 0 beyond what was read. */
static uint64_t le(const struct head *h, size_t at, unsigned width)
{
	uint64_t v = 0;

	if (at > h->n || h->n - at < width)
		return 0;
	for (unsigned i = 0; i < width; i++)
		v |= (uint64_t)h->p[at + i] << (8 * i);
	return v;
}

static bool has(const struct head *h, size_t at, const void *bytes, size_t n)
{
	return at <= h->n && h->n - at >= n && memcmp(h->p + at, bytes, n) == 0;
}

bool image_release_copy(char out[IMAGE_RELEASE_MAX], const char *s, size_t n)
{
	size_t len = 0;

	out[0] = '\0';
	while (len < n && s[len] && s[len] != ' ' && s[len] != '\n')
		if (!isalnum((unsigned char)s[len]) && !strchr("._+~-", s[len]))
			return false;
		else
			len++;
	/* without an end within n bytes it was cut off, with a leading dot it is no folder */
	if (!len || len == n || len >= IMAGE_RELEASE_MAX || s[0] == '.')
		return false;
	memcpy(out, s, len);
	out[len] = '\0';
	return true;
}

static int probe_bzimage(const struct head *h, struct image_info *out, struct err *e)
{
	uint64_t sects = le(h, HDR_SETUP_SECTS, 1), version = le(h, HDR_VERSION, 2);
	uint64_t needed = ((sects ? sects : 4) + 1) * 512 + le(h, HDR_SYSSIZE, 4) * 16;
	uint64_t text = le(h, HDR_KERNEL_VERSION, 2);

	if (h->n < HDR_END)
		return err_set(e, EINVAL, "'%s' is a kernel image that was cut off: %llu bytes",
			h->name, (unsigned long long)h->file_size);
	if (version < 0x20c)
		return err_set(e, EINVAL,
			"'%s' speaks boot protocol %u.%u: too old, 2.12 is the least (Linux 3.8)",
			h->name, (unsigned)(version >> 8), (unsigned)(version & 0xff));
	if (!(le(h, HDR_LOADFLAGS, 1) & 1))
		return err_set(e, EINVAL, "'%s' is a zImage; a bzImage is needed", h->name);
	if (!(le(h, HDR_XLOADFLAGS, 2) & 1))
		return err_set(
			e, EINVAL, "'%s' is a 32-bit kernel; an x86-64 one is needed", h->name);
	if (h->file_size < needed)
		return err_set(e, EINVAL,
			"'%s' is a kernel image that was cut off: its header speaks of %llu bytes, "
			"the file has %llu",
			h->name, (unsigned long long)needed, (unsigned long long)h->file_size);
	out->kind = IMAGE_BZIMAGE;
	out->init_size = le(h, HDR_INIT_SIZE, 4);
	if (text && text + 0x200 < h->n)
		image_release_copy(out->release, (const char *)h->p + text + 0x200,
			h->n - (size_t)text - 0x200);
	return 0;
}

/* Looks for "Linux version RELEASE " (init/version.c) in one loaded segment. */
static bool scan_banner(int fd, uint64_t at, uint64_t size, char *release)
{
	static const char banner[] = "Linux version ";
	const size_t overlap = sizeof(banner) + IMAGE_RELEASE_MAX;
	cleanup_free char *buf = xmalloc(SCAN_CHUNK);

	if (size > SCAN_MAX)
		size = SCAN_MAX;
	while (size) {
		ssize_t n =
			pread(fd, buf, size < SCAN_CHUNK ? (size_t)size : SCAN_CHUNK, (off_t)at);
		const char *p = buf, *end = buf + (n > 0 ? n : 0);

		if (n <= 0)
			return false;
		while ((p = memmem(p, (size_t)(end - p), banner, sizeof(banner) - 1))) {
			p += sizeof(banner) - 1;
			/* the format string of the same words goes on with %s */
			if (isdigit((unsigned char)*p) &&
				image_release_copy(release, p, (size_t)(end - p)))
				return true;
		}
		if ((uint64_t)n >= size || (size_t)n <= overlap)
			return false;
		at += (uint64_t)n - overlap;
		size -= (uint64_t)n - overlap;
	}
	return false;
}

static int refuse_elf(const struct head *h, const char *what, struct err *e)
{
	return err_set(
		e, EINVAL, "'%s' is %s, not a kernel image (a bzImage or vmlinux)", h->name, what);
}

/* A vmlinux is a 64-bit executable without interpreter whose code is linked to the top 2 GiB. */
static int check_segments(const struct head *h, const Elf64_Phdr *ph, unsigned n, struct err *e)
{
	bool kernel = false;

	for (unsigned i = 0; i < n; i++) {
		if (ph[i].p_type == PT_INTERP)
			return refuse_elf(h, "a program", e);
		if (ph[i].p_type != PT_LOAD)
			continue;
		if (ph[i].p_offset > h->file_size || ph[i].p_filesz > h->file_size - ph[i].p_offset)
			return err_set(e, EINVAL,
				"'%s' is a vmlinux that was cut off: a segment ends beyond its "
				"%llu "
				"bytes",
				h->name, (unsigned long long)h->file_size);
		kernel |= ph[i].p_vaddr >= 0xffffffff80000000ULL;
	}
	return kernel ? 0 : refuse_elf(h, "an ELF file without kernel code", e);
}

static int probe_elf(int fd, const struct head *h, struct image_info *out, struct err *e)
{
	Elf64_Phdr ph[PHDRS_MAX];
	Elf64_Ehdr eh;
	size_t bytes;
	int rc;

	if (h->n < sizeof(eh))
		return refuse_elf(h, "an ELF file that was cut off", e);
	memcpy(&eh, h->p, sizeof(eh));
	if (eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_ident[EI_DATA] != ELFDATA2LSB ||
		eh.e_machine != EM_X86_64)
		return refuse_elf(h, "an ELF file for another processor than x86-64", e);
	if (eh.e_type == ET_REL)
		return refuse_elf(h, "an object file or kernel module", e);
	if (!eh.e_phnum || eh.e_phnum > PHDRS_MAX || eh.e_phentsize != sizeof(ph[0]))
		return refuse_elf(h, "an ELF file without a usable segment table", e);
	bytes = eh.e_phnum * sizeof(ph[0]);
	if (eh.e_phoff > INT64_MAX || pread(fd, ph, bytes, (off_t)eh.e_phoff) != (ssize_t)bytes)
		return refuse_elf(h, "an ELF file that was cut off", e);
	rc = check_segments(h, ph, eh.e_phnum, e);
	if (rc)
		return rc;
	out->kind = IMAGE_VMLINUX;
	for (unsigned i = 0; i < eh.e_phnum && !out->release[0]; i++)
		if (ph[i].p_type == PT_LOAD)
			scan_banner(fd, ph[i].p_offset, ph[i].p_filesz, out->release);
	return 0;
}

/* What people hand over instead, most telling first. */
static const struct {
	size_t at;
	const char *bytes;
	size_t n;
	const char *phrase;
} others[] = {
#define MAGIC(off, text, words)                                                                    \
	{                                                                                          \
		.at = (off), .bytes = (text), .n = sizeof(text) - 1, .phrase = (words)             \
	}
	MAGIC(0x38, "ARM\x64", "an arm64 kernel"),
	MAGIC(0x38, "RSC\x05", "a RISC-V kernel"),
	MAGIC(0, "MZ", "an EFI program without a Linux setup header"),
	MAGIC(0, "\x1f\x8b", "a gzip file"),
	MAGIC(0,
		"\xfd"
		"7zXZ",
		"an xz file"),
	MAGIC(0, "\x28\xb5\x2f\xfd", "a zstd file"),
	MAGIC(0, "BZh", "a bzip2 file"),
	MAGIC(0, "070701", "an initramfs (cpio)"),
	MAGIC(0, "!<arch>\n", "an archive (a Debian package's name has to end in .deb)"),
	MAGIC(0, "\xed\xab\xee\xdb", "an RPM package"),
	MAGIC(257, "ustar", "a tar archive"),
	MAGIC(0, "PK\x03\x04", "a zip archive"),
	MAGIC(0, "QFI\xfb", "a qcow2 disk image"),
	MAGIC(0, "#!", "a script"),
	MAGIC(0, "{", "a text file"),
#undef MAGIC
};

static const char *describe(const struct head *h)
{
	size_t printable = 0, looked = h->n < 512 ? h->n : 512;

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (has(h, others[i].at, others[i].bytes, others[i].n))
			return others[i].phrase;
	for (size_t i = 0; i < looked; i++)
		printable += isprint(h->p[i]) || isspace(h->p[i]);
	return printable == looked ? "a text file" : "a file of unknown format";
}

static ssize_t read_head(int fd, uint8_t *buf, size_t max)
{
	size_t n = 0;

	while (n < max) {
		ssize_t got = pread(fd, buf + n, max - n, (off_t)n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

int image_probe_fd(int fd, const char *name, struct image_info *out, struct err *e)
{
	cleanup_free uint8_t *buf = NULL;
	struct head h = {.name = name};
	struct stat st;
	ssize_t n;

	memset(out, 0, sizeof(*out));
	if (fstat(fd, &st))
		return err_sys(e, errno, "cannot look at kernel image '%s'", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "kernel image '%s' is not a regular file", name);
	if (st.st_size == 0)
		return err_set(e, EINVAL, "kernel image '%s' is empty", name);
	buf = xmalloc(HEAD_MAX);
	n = read_head(fd, buf, HEAD_MAX);
	if (n < 0)
		return err_sys(e, (int)-n, "cannot read kernel image '%s'", name);
	h.p = buf;
	h.n = (size_t)n;
	h.file_size = (uint64_t)st.st_size;
	if (le(&h, HDR_BOOT_FLAG, 2) == 0xaa55 && has(&h, HDR_MAGIC, "HdrS", 4))
		return probe_bzimage(&h, out, e);
	if (has(&h, 0, ELFMAG, SELFMAG))
		return probe_elf(fd, &h, out, e);
	return err_set(e, EINVAL,
		"'%s' is not a kernel image: it is %s, a bzImage or vmlinux is needed", name,
		describe(&h));
}

int image_probe(const char *path, struct image_info *out, struct err *e)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return err_sys(e, errno, "cannot open kernel image '%s'", path);
	return image_probe_fd(fd, path, out, e);
}
