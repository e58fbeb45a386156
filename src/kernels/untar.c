#include "src/kernels/untar.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/mem.h"

enum { CHUNK = 256 * 1024 };

/* The functions of libarchive that are used, each with the type that its header gives. */
#define LIBARCHIVE_FUNCTIONS(X)                                                                    \
	X(archive_read_new)                                                                        \
	X(archive_read_free)                                                                       \
	X(archive_read_support_filter_gzip)                                                        \
	X(archive_read_support_filter_xz)                                                          \
	X(archive_read_support_filter_zstd)                                                        \
	X(archive_read_support_format_tar)                                                         \
	X(archive_read_open)                                                                       \
	X(archive_read_next_header)                                                                \
	X(archive_read_data)                                                                       \
	X(archive_error_string)                                                                    \
	X(archive_entry_pathname)                                                                  \
	X(archive_entry_filetype)                                                                  \
	X(archive_entry_hardlink)                                                                  \
	X(archive_entry_size)

struct library {
#define X(f) __typeof__(&f) f;
	LIBARCHIVE_FUNCTIONS(X)
#undef X
};

struct untar {
	struct library lib;
	void *handle;
	struct archive *a;
	const char *name; /* borrowed */
	int fd;
	uint64_t at, left, consumed;
	int read_error; /* of pread(2), positive */
	char buf[CHUNK];
};

static int load(struct untar *u, struct err *e)
{
	void *symbol;

	u->handle = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
	if (!u->handle) {
		err_set(e, ENOENT, "cannot unpack '%s': libarchive is not installed", u->name);
		return err_hint(e,
			"install it: sudo apt-get install libarchive13 (libarchive13t64 on newer "
			"releases), or sudo dnf install libarchive");
	}
#define X(f)                                                                                       \
	symbol = dlsym(u->handle, #f);                                                             \
	if (!symbol)                                                                               \
		return err_set(                                                                    \
			e, ENOSYS, "cannot unpack '%s': libarchive has no %s", u->name, #f);       \
	memcpy(&u->lib.f, &symbol, sizeof(symbol));
	LIBARCHIVE_FUNCTIONS(X)
#undef X
	return 0;
}

static la_ssize_t read_chunk(struct archive *a, void *user, const void **out)
{
	struct untar *u = user;
	size_t want = u->left < CHUNK ? (size_t)u->left : CHUNK;
	ssize_t n;

	(void)a;
	do
		n = want ? pread(u->fd, u->buf, want, (off_t)u->at) : 0;
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		u->read_error = errno;
		return -1;
	}
	u->at += (uint64_t)n;
	u->left -= (uint64_t)n;
	u->consumed += (uint64_t)n;
	*out = u->buf;
	return n;
}

static int failed(struct untar *u, struct err *e)
{
	const char *why = u->lib.archive_error_string(u->a);

	if (u->read_error)
		return err_sys(e, u->read_error, "cannot read '%s'", u->name);
	return err_set(
		e, EINVAL, "'%s' is damaged: %s", u->name, why ? why : "it cannot be unpacked");
}

struct untar *untar_open(int fd, uint64_t offset, uint64_t size, const char *name, struct err *e)
{
	struct untar *u = xcalloc(1, sizeof(*u));

	u->name = name;
	u->fd = fd;
	u->at = offset;
	u->left = size;
	if (load(u, e)) {
		untar_close(u);
		return NULL;
	}
	u->a = u->lib.archive_read_new();
	if (!u->a || u->lib.archive_read_support_filter_gzip(u->a) < ARCHIVE_WARN ||
		u->lib.archive_read_support_filter_xz(u->a) < ARCHIVE_WARN ||
		u->lib.archive_read_support_filter_zstd(u->a) < ARCHIVE_WARN ||
		u->lib.archive_read_support_format_tar(u->a) < ARCHIVE_WARN) {
		err_set(e, ENOSYS,
			"cannot unpack '%s': this libarchive lacks tar, gzip, xz or zstd", name);
		untar_close(u);
		return NULL;
	}
	if (u->lib.archive_read_open(u->a, u, NULL, read_chunk, NULL) != ARCHIVE_OK) {
		failed(u, e);
		untar_close(u);
		return NULL;
	}
	return u;
}

void untar_close(struct untar *u)
{
	if (!u)
		return;
	if (u->a)
		u->lib.archive_read_free(u->a);
	if (u->handle)
		dlclose(u->handle);
	free(u);
}

int untar_next(struct untar *u, struct untar_entry *out, struct err *e)
{
	struct archive_entry *entry;
	int rc = u->lib.archive_read_next_header(u->a, &entry);
	la_int64_t size;

	memset(out, 0, sizeof(*out));
	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc < ARCHIVE_WARN)
		return failed(u, e);
	out->path = u->lib.archive_entry_pathname(entry);
	if (!out->path)
		return err_set(
			e, EINVAL, "'%s' is damaged: an entry has no readable name", u->name);
	out->target = u->lib.archive_entry_hardlink(entry);
	size = u->lib.archive_entry_size(entry);
	out->size = size > 0 ? (uint64_t)size : 0;
	if (out->target)
		out->type = UNTAR_HARDLINK;
	else if (u->lib.archive_entry_filetype(entry) == AE_IFREG)
		out->type = UNTAR_FILE;
	else if (u->lib.archive_entry_filetype(entry) == AE_IFDIR)
		out->type = UNTAR_DIR;
	else
		out->type = UNTAR_OTHER;
	return 1;
}

ssize_t untar_read(struct untar *u, void *buf, size_t n, struct err *e)
{
	la_ssize_t got = u->lib.archive_read_data(u->a, buf, n);

	return got < 0 ? failed(u, e) : (ssize_t)got;
}

uint64_t untar_consumed(const struct untar *u)
{
	return u->consumed;
}
