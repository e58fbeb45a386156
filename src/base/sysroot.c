#include "src/base/sysroot.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"

enum { READ_MAX = 16 * 1024 * 1024 };

struct sysroot {
	int fd;
	bool host;
	char *path;
};

struct sysroot *sysroot_open(const char *dir, struct err *e)
{
	bool host = !dir || strcmp(dir, "/") == 0;
	int fd = open(host ? "/" : dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sysroot *r;

	if (fd < 0) {
		err_sys(e, errno, "cannot open sysroot '%s'", dir);
		return NULL;
	}
	r = xcalloc(1, sizeof(*r));
	r->fd = fd;
	r->host = host;
	r->path = xstrdup(host ? "/" : dir);
	return r;
}

void sysroot_close(struct sysroot *r)
{
	if (!r)
		return;
	close(r->fd);
	free(r->path);
	free(r);
}

bool sysroot_is_host(const struct sysroot *r)
{
	return r->host;
}

const char *sysroot_path(const struct sysroot *r)
{
	return r->path;
}

/* openat2(2) confines links of a captured tree; where the kernel lacks it (before 5.6) plain
 * openat. */
static int open_below(const struct sysroot *r, const char *path, int flags)
{
	struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	long fd;

	if (r->host) {
		fd = open(path, flags | O_CLOEXEC);
		return fd < 0 ? -errno : (int)fd;
	}
	while (*path == '/')
		path++;
	if (!*path)
		path = ".";
	fd = syscall(SYS_openat2, r->fd, path, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(r->fd, path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

int sysroot_fd(const struct sysroot *r, const char *path)
{
	return open_below(r, path, O_RDONLY);
}

int sysroot_read(const struct sysroot *r, const char *path, struct str *out)
{
	int fd = sysroot_fd(r, path), rc;

	str_clear(out);
	if (fd < 0)
		return fd;
	rc = file_read_fd(fd, READ_MAX, out);
	close(fd);
	return rc;
}

int sysroot_line(const struct sysroot *r, const char *path, char *buf, size_t size)
{
	int fd = sysroot_fd(r, path);
	size_t used = 0;
	char *end;

	if (fd < 0)
		return fd;
	while (used < size) {
		ssize_t n = read(fd, buf + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int rc = -errno;

			close(fd);
			return rc;
		}
		if (n == 0)
			break;
		used += (size_t)n;
		if (memchr(buf + used - n, '\n', (size_t)n))
			break;
	}
	close(fd);
	end = memchr(buf, '\n', used);
	if (!end && used == size)
		return -ENAMETOOLONG;
	if (end)
		used = (size_t)(end - buf);
	while (used && isspace((unsigned char)buf[used - 1]))
		used--;
	buf[used] = '\0';
	return 0;
}

int sysroot_u64(const struct sysroot *r, const char *path, uint64_t *out)
{
	char buf[64], *end;
	unsigned long long v;
	int rc = sysroot_line(r, path, buf, sizeof(buf));

	if (rc)
		return rc;
	if (!isdigit((unsigned char)buf[0]))
		return -EINVAL;
	errno = 0;
	v = strtoull(buf, &end, 10);
	if (errno)
		return -errno;
	if (*end)
		return -EINVAL;
	*out = v;
	return 0;
}

int sysroot_int(const struct sysroot *r, const char *path, int *out)
{
	char buf[64], *end;
	long v;
	int rc = sysroot_line(r, path, buf, sizeof(buf));

	if (rc)
		return rc;
	errno = 0;
	v = strtol(buf, &end, 10);
	if (errno || v < INT32_MIN || v > INT32_MAX)
		return -ERANGE;
	if (end == buf || *end)
		return -EINVAL;
	*out = (int)v;
	return 0;
}

int sysroot_cpulist(const struct sysroot *r, const char *path, struct cpuset *out)
{
	cleanup_str struct str text = STR_INIT;
	int rc = sysroot_read(r, path, &text);

	return rc ? rc : cpuset_parse_list(out, str_get(&text), NULL);
}

int sysroot_cpumap(const struct sysroot *r, const char *path, struct cpuset *out)
{
	cleanup_str struct str text = STR_INIT;
	int rc = sysroot_read(r, path, &text);

	return rc ? rc : cpuset_parse_map(out, str_get(&text), NULL);
}

bool sysroot_exists(const struct sysroot *r, const char *path)
{
	int fd = open_below(r, path, O_PATH);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

int sysroot_list(const struct sysroot *r, const char *path, struct strv *out)
{
	int fd = open_below(r, path, O_RDONLY | O_DIRECTORY);
	struct dirent *d;
	DIR *dir;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			strv_push(out, d->d_name);
	closedir(dir);
	strv_sort(out);
	return 0;
}

int sysroot_numbers(
	const struct sysroot *r, const char *path, const char *prefix, struct cpuset *out)
{
	cleanup_strv struct strv names = STRV_INIT;
	size_t skip = strlen(prefix);
	int rc = sysroot_list(r, path, &names);

	cpuset_clear(out);
	for (size_t i = 0; i < names.n; i++) {
		const char *digits = names.v[i] + skip;

		if (!str_starts(names.v[i], prefix) || !*digits || strlen(digits) > 6)
			continue;
		if (strspn(digits, "0123456789") == strlen(digits))
			cpuset_add(out, (unsigned)strtoul(digits, NULL, 10));
	}
	return rc;
}

const char *sysroot_pathf(struct sysroot_pathbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b->s, sizeof(b->s), fmt, ap);
	va_end(ap);
	return b->s;
}
