#include "src/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/mem.h"

int file_read_fd(int fd, size_t max, struct str *out)
{
	size_t total = 0;

	for (;;) {
		char *to = str_reserve(out, 16384);
		ssize_t n = read(fd, to, 16384);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		total += (size_t)n;
		if (total > max)
			return -EFBIG;
		out->len += (size_t)n;
	}
	if (out->s)
		out->s[out->len] = '\0';
	return 0;
}

int file_read(const char *path, size_t max, struct str *out, struct err *e)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_sys(e, errno, "cannot open '%s'", path);
	rc = file_read_fd(fd, max, out);
	return rc ? err_sys(e, rc, "cannot read '%s'", path) : 0;
}

int file_write_fd(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

int file_replace(const char *path, const void *bytes, size_t n, mode_t mode, struct err *e)
{
	cleanup_free char *tmp = xasprintf("%s.tmp-XXXXXX", path);
	cleanup_close int fd = mkostemp(tmp, O_CLOEXEC);
	cleanup_free char *dir = NULL;
	int rc;

	if (fd < 0)
		return err_sys(e, errno, "cannot create a temporary file beside '%s'", path);
	rc = file_write_fd(fd, bytes, n);
	if (!rc && fchmod(fd, mode))
		rc = -errno;
	if (!rc && fsync(fd))
		rc = -errno;
	if (!rc && rename(tmp, path))
		rc = -errno;
	if (rc) {
		unlink(tmp);
		return err_sys(e, rc, "cannot write '%s'", path);
	}
	dir = xstrndup(path, (size_t)(file_base(path) - path));
	return file_sync(*dir ? dir : ".", e);
}

int file_mkdirs(const char *path, mode_t mode, struct err *e)
{
	cleanup_free char *copy = xstrdup(path);

	for (char *p = copy + 1; *copy; p++) {
		bool last = !*p;

		if (!last && *p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) && errno != EEXIST)
			return err_sys(e, errno, "cannot create directory '%s'", copy);
		if (last)
			break;
		*p = '/';
	}
	if (!file_is_dir(path))
		return err_set(e, ENOTDIR, "'%s' is not a directory", path);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) && errno != ENOENT ? -1 : 0;
}

int file_remove_tree(const char *path, struct err *e)
{
	if (nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS) && errno != ENOENT)
		return err_sys(e, errno, "cannot remove '%s'", path);
	return 0;
}

int file_sync(const char *path, struct err *e)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (fsync(fd) && errno != EINVAL && errno != EROFS))
		return err_sys(e, errno, "cannot sync '%s'", path);
	return 0;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool file_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *file_join(const char *dir, const char *name)
{
	while (*name == '/')
		name++;
	return xasprintf(str_ends(dir, "/") ? "%s%s" : "%s/%s", dir, name);
}

const char *file_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *file_dir(const char *path)
{
	size_t n = (size_t)(file_base(path) - path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return n ? xstrndup(path, n) : xstrdup(".");
}

int file_memfd(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
