#include "src/kernels/package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/archive.h"
#include "src/base/file.h"
#include "src/kernels/report.h"

/* Far above any kernel package (a full Debian kernel unpacks to 400 MB in 4,000 files). */
#define UNPACKED_MAX (4ULL << 30)
enum { ENTRIES_MAX = 200000, CONTROL_MAX = 1 << 20, CHUNK = 1 << 18 };

/* ---- the outer archive ---------------------------------------------------------------------- */

/* deb(5): an ar archive of debian-binary, control.tar* and data.tar*, in this order. */
struct deb {
	int fd;
	struct arc *outer, *inner;
};

static void deb_close(struct deb *d)
{
	arc_close(d->inner);
	arc_close(d->outer);
	if (d->fd >= 0)
		close(d->fd);
}

static int no_deb(const char *path, const char *why, struct err *e)
{
	return err_set(e, EBADMSG, "'%s' is not a usable Debian package: %s", path, why);
}

/* Goes to the first member whose name begins so. */
static int find_member(struct deb *d, const char *path, const char *begin, struct err *e)
{
	struct arc_entry entry;
	int rc;

	for (bool first = true; (rc = arc_next(d->outer, &entry, e)) > 0; first = false) {
		if (first && strcmp(entry.path, "debian-binary") != 0)
			return no_deb(path, "it is an archive of something else", e);
		if (str_starts(entry.path, begin))
			return 0;
	}
	return rc < 0 ? rc
		      : err_set(e, EBADMSG, "'%s' is not a usable Debian package: it has no %s",
				path, begin);
}

static int deb_open(
	const char *path, const char *begin, struct deb *d, struct stat *st, struct err *e)
{
	int rc = 0;

	*d = (struct deb){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
	if (d->fd < 0 || fstat(d->fd, st))
		return err_sys(e, errno, "cannot open package '%s'", path);
	if (!S_ISREG(st->st_mode))
		return no_deb(path, "it is not a regular file", e);
	d->outer = arc_open_fd(d->fd, path, e);
	rc = d->outer ? find_member(d, path, begin, e) : -e->code;
	if (rc)
		return rc;
	d->inner = arc_open_nested(d->outer, path, e);
	return d->inner ? 0 : -e->code;
}

/* ---- control data -------------------------------------------------------------------------- */

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

static int check_control(struct package *p, const char *text, struct err *e)
{
	if (!deb822_next(&text, &p->control))
		return err_set(e, EINVAL, "package '%s' does not say its name", p->path);
	if (strcmp(p->control.architecture, "amd64") != 0 &&
		strcmp(p->control.architecture, "all") != 0)
		return err_set(e, EINVAL, "package '%s' is for %s machines, not amd64", p->path,
			*p->control.architecture ? p->control.architecture : "unnamed");
	return 0;
}

int package_open(const char *path, struct package *out, struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	struct stat st;
	struct deb d;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = deb_open(path, "control.tar", &d, &st, e);
	rc = rc ? rc : read_control(d.inner, path, &text, e);
	deb_close(&d);
	if (rc)
		return rc;
	out->path = xstrdup(path);
	rc = check_control(out, str_get(&text), e);
	if (rc) {
		package_release(out);
		return rc;
	}
	out->control.size = (uint64_t)st.st_size;
	out->mtime_secs = (uint64_t)st.st_mtim.tv_sec;
	out->mtime_nsecs = (uint64_t)st.st_mtim.tv_nsec;
	return 0;
}

void package_release(struct package *p)
{
	free(p->path);
	deb822_release(&p->control);
	memset(p, 0, sizeof(*p));
}

/* ---- names --------------------------------------------------------------------------------- */

/* Copies path without "./", empty parts and a slash at its end. */
static void plain(const char *path, struct str *out)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n && !(n == 1 && path[0] == '.')) {
			if (out->len)
				str_addc(out, '/');
			str_append(out, path, n);
		}
		path += n + (path[n] == '/');
	}
}

static bool boot_file(const char *path, const char *stem, char release[IMAGE_RELEASE_MAX])
{
	size_t n = strlen(stem);

	return str_starts(path, stem) && !strchr(path + n, '/') &&
	       image_release_copy(release, path + n, strlen(path + n) + 1);
}

enum package_place package_place(
	const char *path, struct str *inside, char release[IMAGE_RELEASE_MAX])
{
	cleanup_str struct str name = STR_INIT;
	const char *s, *r;
	size_t n;

	str_clear(inside);
	plain(path, &name);
	s = str_get(&name);
	if (boot_file(s, "boot/vmlinuz-", release)) {
		str_add(inside, "bzImage");
		return PACKAGE_IMAGE;
	}
	if (boot_file(s, "boot/config-", release)) {
		str_add(inside, "config");
		return PACKAGE_OTHER;
	}
	s += str_starts(s, "usr/") ? strlen("usr/") : 0;
	if (!str_starts(s, "lib/modules/"))
		return PACKAGE_SKIP;
	r = s + strlen("lib/modules/");
	n = strcspn(r, "/");
	if (!n || !r[n])
		return PACKAGE_SKIP;
	{
		cleanup_free char *part = xstrndup(r, n);

		if (!image_release_copy(release, part, n + 1))
			return PACKAGE_SKIP;
	}
	str_add(inside, s);
	return PACKAGE_OTHER;
}

