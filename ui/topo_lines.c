/* What stands in which line of the topology pane. */
#include <math.h>
#include <string.h>

#include "ui/topo_view.h"

enum {
	LABEL_WIDTH = 8,
	RULE_WIDTH = 2, /* between two groups of threads */
	DETAIL_ROWS = 3,
	DETAIL_FROM = 12, /* lower panes have room for details only when all else is seen too */
};

/* ---- the model ------------------------------------------------------------------------------- */

static void make_grid(struct topo_view *w, unsigned llc)
{
	const struct topo *t = w->t;
	struct topo_grid *g = &w->grid[llc];
	unsigned col = 0;

	for (unsigned i = 0; i < t->ncores; i++) {
		unsigned n = t->cores[i].llc == llc ? cpuset_count(&t->cores[i].cpus) : 0;

		g->ncores += n > 0;
		g->threads = n > g->threads ? n : g->threads;
	}
	g->cpu = arena_alloc(w->arena, sizeof(*g->cpu) * (g->ncores * g->threads + 1));
	for (unsigned i = 0; i < g->ncores * g->threads; i++)
		g->cpu[i] = TOPO_HOLE;
	for (unsigned i = 0; i < t->ncores; i++) {
		unsigned thread = 0;

		if (t->cores[i].llc != llc || cpuset_empty(&t->cores[i].cpus))
			continue;
		for
			cpuset_each(c, &t->cores[i].cpus)
			{
				const struct topo_cpu *cpu = topo_cpu(t, (unsigned)c);

				if (cpu)
					g->cpu[thread++ * g->ncores + col] =
						(unsigned)(cpu - t->cpus);
			}
		col++;
	}
}

static bool is_valid(const struct topo_view *w, struct topo_item i)
{
	return i.index < (i.kind == TOPO_NODE	      ? w->t->nnodes
				 : i.kind == TOPO_LLC ? w->t->nllcs
						      : w->t->ncpus);
}

void topo_view_adopt(struct topo_view *w)
{
	arena_free(w->arena);
	w->arena = arena_new();
	w->grid = arena_alloc(w->arena, sizeof(*w->grid) * (w->t->nllcs + 1));
	w->folded = arena_alloc(w->arena, sizeof(*w->folded) * (w->t->nllcs + 1));
	w->hold = arena_alloc(w->arena, sizeof(*w->hold) * (w->t->ncpus + 1));
	w->folded_before = arena_alloc(w->arena, sizeof(*w->folded) * (w->t->nllcs + 1));
	for (unsigned i = 0; i < w->t->nllcs; i++)
		make_grid(w, i);
	w->own_folds = false;
	if (!is_valid(w, w->cursor) || !is_valid(w, w->before))
		w->cursor = w->before = (struct topo_item){TOPO_NODE, 0};
}

/* ---- numbers --------------------------------------------------------------------------------- */

double topo_view_busy(const struct topo_view *w, unsigned cpu)
{
	const struct cpu_use *u = NULL;

	if (w->snap && w->snap->uses)
		u = cpu_use_of(w->snap->uses, w->t->cpus[cpu].id);
	return u ? u->busy * 100 : NAN;
}

static double mean(const struct topo_view *w, const struct cpuset *cpus)
{
	double sum = 0;
	unsigned n = 0;

	for
		cpuset_each(c, cpus)
		{
			const struct cpu_use *u = w->snap && w->snap->uses
							  ? cpu_use_of(w->snap->uses, (unsigned)c)
							  : NULL;

			if (!u)
				continue;
			sum += u->busy * 100;
			n++;
		}
	return n ? sum / n : NAN;
}

double topo_view_llc_busy(const struct topo_view *w, unsigned llc)
{
	return mean(w, &w->t->llcs[llc].cpus);
}

double topo_view_node_busy(const struct topo_view *w, unsigned node)
{
	return mean(w, &w->t->nodes[node].cpus);
}

uint64_t topo_view_khz(const struct topo_view *w, unsigned cpu)
{
	const struct cpustat_cpu *c =
		w->snap && w->snap->stat ? cpustat_cpu(w->snap->stat, w->t->cpus[cpu].id) : NULL;

	return c && c->has_khz ? c->khz : 0;
}

/* ---- geometry -------------------------------------------------------------------------------- */

static int cell_width(const struct topo_view *w)
{
	return w->t->ncpus && w->t->cpus[w->t->ncpus - 1].id >= 1000 ? 5 : 4;
}

/* Cores of an LLC side by side, all their threads included: on as few lines as there can be, which
 * are equally long then. */
