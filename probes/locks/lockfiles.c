#include "probes/locks/lockfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/parse.h"
#include "src/base/str.h"

#define LOCKS_FOLDER ".locks"
#define SUFFIX	     ".lock"

enum {
	REPLACED_MAX = 16, /* how often a file may be replaced under us before that is an error */
	FILE_MODE = 0666,  /* and the umask: users of one machine share these files */
	FOLDER_MODE = 0777,
};

static const char *const prefixes[LOCKFILE_KINDS] = {
	[LOCKFILE_LLC] = "ktstr-llc-",
	[LOCKFILE_CPU] = "ktstr-cpu-",
};

/* ---- names ----------------------------------------------------------------------------------- */

static const char *given(const char *variable)
{
	const char *v = getenv(variable);

	return v && *v ? v : NULL;
}

const char *lockfile_dir(void)
{
	const char *dir = given("KTSTR_LOCK_DIR");

	return dir ? dir : "/tmp";
}

static char *runs_root(void)
{
	const char *root = given("KTSTR_RUNS_ROOT"), *target = given("CARGO_TARGET_DIR");

	if (root)
		return xstrdup(root);
	return file_join(target ? target : "target", "ktstr");
}

void lockfile_roots_init(struct lockfile_roots *r, const char *cache_root)
{
	cleanup_free char *runs = runs_root();

	r->dir = xstrdup(lockfile_dir());
	r->cache = cache_root ? file_join(cache_root, LOCKS_FOLDER) : NULL;
	r->runs = file_join(runs, LOCKS_FOLDER);
}

void lockfile_roots_release(struct lockfile_roots *r)
{
	free(r->dir);
	free(r->cache);
	free(r->runs);
	*r = (struct lockfile_roots){0};
}

const char *lockfile_root(const struct lockfile_roots *r, enum lockfile_kind kind)
{
	return kind == LOCKFILE_CACHE ? r->cache : kind == LOCKFILE_RUN ? r->runs : r->dir;
}

static char *numbered(const char *dir, enum lockfile_kind kind, unsigned n)
{
	cleanup_free char *name = xasprintf("%s%u" SUFFIX, prefixes[kind], n);

	return file_join(dir, name);
}

char *lockfile_llc(const char *dir, unsigned llc)
{
	return numbered(dir, LOCKFILE_LLC, llc);
}

char *lockfile_cpu(const char *dir, unsigned cpu)
{
	return numbered(dir, LOCKFILE_CPU, cpu);
}

char *lockfile_keyed(const char *root, const char *key)
{
	cleanup_free char *name = xasprintf("%s" SUFFIX, key);

	return file_join(root, name);
}

bool lockfile_parse_name(enum lockfile_kind kind, const char *name, struct lockfile_name *out)
{
	const char *prefix = prefixes[kind] ? prefixes[kind] : "";
	size_t skip = strlen(prefix), n = strlen(name), digits;
	char text[32];
	uint32_t v;

	if (!str_starts(name, prefix) || !str_ends(name, SUFFIX))
		return false;
	digits = n - strlen(SUFFIX);
	*out = (struct lockfile_name){.key_length = (int)digits};
	if (!prefixes[kind])
		return digits <= INT32_MAX;
	if (digits < skip || digits - skip >= sizeof(text))
		return false;
	memcpy(text, name + skip, digits - skip);
	text[digits - skip] = '\0';
	if (parse_u32(text, &v, NULL))
		return false;
	out->number = v;
	return true;
}

/* ---- file systems ---------------------------------------------------------------------------- */

/* Magics of statfs(2), see linux/magic.h and the sources of each file system. */
static const struct refused {
	uint32_t magic;
	const char *name, *why;
} refused[] = {
	{0x6969, "NFS", "its locks are those of a server and may be lost or emulated"},
	{0xFF534D42, "CIFS/SMB", "its locks are those of a server and may be mandatory"},
	{0xFE534D42, "CIFS/SMB", "its locks are those of a server and may be mandatory"},
	{0x00C36400, "CephFS", "its locks are those of a cluster and outlive their holders"},
	{0x6B414653, "AFS", "its locks are those of a server and are not told to other processes"},
	{0x65735546, "FUSE", "it is up to a program whether locks exclude anybody"},
};

int lockfile_check_filesystem(const char *path, struct err *e)
{
	cleanup_free char *dir = file_dir(path);
	struct statfs fs;

	if (statfs(path, &fs) && statfs(dir, &fs))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if ((uint32_t)fs.f_type != refused[i].magic)
			continue;
		err_set(e, EOPNOTSUPP, "%s: filesystem %s is not supported for ktstr lockfiles: %s",
			path, refused[i].name, refused[i].why);
		return err_hint(e, "move it to a local file system: tmpfs, ext4, xfs, btrfs, f2fs "
				   "or bcachefs");
	}
	return 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

/*
 * fs.protected_regular refuses O_CREAT on another user's file in a sticky folder though the file
 * may be opened, and a umask of 022 keeps others from writing to it: each try asks for less.
 * O_NONBLOCK for the case that somebody put a FIFO there.
 */
static int open_somehow(const char *path)
{
	static const int tries[] = {O_RDWR | O_CREAT, O_RDWR, O_RDONLY};
	int first = 0;

	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		int fd = open(path, tries[i] | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, FILE_MODE);

		if (fd >= 0)
			return fd;
		if (!first)
			first = errno;
		if (errno != EACCES && errno != EPERM && errno != EROFS)
			break;
	}
	return -first;
}

static void make_folder(const char *path)
{
	cleanup_free char *dir = file_dir(path);

	if (strcmp(file_base(dir), LOCKS_FOLDER) == 0 && !file_exists(dir))
		(void)file_mkdirs(dir, FOLDER_MODE, NULL);
}

int lockfile_open(const char *path, struct err *e)
{
	struct stat st;
	int fd;

	make_folder(path);
	if (lockfile_check_filesystem(path, e))
		return -EOPNOTSUPP;
	fd = open_somehow(path);
	if (fd < 0)
		return err_sys(e, -fd, "cannot open the lock file '%s'", path);
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, EINVAL, "the lock file '%s' is not a regular file", path);
	}
	return fd;
}

bool lockfile_stands(int fd, const char *path)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
}

static int lock_now(int fd, enum lockfile_mode mode)
{
	int op = (mode == LOCKFILE_EXCLUSIVE ? LOCK_EX : LOCK_SH) | LOCK_NB;

	while (flock(fd, op))
		if (errno != EINTR)
			return -errno;
	return 0;
}

int lockfile_acquire(const char *path, enum lockfile_mode mode, struct err *e)
{
	for (int i = 0; i < REPLACED_MAX; i++) {
		int fd = lockfile_open(path, e), rc;

		if (fd < 0)
			return fd;
		rc = lock_now(fd, mode);
		if (rc == 0 && lockfile_stands(fd, path))
			return fd;
		close(fd);
		if (rc == -EWOULDBLOCK)
			return err_set(e, EWOULDBLOCK, "the lock file '%s' is locked", path);
		if (rc)
			return err_sys(e, -rc, "cannot lock '%s'", path);
	}
	return err_set(e, ESTALE, "the lock file '%s' is replaced again and again", path);
}
