/* What the threads of a group add up to: one loop a rule, by the rows of the registry. */
#include "probes/ctprof/sums.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/str.h"
#include "src/base/utf8.h"

unsigned ctp_range_slot(enum ctp_metric m)
{
	static const uint8_t slots[CTP_NPRIMARY] = {
		[CTM_nice] = 0,
		[CTM_priority] = 1,
		[CTM_rt_priority] = 2,
		[CTM_processor] = 3,
		[CTM_cpu_affinity] = 4,
	};

	return slots[m];
}

unsigned ctp_mode_slot(enum ctp_metric m)
{
	static const uint8_t slots[CTP_NPRIMARY] = {
		[CTM_policy] = 0,
		[CTM_state] = 1,
		[CTM_ext_enabled] = 2,
	};

	return slots[m];
}

/* ---- what was measured ----------------------------------------------------------------------- */

static bool is_delay(enum ctp_metric m)
{
	return m >= CTM_cpu_delay_count && m <= CTM_irq_delay_min_ns;
}

/* The flags of a thread speak for whole families (spec 3.2). */
static bool family_measured(const struct ctp_thread *t, enum ctp_metric m)
{
	if (m == CTM_allocated_bytes || m == CTM_deallocated_bytes)
		return t->v[CTP_jemalloc_measured];
	if (ctp_metrics[m].section != CTP_SEC_TASKSTATS_DELAY)
		return true;
	if (!t->v[CTP_taskstats_measured])
		return false;
	if (!is_delay(m))
		return t->v[CTP_xacct_active];
	return t->v[m <= CTM_cpu_delay_min_ns ? CTP_cpu_delay_active : CTP_delay_block_active];
}

static bool measured(const struct ctp_thread *t, enum ctp_metric m)
{
	int f = ctp_metrics[m].field;

	return family_measured(t, m) && (f < 0 || ctp_has(t, (enum ctp_field)f));
}

enum { FLAG_SETS = 32 };

static unsigned flag_set(const struct ctp_thread *t)
{
	unsigned set = 0;

	for (int f = CTP_taskstats_measured; f <= CTP_jemalloc_measured; f++)
		set = set << 1 | (t->v[f] != 0);
	return set;
}

/* Sets of measured metrics, worked out once for each set of flags and each absence in turn. */
struct measure {
	bool known[FLAG_SETS];
	struct ctp_metric_set by_flags[FLAG_SETS];
	const struct ctp_absence *absence; /* of by_absence */
	struct ctp_metric_set by_absence;
};

static struct ctp_metric_set measured_set(struct measure *w, const struct ctp_thread *t)
{
	unsigned flags = flag_set(t);
	struct ctp_metric_set set;

	if (!w->known[flags]) {
		for (unsigned m = 0; m < CTP_NPRIMARY; m++)
			if (family_measured(t, m))
				ctp_metric_add(&w->by_flags[flags], m);
		w->known[flags] = true;
	}
	set = w->by_flags[flags];
	if (!t->absence)
		return set;
	if (t->absence != w->absence) {
		w->absence = t->absence;
		w->by_absence = (struct ctp_metric_set){0};
		for (unsigned m = 0; m < CTP_NPRIMARY; m++)
			if (measured(t, m))
				ctp_metric_add(&w->by_absence, m);
	}
	set.bits[0] &= w->by_absence.bits[0];
	set.bits[1] &= w->by_absence.bits[1];
	return set;
}

/* ---- the rules ------------------------------------------------------------------------------- */

