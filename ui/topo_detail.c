/* The lines below the topology: all that is known of what the cursor is on. */
#include <stdio.h>

#include "src/base/units.h"
#include "ui/topo_view.h"

static void add_cache(const struct topo *t, unsigned cpu, unsigned level, enum topo_cache_type type,
	const char *suffix, struct str *out)
{
	const struct topo_cache *c = topo_cache_of(t, cpu, level, type);

	if (!c || !c->size)
		return;
	str_printf(out, "  L%u%s ", level, suffix);
	units_bytes(out, c->size);
}

static void cpu_place(const struct topo_view *w, const struct topo_cpu *c, struct str *out)
{
	const struct topo *t = w->t;

	str_printf(out, "cpu %u:", c->id);
	if (!c->online) {
		str_add(out, " offline");
		return;
	}
	str_printf(out, " core %d", t->cores[c->core].id);
	if (cpuset_count(&t->cores[c->core].cpus) > 1) {
		str_add(out, "  smt ");
		cpuset_format(&t->cores[c->core].cpus, out);
	}
	add_cache(t, c->id, 1, TOPO_CACHE_DATA, "d", out);
	add_cache(t, c->id, 1, TOPO_CACHE_INSTRUCTION, "i", out);
	for (unsigned level = 1; level <= 4; level++)
		add_cache(t, c->id, level, TOPO_CACHE_UNIFIED, "", out);
	if (c->kind)
		str_printf(out, "  kind %s", c->kind);
	if (c->package >= 0 && t->npackages > 1)
		str_printf(out, "  package %d", c->package);
}

static void cpu_now(const struct topo_view *w, unsigned index, struct str *out)
{
	const struct topo_cpu *c = &w->t->cpus[index];
	const struct cpu_use *u = w->snap->uses ? cpu_use_of(w->snap->uses, c->id) : NULL;
	uint64_t khz = topo_view_khz(w, index);

	if (u)
		str_printf(out, "busy %.1f%%  user %.1f  sys %.1f  irq %.1f  wait %.1f  steal %.1f",
			u->busy * 100, u->user * 100, u->system * 100, u->irq * 100,
			u->iowait * 100, u->steal * 100);
	else if (c->online)
		str_add(out, "busy: not known yet");
	if (khz)
		str_printf(out, "  %.2fGHz", (double)khz / 1e6);
	else if (c->max_khz)
		str_printf(out, "  max %.2fGHz", (double)c->max_khz / 1e6);
	if (c->isolated)
		str_add(out, "  isolated");
	if (c->nohz_full)
		str_add(out, "  nohz_full");
	if (c->online && !c->allowed)
		str_add(out, "  closed to this process");
	if (w->hold[index].f) {
		str_add(out, "  ");
		topo_view_lock_text(w->hold[index].f, out);
	}
}

static void llc_detail(const struct topo_view *w, unsigned index, struct str *a, struct str *b)
{
	const struct topo_llc *l = &w->t->llcs[index];

	str_printf(a, "LLC %u: ", index);
	if (l->level) {
		str_printf(a, "L%u ", l->level);
		if (l->size)
			units_bytes(a, l->size);
	} else {
		str_add(a, "no cache described");
	}
	str_printf(a, "  node %u  %u core%s", l->node, l->ncores, l->ncores == 1 ? "" : "s");
	if (l->threads > 1)
		str_printf(a, " of %u threads", l->threads);
	str_add(b, "cpus ");
	cpuset_format(&l->cpus, b);
}

static void node_detail(const struct topo_view *w, unsigned index, struct str *a, struct str *b)
{
	const struct topo *t = w->t;
	const struct topo_node *n = &t->nodes[index];
	unsigned llcs = 0;

	for (unsigned i = 0; i < t->nllcs; i++)
		llcs += t->llcs[i].node == n->id;
	str_printf(a, "node %u: %u LLC%s", n->id, llcs, llcs == 1 ? "" : "s");
	if (t->nnodes > 1) {
		str_add(a, "  distances");
		for (unsigned i = 0; i < t->nnodes; i++)
			str_printf(a, " %u", t->distance[index * t->nnodes + i]);
	}
	if (!cpuset_empty(&n->cpus)) {
		str_add(b, "cpus ");
		cpuset_format(&n->cpus, b);
	}
}

void topo_view_detail(const struct topo_view *w, const struct paint *p, struct view v)
{
	cleanup_str struct str a = STR_INIT;
	cleanup_str struct str b = STR_INIT;

	if (w->cursor.kind == TOPO_CPU) {
		cpu_place(w, &w->t->cpus[w->cursor.index], &a);
		cpu_now(w, w->cursor.index, &b);
	} else if (w->cursor.kind == TOPO_LLC) {
		llc_detail(w, w->cursor.index, &a, &b);
	} else {
		node_detail(w, w->cursor.index, &a, &b);
	}
	view_field(v, 1, 1, v.at.cols - 2, theme_style(p->theme, THEME_TEXT), str_get(&a));
	view_field(v, 2, 1, v.at.cols - 2, theme_style(p->theme, THEME_DIM), str_get(&b));
}
