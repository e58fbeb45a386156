#include "ui/collector.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "src/kernels/place.h"

enum {
	FIRST_GAP_MS = 250,  /* the second reading comes early: before it no share is known */
	LOCK_SETTLE_MS = 20, /* who opens a lock file locks it a little later */
	STOP_WAIT_MS = 200,
};

/* One topology or one sample; freed with its last snapshot. */
struct shared {
	atomic_uint refs;
	struct topo *topo;
	struct cpustat *stat;
};

/* Owned by the thread and the dashboard together; the last of the two to leave frees it. */
struct collector {
	atomic_uint refs;
	pthread_t thread;
	int event; /* eventfd: readable while the mailbox is full */
	int wake;  /* eventfd: something below has changed */
	struct sysroot *root;

	pthread_mutex_t lock; /* of everything below */
	uint64_t delay_ns;
	unsigned want;
	bool stop, paused;
	struct snapshot *mail; /* one place, newest wins */
};

/* What only the thread touches. */
struct reader {
	struct shared *topo, *stat; /* the last ones */
	struct locks_reader *locks;
	struct lockfile_roots roots;
	uint64_t seq;
	char host[65];
};

static struct shared *shared_new(struct topo *t, struct cpustat *s)
{
	struct shared *b = xcalloc(1, sizeof(*b));

	atomic_store(&b->refs, 1);
	b->topo = t;
	b->stat = s;
	return b;
}

static struct shared *shared_ref(struct shared *b)
{
	if (b)
		atomic_fetch_add(&b->refs, 1);
	return b;
}

static void shared_unref(struct shared *b)
{
	if (!b || atomic_fetch_sub(&b->refs, 1) != 1)
		return;
	topo_free(b->topo);
	cpustat_free(b->stat);
	free(b);
}

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	shared_unref(s->topo_ref);
	shared_unref(s->stat_ref);
	cpu_uses_free(s->uses);
	locks_free(s->locks);
	free(s);
}

