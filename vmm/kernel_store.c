#include "vmm/kernel_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/sha256.h"
#include "src/base/str.h"

enum { CHUNK = 64 * 1024, STALE_SECONDS = 3600 };

#define FILE_PREFIX "vmlinux-"
#define LINK_PREFIX "image-"
#define TEMP_PREFIX ".tmp-"

/* One of ours: nobody else may put a kernel there that we would start. */
static int open_folder(const char *root, bool make)
{
	cleanup_free char *path = root ? file_join(root, KERNEL_STORE_FOLDER) : NULL;
	struct stat st;
	int fd;

	if (!path || (make && file_mkdirs(path, 0700, NULL)))
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return fd;
	close(fd);
	return -1;
}

static char *link_name(int image)
{
	struct stat st;

	if (fstat(image, &st))
		return NULL;
	return xasprintf(LINK_PREFIX "%llx-%llx-%llx-%llx.%lx-%llx.%lx",
		(unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
		(unsigned long long)st.st_size, (unsigned long long)st.st_mtim.tv_sec,
		st.st_mtim.tv_nsec, (unsigned long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

static char *file_name(int image)
{
	char hex[SHA256_HEX + 1];

	return sha256_of_fd(image, hex) ? NULL : xasprintf(FILE_PREFIX "%s", hex);
}

static char *temp_name(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return xasprintf(TEMP_PREFIX "%d-%ld%09ld", getpid(), (long)t.tv_sec, t.tv_nsec);
}

/* A regular file of ours; its time says when it was last used. */
static int open_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || !st.st_size) {
		close(fd);
		return -1;
	}
	futimens(fd, NULL);
	return fd;
}

static void put_link(int dir, const char *name, const char *target)
{
	cleanup_free char *temp = temp_name();

	if (!symlinkat(target, dir, temp) && renameat(dir, temp, dir, name))
		unlinkat(dir, temp, 0);
}

int kernel_store_open(const char *root, int image)
{
	cleanup_close int dir = open_folder(root, false);
	cleanup_free char *link = NULL, *file = NULL;
	int fd;

	if (dir < 0)
		return -1;
	link = link_name(image);
	fd = link ? open_file(dir, link) : -1;
	if (fd >= 0 || !link)
		return fd;
	file = file_name(image);
	fd = file ? open_file(dir, file) : -1;
	if (fd >= 0)
		put_link(dir, link, file);
	return fd;
}

static bool all_zero(const unsigned char *p, size_t n)
{
	return !*p && !memcmp(p, p + 1, n - 1);
}

/* Zeroes become holes: a kernel's uninitialised memory need not be read again. */
static int copy_sparse(int from, int to)
{
	cleanup_free unsigned char *buf = xmalloc(CHUNK);
	off_t at = 0;
	ssize_t n;

	while ((n = pread(from, buf, CHUNK, at)) > 0) {
		if (!all_zero(buf, (size_t)n) && pwrite(to, buf, (size_t)n, at) != n)
			return -EIO;
		at += n;
	}
	return n < 0 || ftruncate(to, at) || fsync(to) ? -EIO : 0;
}

/* A file without a name, gone with whoever is killed while it writes; with the name `temp` where
 * the file system has no such files. */
static int open_temp(int dir, const char *temp, bool *named)
{
	int fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, S_IRUSR);

	*named = fd < 0;
	return fd < 0 ? openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR) : fd;
}

/* linkat(2): how to name it without a capability. */
static int name_file(int fd, int dir, const char *temp)
{
	cleanup_free char *self = xasprintf("/proc/self/fd/%d", fd);

	return linkat(AT_FDCWD, self, dir, temp, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

static int put_file(int dir, const char *name, int unpacked)
{
	cleanup_free char *temp = temp_name();
	bool named;
	cleanup_close int fd = open_temp(dir, temp, &named);
	int rc;

	if (fd < 0)
		return -errno;
	rc = copy_sparse(unpacked, fd);
	if (!rc && !named)
		rc = name_file(fd, dir, temp);
	if (!rc && renameat(dir, temp, dir, name))
		rc = -errno;
	if (rc)
		unlinkat(dir, temp, 0);
	return rc;
}

struct kept {
	char *name;
	time_t used;
	uint64_t bytes;
};

typedef VEC(struct kept) kept_list;

static int newest_first(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return (x->used < y->used) - (x->used > y->used);
}

static void list_release(kept_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
}

/* Names that begin so, what was used last first. */
static void list(int dir, const char *prefix, kept_list *out)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;
	struct stat st;

	if (!d && copy >= 0)
		close(copy);
	while (d && (e = readdir(d)))
		if (str_starts(e->d_name, prefix) &&
			!fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			vec_push(out, (struct kept){xstrdup(e->d_name), st.st_mtime,
					      (uint64_t)st.st_blocks * 512});
	if (d)
		closedir(d);
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), newest_first);
}

static void sweep(int dir)
{
	kept_list files = {0}, links = {0}, temps = {0};
	uint64_t bytes = 0;

	list(dir, FILE_PREFIX, &files);
	for (size_t i = 0; i < files.n; i++) {
		bytes += files.v[i].bytes;
		if (i >= KERNEL_STORE_FILES || (i && bytes > KERNEL_STORE_BYTES))
			unlinkat(dir, files.v[i].name, 0);
	}
	list(dir, LINK_PREFIX, &links);
	for (size_t i = 0; i < links.n; i++)
		if (i >= KERNEL_STORE_LINKS || faccessat(dir, links.v[i].name, F_OK, 0))
			unlinkat(dir, links.v[i].name, 0);
	list(dir, TEMP_PREFIX, &temps);
	for (size_t i = 0; i < temps.n; i++)
		if (temps.v[i].used < time(NULL) - STALE_SECONDS)
			unlinkat(dir, temps.v[i].name, 0);
	list_release(&files);
	list_release(&links);
	list_release(&temps);
}

void kernel_store_keep(const char *root, int image, int unpacked)
{
	cleanup_close int dir = open_folder(root, true);
	cleanup_free char *link = NULL, *file = NULL;

	if (dir < 0)
		return;
	link = link_name(image);
	file = file_name(image);
	if (link && file && !put_file(dir, file, unpacked))
		put_link(dir, link, file);
	sweep(dir);
}
