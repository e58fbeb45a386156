#include "src/reserve/reserve.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/units.h"
#include "src/reserve/describe.h"
#include "src/reserve/locks.h"
#include "src/reserve/wait.h"

/* spec/host B: four attempts, with these pauses between them. */
static const unsigned pauses_ms[] = {10, 50, 200};
enum { ATTEMPTS = ARRAY_LEN(pauses_ms) + 1 };

/* One call of ours. */
struct trying {
	const struct reserve_request *q;
	const struct reserve_shape *s;
	const struct reserve_context *cx;
	struct reserve_host h;
	bool overcommitted; /* the guest cannot be had 1:1, however free the host is */
	unsigned target;    /* CPUs of a budget */
};

static unsigned vcpus_of(const struct trying *t)
{
	return t->s ? reserve_vcpus(t->s) : 0;
}

static int check_budget(struct trying *t, struct err *e)
{
	t->target = t->q->cap ? t->q->cap : reserve_default_budget(&t->h, vcpus_of(t));
	if (t->target <= t->h.nallowed)
		return 0;
	err_set(e, ERANGE, "--cpu-cap N = %u exceeds the %u CPUs this process is allowed on",
		t->target, t->h.nallowed);
	return err_hint(e,
		"a smaller cap, or none: then three tenths of the CPUs are taken, and as "
		"many as the guest has");
}

/* Whether there ever is a plan, with nobody in the way. */
static int check_placed(struct trying *t, struct err *e)
{
	struct reserve_plan p;
	int rc;

	if (t->q->mode == RESERVE_PERF) {
		rc = reserve_plan_perf(&t->h, t->s, 0, &p, e);
		if (rc == -ERANGE)
			err_hint(e, "a smaller --topology, or without --perf-mode");
	} else {
		rc = reserve_plan_default(&t->h, t->s, 0, &p, NULL);
		t->overcommitted = rc == -ERANGE;
		rc = rc == -ERANGE ? 0 : rc;
	}
	reserve_plan_release(&p);
	return rc;
}

static int open_host(struct trying *t, struct err *e)
{
	struct sysroot *own = t->cx->root ? NULL : sysroot_open(NULL, e);
	const struct sysroot *r = t->cx->root ? t->cx->root : own;
	int rc = r ? reserve_host_open(&t->h, r, e) : -ENODEV;

	sysroot_close(own);
	return rc;
}

static int begin(struct trying *t, struct err *e)
{
	int rc = open_host(t, e);

	if (!rc)
		rc = t->q->mode == RESERVE_BUDGET ? check_budget(t, e) : check_placed(t, e);
	return rc;
}

static int make_plan(const struct trying *t, struct reserve_plan *out, struct err *e)
{
	/* Starters that do not know of each other spread over the host. */
	unsigned offset = (unsigned)getpid() % t->h.topo->nllcs;

	if (t->q->mode == RESERVE_BUDGET)
		return reserve_plan_budget(&t->h, t->target, out, e);
	if (t->q->mode == RESERVE_PERF)
		return reserve_plan_perf(&t->h, t->s, offset, out, e);
	if (t->overcommitted)
		return reserve_plan_overcommitted(&t->h, out, e);
	return reserve_plan_default(&t->h, t->s, offset, out, e);
}

/* A plan may need an LLC that is known to be taken when nothing else would do. */
static bool is_blocked(const struct trying *t, const struct reserve_plan *p)
{
	cpuset_foreach (l, &p->llcs)
		if (t->h.llcs[l].exclusive)
			return true;
	return false;
}

/* A lock turned out to be held (by somebody of another pid namespace, or since we looked): plan
 * around it. */
static void learn(struct trying *t, const struct reserve_lock *busy)
{
	if (busy->kind == LOCKFILE_LLC)
		t->h.llcs[busy->number].exclusive = true;
	else
		cpuset_add(&t->h.busy, busy->number);
}

