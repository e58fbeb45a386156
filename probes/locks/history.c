/* Since when somebody holds or waits, and what happened: one look compared with the one before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/locks/collect.h"
#include "src/base/clock.h"

enum { EVENTS_KEPT = 200 };

/* One who holds or waits, over many looks. */
struct seen {
	enum lockfile_kind kind;
	unsigned number;
	char *key, *command; /* owned; command: of a holder, at the last look that had it */
	pid_t pid, blocker;
	enum lockfile_mode mode;
	bool waits, began; /* it was seen beginning */
	bool stale;
	uint64_t since; /* monotonic, of the first look that had it */
};

struct history {
	struct map seen; /* struct seen, of the last look */
	struct past *past;
	bool started;
	uint64_t seq;
	VEC(struct locks_event) events; /* ring; their keys are owned */
};

/* A comparison under way. */
struct look {
	struct history *h;
	struct map now;
	uint64_t at, real;
};

struct history *history_new(void)
{
	struct history *h = xcalloc(1, sizeof(*h));

	h->past = past_new();
	return h;
}

static void free_seen(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++) {
		struct seen *s = m->slots[i].key ? m->slots[i].value : NULL;

		if (!s)
			continue;
		free(s->key);
		free(s->command);
		free(s);
	}
	map_release(m);
}

void history_free(struct history *h)
{
	if (!h)
		return;
	free_seen(&h->seen);
	past_free(h->past);
	for (size_t i = 0; i < h->events.n; i++)
		free((char *)h->events.v[i].key);
	free(h->events.v);
	free(h);
}

