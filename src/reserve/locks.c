#include "src/reserve/locks.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "probes/locks/holders.h"
#include "src/base/file.h"

/* Named in a message at most; the rest is a number. */
enum { NAMED_GROUPS = 6, NAMED_HOLDERS = 4 };

struct reserve_lock *reserve_locks_of(const struct reserve_plan *p, size_t *n)
{
	cleanup_cpuset struct cpuset llcs = CPUSET_INIT;
	struct reserve_lock *v;

	cpuset_copy(&llcs, &p->llcs);
	cpuset_or(&llcs, &p->exclusive);
	v = xcalloc(cpuset_count(&llcs) + cpuset_count(&p->cpu_locks) + 1, sizeof(*v));
	*n = 0;
	cpuset_foreach (l, &llcs)
		v[(*n)++] = (struct reserve_lock){LOCKFILE_LLC, (unsigned)l,
			cpuset_has(&p->exclusive, (unsigned)l) ? LOCKFILE_EXCLUSIVE
							       : LOCKFILE_SHARED};
	cpuset_foreach (cpu, &p->cpu_locks)
		v[(*n)++] = (struct reserve_lock){LOCKFILE_CPU, (unsigned)cpu, LOCKFILE_EXCLUSIVE};
	return v;
}

char *reserve_lock_path(const struct reserve_lock *l)
{
	return l->kind == LOCKFILE_LLC ? lockfile_llc(lockfile_dir(), l->number)
				       : lockfile_cpu(lockfile_dir(), l->number);
}

/* ---- who holds what ---------------------------------------------------------------------------
 */

/* The lock tables at one moment. */
struct tables {
	struct sysroot *root;
	struct mounts *mounts;
	struct flocks *flocks;
};

/* Locks are always this machine's, whatever topology is planned for. */
static bool tables_open(struct tables *t, bool fdinfo)
{
	*t = (struct tables){.root = sysroot_open(NULL, NULL)};
	if (t->root)
		t->mounts = mounts_read(t->root, NULL);
	if (t->mounts)
		t->flocks = flocks_read(t->root, fdinfo, NULL);
	return t->flocks != NULL;
}

static void tables_close(struct tables *t)
{
	flocks_free(t->flocks);
	mounts_free(t->mounts);
	sysroot_close(t->root);
}

/* NULL: free, or not there. */
static const struct lock_state *state_of(
	const struct tables *t, enum lockfile_kind kind, unsigned n)
{
	cleanup_free char *path = reserve_lock_path(&(struct reserve_lock){kind, n, 0});
	struct lock_id id;

	if (!t->flocks || !file_exists(path) || lock_id_of(t->mounts, path, &id, NULL))
		return NULL;
	return flocks_of(t->flocks, &id);
}

static void look_at_llc(struct reserve_llc *l, const struct lock_state *s)
{
	l->sharers = 0;
	l->exclusive = false;
	for (size_t i = 0; s && i < s->nholders; i++) {
		if (s->holders[i].mode == LOCKFILE_EXCLUSIVE)
			l->exclusive = true;
		else
			l->sharers++;
	}
}

static void create_missing(unsigned llc)
{
	cleanup_free char *path = reserve_lock_path(&(struct reserve_lock){LOCKFILE_LLC, llc, 0});
	int fd = file_exists(path) ? -1 : lockfile_open(path, NULL);

	if (fd >= 0)
		close(fd);
}

void reserve_look(struct reserve_host *h, bool with_cpus, bool create)
{
	struct tables t;

	reserve_host_forget(h);
	for (unsigned i = 0; create && i < h->topo->nllcs; i++)
		if (h->llcs[i].contribution)
			create_missing(i);
	tables_open(&t, false);
	for (unsigned i = 0; i < h->topo->nllcs; i++)
		if (h->llcs[i].contribution)
			look_at_llc(&h->llcs[i], state_of(&t, LOCKFILE_LLC, i));
	if (with_cpus)
		cpuset_foreach (cpu, &h->allowed)
			if (state_of(&t, LOCKFILE_CPU, (unsigned)cpu))
				cpuset_add(&h->busy, (unsigned)cpu);
	tables_close(&t);
}

/* ---- taking them ------------------------------------------------------------------------------
 */

void reserve_let_go(const int *fds, size_t n)
{
	for (size_t i = n; i-- > 0;) {
		flock(fds[i], LOCK_UN);
		close(fds[i]);
	}
}

int reserve_take(const struct reserve_lock *locks, size_t n, int *fds, struct reserve_lock *busy,
	struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		cleanup_free char *path = reserve_lock_path(&locks[i]);

		fds[i] = lockfile_acquire(path, locks[i].mode, e);
		if (fds[i] >= 0)
			continue;
		reserve_let_go(fds, i);
		if (fds[i] != -EWOULDBLOCK) {
			err_hint(e,
				"KTSTR_LOCK_DIR=DIR names a folder for lock files, which must be "
				"there; without it that is /tmp");
			return err_prefix(e, "acquire LLC locks");
		}
		*busy = locks[i];
		return -EWOULDBLOCK;
	}
	return 0;
}

/* ---- naming who is in the way -----------------------------------------------------------------
 */

struct naming {
	struct tables t;
	const char *word;
	struct str *out;
	unsigned groups;
};

static void name_group(struct naming *g, enum lockfile_kind kind, unsigned number)
{
	const struct lock_state *s = state_of(&g->t, kind, number);
	size_t n = s ? s->nholders : 0;

	if (g->groups++ >= NAMED_GROUPS)
		return;
	str_printf(g->out, "%s%s %u%s: ", g->groups > 1 ? "; " : "",
		kind == LOCKFILE_LLC ? "LLC" : "CPU", number, g->word);
	for (size_t i = 0; i < n && i < NAMED_HOLDERS; i++) {
		str_printf(g->out, "%spid=%d cmd=", i ? ", " : "", (int)s->holders[i].pid);
		holder_cmdline(g->t.root, s->holders[i].pid, g->out);
	}
	if (!n)
		str_add(g->out, "<none recorded>");
	else if (n > NAMED_HOLDERS)
		str_printf(g->out, " and %zu more", n - NAMED_HOLDERS);
}

bool reserve_blockers(const struct reserve_host *h, const char *word, bool sharers, struct str *out)
{
	struct naming g = {.word = word, .out = out};

	tables_open(&g.t, true);
	for (unsigned i = 0; i < h->topo->nllcs; i++)
		if (h->llcs[i].contribution &&
			(h->llcs[i].exclusive || (sharers && h->llcs[i].sharers)))
			name_group(&g, LOCKFILE_LLC, i);
	cpuset_foreach (cpu, &h->busy)
		name_group(&g, LOCKFILE_CPU, (unsigned)cpu);
	if (g.groups > NAMED_GROUPS)
		str_printf(out, "; and %u more", g.groups - NAMED_GROUPS);
	tables_close(&g.t);
	return g.groups > 0;
}
