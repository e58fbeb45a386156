#include "probes/ctprof/exits.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/names.h"
#include "probes/ctprof/taskstats.h"
#include "src/base/clock.h"
#include "src/base/map.h"
#include "src/base/sysroot.h"

enum {
	KEPT_MOST = 500000, /* ends that are remembered: 70 MB */
	PIDS = 4 << 20,	    /* PID_MAX_LIMIT of the kernel's threads.h */
};

typedef VEC(struct ctp_exit_group *) group_list;

struct ctp_exits {
	struct taskstats *socket;
	uint32_t parent;
	pthread_t thread;
	bool started, lost;
	atomic_bool stop;
	VEC(struct taskstats_exit) heard; /* in the order in which they ended */
	group_list groups[2];		  /* [own] */
};

struct ctp_exits *ctp_exits_new(uint32_t parent)
{
	struct ctp_exits *x = xcalloc(1, sizeof(*x));

	x->parent = parent;
	return x;
}

void ctp_exits_add(struct ctp_exits *x, const struct taskstats_exit *t)
{
	if (x->heard.n < KEPT_MOST)
		vec_push(&x->heard, *t);
	else
		x->lost = true;
}

/* ---- listening ------------------------------------------------------------------------------- */

/* After the end what came before it is still read, without waiting for more: on some machines there
 * is always more, and on a few it comes faster than it is read. */
#define LATEST_NS NS_PER_SEC

static void *listen_on(void *arg)
{
	struct ctp_exits *x = arg;
	uint64_t until = UINT64_MAX;

	for (;;) {
		struct taskstats_exit t;
		int rc = taskstats_next_exit(x->socket, &t);

		if (rc > 0)
			ctp_exits_add(x, &t);
		else if (rc == -ENOBUFS)
			x->lost = true;
		else if (rc != -EBADMSG && (rc < 0 || atomic_load(&x->stop)))
			return NULL;
		if (until == UINT64_MAX && atomic_load(&x->stop)) {
			until = clock_mono_ns() + LATEST_NS;
			taskstats_wait_no_more(x->socket);
		} else if (clock_mono_ns() > until) {
			x->lost = true;
			return NULL;
		}
	}
}

static int begin(struct ctp_exits *x, struct err *e)
{
	struct sysroot *root = sysroot_open(NULL, e);
	char cpus[256] = "0";
	int rc;

	if (root)
		sysroot_line(root, "/sys/devices/system/cpu/possible", cpus, sizeof(cpus));
	sysroot_close(root);
	x->socket = taskstats_new(e);
	if (!x->socket)
		return -ENOENT;
	rc = taskstats_listen(x->socket, cpus);
	if (rc < 0)
		return err_sys(e, rc, "the kernel does not tell of tasks that end");
	rc = pthread_create(&x->thread, NULL, listen_on, x);
	x->started = rc == 0;
	return rc ? err_sys(e, rc, "cannot start a thread") : 0;
}

struct ctp_exits *ctp_exits_start(uint32_t parent, struct err *e)
{
	struct ctp_exits *x = ctp_exits_new(parent);

	if (begin(x, e) == 0)
		return x;
	ctp_exits_free(x);
	return NULL;
}

/* ---- what ended ------------------------------------------------------------------------------ */

static struct ctp_exit_group *group_of(struct map *known, group_list *groups, const char *comm)
{
	cleanup_str struct str name = STR_INIT;
	struct ctp_exit_group *g;

	name_pattern(comm, strlen(comm), &name);
	g = map_get(known, str_get(&name));
	if (g && strcmp(g->first, comm) != 0 && strcmp(g->comm, g->first) == 0) {
		free(g->comm);
		g->comm = str_steal(&name);
	}
	if (g)
		return g;
	g = xcalloc(1, sizeof(*g));
	g->comm = xstrdup(comm);
	snprintf(g->first, sizeof(g->first), "%s", comm);
	map_add(known, str_get(&name), g);
	vec_push(groups, g);
	return g;
}

