/* The tables of cgroups: counters, limits, memory (spec 7 and 7.1). */
#include <stddef.h>
#include <string.h>

#include "probes/ctprof/text_parts.h"

struct tables {
	struct ctp_sheet *s;
	const struct ctp_cgroup_pairs *p;
	bool compare;
	struct str cell;
};

static void begin(struct ctp_sheet *s, const char *heading, struct ctp_grid *g,
	const char *const *headers, size_t n)
{
	ctp_sheet_blank(s);
	if (heading)
		ctp_sheet_heading(s, heading);
	ctp_grid_init(g, n);
	for (size_t i = 0; i < n; i++)
		ctp_grid_add(g, 0, headers[i]);
}

static void end(struct ctp_sheet *s, struct ctp_grid *g)
{
	ctp_grid_write(g, s);
	ctp_grid_release(g);
}

/* A number of both sides, or of the one that show has. */
static void number(
	struct tables *t, struct ctp_grid *g, struct ctp_opt a, struct ctp_opt b, enum ctp_ladder l)
{
	if (t->compare)
		ctp_cell_change(&t->cell, a, b, l);
	else if (a.has)
		ctp_cell_u64(&t->cell, a.v, l);
	else
		str_add(&t->cell, CTP_ABSENT);
	ctp_grid_take(g, 0, &t->cell);
}

#define FIELD_OF(group, field) ((struct ctp_opt){(group) != NULL, (group) ? (group)->field : 0})
#define OPT_OF(group, field)   ((group) ? (group)->field : (struct ctp_opt){0})

