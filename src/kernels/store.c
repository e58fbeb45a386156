#include "src/kernels/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/kernels/cache.h"

#define STAGING_PREFIX ".tmp-"

/* The pid at the end of `.tmp-LABEL-PID`; 0 for other names. */
static pid_t staging_owner(const char *name)
{
	const char *dash = strrchr(name, '-');
	long pid;
	char *end;

	if (!str_starts(name, STAGING_PREFIX) || !dash || !dash[1])
		return 0;
	errno = 0;
	pid = strtol(dash + 1, &end, 10);
	return *end || errno || pid <= 0 || pid > 4194304 ? 0 : (pid_t)pid;
}

/* Dead by its number, and nobody holds the folder: the number alone says nothing where containers
 * with process numbers of their own share a cache. */
static bool is_abandoned(const char *dir, pid_t owner)
{
	cleanup_close int fd = -1;

	if (kill(owner, 0) == 0 || errno != ESRCH)
		return false;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* What cannot be removed (somebody else's) stays: sweeping is a courtesy. */
static void sweep(const char *root)
{
	DIR *dir = opendir(root);
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		cleanup_free char *path = file_join(root, d->d_name);
		pid_t owner = staging_owner(d->d_name);

		if (owner && is_abandoned(path, owner))
			file_remove_tree(path, NULL);
	}
	if (dir)
		closedir(dir);
}

static int elsewhere(struct err *e)
{
	return err_hint(e, "KTSTR_CACHE_DIR=DIR puts the kernel cache elsewhere");
}

int kstore_check(const char *root, struct err *e)
{
	cleanup_free char *at = xstrdup(root), *trial = NULL;

	while (!file_exists(at)) {
		char *up = file_dir(at);

		free(at);
		at = up;
	}
	trial = file_join(at, ".ktstr-XXXXXX");
	if (mkdtemp(trial)) {
		rmdir(trial);
		return 0;
	}
	err_sys(e, errno, "kernel cache: cannot write to '%s'", root);
	return elsewhere(e);
}

int kstore_begin(const char *root, const char *label, struct kstore *out, struct err *e)
{
	int rc = file_mkdirs(root, 0755, e);

	memset(out, 0, sizeof(*out));
	out->lock = -1;
	if (rc) {
		err_prefix(e, "kernel cache");
		elsewhere(e);
		return rc;
	}
	sweep(root);
	out->root = realpath(root, NULL);
	if (!out->root)
		return err_sys(e, errno, "cannot find the kernel cache '%s'", root);
	out->dir = xasprintf("%s/" STAGING_PREFIX "%s-%d", out->root, label, (int)getpid());
	rc = file_remove_tree(out->dir, e);
	if (!rc && mkdir(out->dir, 0755)) {
		rc = err_sys(e, errno, "cannot create '%s' in the kernel cache", out->dir);
		elsewhere(e);
	}
	if (!rc) {
		out->lock = open(out->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (out->lock >= 0)
			flock(out->lock, LOCK_EX | LOCK_NB);
	}
	if (rc)
		kstore_end(out);
	return rc;
}

void kstore_end(struct kstore *s)
{
	if (s->dir)
		file_remove_tree(s->dir, NULL);
	if (s->lock >= 0)
		close(s->lock);
	free(s->dir);
	free(s->root);
	memset(s, 0, sizeof(*s));
	s->lock = -1;
}

/* One syncfs(2) instead of an fsync(2) for each of thousands of modules. */
static int flush(const char *dir, struct err *e)
{
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || syncfs(fd))
		return err_sys(e, errno, "cannot write '%s' to disk", dir);
	return 0;
}

static int take_place(const char *from, const char *to, struct err *e)
{
	if (rename(from, to) == 0)
		return 0;
	if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
		return err_sys(e, errno, "cannot store '%s'", to);
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE))
		return err_sys(e, errno, "cannot replace '%s'", to);
	return 0; /* `from` is the old entry now, and goes with the staging folder */
}

int kstore_commit(const struct kstore *s, const char *made, const char *folder, const char *name,
	struct err *e)
{
	cleanup_free char *from = file_join(s->dir, made);
	cleanup_free char *parent = *folder ? file_join(s->root, folder) : xstrdup(s->root);
	cleanup_free char *to = file_join(parent, name);
	int rc = flush(from, e);

	rc = rc ? rc : file_mkdirs(parent, 0755, e);
	rc = rc ? rc : take_place(from, to, e);
	rc = rc ? rc : file_sync(parent, e);
	return rc ? rc : file_sync(s->root, e);
}

int kstore_explain_space(const struct kstore *s, int rc, struct err *e)
{
	if (rc == -ENOSPC || rc == -EDQUOT || rc == -EFBIG)
		err_hint(e, "the kernel cache is in '%s'; KTSTR_CACHE_DIR=DIR puts it elsewhere",
			s->root);
	return rc;
}
