#include "vmm/payload/cpio.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/map.h"
#include "src/base/mem.h"
#include "src/base/str.h"

enum {
	HEADER = 110,
	ALIGN = 4,
	BLOCK = 512,
	BUFFER = 64 * 1024, /* small entries are gathered up to this size */
};

#define TRAILER "TRAILER!!!"

struct cpio {
	int fd;
	uint64_t flushed; /* bytes that have left the buffer */
	uint32_t ino;	  /* own number for each entry: equal ones would be hard links */
	struct str buf;
	struct map seen; /* path -> DIRECTORY or OTHER */
};

/* Values in `seen`: their addresses count. */
static const char directory, other;

struct header {
	mode_t mode; /* with its type */
	int64_t mtime;
	uint64_t size;
	unsigned nlink, major, minor;
};

struct cpio *cpio_new(int fd)
{
	struct cpio *c = xcalloc(1, sizeof(*c));

	c->fd = fd;
	return c;
}

void cpio_free(struct cpio *c)
{
	if (!c)
		return;
	str_release(&c->buf);
	map_release(&c->seen);
	free(c);
}

int cpio_check_path(const char *path, struct err *e)
{
	const char *p = path;

	if (strlen(path) >= PATH_MAX)
		return err_set(
			e, ENAMETOOLONG, "the path '%.80s...' is too long for the guest", path);
	for (;;) {
		size_t n = strcspn(p, "/");

		if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return err_set(e, EINVAL, "'%s' is no usable path inside the guest", path);
		if (!p[n])
			return 0;
		p += n + 1;
	}
}

static int flush(struct cpio *c, struct err *e)
{
	int rc = file_write_fd(c->fd, str_get(&c->buf), c->buf.len);

	if (rc)
		return err_sys(e, rc, "cannot write the guest's initramfs");
	c->flushed += c->buf.len;
	str_clear(&c->buf);
	return 0;
}

static void pad(struct cpio *c, unsigned to)
{
	str_repeat(&c->buf, '\0', (size_t)(-(c->flushed + c->buf.len) & (to - 1)));
}

static void hex(struct str *out, uint64_t value)
{
	char digits[8];

	for (int i = 7; i >= 0; i--, value >>= 4)
		digits[i] = "0123456789abcdef"[value & 15];
	str_append(out, digits, sizeof(digits));
}

static void header(struct cpio *c, const char *path, const struct header *h)
{
	size_t name = strlen(path) + 1;
	int64_t mtime = h->mtime < 0 || h->mtime > UINT32_MAX ? 0 : h->mtime;
	const uint64_t fields[] = {
		++c->ino, h->mode, 0,		       /* uid */
		0,				       /* gid */
		h->nlink, (uint64_t)mtime, h->size, 0, /* device of the file system it lay on */
		0, h->major, h->minor, name, 0,	       /* checksum: only in the "crc" flavour */
	};

	str_add(&c->buf, "070701");
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		hex(&c->buf, fields[i]);
	str_append(&c->buf, path, name);
	pad(c, ALIGN);
}

/* Checks and remembers the path, writes its missing parents. */
static int enter(struct cpio *c, const char *path, const char *kind, struct err *e)
{
	int rc = cpio_check_path(path, e);

	if (rc)
		return rc;
	if (!map_add(&c->seen, path, (void *)kind))
		return err_set(e, EEXIST, "'%s' is in the guest's initramfs twice", path);
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		cleanup_free char *parent = xstrndup(path, (size_t)(slash - path));

		if (map_add(&c->seen, parent, (void *)&directory))
			header(c, parent, &(struct header){.mode = S_IFDIR | 0755, .nlink = 2});
		else if (map_get(&c->seen, parent) != &directory)
			return err_set(
				e, ENOTDIR, "'%s' cannot lie in the file '%s'", path, parent);
	}
	return 0;
}

static int done(struct cpio *c, struct err *e)
{
	pad(c, ALIGN);
	return c->buf.len >= BUFFER ? flush(c, e) : 0;
}

static int small(
	struct cpio *c, const struct cpio_meta *m, struct header h, const void *data, struct err *e)
{
	int rc = enter(c, m->path, S_ISDIR(h.mode) ? &directory : &other, e);