static void stats(struct tables *t)
{
	static const char *const headers[] = {
		"cgroup", "cpu_usage_usec", "nr_throttled", "throttled_usec", "memory_current"};
	struct ctp_grid g;

	begin(t->s, t->compare ? "CgroupStats" : NULL, &g, headers, ARRAY_LEN(headers));
	for (size_t i = 0; i < t->p->n; i++) {
		const struct ctp_cgroup *a = t->p->v[i].side[CTP_BASE];
		const struct ctp_cgroup *b = t->p->v[i].side[CTP_CAND];

		ctp_grid_add(&g, 0, t->p->v[i].path);
		number(t, &g, FIELD_OF(a, usage_usec), FIELD_OF(b, usage_usec), CTP_LADDER_US);
		number(t, &g, FIELD_OF(a, nr_throttled), FIELD_OF(b, nr_throttled),
			CTP_LADDER_COUNT);
		number(t, &g, FIELD_OF(a, throttled_usec), FIELD_OF(b, throttled_usec),
			CTP_LADDER_US);
		number(t, &g, FIELD_OF(a, memory_current), FIELD_OF(b, memory_current),
			CTP_LADDER_BYTES);
	}
	end(t->s, &g);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void quota(struct str *out, const struct ctp_cgroup *c)
{
	if (!c) {
		str_add(out, CTP_ABSENT);
		return;
	}
	if (c->max_quota_us.has)
		ctp_cell_u64(out, c->max_quota_us.v, CTP_LADDER_US);
	else
		str_add(out, "max");
	str_addc(out, '/');
	ctp_cell_u64(out, c->max_period_us, CTP_LADDER_US);
}

static void limit(struct str *out, struct ctp_opt v, enum ctp_ladder l)
{
	if (v.has)
		ctp_cell_u64(out, v.v, l);
	else
		str_add(out, "max");
}

/* "a -> b", or just a where both are the same. */
static void both(struct tables *t, struct ctp_grid *g, struct str *a, struct str *b)
{
	str_add(&t->cell, str_get(a));
	if (t->compare && strcmp(str_get(a), str_get(b)) != 0)
		str_printf(&t->cell, " " CTP_ARROW " %s", str_get(b));
	ctp_grid_take(g, 0, &t->cell);
	str_clear(a);
	str_clear(b);
}

static bool has_limits(const struct ctp_cgroup *c)
{
	return c && (c->max_quota_us.has || c->weight.has || c->memory_max.has ||
			    c->memory_high.has || c->pids_current.has || c->pids_max.has);
}

static void limits_row(struct tables *t, struct ctp_grid *g, const struct ctp_cgroup_pair *p)
{
	const struct ctp_cgroup *a = p->side[CTP_BASE], *b = p->side[CTP_CAND];
	cleanup_str struct str x = STR_INIT, y = STR_INIT;

	ctp_grid_add(g, 0, p->path);
	quota(&x, a);
	quota(&y, b);
	both(t, g, &x, &y);
	number(t, g, OPT_OF(a, weight), OPT_OF(b, weight), CTP_LADDER_COUNT);
	limit(&x, OPT_OF(a, memory_max), CTP_LADDER_BYTES);
	limit(&y, OPT_OF(b, memory_max), CTP_LADDER_BYTES);
	both(t, g, &x, &y);
	limit(&x, OPT_OF(a, memory_high), CTP_LADDER_BYTES);
	limit(&y, OPT_OF(b, memory_high), CTP_LADDER_BYTES);
	both(t, g, &x, &y);
	number(t, g, OPT_OF(a, pids_current), OPT_OF(b, pids_current), CTP_LADDER_COUNT);
	limit(&x, OPT_OF(a, pids_max), CTP_LADDER_COUNT);
	limit(&y, OPT_OF(b, pids_max), CTP_LADDER_COUNT);
	both(t, g, &x, &y);
}

static void limits(struct tables *t)
{
	static const char *const headers[] = {"cgroup", "cpu.max", "cpu.weight", "memory.max",
		"memory.high", "pids.current", "pids.max"};
	struct ctp_grid g;
	bool any = false;

	for (size_t i = 0; i < t->p->n; i++)
		any |= has_limits(t->p->v[i].side[CTP_BASE]) ||
		       has_limits(t->p->v[i].side[CTP_CAND]);
	if (!any)
		return;
	begin(t->s, "Cgroup limits / knobs", &g, headers, ARRAY_LEN(headers));
	for (size_t i = 0; i < t->p->n; i++)
		if (has_limits(t->p->v[i].side[CTP_BASE]) || has_limits(t->p->v[i].side[CTP_CAND]))
			limits_row(t, &g, &t->p->v[i]);
	end(t->s, &g);
}

/* ---- maps: memory.stat, memory.events and more ------------------------------------------------
 */

struct map_table {
	enum ctp_section section;
	const char *key, *value; /* headers */
	size_t offset;
	bool units; /* what the key says of them; the specified tables show bare counts */
};
static const struct map_table map_tables[] = {
	{CTP_SEC_MEMORY_STAT, "key", "value", offsetof(struct ctp_cgroup, memory_stat), false},
	{CTP_SEC_MEMORY_EVENTS, "event", "count", offsetof(struct ctp_cgroup, memory_events),
		false},
	{CTP_SEC_CGROUP_MORE, "key", "value", offsetof(struct ctp_cgroup, more), true},
};

static const struct ctp_map *map_of(const struct ctp_cgroup *c, const struct map_table *m)
{
	static const struct ctp_map none = {0};

	return c ? (const struct ctp_map *)((const char *)c + m->offset) : &none;
}

static enum ctp_ladder unit_of(const char *key)
{
	if (str_ends(key, "_usec"))
		return CTP_LADDER_US;
	if (str_starts(key, "memory.") || str_ends(key, "bytes"))
		return CTP_LADDER_BYTES;
	return CTP_LADDER_COUNT;
}

/* The next key of two sorted maps, with what each has. */
static bool next_key(const struct ctp_map *a, const struct ctp_map *b, uint32_t *i, uint32_t *k,
	const char **key, struct ctp_opt out[CTP_SIDES])
{
	int by;

	if (*i == a->n && *k == b->n)
		return false;
	by = *i == a->n ? 1 : *k == b->n ? -1 : strcmp(a->pairs[*i].key, b->pairs[*k].key);
	*key = by <= 0 ? a->pairs[*i].key : b->pairs[*k].key;
	out[CTP_BASE] = out[CTP_CAND] = (struct ctp_opt){0};
	if (by <= 0)
		out[CTP_BASE] = (struct ctp_opt){true, a->pairs[(*i)++].v};
	if (by >= 0)
		out[CTP_CAND] = (struct ctp_opt){true, b->pairs[(*k)++].v};
	return true;
}

/* Whether the table is there at all: show wants a value that is not 0, compare any value. */
static bool has_values(const struct tables *t, const struct map_table *table)
{
	for (size_t i = 0; i < t->p->n; i++) {
		for (int side = 0; side < CTP_SIDES; side++) {
			const struct ctp_map *m = map_of(t->p->v[i].side[side], table);

			for (uint32_t k = 0; k < m->n; k++)
				if (t->compare || m->pairs[k].v)
					return true;
		}
	}
	return false;
}

static void map_rows(struct tables *t, const struct map_table *table,
	const struct ctp_cgroup_pair *p, struct ctp_grid *g)
{
	const struct ctp_map *a = map_of(p->side[CTP_BASE], table);
	const struct ctp_map *b = map_of(p->side[CTP_CAND], table);
	struct ctp_opt v[CTP_SIDES];
	const char *key;
	uint32_t i = 0, k = 0;

	while (next_key(a, b, &i, &k, &key, v)) {
		if (v[CTP_BASE].v == v[CTP_CAND].v)
			continue; /* show has nothing on the other side: 0 */
		ctp_grid_add(g, 0, p->path);
		ctp_grid_add(g, 0, key);
		number(t, g, v[CTP_BASE], v[CTP_CAND],
			table->units ? unit_of(key) : CTP_LADDER_COUNT);
	}
}

static void maps(struct tables *t, const struct map_table *table)
{
	const char *const headers[] = {"cgroup", table->key, table->value};
	struct ctp_grid g;

	if (!has_values(t, table))
		return;
	begin(t->s, ctp_sections[table->section].heading, &g, headers, ARRAY_LEN(headers));
	for (size_t c = 0; c < t->p->n; c++)
		map_rows(t, table, &t->p->v[c], &g);
	end(t->s, &g);
}

void ctp_text_cgroups(
	struct ctp_sheet *s, struct ctp_groups *g, const struct ctp_view *v, bool compare)
{
	struct ctp_cgroup_pairs p;
	struct tables t = {.s = s, .p = &p, .compare = compare};

	if (g->naming.axis != CTP_BY_CGROUP)
		return;
	p = ctp_pair_cgroups(g);
	if (!p.n)
		return;
	if (ctp_view_has(v, CTP_SEC_CGROUP_STATS))
		stats(&t);
	if (ctp_view_has(v, CTP_SEC_CGROUP_LIMITS))
		limits(&t);
	for (size_t i = 0; i < ARRAY_LEN(map_tables); i++)
		if (ctp_view_has(v, map_tables[i].section))
			maps(&t, &map_tables[i]);
	if (ctp_view_has(v, CTP_SEC_PRESSURE))
		ctp_text_pressures(s, &p, compare);
	str_release(&t.cell);
}
