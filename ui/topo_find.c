/*
 * Searching the topology: "12" is CPU, LLC or node 12; "llc 3", "node 1", "cpu 7", "core 2" say
 * which; a kind of CPU ("atom"), "isolated" or "closed" finds the CPUs that are it. Words may be
 * cut short; a number is the whole number.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/topo_view.h"

struct query {
	char word[32]; /* lower case; "" = any */
	bool has_number;
	unsigned long number;
};

static bool parse(const char *text, struct query *q)
{
	size_t n = 0;

	*q = (struct query){0};
	while (*text == ' ')
		text++;
	for (; isalpha((unsigned char)*text) || *text == '_'; text++)
		if (n + 1 < sizeof(q->word))
			q->word[n++] = (char)tolower((unsigned char)*text);
	while (*text == ' ')
		text++;
	if (isdigit((unsigned char)*text)) {
		char *end;

		q->has_number = true;
		q->number = strtoul(text, &end, 10);
		text = end;
	}
	while (*text == ' ')
		text++;
	return !*text && (n || q->has_number);
}

/* The query's word begins this name, and the number is this one. */
static bool is(const struct query *q, const char *name, unsigned long number)
{
	return !strncasecmp(name, q->word, strlen(q->word)) &&
	       (!q->has_number || q->number == number);
}

static bool cpu_matches(const struct topo_view *w, const struct topo_cpu *c, const struct query *q)
{
	if (is(q, "cpu", c->id))
		return true;
	if (!q->word[0])
		return false;
	if (c->online && is(q, "core", (unsigned long)w->t->cores[c->core].id))
		return true;
	if (q->has_number)
		return false;
	return (c->kind && is(q, c->kind, 0)) || (c->isolated && is(q, "isolated", 0)) ||
	       (c->online && !c->allowed && is(q, "closed", 0));
}

static bool matches(const struct topo_view *w, struct topo_item item, const struct query *q)
{
	if (item.kind == TOPO_NODE)
		return is(q, "node", w->t->nodes[item.index].id);
	if (item.kind == TOPO_LLC)
		return is(q, "llc", item.index);
	return cpu_matches(w, &w->t->cpus[item.index], q);
}

bool topo_view_matches(const struct topo_view *w, struct topo_item item, const char *text)
{
	struct query q;

	return parse(text, &q) && matches(w, item, &q);
}

/* All items in the order of the lines as if nothing was folded. */
struct items {
	VEC(struct topo_item) list;
};

static void add_llc(const struct topo_view *w, struct items *out, unsigned llc)
{
	const struct topo_grid *g = &w->grid[llc];

	vec_push(&out->list, (struct topo_item){TOPO_LLC, llc});
	for (unsigned i = 0; i < g->ncores * g->threads; i++)
		if (g->cpu[i] != TOPO_HOLE)
			vec_push(&out->list, (struct topo_item){TOPO_CPU, g->cpu[i]});
}

static void gather(const struct topo_view *w, struct items *out)
{
	for (unsigned n = 0; n < w->t->nnodes; n++) {
		vec_push(&out->list, (struct topo_item){TOPO_NODE, n});
		for (unsigned i = 0; i < w->t->nllcs; i++)
			if (w->t->llcs[i].node == w->t->nodes[n].id)
				add_llc(w, out, i);
	}
}

static size_t position(const struct items *all, struct topo_item item)
{
	for (size_t i = 0; i < all->list.n; i++)
		if (all->list.v[i].kind == item.kind && all->list.v[i].index == item.index)
			return i;
	return 0;
}

/* Goes round; `skip` = not the one at the start. */
static bool seek(struct topo_view *w, struct topo_item from, const char *text, int dir, bool skip)
{
	struct items all = {{0}};
	struct query q;
	bool found = false;
	size_t at, n;

	gather(w, &all);
	n = all.list.n;
	at = position(&all, from);
	for (size_t i = skip; parse(text, &q) && n && i <= n && !found; i++) {
		size_t k = dir > 0 ? (at + i) % n : (at + n - i % n) % n;

		if (!matches(w, all.list.v[k], &q))
			continue;
		w->cursor = all.list.v[k];
		found = true;
	}
	free(all.list.v);
	return found;
}

/* The cursor's LLC is opened so that the match is seen. */
static void reveal(struct topo_view *w)
{
	unsigned llc = topo_view_llc_of(w);

	if (w->cursor.kind == TOPO_CPU && llc < w->t->nllcs && w->folded[llc]) {
		w->folded[llc] = false;
		w->own_folds = true;
	}
	topo_view_lines(w);
}

static void set_text(struct topo_view *w, const char *text)
{
	free(w->find);
	w->find = text && *text ? xstrdup(text) : NULL;
}

static void restore(struct topo_view *w)
{
	w->cursor = w->before;
	memcpy(w->folded, w->folded_before, sizeof(*w->folded) * w->t->nllcs);
}

bool topo_view_find(struct topo_view *w, const char *text, enum find_step step)
{
	bool found = true;

	if (!w->t)
		return false;
	switch (step) {
	case FIND_BEGIN:
		w->before = w->cursor;
		memcpy(w->folded_before, w->folded, sizeof(*w->folded) * w->t->nllcs);
		break;
	case FIND_HERE:
		restore(w);
		found = seek(w, w->before, text, 1, false);
		set_text(w, text);
		break;
	case FIND_NEXT:
	case FIND_PREV:
		found = seek(w, w->cursor, text, step == FIND_NEXT ? 1 : -1, true);
		break;
	case FIND_CANCEL:
		restore(w);
		set_text(w, NULL);
		break;
	case FIND_END:
		set_text(w, NULL);
		break;
	}
	reveal(w);
	return found;
}