static void collector_unref(struct collector *c)
{
	if (atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	snapshot_free(c->mail);
	sysroot_close(c->root);
	if (c->event >= 0)
		close(c->event);
	if (c->wake >= 0)
		close(c->wake);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* CPUs come and go, and affinity changes: both are cheap to ask for, the whole topology is not. */
static bool is_stale(const struct collector *c, const struct topo *t)
{
	cleanup_cpuset struct cpuset now = CPUSET_INIT;

	if (!sysroot_cpulist(c->root, "/sys/devices/system/cpu/online", &now) &&
		!cpuset_equal(&now, &t->online))
		return true;
	if (!sysroot_is_host(c->root) || cpuset_affinity(&now))
		return false;
	cpuset_and(&now, &t->online);
	return !cpuset_equal(&now, &t->allowed);
}

static void read_topology(const struct collector *c, struct reader *r, struct snapshot *s)
{
	struct err e = ERR_INIT;
	struct topo *t = NULL;

	if (!r->topo || is_stale(c, r->topo->topo)) {
		t = topo_collect(c->root, &e);
		if (!t)
			snprintf(s->problem, sizeof(s->problem), "%.500s", e.msg);
	}
	if (t) {
		shared_unref(r->topo);
		r->topo = shared_new(t, NULL);
	}
	s->topo_ref = shared_ref(r->topo);
	s->topo = r->topo ? r->topo->topo : NULL;
}

static void read_counters(
	const struct collector *c, struct reader *r, unsigned want, struct snapshot *s)
{
	struct err e = ERR_INIT;
	struct cpustat *now = cpustat_read(c->root, want, &e);

	if (!now) {
		snprintf(s->problem, sizeof(s->problem), "%.500s", e.msg);
		return;
	}
	if (r->stat)
		s->uses = cpustat_diff(r->stat->stat, now);
	shared_unref(r->stat);
	r->stat = shared_new(NULL, now);
	s->stat_ref = shared_ref(r->stat);
	s->stat = now;
}

/* ---- locks ----------------------------------------------------------------------------------- */

static void open_locks(const struct collector *c, struct reader *r)
{
	struct place_storage storage;
	struct place place = place_host(&storage);
	cleanup_free char *cache = place_cache_root(&place, NULL);

	lockfile_roots_init(&r->roots, cache);
	r->locks = locks_reader_new(
		&(struct locks_options){.root = c->root, .roots = &r->roots, .facts = true});
}

static void read_locks(struct reader *r, struct snapshot *s)
{
	const struct locks_numa numa = {
		r->topo ? r->topo->topo : NULL, topo_llc_node, topo_cpu_llc_node};

	locks_reader_set_numa(r->locks, &numa);
	s->locks = locks_read(r->locks, NULL);
}

/* Between two snapshots: when it happened is worth knowing, and the next snapshot tells it. */
static void note_locks(struct reader *r)
{
	if (!locks_reader_woken(r->locks))
		return;
	(void)poll(NULL, 0, LOCK_SETTLE_MS);
	locks_free(locks_read(r->locks, NULL));
}

/* ---- the thread ------------------------------------------------------------------------------ */

static struct snapshot *take_snapshot(const struct collector *c, struct reader *r, unsigned want)
{
	struct snapshot *s = xcalloc(1, sizeof(*s));

	s->seq = ++r->seq;
	s->replayed = !sysroot_is_host(c->root);
	read_topology(c, r, s);
	read_counters(c, r, want, s);
	read_locks(r, s);
	memcpy(s->host, r->host, sizeof(s->host));
	return s;
}

static void post(struct collector *c, struct snapshot *s)
{
	uint64_t one = 1;
	struct snapshot *old;

	pthread_mutex_lock(&c->lock);
	old = c->mail;
	c->mail = s;
	pthread_mutex_unlock(&c->lock);
	snapshot_free(old);
	(void)!write(c->event, &one, sizeof(one));
}

/* Nanoseconds to the next snapshot, 0 = now, -1 = none while paused; false = stop. A delay that
 * changes meanwhile counts from `from`. */
static bool time_left(struct collector *c, uint64_t from, bool first, int64_t *left)
{
	uint64_t gap, now = clock_mono_ns();
	bool stop, paused;

	pthread_mutex_lock(&c->lock);
	gap = c->delay_ns;
	stop = c->stop;
	paused = c->paused;
	pthread_mutex_unlock(&c->lock);
	if (first && gap > FIRST_GAP_MS * NS_PER_MS)
		gap = FIRST_GAP_MS * NS_PER_MS;
	*left = paused ? -1 : now >= from + gap ? 0 : (int64_t)(from + gap - now);
	return !stop;
}

/* Until the next snapshot is due; false = stop. */
static bool wait_turn(struct collector *c, struct reader *r, uint64_t from)
{
	int watch = locks_reader_watch(r->locks);
	int64_t left;
	uint64_t count;

	while (time_left(c, from, r->seq == 1, &left)) {
		struct pollfd p[] = {{c->wake, POLLIN, 0}, {left < 0 ? -1 : watch, POLLIN, 0}};
		struct timespec time = {left / (int64_t)NS_PER_SEC, left % (int64_t)NS_PER_SEC};

		if (!left)
			return true;
		if (ppoll(p, ARRAY_LEN(p), left < 0 ? NULL : &time, NULL) <= 0)
			continue;
		if (p[0].revents)
			(void)!read(c->wake, &count, sizeof(count));
		if (p[1].revents)
			note_locks(r);
	}
	return false;
}

static unsigned wanted(struct collector *c)
{
	unsigned want;

	pthread_mutex_lock(&c->lock);
	want = c->want;
	pthread_mutex_unlock(&c->lock);
	return want;
}

static void *collect(void *arg)
{
	struct collector *c = arg;
	struct reader r = {0};
	uint64_t from;

	(void)sysroot_line(c->root, "/proc/sys/kernel/hostname", r.host, sizeof(r.host));
	open_locks(c, &r);
	do {
		from = clock_mono_ns();
		post(c, take_snapshot(c, &r, wanted(c)));
	} while (wait_turn(c, &r, from));
	locks_reader_free(r.locks);
	lockfile_roots_release(&r.roots);
	shared_unref(r.topo);
	shared_unref(r.stat);
	collector_unref(c);
	return NULL;
}

/* The thread takes no signal: they are all the loop's. */
static int start_thread(struct collector *c)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&c->thread, NULL, collect, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

struct collector *collector_start(const char *sysroot, uint64_t delay_ns, struct err *e)
{
	struct collector *c = xcalloc(1, sizeof(*c));
	int rc;

	atomic_store(&c->refs, 1);
	c->delay_ns = delay_ns;
	c->want = CPUSTAT_MEMORY;
	c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&c->lock, NULL);
	c->root = sysroot_open(sysroot, e);
	if (!c->root) {
		collector_unref(c);
		return NULL;
	}
	atomic_store(&c->refs, 2);
	rc = c->event < 0 || c->wake < 0 ? errno : start_thread(c);
	if (rc) {
		err_sys(e, rc, "cannot start the collector");
		atomic_store(&c->refs, 1);
		collector_unref(c);
		return NULL;
	}
	return c;
}

static void wake(struct collector *c)
{
	uint64_t one = 1;

	(void)!write(c->wake, &one, sizeof(one));
}

void collector_stop(struct collector *c)
{
	struct timespec until;

	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_mutex_unlock(&c->lock);
	wake(c);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += STOP_WAIT_MS * (long)NS_PER_MS;
	until.tv_sec += until.tv_nsec / (long)NS_PER_SEC;
	until.tv_nsec %= (long)NS_PER_SEC;
	if (pthread_timedjoin_np(c->thread, NULL, &until))
		pthread_detach(c->thread);
	collector_unref(c);
}

int collector_fd(const struct collector *c)
{
	return c->event;
}

struct snapshot *collector_take(struct collector *c)
{
	struct snapshot *s;
	uint64_t count;

	(void)!read(c->event, &count, sizeof(count));
	pthread_mutex_lock(&c->lock);
	s = c->mail;
	c->mail = NULL;
	pthread_mutex_unlock(&c->lock);
	return s;
}

void collector_set_delay(struct collector *c, uint64_t ns)
{
	pthread_mutex_lock(&c->lock);
	c->delay_ns = ns;
	pthread_mutex_unlock(&c->lock);
	wake(c);
}

void collector_set_paused(struct collector *c, bool paused)
{
	pthread_mutex_lock(&c->lock);
	c->paused = paused;
	pthread_mutex_unlock(&c->lock);
	wake(c);
}

void collector_set_want(struct collector *c, unsigned want)
{
	pthread_mutex_lock(&c->lock);
	c->want = want;
	pthread_mutex_unlock(&c->lock);
}
