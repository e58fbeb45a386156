#include "probes/ctprof/walk.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "src/base/clock.h"

/*
 * Work is a list of units in the order of the result. At first each is a few processes; a worker
 * that meets many threads puts what it does not get to behind the unit it has, for others to take:
 * a process of ten thousand threads is shared like ten thousand of one.
 */
enum {
	UNIT_PROCS = 8,
	UNIT_THREADS = 192, /* read before the rest is given away */
	HELD_MAX = 6 << 20, /* text that waits for a unit before it */
};

/* A process whose tasks are spread over units. */
struct shared_proc {
	struct ctp_proc proc;
	struct ctp_tids tids;
	unsigned refs;
};

struct unit {
	struct unit *next;
	size_t lo, hi;		  /* of tgids; or, */
	struct shared_proc *proc; /* when this is set, of its tids */
	enum { WAITING, TAKEN, DONE } state;
	struct str text;
};

struct walk {
	const struct ctp_walk_opts *o;
	pthread_mutex_t lock;
	pthread_cond_t done, room;
	struct unit *head; /* the next to be handed over */
	size_t held;	   /* bytes of units that are done */
	uint64_t procs;	   /* that are read */
	bool stop;
	struct ctp_walk_result *result;
};

static bool stopped(struct walk *w)
{
	const atomic_bool *cancel = w->o->shared->o->cancel;

	return __atomic_load_n(&w->stop, __ATOMIC_RELAXED) || (cancel && atomic_load(cancel));
}

static void unref(struct walk *w, struct shared_proc *p)
{
	unsigned left;

	pthread_mutex_lock(&w->lock);
	left = --p->refs;
	pthread_mutex_unlock(&w->lock);
	if (left)
		return;
	ctp_proc_close(&p->proc);
	free(p->tids.v);
	free(p);
}

static struct unit *new_unit(struct shared_proc *p, size_t lo, size_t hi)
{
	struct unit *u = xcalloc(1, sizeof(*u));

	u->proc = p;
	u->lo = lo;
	u->hi = hi;
	if (p)
		p->refs++;
	return u;
}

/* What is left of a unit, behind it. */
static void give_away(struct walk *w, struct unit *u, size_t lo, size_t hi)
{
	struct unit *rest;

	if (lo == hi)
		return;
	pthread_mutex_lock(&w->lock);
	rest = new_unit(u->proc, lo, hi);
	rest->next = u->next;
	u->next = rest;
	u->hi = lo;
	pthread_mutex_unlock(&w->lock);
}

/* The tasks of a process with too many for one unit: cut into units, behind this one. */
static void share_out(struct walk *w, struct unit *u, struct shared_proc *p, size_t from)
{
	pthread_mutex_lock(&w->lock);
	for (struct unit *at = u; from < p->tids.n; from += UNIT_THREADS) {
		size_t to = from + UNIT_THREADS < p->tids.n ? from + UNIT_THREADS : p->tids.n;
		struct unit *next = new_unit(p, from, to);

		next->next = at->next;
		at->next = next;
		at = next;
	}
	pthread_mutex_unlock(&w->lock);
}

static size_t read_tids(struct walk *w, struct ctp_reader *r, struct shared_proc *p, size_t lo,
	size_t hi, struct str *out)
{
	for (size_t n; lo < hi && !stopped(w); lo += n) {
		n = hi - lo < TASKSTATS_BATCH ? hi - lo : TASKSTATS_BATCH;
		ctp_read_tasks(r, &p->proc, p->tids.v + lo, n, out);
	}
	return lo;
}

/* One process, as far as a unit goes; the number of threads read. */
static size_t read_proc(struct walk *w, struct ctp_reader *r, struct unit *u, size_t at)
{
	struct shared_proc *p = xcalloc(1, sizeof(*p));
	size_t n = 0;

	p->refs = 1;
	if (ctp_proc_open(r, w->o->tgids[at], &p->proc, &p->tids) < 0) {
		free(p->tids.v);
		free(p);
		return 0;
	}
	if (ctp_proc_wanted(r, &p->proc)) {
		ctp_proc_probe(r, &p->proc);
		n = p->tids.n < UNIT_THREADS ? p->tids.n : UNIT_THREADS;
		read_tids(w, r, p, 0, n, &u->text);
		if (n < p->tids.n) { /* the later processes first: both go right behind u */
			give_away(w, u, at + 1, u->hi);
			share_out(w, u, p, n);
		}
	}
	unref(w, p);
	return n;
}

static void read_range(struct walk *w, struct ctp_reader *r, struct unit *u)
{
	size_t threads = 0;

	for (size_t at = u->lo; at < u->hi && !stopped(w); at++) {
		threads += read_proc(w, r, u, at);
		__atomic_add_fetch(&w->procs, 1, __ATOMIC_RELAXED);
		if (threads >= UNIT_THREADS)
			give_away(w, u, at + 1, u->hi);
	}
}

static void read_unit(struct walk *w, struct ctp_reader *r, struct unit *u)
{
	if (!u->proc) {
		read_range(w, r, u);
		return;
	}
	read_tids(w, r, u->proc, u->lo, u->hi, &u->text);
	unref(w, u->proc);
	u->proc = NULL;
}

/* The first unit that nobody has. Text that waits has a bound, but the head must always move. */
static struct unit *take_unit(struct walk *w)
{
	struct unit *u;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		for (u = w->head; u && u->state != WAITING; u = u->next)
			;
		if (!u || w->stop || u == w->head || w->held < HELD_MAX)
			break;
		pthread_cond_wait(&w->room, &w->lock);
	}
	if (w->stop)
		u = NULL;
	if (u)
		u->state = TAKEN;
	pthread_mutex_unlock(&w->lock);
	return u;
}

