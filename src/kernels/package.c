#include "src/kernels/package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/kernels/package_file.h"
#include "src/kernels/report.h"

/* Far above any kernel package (a full Debian kernel unpacks to 400 MB in 4,000 files). */
#define UNPACKED_MAX (4ULL << 30)
enum { ENTRIES_MAX = 200000, CHUNK = 1 << 18 };

/* ---- control data --------------------------------------------------------------------------- */

static int check_control(const struct package *p, struct err *e)
{
	if (strcmp(p->control.architecture, "amd64") != 0 &&
		strcmp(p->control.architecture, "all") != 0)
		return err_set(e, EINVAL, "package '%s' is for %s machines, not amd64", p->path,
			*p->control.architecture ? p->control.architecture : "unnamed");
	return 0;
}

int package_open(const char *path, struct package *out, struct err *e)
{
	struct stat st;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = package_file_describe(path, &out->control, &st, e);
	if (rc)
		return rc;
	out->path = xstrdup(path);
	rc = check_control(out, e);
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
	struct package_file file;
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
	off_t at = lseek(w->file.fd, 0, SEEK_CUR);

	if (!report_progress(w->report, what, at > 0 ? (uint64_t)at : 0, w->total))
		return 0;
	return err_set(e, ECANCELED, "cancelled while unpacking '%s'", w->p->path);
}

static int copy_contents(struct unpack *w, int fd, const char *path, struct err *e)
{
	cleanup_free char *buf = xmalloc(CHUNK);

	for (;;) {
		ssize_t n = arc_read(w->file.files, buf, CHUNK, e);
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
	int rc = package_file_open(p->path, &w.file, e);

	w.total = rc ? 0 : (uint64_t)w.file.st.st_size;
	while (!rc && (rc = arc_next(w.file.files, &next, e)) > 0) {
		rc = take_entry(&w, &next, e);
		if (!rc)
			rc = cancelled(&w, e);
	}
	package_file_close(&w.file);
	free(w.folder);
	return rc;
}
