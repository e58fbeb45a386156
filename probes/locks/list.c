/* Which lock files there are. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "probes/locks/collect.h"
#include "src/base/file.h"

/* A folder being read. */
struct folder {
	const struct locks_options *o;
	const struct mounts *mounts;
	const char *path;
	DIR *dir;
	struct stat st;
	bool known; /* major and minor are those of what is in the folder */
	bool plain; /* and its entries tell what stat(2) would of regular files */
	unsigned major, minor;
};

/* The kernel's own name of a descriptor is canonical. In a captured machine paths are as given. */
static bool canonical_of(const struct locks_options *o, const char *path, char *buf)
{
	if (sysroot_is_host(o->root))
		return realpath(path, buf);
	return snprintf(buf, PATH_MAX, "%s", path) < PATH_MAX;
}

/* On these the inode that readdir(3) gives is the one of stat(2), where nothing is mounted on the
 * file. Elsewhere, as on overlayfs, it need not be. */
static bool tells_inodes(int fd)
{
	static const uint32_t magics[] = {TMPFS_MAGIC, EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,
		BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC};
	struct statfs fs;

	for (size_t i = 0; fstatfs(fd, &fs) == 0 && i < ARRAY_LEN(magics); i++)
		if ((uint32_t)fs.f_type == magics[i])
			return true;
	return false;
}

static void find_device(struct folder *f)
{
	char canonical[PATH_MAX];

	f->known = f->mounts && canonical_of(f->o, f->path, canonical) &&
		   mounts_device(f->mounts, canonical, &f->major, &f->minor);
	f->plain = f->known && tells_inodes(dirfd(f->dir)) && !mounts_below(f->mounts, canonical);
}

static bool open_folder(struct folder *f)
{
	int fd = sysroot_fd(f->o->root, f->path);

	if (fd < 0)
		return false;
	f->dir = fstat(fd, &f->st) == 0 && S_ISDIR(f->st.st_mode) ? fdopendir(fd) : NULL;
	if (!f->dir) {
		close(fd);
		return false;
	}
	find_device(f);
	return true;
}

/*
 * A regular file is where its folder is. Only a link, or a file that something is mounted on (its
 * st_dev differs from the folder's, as it also does on overlayfs), is worth the way through the
 * mount table. False when this is no regular file.
 */
static bool look_at(const struct folder *f, const struct dirent *d, struct found *out)
{
	char canonical[PATH_MAX];
	struct stat st;
	bool beside;

	if (fstatat(dirfd(f->dir), d->d_name, &st, 0) || !S_ISREG(st.st_mode))
		return false;
	beside = d->d_type == DT_REG && st.st_dev == f->st.st_dev;
	out->id = (struct lock_id){st.st_ino, f->major, f->minor};
	out->guessed = !f->known;
	if (!beside && f->mounts && canonical_of(f->o, out->path, canonical))
		out->guessed = !mounts_device(f->mounts, canonical, &out->id.major, &out->id.minor);
	if (out->guessed) {
		out->id.major = major(st.st_dev);
		out->id.minor = minor(st.st_dev);
	}
	return true;
}

static bool identify(const struct folder *f, const struct dirent *d, struct found *out)
{
	if (!f->plain || d->d_type != DT_REG)
		return look_at(f, d, out);
	out->id = (struct lock_id){d->d_ino, f->major, f->minor};
	return true;
}

/* There may be many: not by way of printf(3). */
static const char *path_of(const struct folder *f, const char *name, struct arena *a)
{
	size_t dir = strlen(f->path), n = strlen(name);
	bool slash = dir && f->path[dir - 1] != '/';
	char *path = arena_alloc(a, dir + slash + n + 1);

	memcpy(path, f->path, dir);
	path[dir] = '/';
	memcpy(path + dir + slash, name, n + 1);
	return path;
}

static void add_file(const struct folder *f, enum lockfile_kind kind, const struct dirent *d,
	struct listing *out)
{
	struct found file = {.kind = kind, .key = ""};
	struct lockfile_name name;

	if (!lockfile_parse_name(kind, d->d_name, &name))
		return;
	file.number = name.number;
	if (kind == LOCKFILE_CACHE || kind == LOCKFILE_RUN)
		file.key = arena_strndup(out->arena, d->d_name, (size_t)name.key_length);
	file.path = path_of(f, d->d_name, out->arena);
	if (identify(f, d, &file))
		vec_push(&out->files, file);
}

static void list_folder(const struct locks_options *o, const struct mounts *mounts,
	enum lockfile_kind from, enum lockfile_kind to, struct listing *out)
{
	struct folder f = {.o = o, .mounts = mounts, .path = lockfile_root(o->roots, from)};
	struct dirent *d;

	if (!f.path || !open_folder(&f))
		return;
	while ((d = readdir(f.dir)))
		for (int k = from; k <= (int)to; k++)
			if (!o->kinds || (o->kinds & 1U << k))
				add_file(&f, (enum lockfile_kind)k, d, out);
	closedir(f.dir);
}

static int in_order(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->key[0] || y->key[0])
		return strcmp(x->key, y->key);
	return strcmp(x->path, y->path);
}

void list_lockfiles(const struct locks_options *o, const struct mounts *mounts, struct listing *out)
{
	/* LLCs and CPUs share a folder. */
	list_folder(o, mounts, LOCKFILE_LLC, LOCKFILE_CPU, out);
	list_folder(o, mounts, LOCKFILE_CACHE, LOCKFILE_CACHE, out);
	list_folder(o, mounts, LOCKFILE_RUN, LOCKFILE_RUN, out);
	if (out->files.n)
		qsort(out->files.v, out->files.n, sizeof(*out->files.v), in_order);
}
