/* The lines of the profile pane as text. */
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/cells.h"
#include "probes/ctprof/text.h"
#include "src/base/utf8.h"
#include "ui/ct_view.h"

/* Columns of the list; the group takes what is left. */
enum {
	W_MARK = 2,
	W_THREADS = 8,
	W_METRIC = 22,
	W_VALUE = 11,
	W_SHARE = 10,
	W_NOISE = 13,
	W_GROUP_LEAST = 12,
	NARROW = 100, /* below: shorter columns */
};

struct widths {
	int group, metric, value, share, noise;
};

static struct widths widths_of(const struct ct_view *w, int width)
{
	struct widths x = {.metric = W_METRIC, .value = W_VALUE, .share = W_SHARE};

	if (w->noise)
		x.noise = W_NOISE;
	if (width >= 140)
		x.metric = 30;
	if (width < NARROW) {
		x.metric = 17;
		x.value = 9;
		x.share = 8;
		x.noise = 0;
	}
	x.group = width - W_MARK - W_THREADS - x.metric - 3 * x.value - x.share - x.noise;
	if (x.group < W_GROUP_LEAST)
		x.group = W_GROUP_LEAST;
	return x;
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* Cuts at a number of cells; what is cut ends in '>'. */
static void fit(struct str *out, const char *text, int width, bool right)
{
	int used = (int)utf8_width(text), pad = width - used;

	if (right && pad > 0)
		str_repeat(out, ' ', (size_t)pad);
	if (used <= width) {
		str_add(out, text);
	} else {
		int cells = 0;

		while (*text) {
			uint32_t cp;
			int n = utf8_decode(text, strlen(text), &cp);
			int step = n > 0 ? utf8_char_width(cp) : 1;

			if (cells + step > width - 1)
				break;
			str_append(out, text, n > 0 ? (size_t)n : 1);
			text += n > 0 ? n : 1;
			cells += step;
		}
		str_addc(out, '>');
		str_repeat(out, ' ', (size_t)(width - 1 - cells));
		return;
	}
	if (!right && pad > 0)
		str_repeat(out, ' ', (size_t)pad);
}

/* Takes decimals away as long as a number is too wide: the unit behind them must stay. */
static void shorten(struct str *text, int width)
{
	char *dot = text->len ? strchr(text->s, '.') : NULL;
	size_t digits;

	while (dot && (int)utf8_width(text->s) > width) {
		digits = strspn(dot + 1, "0123456789");
		if (!digits)
			return;
		/* With the last digit goes the dot. */
		dot += digits == 1 ? 0 : digits;
		memmove(dot, dot + (digits == 1 ? 2 : 1), strlen(dot + (digits == 1 ? 2 : 1)) + 1);
		text->len = strlen(text->s);
		dot = digits == 1 ? NULL : strchr(text->s, '.');
	}
}

static void cell(struct str *out, struct str *text, int width, bool right)
{
	if (right) {
		str_addc(out, ' ');
		width--;
		shorten(text, width);
	}
	fit(out, str_get(text), width, right);
	str_clear(text);
}

/* A value, or the word for why there is none. */
static void value(const struct ct_view *w, const struct ctp_sums *s, unsigned side, unsigned m,
	struct str *out)
{
	double number;
	enum ctp_why why;