static unsigned cores_a_line(const struct topo_view *w, const struct topo_grid *g, int cols)
{
	int threads = g->threads ? (int)g->threads : 1;
	int room = cols - LABEL_WIDTH - 1 - (threads - 1) * RULE_WIDTH;
	int fit = room / (threads * cell_width(w));
	unsigned most = fit < 1 ? 1 : (unsigned)fit;
	unsigned lines = (g->ncores + most - 1) / most;

	return lines ? (g->ncores + lines - 1) / lines : 0;
}

unsigned topo_view_columns(const struct topo_view *w, const struct topo_line *l)
{
	return l->kind == LINE_CPUS ? l->n * w->grid[l->index].threads : 1;
}

int topo_view_cell(
	const struct topo_view *w, const struct topo_line *l, unsigned column, int *width)
{
	*width = cell_width(w);
	return LABEL_WIDTH + (int)column * *width + (int)(column / l->n) * RULE_WIDTH;
}

static unsigned cpu_at(const struct topo_view *w, const struct topo_line *l, unsigned column)
{
	const struct topo_grid *g = &w->grid[l->index];

	return g->cpu[column / l->n * g->ncores + l->from + column % l->n];
}

unsigned topo_view_column(const struct topo_view *w, const struct topo_line *l, unsigned cpu)
{
	for (unsigned c = 0; l->kind == LINE_CPUS && c < topo_view_columns(w, l); c++)
		if (cpu_at(w, l, c) == cpu)
			return c;
	return 0;
}

int topo_view_detail_rows(const struct topo_view *w)
{
	if (w->rows >= DETAIL_FROM || (w->t && topo_view_want(w, w->cols) <= w->rows))
		return DETAIL_ROWS;
	return 0;
}

