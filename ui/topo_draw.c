/* The topology pane's lines as cells. Pure. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/units.h"
#include "src/base/utf8.h"
#include "ui/topo_view.h"

enum {
	BAR_MAX = 40,
	NAME_WIDTH = 11, /* with the fold mark before it */
};

struct draw {
	const struct topo_view *w;
	const struct paint *p;
	struct view v;
};

static struct ui_style style(const struct draw *d, enum theme_role role)
{
	return theme_style(d->p->theme, role);
}

static bool is_cursor(const struct draw *d, enum topo_kind kind, unsigned index)
{
	return d->w->cursor.kind == kind && d->w->cursor.index == index;
}

/* What search and cursor lay over an item's own style. */
static struct ui_style marked(
	const struct draw *d, enum topo_kind kind, unsigned index, struct ui_style s)
{
	struct topo_item item = {kind, index};

	if (is_cursor(d, kind, index))
		return theme_over(
			s, style(d, d->p->focused ? THEME_SELECTED : THEME_SELECTED_IDLE));
	if (kind == TOPO_CPU && cpuset_has(&d->w->shown, d->w->t->cpus[index].id))
		return theme_over(s, style(d, THEME_MATCH));
	if (d->w->find && topo_view_matches(d->w, item, d->w->find))
		return theme_over(s, style(d, THEME_MATCH));
	return s;
}

/* What is not below zero, rounded; lround() would have libm loaded at every start. */
static unsigned whole(double v)
{
	return (unsigned)(v + 0.5);
}

/* "43%", "-" when it is not known. */
static void percent_text(double v, char *out, size_t n, const char *unit)
{
	if (isnan(v))
		snprintf(out, n, "-");
	else
		snprintf(out, n, "%.0f%s", v, unit);
}

/* How busy all of a header's CPUs are, behind its name. */
static int header_percent(const struct draw *d, int row, int col, double v)
{
	char text[16];

	percent_text(v, text, sizeof(text), "%");
	col = col < NAME_WIDTH ? NAME_WIDTH : col;
	return view_printf(d->v, row, col, theme_heat(d->p->theme, v), "%5s", text) + 2;
}

static struct ui_style node_style(const struct draw *d, unsigned node_id)
{
	const struct topo_node *n = topo_node(d->w->t, node_id);

	return theme_series(d->p->theme, n ? (unsigned)(n - d->w->t->nodes) : 0);
}

/* ---- nodes and LLCs -------------------------------------------------------------------------- */

static void memory_text(const struct draw *d, const struct topo_node *n, struct str *out)
{
	const struct cpustat *s = d->w->snap->stat;
	uint64_t total = n->mem_total, unused = n->mem_free;

	for (size_t i = 0; s && i < s->nnodes; i++) {
		if (s->nodes[i].node != n->id)
			continue;
		total = s->nodes[i].mem_total;
		unused = s->nodes[i].mem_free;
	}
	if (!total)
		return;
	str_add(out, "  mem ");
	units_bytes(out, total);
	str_add(out, "  free ");
	units_bytes(out, unused);
}

static void draw_node(const struct draw *d, int row, unsigned index)
{
	const struct topo_node *n = &d->w->t->nodes[index];
	unsigned cpus = cpuset_count(&n->cpus);
	cleanup_str struct str text = STR_INIT;
	struct ui_style s = style(d, THEME_STRONG);
	int col;

	if (d->w->colour == TOPO_BY_NODE)
		s = theme_over(node_style(d, n->id),
			(struct ui_style){.bg = UI_DEFAULT, .fg = UI_DEFAULT, .attr = UI_BOLD});
	col = view_printf(d->v, row, 1, marked(d, TOPO_NODE, index, s), "NODE %u", n->id);
	if (cpus)
		str_printf(&text, "%u cpu%s", cpus, cpus == 1 ? "" : "s");
	else
		str_add(&text, "memory only");
	memory_text(d, n, &text);
	if (cpus)
		col = header_percent(d, row, col, topo_view_node_busy(d->w, index));
	else
		col = NAME_WIDTH + 7;
	view_field(d->v, row, col, d->v.at.cols - col - 1, style(d, THEME_DIM), str_get(&text));
}