	if (m < CTP_NPRIMARY && s && !ctp_sums_has(s, m)) {
		why = ctp_group_why(w->diff->snap[side], s, m);
		str_add(out, why == CTP_PRESENT ? CTP_ABSENT : ctp_why_word(why));
	} else if (m >= CTP_NPRIMARY && !ctp_sums_number(s, m, &number)) {
		str_add(out, CTP_ABSENT);
	} else {
		ctp_cell_value(out, s, m);
	}
}

static void delta(const struct ct_view *w, const struct ctp_sums *a, const struct ctp_sums *b,
	unsigned m, struct str *out)
{
	struct ctp_change c = ctp_change(a, b, m);

	if (w->per_second)
		ctp_cell_rate(out, w->diff, m, &c);
	else
		ctp_cell_diff(out, a, b, m, &c);
}

static void share(const struct ctp_sums *a, const struct ctp_sums *b, unsigned m, struct str *out)
{
	struct ctp_change c = ctp_change(a, b, m);

	if (c.has_delta && c.delta == 0)
		str_addc(out, '=');
	else if (c.has_delta && !c.has_pct && !ctp_metric_is_ratio(m))
		str_add(out, "new");
	else
		ctp_cell_share(out, &c);
}

static void numbers(const struct ct_view *w, const struct widths *x, const struct ctp_sums *a,
	const struct ctp_sums *b, unsigned m, struct str *out)
{
	cleanup_str struct str text = STR_INIT;

	value(w, a, CTP_BASE, m, &text);
	cell(out, &text, x->value, true);
	value(w, b, CTP_CAND, m, &text);
	cell(out, &text, x->value, true);
	delta(w, a, b, m, &text);
	cell(out, &text, x->value, true);
	share(a, b, m, &text);
	cell(out, &text, x->share, true);
}

void ct_label(const struct ct_view *w, const struct ctp_key *k, struct str *out)
{
	cleanup_str struct str text = STR_INIT;

	if (w->naming.axis == CTP_BY_ALL && strcmp(k->part[1], k->part[2]) == 0)
		str_add(&text, k->part[2]);
	else if (w->naming.axis == CTP_BY_ALL)
		str_printf(&text, "%s/%s", k->part[1], k->part[2]);
	else
		str_add(&text, k->part[0]);
	if (w->naming.axis == CTP_BY_ALL && strcmp(k->part[0], "/") != 0)
		str_printf(&text, "  %s", k->part[0]);
	utf8_sanitize(out, str_get(&text), text.len, false);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void row_text(const struct ct_view *w, size_t line, const struct widths *x, struct str *out)
{
	const struct ct_line *l = &w->lines.v[line];
	const struct ctp_matched *p = &w->diff->pairs[l->pair];
	bool same = line && line > w->top && w->lines.v[line - 1].kind == CT_ROW &&
		    w->lines.v[line - 1].pair == l->pair;
	cleanup_str struct str text = STR_INIT;

	str_add(out, ct_is_open(w, l->pair, l->metric) ? "v " : "> ");
	if (!same)
		ct_label(w, &p->key, &text);
	cell(out, &text, x->group, false);
	if (!same) {
		if (p->side[CTP_BASE]->threads == p->side[CTP_CAND]->threads)
			str_printf(&text, " %zu", (size_t)p->side[CTP_BASE]->threads);
		else
			str_printf(&text, " %zu>%zu", (size_t)p->side[CTP_BASE]->threads,
				(size_t)p->side[CTP_CAND]->threads);
	}
	cell(out, &text, W_THREADS, false);
	str_add(&text, ctp_metrics[l->metric].name);
	cell(out, &text, x->metric, false);
	numbers(w, x, p->side[CTP_BASE], p->side[CTP_CAND], l->metric, out);
	if (x->noise) {
		ctp_noise_cell(w->noise, w->diff, p, l->metric, &text);
		cell(out, &text, x->noise, true);
	}
}

/* "cpu 3>19 llc 0>2": where the thread ran last, then and now. */
static void places(
	const struct ct_view *w, const struct ctp_thread *const t[CTP_SIDES], struct str *out)
{
	const char *names[] = {"cpu", "llc"};

	for (int what = 0; what < 2; what++) {
		int64_t v[CTP_SIDES];

		for (int side = 0; side < CTP_SIDES; side++) {
			v[side] = t[side] ? (int64_t)t[side]->v[CTP_processor] : -1;
			if (what == 1 && v[side] >= 0)
				v[side] = ct_llc(w, (uint64_t)v[side]);
		}
		if (v[0] < 0 && v[1] < 0)
			continue;
		str_printf(out, " %s ", names[what]);
		if (v[0] >= 0 && v[0] != v[1])
			str_printf(out, v[1] >= 0 ? "%lld>" : "%lld", (long long)v[0]);
		if (v[1] >= 0)
			str_printf(out, "%lld", (long long)v[1]);
	}
}

static void thread_text(
	const struct ct_view *w, const struct ct_line *l, const struct widths *x, struct str *out)
{
	const struct ctp_thread *t[CTP_SIDES] = {NULL, NULL}, *any;
	struct ctp_sums sums[CTP_SIDES];
	struct arena *arena = arena_new();
	cleanup_str struct str text = STR_INIT;

	for (int side = 0; side < CTP_SIDES; side++) {
		if (l->thread[side] == UINT32_MAX)
			continue;
		t[side] = ctp_thread_at(w->diff->snap[side], l->thread[side]);
		ctp_sums_of_thread(
			w->diff->snap[side], t[side], l->thread[side], arena, &sums[side]);
	}
	any = t[CTP_CAND] ? t[CTP_CAND] : t[CTP_BASE];
	if (any) /* a line has one of the two */
		str_printf(&text, "    tid %llu", (unsigned long long)any->v[CTP_tid]);
	places(w, t, &text);
	if (!t[CTP_BASE])
		str_add(&text, "  new");
	if (!t[CTP_CAND])
		str_add(&text, "  gone");
	cell(out, &text, W_MARK + x->group + W_THREADS, false);
	str_add(&text, ctp_metrics[l->metric].name);
	cell(out, &text, x->metric, false);
	numbers(w, x, t[CTP_BASE] ? &sums[CTP_BASE] : NULL, t[CTP_CAND] ? &sums[CTP_CAND] : NULL,
		l->metric, out);
	arena_free(arena);
}

static void only_text(
	const struct ct_view *w, const struct ct_line *l, const struct widths *x, struct str *out)
{
	const struct ctp_group *g = w->diff->only[l->side][l->n];
	const struct ctp_sums *s = g->side[l->side];
	cleanup_str struct str text = STR_INIT;

	str_add(&text, l->side == CTP_CAND ? "  (new) " : "  (gone) ");
	ct_label(w, &g->key, &text);
	cell(out, &text, W_MARK + x->group, false);
	str_printf(&text, l->side == CTP_CAND ? " 0>%zu" : " %zu>0", (size_t)s->threads);
	cell(out, &text, W_THREADS, false);
	str_add(&text, ctp_metrics[l->metric].name);
	cell(out, &text, x->metric, false);
	for (unsigned side = 0; side < CTP_SIDES; side++) {
		if (side == l->side)
			value(w, s, side, l->metric, &text);
		else
			str_add(&text, CTP_ABSENT);
		cell(out, &text, x->value, true);
	}
	str_add(&text, CTP_ABSENT);
	cell(out, &text, x->value, true);
	str_add(&text, l->side == CTP_CAND ? "new" : "gone");
	cell(out, &text, x->share, true);
}

void ct_line_text(const struct ct_view *w, size_t line, int width, struct str *out)
{
	const struct ct_line *l = &w->lines.v[line];
	struct widths x = widths_of(w, width);

	switch (l->kind) {
	case CT_ROW:
		row_text(w, line, &x, out);
		break;
	case CT_THREAD:
		thread_text(w, l, &x, out);
		break;
	case CT_MORE:
		str_printf(out, "    ... %zu more", l->n);
		break;
	case CT_ONLY:
		only_text(w, l, &x, out);
		break;
	case CT_TEXT:
		str_add(out, w->text.s + l->n);
	}
}

void ct_header_text(const struct ct_view *w, int width, struct str *out)
{
	struct widths x = widths_of(w, width);
	cleanup_str struct str text = STR_INIT;
	const char *const titles[] = {"A", "B", w->per_second ? "RATE" : "DELTA", "%", "NOISE"};
	const int cells[] = {x.value, x.value, x.value, x.share, x.noise};

	str_add(&text, "  GROUP");
	cell(out, &text, W_MARK + x.group, false);
	str_add(&text, " THR");
	cell(out, &text, W_THREADS, false);
	str_add(&text, "METRIC");
	cell(out, &text, x.metric, false);
	for (int i = 0; i < 5; i++) {
		str_add(&text, titles[i]);
		if (cells[i])
			cell(out, &text, cells[i], true);
		str_clear(&text);
	}
}