static void add_to(struct ctp_exit_group *g, const struct taskstats_exit *t)
{
	uint64_t rss = t->hiwater_rss_kib * 1024;

	g->v[CTP_ENDED_TASKS]++;
	g->v[CTP_ENDED_RUN] += t->run_ns;
	g->v[CTP_ENDED_WAIT] += t->wait_ns;
	g->v[CTP_ENDED_VOLUNTARY] += t->voluntary_csw;
	g->v[CTP_ENDED_NONVOLUNTARY] += t->nonvoluntary_csw;
	g->v[CTP_ENDED_BLKIO] += t->blkio_ns;
	g->v[CTP_ENDED_MINFLT] += t->minflt;
	g->v[CTP_ENDED_MAJFLT] += t->majflt;
	g->v[CTP_ENDED_READ] += t->read_bytes;
	g->v[CTP_ENDED_WRITE] += t->write_bytes;
	if (rss > g->v[CTP_ENDED_RSS])
		g->v[CTP_ENDED_RSS] = rss;
}

static bool bit(const uint64_t *bits, uint32_t i)
{
	return i < PIDS && bits[i / 64] >> (i % 64) & 1;
}

static void set_bit(uint64_t *bits, uint32_t i, bool on)
{
	if (i < PIDS && on)
		bits[i / 64] |= 1ULL << (i % 64);
	else if (i < PIDS)
		bits[i / 64] &= ~(1ULL << (i % 64));
}

/* A parent ends after its children: from the last to the first, the number of a parent stands for
 * the process that had it when the child ended, although numbers are used again. */
static bool *find_own(const struct ctp_exits *x)
{
	cleanup_free uint64_t *own = xcalloc(PIDS / 64, sizeof(*own));
	bool *is_own = xcalloc(x->heard.n + 1, sizeof(*is_own));

	for (size_t i = x->heard.n; i-- > 0;) {
		const struct taskstats_exit *t = &x->heard.v[i];

		is_own[i] = t->ppid == x->parent || bit(own, t->ppid);
		set_bit(own, t->tid, is_own[i]);
	}
	return is_own;
}

static int by_time(const void *a, const void *b)
{
	const struct ctp_exit_group *x = *(struct ctp_exit_group *const *)a;
	const struct ctp_exit_group *y = *(struct ctp_exit_group *const *)b;

	if (x->v[CTP_ENDED_RUN] != y->v[CTP_ENDED_RUN])
		return x->v[CTP_ENDED_RUN] > y->v[CTP_ENDED_RUN] ? -1 : 1;
	return strcmp(x->comm, y->comm);
}

static void gather(struct ctp_exits *x)
{
	cleanup_free bool *is_own = find_own(x);
	struct map known[2] = {{0}};

	for (size_t i = 0; i < x->heard.n; i++) {
		const struct taskstats_exit *t = &x->heard.v[i];
		bool own = is_own[i];

		add_to(group_of(&known[own], &x->groups[own], t->comm), t);
	}
	for (int own = 0; own < 2; own++) {
		map_release(&known[own]);
		if (x->groups[own].n)
			qsort(x->groups[own].v, x->groups[own].n, sizeof(*x->groups[own].v),
				by_time);
	}
	free(x->heard.v);
	x->heard.v = NULL;
	x->heard.n = x->heard.cap = 0;
}

void ctp_exits_stop(struct ctp_exits *x)
{
	if (x->started) {
		atomic_store(&x->stop, true);
		pthread_join(x->thread, NULL);
		x->started = false;
	}
	if (x->heard.n)
		gather(x);
}

void ctp_exits_free(struct ctp_exits *x)
{
	if (!x)
		return;
	ctp_exits_stop(x);
	taskstats_free(x->socket);
	for (int own = 0; own < 2; own++) {
		for (size_t i = 0; i < x->groups[own].n; i++) {
			free(x->groups[own].v[i]->comm);
			free(x->groups[own].v[i]);
		}
		free(x->groups[own].v);
	}
	free(x);
}

const struct ctp_exit_group *ctp_exits_group(const struct ctp_exits *x, bool own, size_t i)
{
	return i < x->groups[own].n ? x->groups[own].v[i] : NULL;
}

bool ctp_exits_lost(const struct ctp_exits *x)
{
	return x->lost;
}