/* One cell a CPU, or a few CPUs a cell where there is no room: how busy the folded LLC's parts are.
 */
static void draw_strip(const struct draw *d, int row, int col, int width, unsigned llc)
{
	const struct topo_grid *g = &d->w->grid[llc];
	unsigned n = g->ncores * g->threads, per, at = 0;

	if (width < 4 || !n)
		return;
	per = (n + (unsigned)width - 1) / (unsigned)width;
	for (unsigned i = 0; i < n; i += per) {
		double sum = 0;
		unsigned known = 0, level;

		for (unsigned k = i; k < i + per && k < n; k++) {
			double busy =
				g->cpu[k] == TOPO_HOLE ? NAN : topo_view_busy(d->w, g->cpu[k]);

			if (isnan(busy))
				continue;
			sum += busy;
			known++;
		}
		level = known ? whole(sum / known / 100 * 8) : 0;
		level = known && sum / known >= 1 && !level ? 1 : level;
		view_fill(d->v, row, col + (int)at++, 1, 1,
			theme_heat(d->p->theme, known ? sum / known : 0),
			known ? d->p->glyphs->level[level > 8 ? 8 : level] : '-');
	}
}

static void draw_llc(const struct draw *d, int row, unsigned index)
{
	const struct topo_llc *l = &d->w->t->llcs[index];
	unsigned cpus = cpuset_count(&l->cpus);
	const struct locks_file *lock = topo_view_llc_lock(d->w, index);
	bool folded = d->w->folded[index];
	cleanup_str struct str text = STR_INIT;
	struct ui_style s = style(d, THEME_STRONG);
	int col, width;

	if (d->w->mode == TOPO_DISTANCE)
		folded = true;
	if (d->w->colour == TOPO_BY_NODE)
		s = node_style(d, l->node);
	view_fill(d->v, row, 1, 1, 1, style(d, THEME_DIM),
		folded ? d->p->glyphs->closed : d->p->glyphs->open);
	col = view_printf(d->v, row, 3, marked(d, TOPO_LLC, index, s), "LLC %u", index);
	col = header_percent(d, row, col, topo_view_llc_busy(d->w, index));
	if (l->level)
		str_printf(&text, "L%u ", l->level);
	if (l->size)
		units_bytes(&text, l->size);
	while (text.len < 9)
		str_addc(&text, ' ');
	if (lock)
		topo_view_lock_text(lock, &text);
	else
		str_printf(&text, "%u core%s %u cpu%s", l->ncores, l->ncores == 1 ? "" : "s", cpus,
			cpus == 1 ? "" : "s");
	width = (int)utf8_width(str_get(&text));
	width = width < d->v.at.cols - col - 1 ? width : d->v.at.cols - col - 1;
	col = view_field(
		d->v, row, col, width, style(d, lock ? THEME_TEXT : THEME_DIM), str_get(&text));
	if (folded)
		draw_strip(d, row, col + 2, d->v.at.cols - col - 3, index);
}

/* ---- the grid -------------------------------------------------------------------------------- */

static struct ui_style frequency_style(const struct draw *d, unsigned cpu)
{
	uint64_t khz = topo_view_khz(d->w, cpu), most = d->w->t->cpus[cpu].max_khz;

	return khz && most ? theme_heat(d->p->theme, (double)khz * 100 / (double)most)
			   : style(d, THEME_TEXT);
}

static struct ui_style hold_style(const struct draw *d, const struct topo_hold *h)
{
	if (!h->f)
		return style(d, THEME_DIM);
	if (d->w->colour == TOPO_BY_HOLDER)
		return theme_series(d->p->theme, h->series);
	return style(d, h->mark == '!' ? THEME_ALERT : h->mark == 'X' ? THEME_STRONG : THEME_TEXT);
}

static struct ui_style number_style(const struct draw *d, unsigned cpu)
{
	const struct topo_cpu *c = &d->w->t->cpus[cpu];

