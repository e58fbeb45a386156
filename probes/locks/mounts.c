/* Which device a path is on, from /proc/self/mountinfo (proc_pid_mountinfo(5)). */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "probes/locks/holders.h"
#include "src/base/mem.h"

#define MOUNTINFO "/proc/self/mountinfo"

struct mount {
	char *point; /* where it is mounted, without a slash at its end: "" is the root */
	size_t len;
	unsigned major, minor;
};

struct mounts {
	VEC(struct mount) list;
};

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' &&
	       s[2] <= '7';
}

/* Blanks, newlines and backslashes in a mount point are written as \NNN. In place. */
static size_t unescape(char *s)
{
	char *to = s;

	for (const char *p = s; *p; p++) {
		if (*p == '\\' && is_octal(p + 1)) {
			*to++ = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return (size_t)(to - s);
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime ...": fields 3 and 5. */
static void parse_line(struct mounts *m, char *line)
{
	struct mount mount = {0};
	char *save = NULL, *field = NULL, *device = NULL, *end;
	unsigned long minor;

	for (int i = 1; i <= 5; i++) {
		field = strtok_r(i == 1 ? line : NULL, " \t", &save);
		if (!field)
			return;
		if (i == 3)
			device = field;
	}
	mount.major = (unsigned)strtoul(device, &end, 10);
	if (*end != ':' || !isdigit((unsigned char)end[1]) || *field != '/')
		return;
	minor = strtoul(end + 1, &end, 10);
	if (*end || minor > UINT_MAX)
		return;
	mount.minor = (unsigned)minor;
	mount.len = unescape(field);
	while (mount.len && field[mount.len - 1] == '/')
		mount.len--;
	mount.point = xstrndup(field, mount.len);
	vec_push(&m->list, mount);
}

struct mounts *mounts_parse(const char *text)
{
	struct mounts *m = xcalloc(1, sizeof(*m));
	cleanup_free char *copy = xstrdup(text);
	char *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		parse_line(m, line);
	return m;
}

struct mounts *mounts_read(const struct sysroot *r, struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	int rc = sysroot_read(r, MOUNTINFO, &text);

	if (rc) {
		err_sys(e, -rc, "cannot read " MOUNTINFO);
		return NULL;
	}
	return mounts_parse(str_get(&text));
}

void mounts_free(struct mounts *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->list.n; i++)
		free(m->list.v[i].point);
	free(m->list.v);
	free(m);
}

static bool covers(const struct mount *m, const char *path)
{
	return strncmp(path, m->point, m->len) == 0 && (path[m->len] == '/' || !path[m->len]);
}

bool mounts_device(const struct mounts *m, const char *canonical, unsigned *major, unsigned *minor)
{
	const struct mount *best = NULL;

	for (size_t i = 0; i < m->list.n; i++) {
		const struct mount *x = &m->list.v[i];

		if (covers(x, canonical) && (!best || x->len > best->len))
			best = x;
	}
	if (!best)
		return false;
	*major = best->major;
	*minor = best->minor;
	return true;
}

bool mounts_below(const struct mounts *m, const char *canonical)
{
	size_t n = strlen(canonical);

	while (n && canonical[n - 1] == '/')
		n--;
	for (size_t i = 0; i < m->list.n; i++) {
		const struct mount *x = &m->list.v[i];

		if (x->len > n && strncmp(x->point, canonical, n) == 0 && x->point[n] == '/')
			return true;
	}
	return false;
}

int lock_id_of(const struct mounts *m, const char *path, struct lock_id *out, struct err *e)
{
	cleanup_free char *canonical = NULL;
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (stat(path, &st))
		return err_sys(e, errno, "stat lockfile '%s' for holder lookup", path);
	canonical = realpath(path, NULL);
	if (!canonical)
		return err_sys(e, errno, "resolve lockfile '%s' for holder lookup", path);
	out->inode = st.st_ino;
	/* Below a plain chroot the mount point is out of sight; what stat(2) says is the super
	 * block's device on most file systems. */
	if (!mounts_device(m, canonical, &out->major, &out->minor)) {
		out->major = major(st.st_dev);
		out->minor = minor(st.st_dev);
	}
	return 0;
}