	if (rc)
		return rc;
	h.mtime = m->mtime;
	h.mode |= m->mode & ~(mode_t)S_IFMT;
	header(c, m->path, &h);
	str_append(&c->buf, data, h.size);
	return done(c, e);
}

int cpio_dir(struct cpio *c, const struct cpio_meta *m, struct err *e)
{
	return small(c, m, (struct header){.mode = S_IFDIR, .nlink = 2}, NULL, e);
}

static int too_large(const char *path, struct err *e)
{
	return err_set(e, EFBIG, "'%s' has 4 GiB or more, which an initramfs cannot hold", path);
}

int cpio_bytes(
	struct cpio *c, const struct cpio_meta *m, const void *bytes, size_t n, struct err *e)
{
	if (n > UINT32_MAX)
		return too_large(m->path, e);
	return small(c, m, (struct header){.mode = S_IFREG, .nlink = 1, .size = n}, bytes, e);
}

int cpio_symlink(struct cpio *c, const struct cpio_meta *m, const char *target, struct err *e)
{
	struct header h = {.mode = S_IFLNK, .nlink = 1, .size = strlen(target)};

	/* The kernel refuses an empty target and one that does not fit its buffer. */
	if (h.size == 0 || h.size >= PATH_MAX)
		return err_set(
			e, ENAMETOOLONG, "'%s' cannot be a link to '%.80s'", m->path, target);
	return small(c, m, h, target, e);
}

int cpio_chardev(
	struct cpio *c, const struct cpio_meta *m, unsigned major, unsigned minor, struct err *e)
{
	return small(c, m,
		(struct header){.mode = S_IFCHR, .nlink = 1, .major = major, .minor = minor}, NULL,
		e);
}

/* read(2) and the buffer, for small files and where sendfile(2) does not serve. */
static int copy_through_buffer(struct cpio *c, int from, uint64_t at, uint64_t size, struct err *e)
{
	while (at < size) {
		size_t want = size - at < BUFFER ? (size_t)(size - at) : BUFFER;
		ssize_t n = pread(from, str_reserve(&c->buf, want), want, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENODATA;
		c->buf.len += (size_t)n;
		at += (uint64_t)n;
		if (c->buf.len >= BUFFER && flush(c, e))
			return -EPIPE;
	}
	return 0;
}

/*
 * sendfile(2) saves one of the two copies (91 against 103 ms for 200 MB); copy_file_range(2) does
 * not work from a disk into a memfd.
 */
static int copy(struct cpio *c, int from, uint64_t size, struct err *e)
{
	off_t at = 0;

	if (size <= BUFFER)
		return copy_through_buffer(c, from, 0, size, e);
	if (flush(c, e))
		return -EPIPE;
	while ((uint64_t)at < size) {
		off_t before = at;
		ssize_t n = sendfile(c->fd, from, &at, size - (uint64_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EINVAL || errno == ENOSYS))
			return copy_through_buffer(c, from, (uint64_t)at, size, e);
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENODATA;
		c->flushed += (uint64_t)(at - before);
	}
	return 0;
}

int cpio_file(struct cpio *c, const struct cpio_meta *m, int from, uint64_t size, struct err *e)
{
	struct header h = {.mode = S_IFREG, .nlink = 1, .size = size, .mtime = m->mtime};
	int rc;

	if (size > UINT32_MAX)
		return too_large(m->path, e);
	rc = enter(c, m->path, &other, e);
	if (rc)
		return rc;
	h.mode |= m->mode & ~(mode_t)S_IFMT;
	header(c, m->path, &h);
	rc = copy(c, from, size, e);
	if (rc == -EPIPE)
		return rc; /* the sentence is flush()'s */
	if (rc == -ENODATA)
		return err_set(e, ENODATA, "'%s' shrank while it was being packed", m->path);
	if (rc)
		return err_sys(e, rc, "cannot pack '%s'", m->path);
	return done(c, e);
}

int cpio_finish(struct cpio *c, uint64_t *size, struct err *e)
{
	int rc;

	c->ino = (uint32_t)-1;
	header(c, TRAILER, &(struct header){.nlink = 1});
	pad(c, BLOCK);
	rc = flush(c, e);
	*size = c->flushed;
	return rc;
}