	if (d->w->colour == TOPO_BY_NODE)
		return node_style(d, c->node);
	if (d->w->colour == TOPO_BY_HOLDER && d->w->hold[cpu].f)
		return hold_style(d, &d->w->hold[cpu]);
	return style(d, c->allowed ? THEME_TEXT : THEME_DIM);
}

static void cell_text(const struct draw *d, enum topo_line_kind kind, unsigned cpu, char *out,
	size_t n, struct ui_style *s)
{
	const struct topo_cpu *c = &d->w->t->cpus[cpu];
	double busy = topo_view_busy(d->w, cpu);
	uint64_t khz = topo_view_khz(d->w, cpu);

	if (kind == LINE_CPUS) {
		snprintf(out, n, "%u", c->id);
		*s = number_style(d, cpu);
	} else if (kind == LINE_LOCK) {
		snprintf(out, n, "%c", d->w->hold[cpu].f ? d->w->hold[cpu].mark : '.');
		*s = hold_style(d, &d->w->hold[cpu]);
	} else if (kind == LINE_USE) {
		percent_text(busy, out, n, "");
		*s = d->w->colour == TOPO_BY_USE ? theme_heat(d->p->theme, busy)
						 : style(d, THEME_TEXT);
	} else {
		snprintf(out, n, "-");
		if (khz)
			snprintf(out, n, "%.1f", (double)khz / 1e6);
		*s = frequency_style(d, cpu);
	}
}

/* Whether any of the line's cores has so many threads. */
static bool has_thread(const struct topo_grid *g, const struct topo_line *l, unsigned thread)
{
	for (unsigned i = l->from; i < l->from + l->n; i++)
		if (g->cpu[thread * g->ncores + i] != TOPO_HOLE)
			return true;
	return false;
}

static void draw_cells(const struct draw *d, int row, const struct topo_line *l)
{
	const struct topo_grid *g = &d->w->grid[l->index];
	struct topo_line numbers = *l;

	numbers.kind = LINE_CPUS;
	for (unsigned c = 0; c < topo_view_columns(d->w, &numbers); c++) {
		unsigned cpu = g->cpu[c / l->n * g->ncores + l->from + c % l->n];
		int width, col = topo_view_cell(d->w, &numbers, c, &width);
		char text[24];
		struct ui_style s;

		if (c && c % l->n == 0 && has_thread(g, l, c / l->n))
			view_fill(d->v, row, col - 1, 1, 1, style(d, THEME_BORDER),
				d->p->glyphs->rule);
		if (cpu == TOPO_HOLE)
			continue;
		cell_text(d, l->kind, cpu, text, sizeof(text), &s);
		view_printf(
			d->v, row, col + 1, marked(d, TOPO_CPU, cpu, s), "%*s", width - 1, text);
	}
}

/* ---- the list -------------------------------------------------------------------------------- */

static void draw_bar(const struct draw *d, int row, int col, int width, double percent)
{
	int full = isnan(percent) ? 0 : (int)whole(percent / 100 * width);

	if (percent >= 1 && !full)
		full = 1;
	view_fill(d->v, row, col, 1, full, theme_heat(d->p->theme, percent), d->p->glyphs->bar);
	view_fill(d->v, row, col + full, 1, width - full, style(d, THEME_BORDER),
		d->p->glyphs->level[0]);
}

