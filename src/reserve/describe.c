#include "src/reserve/describe.h"

#include <errno.h>
#include <stdlib.h>

#include "src/reserve/locks.h"

/* "0 (node 0), 2 (node 1)" */
static void list_llcs(const struct reserve_plan *p, const struct reserve_host *h, struct str *out)
{
	cleanup_cpuset struct cpuset all = CPUSET_INIT;
	bool first = true;

	cpuset_copy(&all, &p->llcs);
	cpuset_or(&all, &p->exclusive);
	cpuset_foreach (l, &all) {
		str_printf(out, "%s%d (node %u)", first ? "" : ", ", l, h->llcs[l].node);
		first = false;
	}
}

static void describe_mode(const struct reservation *r, struct str *out)
{
	str_add(out, "mode:    ");
	switch (r->mode) {
	case RESERVE_DEFAULT:
		str_add(out, r->overcommitted
				     ? "default, overcommitted: the guest does not fit 1:1 "
				       "and has no CPU of its own"
				     : "default: a CPU of its own for each vCPU");
		break;
	case RESERVE_BUDGET:
		str_printf(out, "budget: %u CPUs, shared", cpuset_count(&r->plan.cpus));
		break;
	case RESERVE_PERF:
		str_add(out, "performance: whole LLCs, vCPUs pinned");
		break;
	case RESERVE_NONE:
		str_add(out, "none: nothing is reserved");
		break;
	}
	str_addc(out, '\n');
}

static void set_line(const char *label, const struct cpuset *s, struct str *out)
{
	str_printf(out, "%-9s", label);
	cpuset_format(s, out);
	str_addc(out, '\n');
}

static void describe_placement(const struct reserve_plan *p, struct str *out)
{
	if (p->nvcpus)
		str_add(out, "vCPUs:   ");
	for (unsigned i = 0; i < p->nvcpus; i++)
		str_printf(out, "%s%u on %u", i ? ", " : "", i, p->vcpus[i]);
	if (p->nvcpus)
		str_addc(out, '\n');
	if (p->service >= 0)
		str_printf(out, "service: %d\n", p->service);
}

static void describe_locks(const struct reserve_plan *p, struct str *out)
{
	size_t n;
	cleanup_free struct reserve_lock *locks = reserve_locks_of(p, &n);

	for (size_t i = 0; i < n; i++) {
		cleanup_free char *path = reserve_lock_path(&locks[i]);

		str_printf(out, "%-9s%s %s\n",
			i ? "" : "locks:", locks[i].mode == LOCKFILE_EXCLUSIVE ? "EX" : "SH", path);
	}
}

void reserve_describe(const struct reservation *r, const struct reserve_host *h, struct str *out)
{
	const struct reserve_plan *p = &r->plan;
	cleanup_str struct str blockers = STR_INIT;

	describe_mode(r, out);
	if (!h)
		return;
	if (!cpuset_empty(&p->cpus)) {
		str_add(out, "LLCs:    ");
		list_llcs(p, h, out);
		str_addc(out, '\n');
		set_line("CPUs:", &p->cpus, out);
		set_line("nodes:", &p->nodes, out);
		describe_placement(p, out);
		describe_locks(p, out);
	}
	if (reserve_blockers(h, "", true, &blockers))
		str_printf(out, "holders: %s\n", blockers.s);
}

static void warn_nodes(const struct reserve_host *h, struct reservation *r)
{
	cleanup_str struct str llcs = STR_INIT;

	list_llcs(&r->plan, h, &llcs);
	strv_pushf(&r->warnings,
		"reserving LLCs [%s] across %u NUMA nodes (preferred single-node contiguous "
		"unavailable), work goes on with slower memory",
		str_get(&llcs), cpuset_count(&r->plan.nodes));
}

void reserve_warn(const struct reserve_request *q, const struct reserve_host *h, unsigned vcpus,
	struct reservation *r)
{
	unsigned have = r->overcommitted ? h->nallowed : cpuset_count(&r->plan.cpus);
	double factor = have ? (double)vcpus / have : 0;

	if (q->mode == RESERVE_BUDGET && cpuset_count(&r->plan.nodes) > 1)
		warn_nodes(h, r);
	if (vcpus <= have || (q->mode != RESERVE_BUDGET && !r->overcommitted))
		return;
	if (q->cap)
		strv_pushf(&r->warnings,
			"cpu_budget %u host CPUs < %u vCPUs (%.1fx oversubscription)", have, vcpus,
			factor);
	else
		strv_pushf(&r->warnings,
			"WARNING: only %u host CPUs available for %u vCPUs (%.1fx "
			"oversubscription). NOTHING opted into this: take no timing of this guest "
			"for real",
			have, vcpus, factor);
}

int reserve_busy_error(const struct reserve_request *q, const struct reserve_host *h,
	unsigned target, unsigned vcpus, unsigned attempts, struct err *e)
{
	cleanup_str struct str holders = STR_INIT;
	bool budget = q->mode == RESERVE_BUDGET;

	if (!reserve_blockers(h, budget ? "" : " busy", q->mode == RESERVE_PERF, &holders))
		str_add(&holders, "<none recorded>");
	if (budget)
		err_set(e, EBUSY,
			"acquire_llc_plan: could not reserve %u CPU(s) after %u attempts; holders: "
			"%s",
			target, attempts, holders.s);
	else
		err_set(e, EBUSY, "%sLLC slots busy: no CPUs for %u vCPU(s) after %u attempts; %s",
			q->mode == RESERVE_PERF ? "performance_mode: " : "", vcpus, attempts,
			holders.s);
	if (!q->wait_ns)
		err_hint(
			e, budget ? "--wait 1m waits until they let go"
				  : "--wait 1m waits until they let go, --no-perf-mode shares CPUs "
				    "with others");
	return err_hint(e, "`ktstr locks --json` lists who holds what");
}

void reserve_json(const struct reservation *r, struct json_out *j)
{
	cleanup_cpuset struct cpuset llcs = CPUSET_INIT;
	cleanup_str struct str cpus = STR_INIT, nodes = STR_INIT;

	cpuset_copy(&llcs, &r->plan.llcs);
	cpuset_or(&llcs, &r->plan.exclusive);
	cpuset_format(&r->plan.cpus, &cpus);
	cpuset_format(&r->plan.nodes, &nodes);
	json_key_str(j, "mode", reserve_mode_name(r->mode));
	json_key_bool(j, "overcommitted", r->overcommitted);
	json_key(j, "llcs");
	json_array(j);
	cpuset_foreach (l, &llcs)
		json_u64(j, (uint64_t)l);
	json_array_end(j);
	json_key_str(j, "cpus", str_get(&cpus));
	json_key_str(j, "nodes", str_get(&nodes));
	json_key(j, "vcpus");
	json_array(j);
	for (unsigned i = 0; i < r->plan.nvcpus; i++)
		json_u64(j, r->plan.vcpus[i]);
	json_array_end(j);
}
