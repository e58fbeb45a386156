#include "probes/locks/tracker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "probes/locks/holders_build.h"
#include "src/base/clock.h"

struct tracker {
	const struct sysroot *r;
	struct fdscan *scan;
	struct flock_lines last; /* of the files asked for */
	VEC(pid_t) holders;	 /* of the last look */
	bool started, poked;
	uint64_t scanned_at, forgot_at;
};

struct tracker *tracker_new(const struct sysroot *r)
{
	struct tracker *t = xcalloc(1, sizeof(*t));

	t->r = r;
	t->scan = fdscan_new(r);
	return t;
}

void tracker_free(struct tracker *t)
{
	if (!t)
		return;
	fdscan_free(t->scan);
	free(t->last.list.v);
	free(t->holders.v);
	free(t);
}

void tracker_poke(struct tracker *t)
{
	t->poked = true;
}

static int inode_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Inodes, ascending; of locks rather than of lock files, since those are few. */
struct inodes {
	VEC(uint64_t) all;
	bool *asked; /* of each: it is one of those asked for */
	struct inode_sieve sieve;
};

static void sort_inodes(struct inodes *s)
{
	if (s->all.n)
		qsort(s->all.v, s->all.n, sizeof(*s->all.v), inode_order);
	for (size_t i = 0; i < s->all.n; i++)
		sieve_add(&s->sieve, s->all.v[i]);
	s->asked = xcalloc(s->all.n + 1, sizeof(*s->asked));
}

static const uint64_t *find_inode(const struct inodes *s, uint64_t inode)
{
	if (!sieve_may_have(&s->sieve, inode))
		return NULL;
	return s->all.n ? bsearch(&inode, s->all.v, s->all.n, sizeof(inode), inode_order) : NULL;
}

/* The same number may stand there several times, beside each other. */
static void ask(struct inodes *s, uint64_t inode)
{
	const uint64_t *at = find_inode(s, inode);
	size_t i = at ? (size_t)(at - s->all.v) : 0;

	if (!at)
		return;
	while (i && s->all.v[i - 1] == inode)
		i--;
	for (; i < s->all.n && s->all.v[i] == inode; i++)
		s->asked[i] = true;
}

static bool is_asked(const struct inodes *s, uint64_t inode)
{
	const uint64_t *at = find_inode(s, inode);

	return at && s->asked[at - s->all.v];
}

static void release_inodes(struct inodes *s)
{
	free(s->all.v);
	free(s->asked);
}

/* Other programs lock files too; what they do is no reason to look at descriptors. */
static void keep_asked(struct flock_lines *l, const struct lock_id *ids, size_t n)
{
	struct inodes held = {{0}};
	size_t keep = 0;

	for (size_t i = 0; i < l->list.n; i++)
		vec_push(&held.all, l->list.v[i].id.inode);
	sort_inodes(&held);
	for (size_t i = 0; i < n; i++)
		ask(&held, ids[i].inode);
	for (size_t i = 0; i < l->list.n; i++)
		if (is_asked(&held, l->list.v[i].id.inode))
			l->list.v[keep++] = l->list.v[i];
	l->list.n = keep;
	release_inodes(&held);
}

static bool same_line(const struct flock_line *a, const struct flock_line *b)
{
	return lock_id_compare(&a->id, &b->id) == 0 && a->pid == b->pid && a->mode == b->mode &&
	       a->waits == b->waits;
}

static bool same_lines(const struct flock_lines *a, const struct flock_lines *b)
{
	if (a->list.n != b->list.n)
		return false;
	for (size_t i = 0; i < a->list.n; i++)
		if (!same_line(&a->list.v[i], &b->list.v[i]))
			return false;
	return true;
}

/* A holder that goes leaves /proc/locks as it is when a child still has the lock. */
static bool someone_left(const struct tracker *t)
{
	for (size_t i = 0; sysroot_is_host(t->r) && i < t->holders.n; i++)
		if (t->holders.v[i] > 0 && kill(t->holders.v[i], 0) && errno == ESRCH)
			return true;
	return false;
}

static bool is_due(const struct tracker *t, const struct flock_lines *now, uint64_t at)
{
	return !t->started || t->poked || at - t->scanned_at >= TRACKER_RESCAN_S * NS_PER_SEC ||
	       !same_lines(&t->last, now) || someone_left(t);
}

static void scan(struct tracker *t, const struct flock_lines *lines, uint64_t now)
{
	if (!t->started || now - t->forgot_at >= TRACKER_FORGET_S * NS_PER_SEC) {
		fdscan_forget(t->scan);
		t->forgot_at = now;
	}
	for (size_t i = 0; i < lines->list.n; i++)
		fdscan_suspect(t->scan, lines->list.v[i].pid);
	for (size_t i = 0; i < t->holders.n; i++)
		fdscan_suspect(t->scan, t->holders.v[i]);
	fdscan_update(t->scan);
	t->scanned_at = now;
	t->started = true;
	t->poked = false;
}

static void remember_holders(
	struct tracker *t, const struct flocks *f, const struct lock_id *ids, size_t n)
{
	struct inodes held = {{0}};

	for (size_t i = 0; i < f->n; i++)
		vec_push(&held.all, f->v[i].id.inode);
	sort_inodes(&held);
	for (size_t i = 0; i < n; i++)
		ask(&held, ids[i].inode);
	t->holders.n = 0;
	for (size_t i = 0; i < f->n; i++) {
		if (!is_asked(&held, f->v[i].id.inode))
			continue;
		for (size_t k = 0; k < f->v[i].nholders; k++)
			vec_push(&t->holders, f->v[i].holders[k].pid);
	}
	release_inodes(&held);
}

struct flocks *tracker_read(
	struct tracker *t, const struct lock_id *ids, size_t n, uint64_t now, struct err *e)
{
	struct flock_lines lines = {{0}};
	struct flocks *f;

	if (flock_lines_read(t->r, &lines, e)) {
		free(lines.list.v);
		return NULL;
	}
	keep_asked(&lines, ids, n);
	if (is_due(t, &lines, now))
		scan(t, &lines, now);
	f = flocks_build(&lines, t->scan);
	free(t->last.list.v);
	t->last = lines;
	remember_holders(t, f, ids, n);
	return f;
}
