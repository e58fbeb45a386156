/* Pressure of cgroups and of the machine, and sched_ext (spec 7, 7.3). */
#include <string.h>

#include "probes/ctprof/text_parts.h"

static const char *const resources[CTP_NPSI] = {"cpu", "memory", "io", "irq"};

static bool half_is_zero(const struct ctp_psi_half *h)
{
	return !h->avg10 && !h->avg60 && !h->avg300 && !h->total_usec;
}

static bool is_zero(const struct ctp_psi *p, int r)
{
	return half_is_zero(&p->r[r].some) && half_is_zero(&p->r[r].full);
}

/* Averages and total; b NULL: of one snapshot. a may be NULL too: no such cgroup there. */
static void half_cells(struct ctp_grid *g, const struct ctp_psi_half *a,
	const struct ctp_psi_half *b, bool compare)
{
	static const struct ctp_psi_half none = {0};
	const struct ctp_psi_half *x = a ? a : &none, *y = b ? b : &none;
	const unsigned before[] = {x->avg10, x->avg60, x->avg300};
	const unsigned after[] = {y->avg10, y->avg60, y->avg300};
	cleanup_str struct str cell = STR_INIT;

	for (int i = 0; i < 3; i++) {
		if (compare)
			ctp_cell_centi_change(&cell, before[i], after[i]);
		else
			ctp_cell_centi(&cell, before[i]);
		ctp_grid_take(g, 0, &cell);
	}
	if (compare)
		ctp_cell_change(&cell, (struct ctp_opt){a != NULL, x->total_usec},
			(struct ctp_opt){b != NULL, y->total_usec}, CTP_LADDER_US);
	else
		ctp_cell_u64(&cell, x->total_usec, CTP_LADDER_US);
	ctp_grid_take(g, 0, &cell);
}

/* Two rows; path NULL: the machine's. */
static void rows(struct ctp_grid *g, const char *path, const struct ctp_psi *a,
	const struct ctp_psi *b, int r, bool compare)
{
	if (path)
		ctp_grid_add(g, 0, path);
	ctp_grid_add(g, 0, "some");
	half_cells(g, a ? &a->r[r].some : NULL, b ? &b->r[r].some : NULL, compare);
	if (path)
		ctp_grid_add(g, 0, path);
	ctp_grid_add(g, 0, "full");
	half_cells(g, a ? &a->r[r].full : NULL, b ? &b->r[r].full : NULL, compare);
}

static void begin(struct ctp_sheet *s, struct ctp_grid *g, const char *what, int r, bool cgroups)
{
	static const char *const headers[] = {"cgroup", "row", "avg10", "avg60", "avg300", "total"};
	cleanup_free char *heading = xasprintf("%s / %s", what, resources[r]);

	ctp_sheet_blank(s);
	ctp_sheet_heading(s, heading);
	ctp_grid_init(g, ARRAY_LEN(headers) - !cgroups);
	for (size_t i = !cgroups; i < ARRAY_LEN(headers); i++)
		ctp_grid_add(g, 0, headers[i]);
}

static void end(struct ctp_sheet *s, struct ctp_grid *g)
{
	ctp_grid_write(g, s);
	ctp_grid_release(g);
}

static const struct ctp_psi *psi_of(const struct ctp_cgroup *c)
{
	return c ? &c->psi : NULL;
}

void ctp_text_pressures(struct ctp_sheet *s, const struct ctp_cgroup_pairs *p, bool compare)
{
	for (int r = 0; r < CTP_NPSI; r++) {
		bool any = false;
		struct ctp_grid g;

		for (size_t i = 0; i < p->n; i++)
			for (int side = 0; side < CTP_SIDES; side++)
				any |= p->v[i].side[side] && !is_zero(&p->v[i].side[side]->psi, r);
		if (!any)
			continue;
		begin(s, &g, "Pressure", r, true);
		for (size_t i = 0; i < p->n; i++)
			rows(&g, p->v[i].path, psi_of(p->v[i].side[CTP_BASE]),
				psi_of(p->v[i].side[CTP_CAND]), r, compare);
		end(s, &g);
	}
}

void ctp_text_host_pressure(
	struct ctp_sheet *s, const struct ctp_snapshot *a, const struct ctp_snapshot *b)
{
	for (int r = 0; r < CTP_NPSI; r++) {
		struct ctp_grid g;

		if (is_zero(&a->psi, r) && (!b || is_zero(&b->psi, r)))
			continue;
		begin(s, &g, "Host pressure", r, false);
		rows(&g, NULL, &a->psi, b ? &b->psi : NULL, r, b != NULL);
		end(s, &g);
	}
}

/* ---- sched_ext ------------------------------------------------------------------------------- */

static const char *const numbers[] = {"switch_all", "nr_rejected", "hotplug_seq", "enable_seq"};

static void values(const struct ctp_sched_ext *x, struct ctp_opt out[4])
{
	const uint64_t v[] = {x ? x->switch_all : 0, x ? x->nr_rejected : 0, x ? x->hotplug_seq : 0,
		x ? x->enable_seq : 0};

	for (int i = 0; i < 4; i++)
		out[i] = (struct ctp_opt){x != NULL, v[i]};
}

static const char *state_of(const struct ctp_sched_ext *x)
{
	return x && x->state && *x->state ? x->state : CTP_ABSENT;
}

static bool same(const struct ctp_sched_ext *x, const struct ctp_sched_ext *y)
{
	struct ctp_opt a[4], b[4];

	values(x, a);
	values(y, b);
	for (int i = 0; i < 4; i++)
		if (a[i].has != b[i].has || a[i].v != b[i].v)
			return false;
	return strcmp(state_of(x), state_of(y)) == 0;
}

void ctp_text_sched_ext(
	struct ctp_sheet *s, const struct ctp_snapshot *a, const struct ctp_snapshot *b)
{
	const struct ctp_sched_ext *x = a->sched_ext, *y = b ? b->sched_ext : NULL;
	cleanup_str struct str cell = STR_INIT;
	struct ctp_opt before[4], after[4];
	struct ctp_grid g;

	if (b ? same(x, y) : !x)
		return;
	ctp_sheet_blank(s);
	ctp_sheet_heading(s, "sched_ext");
	ctp_grid_init(&g, 2);
	ctp_grid_add(&g, 0, "attr");
	ctp_grid_add(&g, 0, "value");
	ctp_grid_add(&g, 0, "state");
	str_add(&cell, state_of(x));
	if (b && strcmp(state_of(x), state_of(y)) != 0)
		str_printf(&cell, " " CTP_ARROW " %s", state_of(y));
	ctp_grid_take(&g, 0, &cell);
	values(x, before);
	values(y, after);
	for (int i = 0; i < 4; i++) {
		ctp_grid_add(&g, 0, numbers[i]);
		if (b)
			ctp_cell_change(&cell, before[i], after[i], CTP_LADDER_COUNT);
		else
			ctp_cell_u64(&cell, before[i].v, CTP_LADDER_COUNT);
		ctp_grid_take(&g, 0, &cell);
	}
	end(s, &g);
}
