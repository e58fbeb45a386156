/* What threads that are still there did between two captures, as a table of groups. */
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/text_parts.h"

struct column {
	const char *header;
	enum ctp_metric metric; /* a sum */
};
static const struct column columns[] = {
	{"run_time", CTM_run_time_ns},
	{"cpu_wait", CTM_wait_time_ns},
	{"switches", CTM_voluntary_csw},
	{"preempted", CTM_nonvoluntary_csw},
	{"migrations", CTM_nr_migrations},
	{"disk_wait", CTM_blkio_delay_total_ns},
	{"minflt", CTM_minflt},
	{"majflt", CTM_majflt},
	{"read", CTM_read_bytes},
	{"written", CTM_write_bytes},
};
enum { COLUMNS = ARRAY_LEN(columns) };

struct done {
	const struct ctp_key *key; /* NULL: the total */
	uint64_t threads[CTP_SIDES];
	bool has[COLUMNS];
	uint64_t v[COLUMNS];
};

/* ---- who was there before -------------------------------------------------------------------- */

static int by_tid(const void *a, const void *b)
{
	const struct ctp_thread *x = *(const struct ctp_thread *const *)a;
	const struct ctp_thread *y = *(const struct ctp_thread *const *)b;

	if (x->v[CTP_tid] != y->v[CTP_tid])
		return x->v[CTP_tid] < y->v[CTP_tid] ? -1 : 1;
	return 0;
}

/* Threads by their number, whatever they were called: workers change their names. Heap. */
static const struct ctp_thread **threads_by_tid(const struct ctp_snapshot *s)
{
	const struct ctp_thread **v = xcalloc(s->nthreads + 1, sizeof(*v));

	for (size_t i = 0; i < s->nthreads; i++)
		v[i] = ctp_thread_at(s, i);
	qsort(v, s->nthreads, sizeof(*v), by_tid);
	return v;
}

/* The same thread as it was; NULL: it came since. */
static const struct ctp_thread *as_it_was(
	const struct ctp_thread *const *before, size_t n, const struct ctp_thread *t)
{
	const struct ctp_thread *const *hit = bsearch(&t, before, n, sizeof(*before), by_tid);

	return hit && (*hit)->v[CTP_start_time_clock_ticks] == t->v[CTP_start_time_clock_ticks]
		       ? *hit
		       : NULL;
}

/* ---- what they did --------------------------------------------------------------------------- */

static void add_thread(const struct ctp_thread *was, const struct ctp_thread *is, struct done *out)
{
	for (int c = 0; c < COLUMNS; c++) {
		int field = ctp_metrics[columns[c].metric].field;
		uint64_t before = was ? was->v[field] : 0;

		out->v[c] += is->v[field] > before ? is->v[field] - before : 0;
	}
}

/* a: the group as it was, NULL = it was not. */
static void add_group(const struct ctp_diff *d, const struct ctp_thread *const *before,
	const struct ctp_sums *a, const struct ctp_sums *b, struct done *out)
{
	out->threads[CTP_BASE] = a ? a->threads : 0;
	out->threads[CTP_CAND] = b->threads;
	for (size_t i = 0; i < b->threads; i++) {
		const struct ctp_thread *t = ctp_thread_at(d->snap[CTP_CAND], b->members[i]);

		add_thread(as_it_was(before, d->snap[CTP_BASE]->nthreads, t), t, out);
	}
	for (int c = 0; c < COLUMNS; c++)
		out->has[c] = ctp_sums_has(b, columns[c].metric);
}

static bool did_something(const struct done *g)
{
	for (int c = 0; c < COLUMNS; c++)
		if (g->v[c])
			return true;
	return false;
}

static int by_time(const void *a, const void *b)
{
	const struct done *x = a, *y = b;
	uint64_t s = x->v[0] + x->v[1], t = y->v[0] + y->v[1];

	if (s != t)
		return s > t ? -1 : 1;
	return ctp_key_compare(x->key, y->key);
}

static void add_total(struct done *total, const struct done *g)
{
	for (int side = 0; side < CTP_SIDES; side++)
		total->threads[side] += g->threads[side];
	for (int c = 0; c < COLUMNS; c++) {
		total->has[c] |= g->has[c];
		total->v[c] += g->v[c];
	}
}

