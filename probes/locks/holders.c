#include "probes/locks/holders_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/utf8.h"

#define PROC_LOCKS "/proc/locks"

enum {
	CMDLINE_CHARS = 100,
	CMDLINE_READ = 4096, /* bytes: any hundred characters and their blanks */
};

int lock_id_compare(const struct lock_id *a, const struct lock_id *b)
{
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	return (a->minor > b->minor) - (a->minor < b->minor);
}

/* ---- putting it together --------------------------------------------------------------------- */

/* While a state is built its lists grow. */
struct building {
	struct lock_state state;
	VEC(struct lock_holder) holders;
	VEC(struct lock_waiter) waiters;
};

static int by_id(const void *a, const void *b)
{
	return lock_id_compare(
		&((const struct building *)a)->state.id, &((const struct building *)b)->state.id);
}

typedef VEC(struct building) building_list;

static void add_id(building_list *l, const struct lock_id *id)
{
	struct building b = {.state.id = *id};

	vec_push(l, b);
}

static void sort_unique(building_list *l)
{
	size_t keep = 0;

	if (!l->n)
		return;
	qsort(l->v, l->n, sizeof(*l->v), by_id);
	for (size_t i = 1; i < l->n; i++)
		if (by_id(&l->v[keep], &l->v[i]) != 0)
			l->v[++keep] = l->v[i];
	l->n = keep + 1;
}

static struct building *of_id(const building_list *l, const struct lock_id *id)
{
	struct building key = {.state.id = *id};

	return l->n ? bsearch(&key, l->v, l->n, sizeof(*l->v), by_id) : NULL;
}

static struct lock_holder *holder_of(const struct building *b, pid_t pid)
{
	for (size_t i = 0; i < b->holders.n; i++)
		if (b->holders.v[i].pid == pid)
			return &b->holders.v[i];
	return NULL;
}

/* A process that has the lock twice holds the stronger of the two. */
static void add_holder(struct building *b, const struct lock_holder *h)
{
	struct lock_holder *had = holder_of(b, h->pid);

	if (!had) {
		vec_push(&b->holders, *h);
		return;
	}
	if (h->mode == LOCKFILE_EXCLUSIVE)
		had->mode = LOCKFILE_EXCLUSIVE;
	if (had->fd < 0)
		had->fd = h->fd;
}

static void add_line(struct building *b, const struct flock_line *l)
{
	struct lock_holder h = {.pid = l->pid, .acquirer = l->pid, .fd = -1, .mode = l->mode};

	if (l->waits)
		vec_push(&b->waiters, (struct lock_waiter){l->pid, l->mode});
	else
		add_holder(b, &h);
}

/* Descriptors come by pid, so that those who inherited stand in that order behind the callers. */
static void add_descriptor(struct building *b, const struct fd_lock *d)
{
	struct lock_holder h = {
		.pid = d->pid,
		.acquirer = d->line.pid,
		.fd = d->fd,
		.mode = d->line.mode,
		.live = true,
	};

	add_holder(b, &h);
}

/* How far a holder is to be believed: named only by /proc/locks it may be gone, or may have closed
 * its descriptor. Where its descriptors may not be read it is taken at its word. */
enum belief { NAMED_GONE, NAMED_LIVE, SEEN };

static enum belief belief_of(const struct lock_holder *h, const struct fdscan *scan)
{
	if (h->fd >= 0 || (h->live && !fdscan_readable(scan, h->pid)))
		return SEEN;
	return h->live ? NAMED_LIVE : NAMED_GONE;
}

/* Keeps the holders that are believed most. */
static void settle(struct building *b, const struct fdscan *scan)
{
	enum belief best = NAMED_GONE;
	size_t keep = 0;

	for (size_t i = 0; i < b->holders.n; i++) {
		struct lock_holder *h = &b->holders.v[i];

		h->live = fdscan_live(scan, h->pid);
		if (belief_of(h, scan) > best)
			best = belief_of(h, scan);
		if (h->acquirer && !fdscan_live(scan, h->acquirer))
			b->state.stale = true;
	}
	for (size_t i = 0; i < b->holders.n; i++) {
		if (belief_of(&b->holders.v[i], scan) < best)
			b->state.stale = true;
		else
			b->holders.v[keep++] = b->holders.v[i];
	}
	b->holders.n = keep;
}

static void finish(struct building *b, struct flocks *f)
{
	b->state.holders = b->holders.v;
	b->state.nholders = b->holders.n;
	b->state.waiters = b->waiters.v;
	b->state.nwaiters = b->waiters.n;
	f->v[f->n++] = b->state;
}

struct flocks *flocks_build(const struct flock_lines *lines, const struct fdscan *scan)
{
	struct flocks *f = xcalloc(1, sizeof(*f));
	building_list all = {0};
	size_t n = 0;
	const struct fd_lock *d = scan ? fdscan_locks(scan, &n) : NULL;

