#include "probes/locks/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"

struct locks_reader {
	struct locks_options o;
	struct locks_numa numa;
	struct tracker *tracker;
	struct history *history;
	struct watch *watch; /* NULL until asked for */
};

struct locks_reader *locks_reader_new(const struct locks_options *o)
{
	struct locks_reader *r = xcalloc(1, sizeof(*r));

	r->o = *o;
	r->tracker = tracker_new(o->root);
	r->history = history_new();
	return r;
}

void locks_reader_free(struct locks_reader *r)
{
	if (!r)
		return;
	watch_free(r->watch);
	history_free(r->history);
	tracker_free(r->tracker);
	free(r);
}

void locks_reader_set_numa(struct locks_reader *r, const struct locks_numa *numa)
{
	r->numa = *numa;
}

int locks_reader_watch(struct locks_reader *r)
{
	if (!sysroot_is_host(r->o.root))
		return -1;
	if (!r->watch)
		r->watch = watch_new();
	return watch_fd(r->watch);
}

bool locks_reader_woken(struct locks_reader *r)
{
	bool woken = r->watch && watch_drain(r->watch);

	if (woken)
		tracker_poke(r->tracker);
	return woken;
}

/* ---- which state is which file's ------------------------------------------------------------- */

static struct lock_id *ids_of(const struct listing *l)
{
	struct lock_id *ids = xcalloc(l->files.n + 1, sizeof(*ids));

	for (size_t i = 0; i < l->files.n; i++)
		ids[i] = l->files.v[i].id;
	return ids;
}

/* Where the mount table told nothing the device is a guess, and the inode has to do. */
static const struct lock_state *state_of(
	const struct flocks *all, const struct found *f, bool *uncertain)
{
	const struct lock_state *s = flocks_of(all, &f->id);

	*uncertain = false;
	if (s || !f->guessed)
		return s;
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].id.inode != f->id.inode)
			continue;
		*uncertain = true;
		return &all->v[i];
	}
	return NULL;
}

/* ---- the model ------------------------------------------------------------------------------- */

static void fill_who(struct facts *facts, pid_t pid, struct locks_who *w)
{
	const struct process_facts *p = facts_of(facts, pid);

	w->pid = pid;
	w->cmdline = p->cmdline;
	w->cgroup = p->cgroup;
	w->has_uid = p->has_uid;
	w->uid = p->uid;
}

static void add_holders(
	struct locks *l, struct locks_file *f, const struct lock_state *s, struct facts *facts)
{
	f->holders = arena_alloc(l->arena, (s->nholders + 1) * sizeof(*f->holders));
	for (size_t i = 0; i < s->nholders; i++) {
		const struct lock_holder *h = &s->holders[i];
		struct locks_who *w = &f->holders[f->nholders++];

		fill_who(facts, h->pid, w);
		w->acquirer = h->acquirer;
		w->fd = h->fd;
		w->mode = h->mode;
		w->live = h->live;
		w->stale = s->stale && h->acquirer != h->pid;
		f->exclusive |= h->mode == LOCKFILE_EXCLUSIVE;
	}
}

static void add_waiters(
	struct locks *l, struct locks_file *f, const struct lock_state *s, struct facts *facts)
{
	f->waiters = arena_alloc(l->arena, (s->nwaiters + 1) * sizeof(*f->waiters));
	for (size_t i = 0; i < s->nwaiters; i++) {
		struct locks_who *w = &f->waiters[f->nwaiters++];

		fill_who(facts, s->waiters[i].pid, w);
		w->acquirer = w->pid;
		w->fd = -1;
		w->mode = s->waiters[i].mode;
		w->live = true;
	}
}

static int node_of(const struct locks_numa *numa, const struct found *f)
{
	if (!numa->topo || f->kind > LOCKFILE_CPU)
		return -1;
	return (f->kind == LOCKFILE_LLC ? numa->llc_node : numa->cpu_node)(numa->topo, f->number);
}

static void add_file(struct locks_reader *r, struct locks *l, const struct found *found,
	const struct flocks *all, struct facts *facts)
{
	struct locks_file *f = &l->files[l->nfiles++];
	const struct lock_state *s;

	f->kind = found->kind;
	f->number = found->number;
	f->key = found->key;
	f->path = found->path;
	f->node = node_of(&r->numa, found);
	s = state_of(all, found, &f->uncertain);
	if (!s)
		return;
	f->stale = s->stale;
	add_holders(l, f, s, facts);
	add_waiters(l, f, s, facts);
	if (f->nholders)
		(*(f->exclusive ? &l->exclusive : &l->shared))++;
	l->waiting += (unsigned)f->nwaiters;
}

static void mark_sections(struct locks *l)
{
	size_t at = 0;

	for (int k = 0; k < LOCKFILE_KINDS; k++) {
		while (at < l->nfiles && (int)l->files[at].kind < k)
			at++;
		l->first[k] = at;
	}
	l->first[LOCKFILE_KINDS] = l->nfiles;
}

static struct locks *build(
	struct locks_reader *r, const struct listing *found, const struct flocks *all, uint64_t now)
{
	struct locks *l = arena_alloc(found->arena, sizeof(*l));
	struct facts facts;

	l->arena = found->arena;
	l->files = arena_alloc(l->arena, (found->files.n + 1) * sizeof(*l->files));
	l->unreadable = all->unreadable;
	l->descriptors = all->descriptors;
	facts_init(&facts, r->o.root, l->arena, r->o.facts);
	for (size_t i = 0; i < found->files.n; i++)
		add_file(r, l, &found->files.v[i], all, &facts);
	mark_sections(l);
	if (r->o.facts)
		history_look(r->history, l, &facts, now);
	facts_release(&facts);
	return l;
}

/* NULL with a sentence; then the arena is still the caller's. */
static struct locks *model_of(
	struct locks_reader *r, const struct listing *found, uint64_t now, struct err *e)
{
	cleanup_free struct lock_id *ids = ids_of(found);
	struct flocks *all = tracker_read(r->tracker, ids, found->files.n, now, e);
	struct locks *l = all ? build(r, found, all, now) : NULL;

	if (l && r->watch)
		watch_holders(r->watch, l);
	flocks_free(all);
	return l;
}

struct locks *locks_read(struct locks_reader *r, struct err *e)
{
	struct listing found = {.arena = arena_new()};
	struct err why = ERR_INIT;
	struct mounts *mounts = mounts_read(r->o.root, &why);
	const uint64_t now = clock_mono_ns();
	struct locks *l;

	if (r->watch)
		watch_folders(r->watch, r->o.roots);
	(void)locks_reader_woken(r);
	list_lockfiles(&r->o, mounts, &found);
	l = model_of(r, &found, now, e);
	if (!l)
		arena_free(found.arena);
	else if (!mounts)
		l->warning =
			arena_printf(l->arena, "%s: files are told apart by their inodes", why.msg);
	mounts_free(mounts);
	free(found.files.v);
	return l;
}

void locks_free(struct locks *l)
{
	if (l)
		arena_free(l->arena);
}