/* Every failure excludes one lock more, so this ends. */
static int attempt(struct trying *t, struct reservation *out, struct err *e)
{
	reserve_look(&t->h, t->q->mode != RESERVE_BUDGET, true);
	for (;;) {
		cleanup_free struct reserve_lock *locks = NULL;
		struct reserve_lock busy;
		int rc = make_plan(t, &out->plan, e);

		if (rc)
			return rc;
		if (is_blocked(t, &out->plan)) {
			reserve_plan_release(&out->plan);
			return -EBUSY;
		}
		locks = reserve_locks_of(&out->plan, &out->nlocks);
		out->locks = xcalloc(out->nlocks + 1, sizeof(*out->locks));
		rc = reserve_take(locks, out->nlocks, out->locks, &busy, e);
		if (!rc)
			return 0;
		free(take_ptr(out->locks));
		out->nlocks = 0;
		reserve_plan_release(&out->plan);
		if (rc != -EWOULDBLOCK)
			return rc;
		learn(t, &busy);
	}
}

static void tell_waiting(struct trying *t)
{
	cleanup_str struct str text = STR_INIT;

	if (!t->cx->note)
		return;
	str_add(&text, "waiting up to ");
	units_duration(&text, t->q->wait_ns);
	str_add(&text, " for CPUs of this host: ");
	if (!reserve_blockers(&t->h, " busy", t->q->mode == RESERVE_PERF, &text))
		str_add(&text, "another took them just now");
	t->cx->note(t->cx->user, text.s);
}

/* What comes before the next attempt. 0, or why there is none. */
static int pause_before(
	struct trying *t, unsigned attempts, uint64_t deadline, struct reserve_waiter *w)
{
	if (attempts < ATTEMPTS)
		return reserve_sleep(pauses_ms[attempts - 1], t->cx);
	if (!t->q->wait_ns)
		return -EBUSY;
	if (attempts == ATTEMPTS) {
		reserve_waiter_open(w); /* from here on nothing is missed */
		tell_waiting(t);
		return 0;
	}
	return reserve_waiter_wait(w, deadline, t->cx);
}

static void find_vcpu_nodes(const struct reserve_host *h, struct reservation *r)
{
	r->numa = h->topo->nnodes > 1;
	r->vcpu_nodes = xcalloc(r->plan.nvcpus + 1, sizeof(*r->vcpu_nodes));
	for (unsigned i = 0; i < r->plan.nvcpus; i++)
		r->vcpu_nodes[i] = topo_cpu(h->topo, r->plan.vcpus[i])->node;
}

static int try_and_wait(struct trying *t, struct reservation *out, struct err *e)
{
	uint64_t deadline = clock_mono_ns() + t->q->wait_ns;
	struct reserve_waiter w = {.fd = -1};
	unsigned attempts = 0;
	int rc, paused = 0;

	do {
		rc = attempt(t, out, e);
		attempts++;
		if (rc == -EBUSY)
			paused = pause_before(t, attempts, deadline, &w);
	} while (rc == -EBUSY && !paused);
	reserve_waiter_close(&w);
	if (rc != -EBUSY)
		return rc;
	if (paused == -ECANCELED)
		return err_set(e, ECANCELED, "cancelled while waiting for CPUs");
	return reserve_busy_error(t->q, &t->h, t->target, vcpus_of(t), attempts, e);
}

/* No locks: every CPU that is allowed, where that can be told. */
static int reserve_nothing(struct reservation *out)
{
	out->mode = RESERVE_NONE;
	cpuset_affinity(&out->plan.cpus);
	return 0;
}

static int without_topology(const struct reserve_request *q, struct reservation *out, struct err *e)
{
	if (q->cap || q->mode == RESERVE_PERF)
		return err_prefix(e, "%s: host LLC topology unreadable",
			q->cap ? "--cpu-cap" : "performance_mode");
	strv_pushf(&out->warnings, "host LLC topology unreadable, nothing is reserved: %s",
		e ? e->msg : "");
	err_clear(e);
	return reserve_nothing(out);
}