	for (size_t i = 0; i < lines->list.n; i++)
		add_id(&all, &lines->list.v[i].id);
	for (size_t i = 0; i < n; i++)
		add_id(&all, &d[i].line.id);
	sort_unique(&all);
	for (size_t i = 0; i < lines->list.n; i++)
		add_line(of_id(&all, &lines->list.v[i].id), &lines->list.v[i]);
	for (size_t i = 0; i < n; i++)
		add_descriptor(of_id(&all, &d[i].line.id), &d[i]);
	f->v = xcalloc(all.n + 1, sizeof(*f->v));
	for (size_t i = 0; i < all.n; i++) {
		if (scan)
			settle(&all.v[i], scan);
		finish(&all.v[i], f);
		sieve_add(&f->sieve, all.v[i].state.id.inode);
	}
	if (scan) {
		f->unreadable = fdscan_unreadable(scan);
		f->descriptors = fdscan_descriptors(scan);
	}
	free(all.v);
	return f;
}

/* ---- one look -------------------------------------------------------------------------------- */

int flock_lines_read(const struct sysroot *r, struct flock_lines *out, struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	int rc = sysroot_read(r, PROC_LOCKS, &text);

	if (rc)
		return err_sys(e, -rc, "cannot read " PROC_LOCKS);
	flock_lines_parse(str_get(&text), text.len, out);
	return 0;
}

static void mark_live(const struct sysroot *r, struct flocks *f)
{
	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < f->v[i].nholders; k++) {
			struct lock_holder *h = &f->v[i].holders[k];

			h->live = sysroot_exists(r, PATHF("/proc/%d", (int)h->pid));
			f->v[i].stale |= !h->live;
		}
}

struct flocks *flocks_read(const struct sysroot *r, bool fdinfo, struct err *e)
{
	struct flock_lines lines = {{0}};
	struct fdscan *scan = NULL;
	struct flocks *f;

	if (flock_lines_read(r, &lines, e))
		return NULL;
	if (fdinfo) {
		scan = fdscan_new(r);
		fdscan_update(scan);
	}
	f = flocks_build(&lines, scan);
	if (!fdinfo)
		mark_live(r, f);
	fdscan_free(scan);
	free(lines.list.v);
	return f;
}

void flocks_free(struct flocks *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].holders);
		free(f->v[i].waiters);
	}
	free(f->v);
	free(f);
}

static int id_before(const void *key, const void *state)
{
	return lock_id_compare(key, &((const struct lock_state *)state)->id);
}

const struct lock_state *flocks_of(const struct flocks *f, const struct lock_id *id)
{
	if (!sieve_may_have(&f->sieve, id->inode))
		return NULL;
	return f->n ? bsearch(id, f->v, f->n, sizeof(*f->v), id_before) : NULL;
}

/* ---- as text --------------------------------------------------------------------------------- */

/* Bytes of s up to so many characters (bad bytes count one each). */
static size_t first_characters(const char *s, size_t n, unsigned chars)
{
	size_t at = 0;
	uint32_t cp;

	while (at < n && chars--) {
		int len = utf8_decode(s + at, n - at, &cp);

		at += len > 0 ? (size_t)len : 1;
	}
	return at;
}

/* One read: the kernel gives all that it has, and a hundred characters are shown. 0 bytes where it
 * cannot be read. */
static size_t read_cmdline(const struct sysroot *r, pid_t pid, char text[CMDLINE_READ])
{
	int fd = pid > 0 ? sysroot_fd(r, PATHF("/proc/%d/cmdline", (int)pid)) : -1;
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, CMDLINE_READ);
	close(fd);
	return n > 0 ? (size_t)n : 0;
}

void holder_cmdline(const struct sysroot *r, pid_t pid, struct str *out)
{
	char text[CMDLINE_READ];
	size_t n = read_cmdline(r, pid, text), cut;

	for (size_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
	while (n && strchr(" \t\n\v\f\r", text[n - 1]))
		n--;
	if (!n) {
		str_add(out, "<cmdline unavailable>");
		return;
	}
	cut = first_characters(text, n, CMDLINE_CHARS);
	str_append(out, text, cut);
	if (cut < n)
		str_add(out, "\xe2\x80\xa6"); /* U+2026 */
}

void holders_text(const struct sysroot *r, const struct lock_state *s, struct str *out)
{
	if (!s || !s->nholders)
		str_add(out, "<none recorded>");
	for (size_t i = 0; s && i < s->nholders; i++) {
		str_printf(out, "%s  pid=%d cmd=", i ? "\n" : "", (int)s->holders[i].pid);
		holder_cmdline(r, s->holders[i].pid, out);
	}
}