/* The total first, then the groups that did something; heap. */
static struct done *gather(const struct ctp_diff *d, size_t *n)
{
	struct done *v = xcalloc(d->npairs + d->nonly[CTP_CAND] + 1, sizeof(*v));
	size_t all = d->npairs + d->nonly[CTP_CAND];
	cleanup_free const struct ctp_thread **before = threads_by_tid(d->snap[CTP_BASE]);

	*n = 1;
	for (size_t i = 0; i < all; i++) {
		const struct ctp_matched *p = i < d->npairs ? &d->pairs[i] : NULL;
		const struct ctp_group *only = p ? NULL : d->only[CTP_CAND][i - d->npairs];
		struct done *g = &v[*n];

		*g = (struct done){.key = p ? &p->key : &only->key};
		add_group(d, before, p ? p->side[CTP_BASE] : NULL,
			p ? p->side[CTP_CAND] : only->side[CTP_CAND], g);
		add_total(&v[0], g);
		*n += did_something(g);
	}
	for (size_t i = 0; i < d->nonly[CTP_BASE]; i++)
		v[0].threads[CTP_BASE] += d->only[CTP_BASE][i]->side[CTP_BASE]->threads;
	qsort(v + 1, *n - 1, sizeof(*v), by_time);
	return v;
}

/* "make", or "qemu/vcpu" where the thread is called otherwise than its process. */
static void name_of(const struct ctp_key *k, enum ctp_axis axis, struct str *out)
{
	if (!k)
		str_add(out, "total");
	else if (axis != CTP_BY_ALL)
		str_add(out, k->part[0]);
	else if (strcmp(k->part[1], k->part[2]) == 0)
		str_add(out, k->part[1]);
	else
		str_printf(out, "%s/%s", k->part[1], k->part[2]);
}

static void add_line(struct ctp_grid *grid, const struct done *g, enum ctp_axis axis, bool cgroups)
{
	struct str cell = STR_INIT;

	name_of(g->key, axis, &cell);
	ctp_grid_take(grid, CTP_PLAIN_TEXT, &cell);
	ctp_cell_threads(&cell, g->threads[CTP_BASE], g->threads[CTP_CAND]);
	ctp_grid_take(grid, CTP_PLAIN_TEXT, &cell);
	for (int c = 0; c < COLUMNS; c++) {
		if (g->has[c])
			ctp_cell_u64(&cell, g->v[c], ctp_metrics[columns[c].metric].ladder);
		else
			str_add(&cell, CTP_ABSENT);
		ctp_grid_take(grid, CTP_PLAIN_TEXT, &cell);
	}
	if (cgroups)
		ctp_grid_add(grid, CTP_PLAIN_TEXT, g->key ? g->key->part[0] : "");
	str_release(&cell);
}

/* A column of nothing but the root is none. */
static bool have_cgroups(const struct done *v, size_t n, enum ctp_axis axis)
{
	for (size_t i = 1; axis == CTP_BY_ALL && i < n; i++)
		if (strcmp(v[i].key->part[0], "/") != 0)
			return true;
	return false;
}

void ctp_text_alive(
	const struct ctp_diff *d, bool colour, int width, uint64_t limit, struct str *out)
{
	struct ctp_sheet sheet = {.out = out, .colour = colour, .fit = width, .limit = limit};
	enum ctp_axis axis = d->groups->naming.axis;
	struct ctp_grid grid;
	size_t n;
	cleanup_free struct done *v = gather(d, &n);
	bool cgroups = have_cgroups(v, n, axis);

	if (n < 2)
		return;
	ctp_sheet_heading(&sheet, "Alive at the end");
	ctp_grid_init(&grid, 2 + COLUMNS + cgroups);
	ctp_grid_add(&grid, CTP_CYAN, axis == CTP_BY_ALL ? "name" : ctp_axis_header(axis));
	ctp_grid_add(&grid, CTP_CYAN, "threads");
	for (int c = 0; c < COLUMNS; c++)
		ctp_grid_add(&grid, CTP_CYAN, columns[c].header);
	if (cgroups)
		ctp_grid_add(&grid, CTP_CYAN, "cgroup");
	for (size_t i = 0; i < n; i++)
		add_line(&grid, &v[i], axis, cgroups);
	ctp_grid_write(&grid, &sheet);
	ctp_sheet_end(&sheet);
	ctp_sheet_blank(&sheet);
	ctp_grid_release(&grid);
}