/* ---- unpacking ----------------------------------------------------------------------------- */

struct unpack {
	const struct package *p;
	const char *entry;
	const struct kernel_report *report;
	struct deb deb;
	uint64_t total; /* bytes of the package */
	uint64_t written;
	unsigned entries;
	char *folder; /* the one made last */
};

static int make_folder(struct unpack *w, const char *path, struct err *e)
{
	cleanup_free char *folder = xstrndup(path, (size_t)(file_base(path) - path));

	if (w->folder && strcmp(folder, w->folder) == 0)
		return 0;
	free(w->folder);
	w->folder = xstrdup(folder);
	return file_mkdirs(folder, 0755, e);
}

/* How far the reading is, is how far it all is. */
static int cancelled(const struct unpack *w, struct err *e)
{
	cleanup_free char *what = xasprintf("unpacking %s", w->p->control.package);
	off_t at = lseek(w->deb.fd, 0, SEEK_CUR);

	if (!report_progress(w->report, what, at > 0 ? (uint64_t)at : 0, w->total))
		return 0;
	return err_set(e, ECANCELED, "cancelled while unpacking '%s'", w->p->path);
}

static int copy_contents(struct unpack *w, int fd, const char *path, struct err *e)
{
	cleanup_free char *buf = xmalloc(CHUNK);

	for (;;) {
		ssize_t n = arc_read(w->deb.inner, buf, CHUNK, e);
		int rc;

		if (n <= 0)
			return (int)n;
		w->written += (uint64_t)n;
		if (w->written > UNPACKED_MAX)
			return err_set(e, EFBIG, "package '%s' unpacks to more than %llu GiB",
				w->p->path, UNPACKED_MAX >> 30);
		rc = file_write_fd(fd, buf, (size_t)n);
		if (rc)
			return err_sys(
				e, rc, "cannot write '%s' while unpacking '%s'", path, w->p->path);
		rc = cancelled(w, e);
		if (rc)
			return rc;
	}
}

static int make_file(struct unpack *w, const char *path, struct err *e)
{
	cleanup_close int fd = -1;
	int rc = make_folder(w, path, e);

	if (rc)
		return rc;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST)
		return err_set(
			e, EINVAL, "package '%s' holds '%s' twice", w->p->path, file_base(path));
	if (fd < 0)
		return err_sys(
			e, errno, "cannot create '%s' while unpacking '%s'", path, w->p->path);
	return copy_contents(w, fd, path, e);
}

/* A hard link to a file that was kept; to anything else it is refused. */
static int make_link(
	struct unpack *w, const struct arc_entry *entry, const char *path, struct err *e)
{
	cleanup_str struct str inside = STR_INIT;
	cleanup_free char *target = NULL;
	char release[IMAGE_RELEASE_MAX];
	enum package_place place = package_place(entry->link, &inside, release);
	int rc;

	if (place == PACKAGE_SKIP)
		return err_set(e, EINVAL, "package '%s' links '%s' to '%s', outside of its kernel",
			w->p->path, entry->path, entry->link);
	target = file_join(w->entry, str_get(&inside));
	rc = make_folder(w, path, e);
	if (!rc && link(target, path))
		rc = err_sys(e, errno, "cannot link '%s' while unpacking '%s'", path, w->p->path);
	return rc;
}

static int take_entry(struct unpack *w, const struct arc_entry *entry, struct err *e)
{
	cleanup_str struct str inside = STR_INIT;
	cleanup_free char *path = NULL;
	char release[IMAGE_RELEASE_MAX];

	if (++w->entries > ENTRIES_MAX)
		return err_set(
			e, EFBIG, "package '%s' holds more than %d files", w->p->path, ENTRIES_MAX);
	if (package_place(entry->path, &inside, release) == PACKAGE_SKIP)
		return 0;
	path = file_join(w->entry, str_get(&inside));
	if (entry->type == ARC_FILE)
		return make_file(w, path, e);
	return entry->type == ARC_HARDLINK ? make_link(w, entry, path, e) : 0;
}

int package_unpack(const struct package *p, const char *entry, const struct kernel_report *report,
	struct err *e)
{
	struct unpack w = {.p = p, .entry = entry, .report = report};
	struct arc_entry next;
	struct stat st;
	int rc = deb_open(p->path, "data.tar", &w.deb, &st, e);

	w.total = rc ? 0 : (uint64_t)st.st_size;
	while (!rc && (rc = arc_next(w.deb.inner, &next, e)) > 0) {
		rc = take_entry(&w, &next, e);
		if (!rc)
			rc = cancelled(&w, e);
	}
	deb_close(&w.deb);
	free(w.folder);
	return rc;
}
