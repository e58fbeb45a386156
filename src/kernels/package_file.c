#include "src/kernels/package_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/kernels/rpm.h"

enum { CONTROL_MAX = 1 << 20 };

/* ---- Debian --------------------------------------------------------------------------------- */

static int no_deb(const char *path, const char *why, struct err *e)
{
	return err_set(e, EBADMSG, "'%s' is not a usable Debian package: %s", path, why);
}

/* deb(5): an ar archive of debian-binary, control.tar* and data.tar*, in this order. Goes to the
 * first member whose name begins so. */
static int find_member(struct arc *outer, const char *path, const char *begin, struct err *e)
{
	struct arc_entry entry;
	int rc;

	for (bool first = true; (rc = arc_next(outer, &entry, e)) > 0; first = false) {
		if (first && strcmp(entry.path, "debian-binary") != 0)
			return no_deb(path, "it is an archive of something else", e);
		if (str_starts(entry.path, begin))
			return 0;
	}
	return rc < 0 ? rc
		      : err_set(e, EBADMSG, "'%s' is not a usable Debian package: it has no %s",
				path, begin);
}

static int open_deb(const char *path, const char *begin, struct package_file *f, struct err *e)
{
	int rc;

	f->outer = arc_open_fd(f->fd, path, e);
	rc = f->outer ? find_member(f->outer, path, begin, e) : -e->code;
	if (rc)
		return rc;
	f->files = arc_open_nested(f->outer, path, e);
	return f->files ? 0 : -e->code;
}

static int read_control(struct arc *a, const char *path, struct str *text, struct err *e)
{
	struct arc_entry entry;
	ssize_t n = 0;
	int rc;

	while ((rc = arc_next(a, &entry, e)) > 0) {
		if (strcmp(entry.path, "control") != 0 || entry.type != ARC_FILE)
			continue;
		do {
			n = arc_read(a, str_reserve(text, 4096), 4096, e);
			text->len += n > 0 ? (size_t)n : 0;
		} while (n > 0 && text->len < CONTROL_MAX);
		str_add(text, "");
		return n < 0 ? (int)n : 0;
	}
	return rc < 0 ? rc : no_deb(path, "it has no control file", e);
}

static int describe_deb(struct package_file *f, const char *path, struct deb822 *out, struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	int rc = open_deb(path, "control.tar", f, e);
	const char *at;

	rc = rc ? rc : read_control(f->files, path, &text, e);
	at = str_get(&text);
	if (!rc && !deb822_next(&at, out))
		rc = err_set(e, EINVAL, "package '%s' does not say its name", path);
	return rc;
}

/* ---- RPM ------------------------------------------------------------------------------------ */

static int describe_rpm(const struct package_file *f, const char *path, struct deb822 *out,
	uint64_t *payload, struct err *e)
{
	size_t n = (uint64_t)f->st.st_size < RPM_HEAD_MAX ? (size_t)f->st.st_size : RPM_HEAD_MAX;
	cleanup_free unsigned char *head = xmalloc(n);
	ssize_t got = pread(f->fd, head, n, 0);
	int rc;

	if (got < 0)
		return err_sys(e, errno, "cannot read '%s'", path);
	rc = rpm_parse(head, (size_t)got, out, payload, e);
	return rc ? err_prefix(e, "'%s' is not a usable RPM package", path) : 0;
}

static int open_rpm(struct package_file *f, const char *path, struct err *e)
{
	struct deb822 ignored;
	uint64_t payload;
	int rc = describe_rpm(f, path, &ignored, &payload, e);

	if (rc)
		return rc;
	deb822_release(&ignored);
	if (lseek(f->fd, (off_t)payload, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot read '%s'", path);
	f->files = arc_open_fd(f->fd, path, e);
	return f->files ? 0 : -e->code;
}

/* ---- either --------------------------------------------------------------------------------- */

static int open_file(const char *path, struct package_file *f, bool *rpm, struct err *e)
{
	unsigned char first[8];
	ssize_t n;

	*f = (struct package_file){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
	if (f->fd < 0 || fstat(f->fd, &f->st))
		return err_sys(e, errno, "cannot open package '%s'", path);
	if (!S_ISREG(f->st.st_mode))
		return err_set(
			e, EBADMSG, "'%s' is not a usable package: it is not a regular file", path);
	n = pread(f->fd, first, sizeof(first), 0);
	*rpm = n > 0 && rpm_begins(first, (size_t)n);
	return 0;
}

int package_file_describe(const char *path, struct deb822 *out, struct stat *st, struct err *e)
{
	struct package_file f;
	uint64_t payload;
	bool rpm;
	int rc = open_file(path, &f, &rpm, e);

	if (!rc)
		rc = rpm ? describe_rpm(&f, path, out, &payload, e)
			 : describe_deb(&f, path, out, e);
	*st = f.st;
	package_file_close(&f);
	return rc;
}

int package_file_open(const char *path, struct package_file *f, struct err *e)
{
	bool rpm;
	int rc = open_file(path, f, &rpm, e);

	if (rc)
		return rc;
	return rpm ? open_rpm(f, path, e) : open_deb(path, "data.tar", f, e);
}

void package_file_close(struct package_file *f)
{
	arc_close(f->files);
	arc_close(f->outer);
	if (f->fd >= 0)
		close(f->fd);
}