static void unit_done(struct walk *w, struct unit *u)
{
	pthread_mutex_lock(&w->lock);
	u->state = DONE;
	w->held += u->text.len;
	pthread_cond_signal(&w->done);
	pthread_mutex_unlock(&w->lock);
}

static void add_tally(struct ctp_tally *to, const struct ctp_tally *from)
{
	to->threads += from->threads;
	to->tids_walked += from->tids_walked;
	to->negative += from->negative;
	to->denied += from->denied;
	to->cpu_ns += from->cpu_ns;
	to->tgids_walked += from->tgids_walked;
	to->jemalloc_detected += from->jemalloc_detected;
	to->probed += from->probed;
	for (int f = 0; f < JEMALLOC_NFAILS; f++)
		to->jemalloc[f] += from->jemalloc[f];
	for (int f = 0; f < CTP_NFILES; f++)
		to->failures[f] += from->failures[f];
	to->taskstats.ok_count += from->taskstats.ok_count;
	to->taskstats.eperm_count += from->taskstats.eperm_count;
	to->taskstats.esrch_count += from->taskstats.esrch_count;
	to->taskstats.other_err_count += from->taskstats.other_err_count;
	if (from->first_ns && (!to->first_ns || from->first_ns < to->first_ns))
		to->first_ns = from->first_ns;
	if (from->last_ns > to->last_ns)
		to->last_ns = from->last_ns;
}

static void report(struct walk *w, struct ctp_reader *r)
{
	const struct err *e = ctp_reader_taskstats_error(r);

	pthread_mutex_lock(&w->lock);
	add_tally(&w->result->tally, ctp_reader_tally(r));
	if (e)
		w->result->taskstats_error = *e;
	else
		w->result->has_taskstats = w->o->shared->live;
	pthread_mutex_unlock(&w->lock);
}

static void *work(void *arg)
{
	struct walk *w = arg;
	struct ctp_reader *r = ctp_reader_new(w->o->shared);
	struct unit *u;

	while ((u = take_unit(w))) {
		read_unit(w, r, u);
		unit_done(w, u);
	}
	report(w, r);
	ctp_reader_free(r);
	return NULL;
}

static void make_units(struct walk *w)
{
	struct unit **at = &w->head;

	for (size_t lo = 0; lo < w->o->ntgids; lo += UNIT_PROCS) {
		size_t hi = lo + UNIT_PROCS < w->o->ntgids ? lo + UNIT_PROCS : w->o->ntgids;

		*at = new_unit(NULL, lo, hi);
		at = &(*at)->next;
	}
}

/* The head once it is done; NULL when nothing came for a tenth of a second. */
static struct unit *pop(struct walk *w)
{
	struct unit *u = NULL;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 100 * 1000 * 1000;
	until.tv_sec += until.tv_nsec / (long)NS_PER_SEC;
	until.tv_nsec %= (long)NS_PER_SEC;
	pthread_mutex_lock(&w->lock);
	while (w->head->state != DONE)
		if (pthread_cond_timedwait(&w->done, &w->lock, &until) == ETIMEDOUT)
			break;
	if (w->head->state == DONE) {
		u = w->head;
		w->head = u->next;
		w->held -= u->text.len;
		pthread_cond_broadcast(&w->room);
	}
	pthread_mutex_unlock(&w->lock);
	return u;
}

static uint64_t read_procs(const struct walk *w)
{
	return __atomic_load_n(&w->procs, __ATOMIC_RELAXED);
}

static int hand_over(struct walk *w, struct err *e)
{
	int rc = 0;

	while (w->head && rc == 0) {
		struct unit *u = pop(w);

		if (stopped(w))
			rc = -ECANCELED;
		else if (!u && w->o->idle)
			w->o->idle(w->o->ctx, read_procs(w));
		else if (u)
			rc = w->o->take(
				w->o->ctx, str_get(&u->text), u->text.len, read_procs(w), e);
		if (u)
			str_release(&u->text);
		free(u);
	}
	return rc == -ECANCELED ? err_set(e, ECANCELED, "the capture was cancelled") : rc;
}

static void stop_all(struct walk *w)
{
	pthread_mutex_lock(&w->lock);
	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&w->room);
	pthread_mutex_unlock(&w->lock);
}

static void free_units(struct walk *w)
{
	for (struct unit *u = w->head, *next; u; u = next) {
		next = u->next;
		if (u->proc)
			unref(w, u->proc);
		str_release(&u->text);
		free(u);
	}
}

static int run(struct walk *w, struct err *e)
{
	pthread_t *threads = xcalloc(w->o->workers, sizeof(*threads));
	unsigned n = 0;
	int rc = 0;

	while (n < w->o->workers && rc == 0) {
		rc = -pthread_create(&threads[n], NULL, work, w);
		n += rc == 0;
	}
	/* A machine that gives one thread fewer is still one that can be captured. */
	rc = n ? hand_over(w, e) : err_sys(e, rc, "cannot start a thread");
	stop_all(w);
	for (unsigned i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	w->result->workers = n;
	free(threads);
	return rc;
}

int ctp_walk(const struct ctp_walk_opts *o, struct ctp_walk_result *out, struct err *e)
{
	struct walk w = {.o = o, .result = out};
	int rc;

	*out = (struct ctp_walk_result){0};
	pthread_mutex_init(&w.lock, NULL);
	pthread_cond_init(&w.done, NULL);
	pthread_cond_init(&w.room, NULL);
	make_units(&w);
	rc = run(&w, e);
	free_units(&w);
	pthread_mutex_destroy(&w.lock);
	pthread_cond_destroy(&w.done);
	pthread_cond_destroy(&w.room);
	return rc;
}
