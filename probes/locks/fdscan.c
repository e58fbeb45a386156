#include "probes/locks/fdscan.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FDINFO_MAX = 64 * 1024, /* thousands of record locks on one file; the rest is not read */
	FDINFO_USUAL = 4096,
};

typedef VEC(pid_t) pid_list;
typedef VEC(struct fd_lock) fd_lock_list;

/* A process as the last update saw it. */
struct process {
	pid_t pid;
	ino_t inode; /* of its fd folder: another one when the pid was used again */
	off_t count; /* of its descriptors, where the kernel tells (since 6.2) */
	bool unreadable;
	fd_lock_list locks;
};

typedef VEC(struct process) process_list;

struct fdscan {
	const struct sysroot *r;
	bool counts; /* this kernel tells how many descriptors there are */
	process_list all;
	pid_list suspects;
	fd_lock_list locks; /* of all */
	unsigned unreadable, descriptors;
};

struct fdscan *fdscan_new(const struct sysroot *r)
{
	struct fdscan *s = xcalloc(1, sizeof(*s));
	struct stat st;

	s->r = r;
	s->counts = sysroot_is_host(r) && stat("/proc/self/fd", &st) == 0 && st.st_size > 0;
	return s;
}

void fdscan_forget(struct fdscan *s)
{
	for (size_t i = 0; i < s->all.n; i++)
		free(s->all.v[i].locks.v);
	s->all.n = s->locks.n = 0;
}

void fdscan_free(struct fdscan *s)
{
	if (!s)
		return;
	fdscan_forget(s);
	free(s->all.v);
	free(s->suspects.v);
	free(s->locks.v);
	free(s);
}

void fdscan_suspect(struct fdscan *s, pid_t pid)
{
	vec_push(&s->suspects, pid);
}

/* ---- one process ----------------------------------------------------------------------------- */

/* The number that a whole name is, -1 otherwise. */
static int number_of(const char *name)
{
	int v = 0;

	if (!*name)
		return -1;
	for (; *name; name++)
		if (!isdigit((unsigned char)*name) || __builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, *name - '0', &v))
			return -1;
	return v;
}

/* The kernel writes a whole fdinfo at once: a read that does not fill its buffer was the last. */
static void read_fdinfo(int fd, struct str *text)
{
	ssize_t n;

	str_clear(text);
	do {
		n = read(fd, str_reserve(text, FDINFO_USUAL), FDINFO_USUAL);
		if (n > 0)
			text->len += (size_t)n;
	} while (n == FDINFO_USUAL && text->len < FDINFO_MAX);
}

static void scan_descriptor(
	struct fdscan *s, int folder, const char *name, struct str *text, struct process *p)
{
	struct flock_lines lines = {{0}};
	int number = number_of(name), fd;

	if (number < 0)
		return;
	fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	s->descriptors++;
	read_fdinfo(fd, text);
	close(fd);
	if (!text->len || !memmem(text->s, text->len, "lock:", 5))
		return;
	flock_fdinfo_parse(text->s, text->len, &lines);
	for (size_t i = 0; i < lines.list.n; i++)
		vec_push(&p->locks, (struct fd_lock){p->pid, number, lines.list.v[i]});
	free(lines.list.v);
}

static void scan_process(struct fdscan *s, struct process *p)
{
	int folder = sysroot_fd(s->r, PATHF("/proc/%d/fdinfo", (int)p->pid));
	cleanup_str struct str text = STR_INIT;
	struct dirent *d;
	DIR *dir;

	p->locks.n = 0;
	p->unreadable = folder == -EACCES || folder == -EPERM;
	if (folder < 0)
		return;
	dir = fdopendir(folder);
	if (!dir) {
		close(folder);
		return;
	}
	errno = 0;
	while ((d = readdir(dir)))
		scan_descriptor(s, folder, d->d_name, &text, p);
	p->unreadable = errno == EACCES || errno == EPERM;
	closedir(dir);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static int by_pid(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void list_pids(const struct fdscan *s, pid_list *out)
{
	int fd = sysroot_fd(s->r, "/proc");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((d = readdir(dir))) {
		int pid = number_of(d->d_name);

		if (pid > 0)
			vec_push(out, pid);
	}
	closedir(dir);
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_pid);
}

static int pid_before(const void *key, const void *process)
{
	return by_pid(key, &((const struct process *)process)->pid);
}

static struct process *find(const struct fdscan *s, pid_t pid)
{
	return s->all.n ? bsearch(&pid, s->all.v, s->all.n, sizeof(*s->all.v), pid_before) : NULL;
}

static bool is_suspect(const struct fdscan *s, pid_t pid)
{
	return s->suspects.n &&
	       bsearch(&pid, s->suspects.v, s->suspects.n, sizeof(*s->suspects.v), by_pid);
}

/* Fills in what it looks like now; false when nothing speaks for a change since `old`. */
static bool has_changed(const struct fdscan *s, const struct process *old, struct process *now)
{
	struct stat st;

	if (!sysroot_is_host(s->r))
		return true;
	if (stat(PATHF("/proc/%d/fd", (int)now->pid), &st))
		return true;
	now->inode = st.st_ino;
	now->count = st.st_size;
	return !old || !s->counts || old->inode != now->inode || old->count != now->count ||
	       is_suspect(s, now->pid);
}

static struct process update_process(struct fdscan *s, pid_t pid)
{
	struct process *old = find(s, pid), now = {.pid = pid};
	bool changed = has_changed(s, old, &now);

	if (old) {
		now.locks = old->locks;
		now.unreadable = old->unreadable;
		old->locks = (fd_lock_list){0};
	}
	if (changed)
		scan_process(s, &now);
	return now;
}

static void gather(struct fdscan *s)
{
	s->locks.n = s->unreadable = 0;
	for (size_t i = 0; i < s->all.n; i++) {
		const struct process *p = &s->all.v[i];

		s->unreadable += p->unreadable;
		for (size_t k = 0; k < p->locks.n; k++)
			vec_push(&s->locks, p->locks.v[k]);
	}
}

void fdscan_update(struct fdscan *s)
{
	process_list now = {0};
	pid_list pids = {0};

	s->descriptors = 0;
	if (s->suspects.n)
		qsort(s->suspects.v, s->suspects.n, sizeof(*s->suspects.v), by_pid);
	list_pids(s, &pids);
	for (size_t i = 0; i < pids.n; i++)
		vec_push(&now, update_process(s, pids.v[i]));
	fdscan_forget(s);
	free(s->all.v);
	free(pids.v);
	s->all = now;
	s->suspects.n = 0;
	gather(s);
}

/* ---- what is known --------------------------------------------------------------------------- */

const struct fd_lock *fdscan_locks(const struct fdscan *s, size_t *n)
{
	*n = s->locks.n;
	return s->locks.v;
}

unsigned fdscan_unreadable(const struct fdscan *s)
{
	return s->unreadable;
}

unsigned fdscan_descriptors(const struct fdscan *s)
{
	return s->descriptors;
}

bool fdscan_live(const struct fdscan *s, pid_t pid)
{
	return find(s, pid);
}

bool fdscan_readable(const struct fdscan *s, pid_t pid)
{
	const struct process *p = find(s, pid);

	return p && !p->unreadable;
}