uint64_t ctp_saturate(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* A thread's value of a metric with a number of its own. */
static uint64_t value_of(
	const struct ctp_snapshot *s, const struct ctp_thread *t, enum ctp_metric m)
{
	if (m == CTM_thread_count)
		return 1;
	if (m == CTM_cpu_affinity)
		return ctp_cpus(s, t, CTP_cpu_affinity)->count;
	return t->v[ctp_metrics[m].field];
}

static void add_range(struct ctp_sums *to, enum ctp_metric m, bool first, int64_t v)
{
	int64_t *hi = &to->hi[ctp_range_slot(m)];

	if (first || v < (int64_t)to->v[m])
		to->v[m] = (uint64_t)v;
	if (first || v > *hi)
		*hi = v;
}

/* `set` is what of the thread counts. Modes are counted by count_modes(). */
static void add_thread(struct ctp_sums *to, const struct ctp_snapshot *s,
	const struct ctp_thread *t, const struct ctp_metric_set *set)
{
	for (unsigned m = 0; m < CTP_NPRIMARY; m++) {
		bool counts = ctp_metric_in(set, m), first = !ctp_metric_in(&to->present, m);
		uint64_t v;

		switch (ctp_metrics[m].rule) {
		case CTP_RULE_SUM:
			to->v[m] = ctp_saturate(to->v[m], value_of(s, t, m));
			break;
		case CTP_RULE_MAX:
			v = value_of(s, t, m);
			if (v > to->v[m])
				to->v[m] = v;
			break;
		case CTP_RULE_CPUS:
			if (counts && first)
				to->same = ctp_cpus(s, t, CTP_cpu_affinity);
			else if (counts && to->same != ctp_cpus(s, t, CTP_cpu_affinity))
				to->same = NULL;
			/* fall through */
		case CTP_RULE_RANGE:
			if (counts)
				add_range(to, m, first, (int64_t)value_of(s, t, m));
			break;
		case CTP_RULE_MODE:
			break;
		}
	}
	to->present.bits[0] |= set->bits[0];
	to->present.bits[1] |= set->bits[1];
}

static const char *mode_value(
	const struct ctp_snapshot *s, enum ctp_metric m, uint64_t v, struct arena *arena)
{
	char letter[5];

	if (m == CTM_policy)
		return s->strings[v];
	if (m == CTM_ext_enabled)
		return v ? "true" : "false";
	letter[utf8_encode((uint32_t)v, letter)] = '\0';
	return arena_strdup(arena, letter);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int by_value(const void *a, const void *b)
{
	return strcmp(((const struct ctp_tally *)a)->value, ((const struct ctp_tally *)b)->value);
}

/* Sorts the tallies and finds the most frequent: the first, bytewise, of several. */
void ctp_settle_mode(struct ctp_mode *mode, struct ctp_tally *tallies, size_t n)
{
	qsort(tallies, n, sizeof(*tallies), by_value);
	mode->tallies = tallies;
	mode->n = n;
	for (size_t i = 0; i < n; i++) {
		mode->total += tallies[i].count;
		if (tallies[i].count > tallies[mode->top].count)
			mode->top = i;
	}
}

/* `values` is n numbers; sorted here. */
static void count_mode(struct ctp_sums *to, const struct ctp_snapshot *s, enum ctp_metric m,
	uint64_t *values, size_t n, struct arena *arena)
{
	struct ctp_tally *tallies;
	size_t kinds = 0;

	qsort(values, n, sizeof(*values), by_number);
	for (size_t i = 0; i < n; i++)
		kinds += !i || values[i] != values[i - 1];
	tallies = arena_alloc(arena, (kinds + 1) * sizeof(*tallies));
	kinds = 0;
	for (size_t i = 0; i < n; i++) {
		if (!i || values[i] != values[i - 1])
			tallies[kinds++].value = mode_value(s, m, values[i], arena);
		tallies[kinds - 1].count++;
	}
	ctp_settle_mode(&to->modes[ctp_mode_slot(m)], tallies, kinds);
}

static const enum ctp_metric modes[CTP_NMODES] = {CTM_policy, CTM_state, CTM_ext_enabled};

/* A group's threads: those named in `members`, or the n ones from `first`. */
struct members {
	const struct ctp_snapshot *s;
	const uint32_t *number; /* NULL: just `only` */
	const struct ctp_thread *only;
	size_t n;
};

static const struct ctp_thread *member(const struct members *g, size_t i)
{
	return g->number ? ctp_thread_at(g->s, g->number[i]) : g->only;
}

static void count_modes(struct ctp_sums *to, const struct members *g, struct arena *arena)
{
	cleanup_free uint64_t *values = xcalloc(g->n + 1, sizeof(*values));

	for (int i = 0; i < CTP_NMODES; i++) {
		size_t n = 0;

		for (size_t k = 0; k < g->n; k++)
			if (measured(member(g, k), modes[i]))
				values[n++] = member(g, k)->v[ctp_metrics[modes[i]].field];
		count_mode(to, g->s, modes[i], values, n, arena);
	}
}

static void add_members(struct ctp_sums *to, const struct members *g, struct arena *arena)
{
	struct measure measure = {0};
	unsigned __int128 starts = 0;
	uint64_t started = 0;

	for (size_t i = 0; i < g->n; i++) {
		const struct ctp_thread *t = member(g, i);
		struct ctp_metric_set set = measured_set(&measure, t);

		add_thread(to, g->s, t, &set);
		starts += t->v[CTP_start_time_clock_ticks];
		started += t->v[CTP_start_time_clock_ticks] > 0;
	}
	to->threads = g->n;
	to->mean_start = started ? (uint64_t)(starts / started) : 0;
	count_modes(to, g, arena);
}

struct ctp_sums *ctp_sums_of(struct ctp_groups *g, unsigned side, size_t first, size_t n)
{
	struct ctp_sums *to = arena_alloc(g->arena, sizeof(*to));
	struct members m = {.s = g->snap[side], .number = g->members[side] + first, .n = n};

	to->members = m.number;
	add_members(to, &m, g->arena);
	return to;
}

void ctp_sums_of_thread(const struct ctp_snapshot *s, const struct ctp_thread *t, uint32_t number,
	struct arena *arena, struct ctp_sums *out)
{
	struct members m = {.s = s, .only = t, .n = 1};
	uint32_t *members = arena_alloc(arena, sizeof(*members));

	*out = (struct ctp_sums){0};
	*members = number;
	out->members = members;
	add_members(out, &m, arena);
}

/* ---- why not --------------------------------------------------------------------------------- */

enum ctp_why ctp_metric_why(const struct ctp_thread *t, enum ctp_metric m)
{
	int f = ctp_metrics[m].field;
	enum ctp_why why = f < 0 ? CTP_PRESENT : ctp_why(t, (enum ctp_field)f);

	if (why != CTP_PRESENT || family_measured(t, m))
		return why;
	/* A file without reasons: a family that was not measured was not asked for by the kernel's
	 * set-up, where taskstats answered; where it did not, by a lack of permission. */
	if (m == CTM_allocated_bytes || m == CTM_deallocated_bytes)
		return CTP_NO_APPL;
	return t->v[CTP_taskstats_measured] ? CTP_NO_CFG : CTP_NO_PERM;
}

enum ctp_why ctp_group_why(
	const struct ctp_snapshot *snap, const struct ctp_sums *s, enum ctp_metric m)
{
	uint64_t counts[CTP_NWHYS] = {0};
	enum ctp_why most = CTP_PRESENT;

	if (!s || ctp_sums_has(s, m))
		return CTP_PRESENT;
	for (size_t i = 0; i < s->threads; i++)
		counts[ctp_metric_why(ctp_thread_at(snap, s->members[i]), m)]++;
	for (int w = CTP_PRESENT + 1; w < CTP_NWHYS; w++)
		if (most == CTP_PRESENT || counts[w] > counts[most])
			most = (enum ctp_why)w;
	return most;
}