static void draw_cpu(const struct draw *d, int row, unsigned index)
{
	const struct topo_cpu *c = &d->w->t->cpus[index];
	double busy = topo_view_busy(d->w, index);
	const struct cpu_use *u = d->w->snap->uses ? cpu_use_of(d->w->snap->uses, c->id) : NULL;
	struct ui_style s = number_style(d, index);
	uint64_t khz = topo_view_khz(d->w, index);
	int col, width = d->v.at.cols - 60;
	char text[16];

	view_printf(d->v, row, 5, marked(d, TOPO_CPU, index, s), "cpu %u", c->id);
	if (d->w->hold[index].f)
		view_printf(d->v, row, 13, hold_style(d, &d->w->hold[index]), "%c",
			d->w->hold[index].mark);
	view_printf(d->v, row, 15, style(d, THEME_DIM), "core %d", d->w->t->cores[c->core].id);
	width = width < 8 ? 8 : width > BAR_MAX ? BAR_MAX : width;
	draw_bar(d, row, 25, width, busy);
	percent_text(busy, text, sizeof(text), "%");
	col = view_printf(d->v, row, 25 + width, theme_heat(d->p->theme, busy), "%5s", text) + 2;
	if (u)
		col = view_printf(d->v, row, col, style(d, THEME_DIM), "user %3.0f  system %3.0f",
			u->user * 100, u->system * 100);
	if (khz && col + 9 < d->v.at.cols)
		view_printf(d->v, row, col + 1, style(d, THEME_DIM), "%4.2fGHz", (double)khz / 1e6);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void draw_distance(const struct draw *d, int row, unsigned node)
{
	const struct topo *t = d->w->t;
	cleanup_str struct str text = STR_INIT;

	for (unsigned i = 0; i < t->nnodes; i++)
		str_printf(&text, "%u:%-4u ", t->nodes[i].id, t->distance[node * t->nnodes + i]);
	if (!t->distance_given)
		str_add(&text, " (assumed: the kernel gives none)");
	view_text(d->v, row, 3, style(d, THEME_DIM), "distance to node");
	view_field(d->v, row, 21, d->v.at.cols - 21, style(d, THEME_TEXT), str_get(&text));
}

static void draw_note(const struct draw *d, int row)
{
	cleanup_cpuset struct cpuset closed = CPUSET_INIT;
	cleanup_str struct str text = STR_INIT;

	if (!cpuset_empty(&d->w->t->offline)) {
		str_add(&text, "offline: ");
		cpuset_format(&d->w->t->offline, &text);
	}
	cpuset_copy(&closed, &d->w->t->online);
	cpuset_minus(&closed, &d->w->t->allowed);
	if (!cpuset_empty(&closed)) {
		str_printf(
			&text, "%sclosed to this process by its affinity: ", text.len ? "   " : "");
		cpuset_format(&closed, &text);
	}
	view_field(d->v, row, 1, d->v.at.cols - 1, style(d, THEME_WARN), str_get(&text));
}

static void draw_line(const struct draw *d, int row, const struct topo_line *l)
{
	static const char *const labels[] = {
		[LINE_CPUS] = "cpu",
		[LINE_LOCK] = "lock",
		[LINE_USE] = "util",
		[LINE_GHZ] = "GHz",
	};

	switch (l->kind) {
	case LINE_NODE:
		draw_node(d, row, l->index);
		break;
	case LINE_LLC:
		draw_llc(d, row, l->index);
		break;
	case LINE_CPUS:
	case LINE_LOCK:
	case LINE_USE:
	case LINE_GHZ:
		view_text(d->v, row, 3, style(d, THEME_DIM), labels[l->kind]);
		draw_cells(d, row, l);
		break;
	case LINE_CPU:
		draw_cpu(d, row, l->index);
		break;
	case LINE_DISTANCE:
		draw_distance(d, row, l->index);
		break;
	case LINE_NOTE:
		draw_note(d, row);
		break;
	}
}

void topo_view_draw(const struct topo_view *w, const struct paint *p, struct view v)
{
	int rows = topo_view_list_rows(w);
	struct draw d = {w, p, view_sub(v, 0, 0, rows, v.at.cols)};

	if (!w->t) {
		view_text(v, 0, 1, theme_style(p->theme, w->snap ? THEME_ALERT : THEME_DIM),
			w->snap ? w->snap->problem : "reading this machine's topology ...");
		return;
	}
	for (int i = 0; i < rows && (size_t)w->top + (size_t)i < w->lines.n; i++)
		draw_line(&d, i, &w->lines.v[w->top + i]);
	if (topo_view_detail_rows(w))
		topo_view_detail(w, p, view_sub(v, rows, 0, topo_view_detail_rows(w), v.at.cols));
}
