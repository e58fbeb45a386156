#include "src/base/zst.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "src/base/file.h"
#include "src/base/lazylib.h"
#include "src/base/mem.h"

/* Everything that is used of libzstd: one row makes a typed pointer and its lookup. */
#define CALLS(X)                                                                                   \
	X(ZSTD_CCtx_setParameter)                                                                  \
	X(ZSTD_CStreamOutSize)                                                                     \
	X(ZSTD_DCtx_setParameter)                                                                  \
	X(ZSTD_DStreamInSize)                                                                      \
	X(ZSTD_compressStream2)                                                                    \
	X(ZSTD_createCStream)                                                                      \
	X(ZSTD_createDStream)                                                                      \
	X(ZSTD_decompressStream)                                                                   \
	X(ZSTD_freeCStream)                                                                        \
	X(ZSTD_freeDStream)                                                                        \
	X(ZSTD_getErrorCode)                                                                       \
	X(ZSTD_getErrorName)                                                                       \
	X(ZSTD_isError)

LAZYLIB_CALLS(CALLS);
LAZYLIB_FILES("zstd", "libzstd.so.1");

static const struct lazylib library = {
	.files = files,
	.name = "libzstd",
	.purpose = "zstd compression",
	.debian = "libzstd1",
	.fedora = "libzstd",
	.symbols = symbols,
	.nsymbols = ARRAY_LEN(symbols),
};

/* The largest window that a file may ask for: what the command line tool takes by default. Ours
 * are of 2^21 bytes. */
enum { WINDOW_LOG_MAX = 27 };

struct zst_in {
	struct calls lib;
	ZSTD_DStream *d;
	int fd;
	uint64_t max, given;
	uint64_t taken;	  /* compressed bytes before `in` */
	bool in_frame;	  /* the decoder waits for more of a frame */
	bool any;	  /* at least one frame was begun */
	ZSTD_inBuffer in; /* over `buf` */
	size_t size;
	char *buf;
};

struct zst_in *zst_in_new(int fd, uint64_t max, struct err *e)
{
	struct calls lib;
	struct zst_in *z;

	if (lazylib_open(&library, &lib, e))
		return NULL;
	z = xcalloc(1, sizeof(*z));
	z->lib = lib;
	z->d = lib.ZSTD_createDStream();
	z->size = lib.ZSTD_DStreamInSize();
	z->buf = xmalloc(z->size);
	z->fd = fd;
	z->max = max;
	z->in.src = z->buf;
	if (z->d && !lib.ZSTD_isError(
			    lib.ZSTD_DCtx_setParameter(z->d, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
		return z;
	zst_in_free(z);
	err_set(e, ENOMEM, "cannot set up zstd");
	return NULL;
}

/* 1 = there are bytes, 0 = end of file. */
static int fill(struct zst_in *z, struct err *e)
{
	ssize_t n;

	if (z->in.pos < z->in.size)
		return 1;
	do
		n = read(z->fd, z->buf, z->size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, errno, "reading fails");
	z->taken += z->in.size;
	z->in.size = (size_t)n;
	z->in.pos = 0;
	return n > 0;
}

static int at_end(const struct zst_in *z, struct err *e)
{
	if (!z->any)
		return err_set(e, EBADMSG, "it is empty");
	if (z->in_frame)
		return err_set(e, EBADMSG,
			"it is cut off: it ends after %llu bytes in the midst of its zstd "
			"data",
			(unsigned long long)z->taken + z->in.size);
	return 0;
}

static int broken(const struct zst_in *z, size_t code, struct err *e)
{
	unsigned long long at = z->taken + z->in.pos;

	if (!z->any && z->lib.ZSTD_getErrorCode(code) == ZSTD_error_prefix_unknown)
		return err_set(e, EBADMSG, "it is not a zstd file");
	return err_set(e, EBADMSG, "it is corrupt near byte %llu of its zstd data: %s", at,
		z->lib.ZSTD_getErrorName(code));
}

static int too_big(const struct zst_in *z, struct err *e)
{
	return err_set(e, EFBIG, "it unpacks to more than %llu bytes", (unsigned long long)z->max);
}

ssize_t zst_in_read(struct zst_in *z, void *buf, size_t n, struct err *e)
{
	/* One byte beyond the bound is asked for, so that exactly as much is told from more. */
	uint64_t left = z->max - z->given;
	ZSTD_outBuffer out = {buf, left < n ? (size_t)left + 1 : n, 0};

	while (n && out.pos == 0) {
		int rc = fill(z, e);
		size_t hint;

		if (rc < 0)
			return rc;
		if (rc == 0 && !z->in_frame)
			break;
		/* At the end of the file the decoder may still hold something back. */
		hint = z->lib.ZSTD_decompressStream(z->d, &out, &z->in);
		if (z->lib.ZSTD_isError(hint))
			return broken(z, hint, e);
		z->any = true;
		z->in_frame = hint != 0;
		if (rc == 0)
			break;
	}
	if (out.pos > left)
		return too_big(z, e);
	z->given += out.pos;
	return out.pos || n == 0 ? (ssize_t)out.pos : at_end(z, e);
}

void zst_in_free(struct zst_in *z)
{
	if (!z)
		return;
	z->lib.ZSTD_freeDStream(z->d);
	free(z->buf);
	free(z);
}

struct zst_out {
	struct calls lib;
	ZSTD_CStream *c;
	int fd;
	size_t size;
	char *buf;
};

static bool set(struct zst_out *z, ZSTD_cParameter what, int value)
{
	return !z->lib.ZSTD_isError(z->lib.ZSTD_CCtx_setParameter(z->c, what, value));
}

struct zst_out *zst_out_new(int fd, int level, struct err *e)
{
	struct calls lib;
	struct zst_out *z;

	if (lazylib_open(&library, &lib, e))
		return NULL;
	z = xcalloc(1, sizeof(*z));
	z->lib = lib;
	z->c = lib.ZSTD_createCStream();
	z->size = lib.ZSTD_CStreamOutSize();
	z->buf = xmalloc(z->size);
	z->fd = fd;
	if (z->c && set(z, ZSTD_c_compressionLevel, level) && set(z, ZSTD_c_checksumFlag, 1))
		return z;
	zst_out_free(z);
	err_set(e, ENOMEM, "cannot set up zstd");
	return NULL;
}

static int compress(struct zst_out *z, ZSTD_inBuffer *in, ZSTD_EndDirective how, struct err *e)
{
	size_t left;

	do {
		ZSTD_outBuffer out = {z->buf, z->size, 0};
		int rc;

		left = z->lib.ZSTD_compressStream2(z->c, &out, in, how);
		if (z->lib.ZSTD_isError(left))
			return err_set(
				e, EIO, "compression fails: %s", z->lib.ZSTD_getErrorName(left));
		rc = file_write_fd(z->fd, z->buf, out.pos);
		if (rc < 0)
			return err_sys(e, rc, "writing fails");
	} while (how == ZSTD_e_end ? left != 0 : in->pos < in->size);
	return 0;
}

int zst_out_write(struct zst_out *z, const void *bytes, size_t n, struct err *e)
{
	ZSTD_inBuffer in = {bytes, n, 0};

	return n ? compress(z, &in, ZSTD_e_continue, e) : 0;
}

int zst_out_end(struct zst_out *z, struct err *e)
{
	ZSTD_inBuffer in = {NULL, 0, 0};

	return compress(z, &in, ZSTD_e_end, e);
}

void zst_out_free(struct zst_out *z)
{
	if (!z)
		return;
	z->lib.ZSTD_freeCStream(z->c);
	free(z->buf);
	free(z);
}