int reserve_check(const struct reserve_request *q, const struct reserve_shape *s,
	const struct reserve_context *cx, struct err *e)
{
	struct trying t = {.q = q, .s = s, .cx = cx};
	int rc;

	/* neither asks for anything that a host could lack; what may be wrong with the host
	 * reserve_acquire() says, which reads it again */
	if (!q->cap && q->mode != RESERVE_PERF)
		return 0;
	rc = begin(&t, e);
	if (t.h.topo)
		reserve_host_release(&t.h);
	return rc;
}

int reserve_acquire(const struct reserve_request *q, const struct reserve_shape *s,
	const struct reserve_context *cx, struct reservation *out, struct err *e)
{
	struct trying t = {.q = q, .s = s, .cx = cx};
	struct err local = ERR_INIT;
	int rc;

	*out = (struct reservation){.mode = q->mode, .plan = RESERVE_PLAN_INIT};
	if (q->mode == RESERVE_NONE)
		return reserve_nothing(out);
	if (!e)
		e = &local;
	rc = begin(&t, e);
	if (rc == -ENODEV && !t.h.topo)
		return without_topology(q, out, e);
	if (!rc)
		rc = try_and_wait(&t, out, e);
	out->overcommitted = t.overcommitted;
	if (!rc) {
		find_vcpu_nodes(&t.h, out);
		reserve_warn(q, &t.h, vcpus_of(&t), out);
	}
	if (t.h.topo)
		reserve_host_release(&t.h);
	if (rc)
		reservation_release(out);
	return rc;
}

int reserve_preview(const struct reserve_request *q, const struct reserve_shape *s,
	const struct reserve_context *cx, struct str *out, struct err *e)
{
	struct trying t = {.q = q, .s = s, .cx = cx};
	struct reservation r = {.mode = q->mode, .plan = RESERVE_PLAN_INIT};
	int rc = q->mode == RESERVE_NONE ? 0 : begin(&t, e);

	if (!rc && q->mode != RESERVE_NONE) {
		reserve_look(&t.h, q->mode != RESERVE_BUDGET, false);
		rc = make_plan(&t, &r.plan, e);
		r.overcommitted = t.overcommitted;
	}
	if (!rc || rc == -EBUSY)
		reserve_describe(&r, q->mode == RESERVE_NONE ? NULL : &t.h, out);
	if (!rc && is_blocked(&t, &r.plan))
		rc = -EBUSY;
	if (rc == -EBUSY)
		reserve_busy_error(q, &t.h, t.target, vcpus_of(&t), 1, e);
	else if (!rc && t.h.topo)
		reserve_warn(q, &t.h, vcpus_of(&t), &r);
	for (size_t i = 0; i < r.warnings.n; i++)
		str_printf(out, "note:    %s\n", r.warnings.v[i]);
	reservation_release(&r);
	if (t.h.topo)
		reserve_host_release(&t.h);
	return rc;
}

void reservation_release(struct reservation *r)
{
	reserve_let_go(r->locks, r->nlocks);
	free(r->locks);
	free(r->vcpu_nodes);
	reserve_plan_release(&r->plan);
	strv_release(&r->warnings);
	*r = (struct reservation){.plan = RESERVE_PLAN_INIT};
}

unsigned reserve_jobs(const struct reservation *r)
{
	unsigned n = cpuset_count(&r->plan.cpus);
	long online = n ? 0 : sysconf(_SC_NPROCESSORS_ONLN);

	return n ? n : online > 0 ? (unsigned)online : 1;
}

int reserve_confine(const struct reservation *r)
{
	return cpuset_empty(&r->plan.cpus) ? 0 : cpuset_confine(0, &r->plan.cpus);
}