static void name_of(const struct locks_file *f, pid_t pid, bool waits, struct str *out)
{
	str_clear(out);
	str_printf(out, "%d %u %d %d %s", (int)f->kind, f->number, (int)pid, waits, f->key);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void happened(struct look *k, enum locks_happening what, const struct seen *s, pid_t other,
	struct locks_time lasted)
{
	struct history *h = k->h;
	struct locks_event e = {
		.real_ns = k->real,
		.what = what,
		.kind = s->kind,
		.mode = s->mode,
		.number = s->number,
		.pid = s->pid,
		.other = other,
		.lasted = lasted,
	};

	if (!h->started)
		return;
	e.seq = ++h->seq;
	e.key = xstrdup(s->key);
	if (h->events.n == EVENTS_KEPT) {
		free((char *)h->events.v[0].key);
		memmove(h->events.v, h->events.v + 1, (--h->events.n) * sizeof(*h->events.v));
	}
	vec_push(&h->events, e);
}

static const struct locks_time never = {LOCKS_UNKNOWN, 0};

static struct locks_time lasted(const struct look *k, const struct seen *s)
{
	return (struct locks_time){s->began ? LOCKS_SEEN : LOCKS_AT_LEAST, k->at - s->since};
}

/* Who keeps this waiter waiting, 0 = nobody that is known. */
static pid_t blocker_of(const struct locks_file *f, const struct locks_who *w)
{
	for (size_t i = 0; i < f->nholders; i++)
		if (locks_blocks(&f->holders[i], w))
			return f->holders[i].pid;
	return 0;
}

static void tell_beginning(
	struct look *k, const struct locks_file *f, const struct locks_who *w, const struct seen *s)
{
	cleanup_str struct str name = STR_INIT;
	const struct seen *waited;

	if (s->waits) {
		happened(k, LOCKS_WAITS, s, s->blocker, never);
		return;
	}
	name_of(f, w->pid, true, &name);
	waited = map_get(&k->h->seen, str_get(&name));
	if (waited)
		happened(k, LOCKS_ACQUIRED, s, waited->blocker, lasted(k, waited));
	else if (w->acquirer && w->acquirer != w->pid)
		happened(k, LOCKS_INHERITED, s, w->acquirer, never);
	else
		happened(k, LOCKS_ACQUIRED, s, 0, never);
}

static void tell_end(struct look *k, const struct seen *s)
{
	cleanup_str struct str name = STR_INIT;
	struct locks_file f = {.kind = s->kind, .number = s->number, .key = s->key};

	if (!s->waits) {
		happened(k, LOCKS_RELEASED, s, 0, lasted(k, s));
		if (s->began)
			past_add(k->h->past, s->kind, s->command, k->at - s->since);
		return;
	}
	name_of(&f, s->pid, false, &name);
	if (!map_has(&k->now, str_get(&name)))
		happened(k, LOCKS_GAVE_UP, s, s->blocker, lasted(k, s));
}

/* ---- times ----------------------------------------------------------------------------------- */

/*
 * What was there at the first look began while its process was there: at most so long ago; one who
 * inherited has the lock for the whole of its life, and before that somebody else had it.
 */
static struct locks_time time_of(
	const struct look *k, const struct seen *s, const struct locks_who *w, uint64_t age)
{
	uint64_t watched = k->at - s->since;

	if (s->began)
		return (struct locks_time){LOCKS_SEEN, watched};
	if (!w->live || (!age && !watched))
		return never;
	if (!age || (!s->waits && w->acquirer != w->pid))
		return (struct locks_time){LOCKS_AT_LEAST, age > watched ? age : watched};
	return (struct locks_time){LOCKS_AT_MOST, age};
}

/* The entry moves from the look before to this one. */
static struct seen *entry_of(struct look *k, const char *name, bool *is_new)
{
	struct seen **before =
		map_has(&k->h->seen, name) ? (struct seen **)map_at(&k->h->seen, name) : NULL;
	struct seen *s = before ? *before : NULL;

	*is_new = !s;
	if (before)
		*before = NULL;
	if (!s)
		s = xcalloc(1, sizeof(*s));
	*map_at(&k->now, name) = s;
	return s;
}

/* A holder may execute another program. */
static void remember_command(struct seen *s, const char *cmdline)
{
	if (s->command && strcmp(s->command, cmdline) == 0)
		return;
	free(s->command);
	s->command = xstrdup(cmdline);
}

static void look_at(struct look *k, const struct locks_file *f, struct locks_who *w, bool waits,
	struct facts *facts)
{
	cleanup_str struct str name = STR_INIT;
	struct seen *s;
	bool is_new;

	name_of(f, w->pid, waits, &name);
	if (map_get(&k->now, str_get(&name)))
		return; /* it waits twice for the same */
	s = entry_of(k, str_get(&name), &is_new);
	s->mode = w->mode;
	if (waits)
		s->blocker = blocker_of(f, w);
	else
		remember_command(s, w->cmdline);
	if (is_new) {
		s->kind = f->kind;
		s->number = f->number;
		s->key = xstrdup(f->key);
		s->pid = w->pid;
		s->waits = waits;
		s->since = k->at;
		s->began = k->h->started;
		tell_beginning(k, f, w, s);
	}
	if (w->stale && !s->stale)
		happened(k, LOCKS_ORPHANED, s, w->acquirer, never);
	s->stale = w->stale;
	w->held = time_of(k, s, w, facts_of(facts, w->pid)->age_ns);
}

/* A waiter that acquires is looked up in the look before: waiters move over after all holders. */
static void look_at_all(struct look *k, struct locks *l, struct facts *facts, bool waits)
{
	for (size_t i = 0; i < l->nfiles; i++) {
		const struct locks_file *f = &l->files[i];

		for (size_t n = 0; n < (waits ? f->nwaiters : f->nholders); n++)
			look_at(k, f, waits ? &f->waiters[n] : &f->holders[n], waits, facts);
	}
}

static void copy_events(const struct history *h, struct locks *l)
{
	l->events = arena_alloc(l->arena, (h->events.n + 1) * sizeof(*l->events));
	l->nevents = h->events.n;
	l->seq = h->seq;
	for (size_t i = 0; i < h->events.n; i++) {
		l->events[i] = h->events.v[i];
		l->events[i].key = arena_strdup(l->arena, h->events.v[i].key);
	}
}

void history_look(struct history *h, struct locks *l, struct facts *f, uint64_t now)
{
	struct look k = {.h = h, .at = now, .real = clock_real_ns()};

	look_at_all(&k, l, f, false);
	look_at_all(&k, l, f, true);
	for (size_t i = 0; i < h->seen.cap; i++)
		if (h->seen.slots[i].key && h->seen.slots[i].value)
			tell_end(&k, h->seen.slots[i].value);
	free_seen(&h->seen);
	h->seen = k.now;
	h->started = true;
	past_expect(h->past, l);
	copy_events(h, l);
}
