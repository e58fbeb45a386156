/* The process that unpacks: what it may reach, and what it makes of each member. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/archive.h"
#include "src/base/file.h"
#include "src/kernels/untar.h"

/* A kernel tree has 90,000 files in 1.5 GB; the limits are for archives that are none. */
#define BYTES_MAX     (16ULL << 30)
#define FILE_MAX_SIZE (1ULL << 30)
enum { ENTRIES_MAX = 1000000, CHUNK = 1 << 18, SAY_EVERY = 1 << 20 };

struct work {
	struct arc *arc;
	int archive_fd, status_fd;
	uint64_t written, said;
	unsigned entries;
};

/* All rights of the first version of landlock: below the current folder as before, elsewhere none.
 * A kernel without it leaves the checks of openat2(). */
static int stay_here(struct err *e)
{
	const struct landlock_ruleset_attr all = {
		.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
	struct landlock_path_beneath_attr here = {
		.allowed_access = all.handled_access_fs & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	int rc = 0;

	if (rules < 0)
		return 0;
	here.parent_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (here.parent_fd < 0 ||
		syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &here, 0) ||
		syscall(SYS_landlock_restrict_self, rules, 0))
		rc = err_sys(e, errno, "cannot confine the unpacking to its folder");
	close(here.parent_fd);
	close(rules);
	return rc;
}

static int confine(struct err *e)
{
	const struct rlimit size = {FILE_MAX_SIZE, FILE_MAX_SIZE}, none = {0, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || setrlimit(RLIMIT_FSIZE, &size) ||
		setrlimit(RLIMIT_CORE, &none))
		return err_sys(e, errno, "cannot confine the unpacking");
	umask(022);
	return stay_here(e);
}

/* No symbolic link on the way is followed, and nothing above the current folder is reached. */
static int open_below(const char *path, int flags, mode_t mode)
{
	const struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC | O_NOFOLLOW,
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/* Opens the folder of a path, making what is missing of it. */
static int open_folder(const char *path, size_t n, struct err *e)
{
	cleanup_free char *folder = n ? xstrndup(path, n) : xstrdup(".");
	int fd = open_below(folder, O_PATH | O_DIRECTORY, 0);
	const char *cut;
	int rc = 0;

	if (fd >= 0 || errno != ENOENT || !n)
		return fd >= 0 ? fd : err_sys(e, errno, "folder '%s'", folder);
	cut = memrchr(folder, '/', n);
	fd = open_folder(folder, cut ? (size_t)(cut - folder) : 0, e);
	if (fd < 0)
		return fd;
	if (mkdirat(fd, file_base(folder), 0755) && errno != EEXIST)
		rc = err_sys(e, errno, "cannot create folder '%s'", folder);
	close(fd);
	if (rc)
		return rc;
	fd = open_below(folder, O_PATH | O_DIRECTORY, 0);
	return fd >= 0 ? fd : err_sys(e, errno, "folder '%s'", folder);
}

static int open_parent(const char *path, struct err *e)
{
	const char *base = file_base(path);

	return open_folder(path, base > path ? (size_t)(base - path - 1) : 0, e);
}

static int copy(struct work *w, int fd, const char *path, struct err *e)
{
	cleanup_free char *buf = xmalloc(CHUNK);
	ssize_t n;

	while ((n = arc_read(w->arc, buf, CHUNK, e)) > 0) {
		int rc = file_write_fd(fd, buf, (size_t)n);

		w->written += (uint64_t)n;
		if (rc)
			return err_sys(e, rc, "cannot write '%s'", path);
		if (w->written > BYTES_MAX)
			return err_set(
				e, EFBIG, "it unpacks to more than %llu GiB", BYTES_MAX >> 30);
	}
	return (int)n;
}

static int make_file(struct work *w, int dir, const struct arc_entry *m, struct err *e)
{
	cleanup_close int fd = openat(dir, file_base(m->path),
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644 | (m->mode & 0111));
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = m->mtime}};
	int rc;

	if (fd < 0)
		return err_sys(e, errno, "cannot create '%s'", m->path);
	rc = copy(w, fd, m->path, e);
	/* make(1) compares times */
	if (!rc && m->mtime)
		futimens(fd, times);
	return rc;
}

/* The target of a hard link is a path within the archive, checked like all. */
static int make_hard_link(int dir, const struct arc_entry *m, struct err *e)
{
	cleanup_close int from = open_parent(m->link, e);

	if (from < 0)
		return from;
	if (linkat(from, file_base(m->link), dir, file_base(m->path), 0))
		return err_sys(e, errno, "cannot link '%s' to '%s'", m->path, m->link);
	return 0;
}

/* tar(1) writes a folder's name with a slash at its end. */
static size_t folder_length(const char *path)
{
	size_t n = strlen(path);

	while (n && path[n - 1] == '/')
		n--;
	return n;
}

static int take(struct work *w, const struct arc_entry *m, struct err *e)
{
	cleanup_close int dir = -1;

	if (++w->entries > ENTRIES_MAX)
		return err_set(e, EFBIG, "it has more than %d members", ENTRIES_MAX);
	if (m->type == ARC_OTHER || !*m->path)
		return 0;
	dir = m->type == ARC_DIR ? open_folder(m->path, folder_length(m->path), e)
				 : open_parent(m->path, e);
	if (dir < 0)
		return dir;
	if (m->type == ARC_FILE)
		return make_file(w, dir, m, e);
	if (m->type == ARC_HARDLINK)
		return make_hard_link(dir, m, e);
	if (m->type == ARC_SYMLINK && symlinkat(m->link, dir, file_base(m->path)))
		return err_sys(e, errno, "cannot create link '%s'", m->path);
	return 0;
}

static void say_progress(struct work *w)
{
	off_t at = lseek(w->archive_fd, 0, SEEK_CUR);

	if (at < 0 || (uint64_t)at < w->said + SAY_EVERY)
		return;
	w->said = (uint64_t)at;
	dprintf(w->status_fd, "%lld\n", (long long)at);
}

static int unpack(struct work *w, struct err *e)
{
	struct arc_entry m;
	int rc = arc_available(e); /* opened before the door is closed */

	rc = rc ? rc : confine(e);
	if (rc)
		return rc;
	w->arc = arc_open_fd(w->archive_fd, "the archive", e);
	if (!w->arc)
		return -e->code;
	while (!rc && (rc = arc_next(w->arc, &m, e)) > 0) {
		rc = take(w, &m, e);
		say_progress(w);
	}
	arc_close(w->arc);
	return rc;
}

int untar_main(int archive_fd, int status_fd)
{
	struct work w = {.archive_fd = archive_fd, .status_fd = status_fd};
	struct err e = ERR_INIT;

	if (!unpack(&w, &e))
		return 0;
	dprintf(status_fd, "!%s\n", e.msg);
	return 1;
}