int topo_view_list_rows(const struct topo_view *w)
{
	int n = w->rows - topo_view_detail_rows(w);

	return n > 0 ? n : 1;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void line(
	struct topo_view *w, enum topo_line_kind kind, unsigned index, unsigned from, unsigned n)
{
	vec_push(&w->lines, (struct topo_line){kind, index, from, n});
}

static void grid_lines(struct topo_view *w, unsigned llc)
{
	const struct topo_grid *g = &w->grid[llc];
	unsigned per = cores_a_line(w, g, w->cols);

	for (unsigned from = 0; from < g->ncores; from += per) {
		unsigned n = g->ncores - from < per ? g->ncores - from : per;

		line(w, LINE_CPUS, llc, from, n);
		if (w->has_holds)
			line(w, LINE_LOCK, llc, from, n);
		line(w, LINE_USE, llc, from, n);
		if (w->colour == TOPO_BY_FREQUENCY)
			line(w, LINE_GHZ, llc, from, n);
	}
}

static void list_lines(struct topo_view *w, unsigned llc)
{
	const struct topo_grid *g = &w->grid[llc];

	for (unsigned core = 0; core < g->ncores; core++)
		for (unsigned thread = 0; thread < g->threads; thread++)
			if (g->cpu[thread * g->ncores + core] != TOPO_HOLE)
				line(w, LINE_CPU, g->cpu[thread * g->ncores + core], 0, 1);
}

static int llc_height(const struct topo_view *w, unsigned llc, int cols)
{
	const struct topo_grid *g = &w->grid[llc];
	unsigned per = cores_a_line(w, g, cols), cells = g->ncores;

	if (w->mode == TOPO_LIST)
		return (int)cpuset_count(&w->t->llcs[llc].cpus);
	if (!per)
		return 0;
	return (int)((cells + per - 1) / per) *
	       (2 + (w->colour == TOPO_BY_FREQUENCY) + w->has_holds);
}

static bool has_notes(const struct topo_view *w)
{
	return !cpuset_empty(&w->t->offline) || !cpuset_equal(&w->t->online, &w->t->allowed);
}

/* Opens LLCs from the first on for as long as everything still fits. */
static void fold_by_size(struct topo_view *w)
{
	int room = topo_view_list_rows(w) - (int)(w->t->nnodes + w->t->nllcs) - has_notes(w);

	for (unsigned i = 0; i < w->t->nllcs; i++) {
		int height = llc_height(w, i, w->cols);

		w->folded[i] = height > room;
		room = w->folded[i] ? 0 : room - height;
	}
}

static void node_lines(struct topo_view *w, unsigned node)
{
	line(w, LINE_NODE, node, 0, 1);
	if (w->mode == TOPO_DISTANCE) {
		line(w, LINE_DISTANCE, node, 0, 1);
		return;
	}
	for (unsigned i = 0; i < w->t->nllcs; i++) {
		if (w->t->llcs[i].node != w->t->nodes[node].id)
			continue;
		line(w, LINE_LLC, i, 0, 1);
		if (w->folded[i])
			continue;
		if (w->mode == TOPO_LIST)
			list_lines(w, i);
		else
			grid_lines(w, i);
	}
}

void topo_view_lines(struct topo_view *w)
{
	w->lines.n = 0;
	if (!w->t)
		return;
	if (!w->own_folds)
		fold_by_size(w);
	for (unsigned i = 0; i < w->t->nnodes; i++)
		node_lines(w, i);
	if (has_notes(w))
		line(w, LINE_NOTE, 0, 0, 1);
	topo_view_settle(w);
}

int topo_view_want(const struct topo_view *w, int cols)
{
	int n;

	if (!w->t)
		return 0;
	n = (int)(w->t->nnodes + w->t->nllcs) + has_notes(w) + DETAIL_ROWS;
	for (unsigned i = 0; i < w->t->nllcs; i++)
		n += llc_height(w, i, cols);
	return n;
}

/* ---- the cursor ------------------------------------------------------------------------------ */

unsigned topo_view_llc_of(const struct topo_view *w)
{
	if (w->cursor.kind == TOPO_LLC)
		return w->cursor.index;
	if (w->cursor.kind == TOPO_CPU && w->t->cpus[w->cursor.index].online)
		return w->t->cpus[w->cursor.index].llc;
	return w->t->nllcs;
}

static bool holds(const struct topo_view *w, const struct topo_line *l, struct topo_item item)
{
	switch (l->kind) {
	case LINE_NODE:
		return item.kind == TOPO_NODE && item.index == l->index;
	case LINE_LLC:
		return item.kind == TOPO_LLC && item.index == l->index;
	case LINE_CPU:
		return item.kind == TOPO_CPU && item.index == l->index;
	case LINE_CPUS:
		for (unsigned c = 0; item.kind == TOPO_CPU && c < topo_view_columns(w, l); c++)
			if (cpu_at(w, l, c) == item.index)
				return true;
		return false;
	default:
		return false;
	}
}

int topo_view_line_of(const struct topo_view *w, struct topo_item item)
{
	for (size_t i = 0; i < w->lines.n; i++)
		if (holds(w, &w->lines.v[i], item))
			return (int)i;
	if (item.kind == TOPO_CPU && w->t->cpus[item.index].online)
		return topo_view_line_of(
			w, (struct topo_item){TOPO_LLC, w->t->cpus[item.index].llc});
	return 0;
}

bool topo_view_item_of(
	const struct topo_view *w, int line_no, unsigned column, struct topo_item *out)
{
	const struct topo_line *l;
	unsigned n;

	if (line_no < 0 || (size_t)line_no >= w->lines.n)
		return false;
	l = &w->lines.v[line_no];
	switch (l->kind) {
	case LINE_NODE:
		*out = (struct topo_item){TOPO_NODE, l->index};
		return true;
	case LINE_LLC:
		*out = (struct topo_item){TOPO_LLC, l->index};
		return true;
	case LINE_CPU:
		*out = (struct topo_item){TOPO_CPU, l->index};
		return true;
	case LINE_CPUS:
		n = topo_view_columns(w, l);
		column = column < n ? column : n - 1;
		while (column && cpu_at(w, l, column) == TOPO_HOLE)
			column--;
		*out = (struct topo_item){TOPO_CPU, cpu_at(w, l, column)};
		return out->index != TOPO_HOLE;
	default:
		return false;
	}
}

void topo_view_settle(struct topo_view *w)
{
	int line_no = topo_view_line_of(w, w->cursor), rows = topo_view_list_rows(w);
	int last = line_no, most = (int)w->lines.n - rows;

	/* Of a CPU, the numbers under it are to be seen too. */
	while ((size_t)last + 1 < w->lines.n && (topo_line_is_under(w->lines.v[last + 1].kind) ||
							w->lines.v[last + 1].kind == LINE_DISTANCE))
		last++;
	if (last >= w->top + rows)
		w->top = last - rows + 1;
	if (line_no < w->top)
		w->top = line_no;
	/* The node above the first LLC comes with it. */
	if (w->top == 1)
		w->top = rows > 2 && last < rows ? 0 : 1;
	if (w->top > most)
		w->top = most;
	if (w->top < 0)
		w->top = 0;
}
