/* Panes and dialogs: opened, focused, closed, asked how they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ui/app_state.h"
#include "ui/boot.h"

void pane_status_release(struct pane_status *s)
{
	str_release(&s->tab);
	str_release(&s->title);
	str_release(&s->foot);
	str_release(&s->summary);
	*s = (struct pane_status){0};
}

void app_pane_free(struct pane *p)
{
	if (p->ops->close)
		p->ops->close(p->self);
	pane_status_release(&p->status);
	free(p);
}

struct app *pane_app(const struct pane *p)
{
	return p->app;
}

int pane_number(const struct pane *p)
{
	return p->number;
}

bool pane_focused(const struct pane *p)
{
	return app_focused(p->app) == p;
}

void pane_dirty(struct pane *p)
{
	p->dirty = p->app->dirty = true;
}

void pane_close(struct pane *p)
{
	p->dead = p->app->dirty = true;
}

void pane_focus(struct pane *p)
{
	for (size_t i = 0; i < p->app->panes.n; i++)
		if (p->app->panes.v[i] == p)
			app_focus_index(p->app, i);
}

struct loop *app_loop(struct app *a)
{
	return a->opt.loop;
}

struct pane *app_focused(const struct app *a)
{
	return a->focus < a->panes.n ? a->panes.v[a->focus] : NULL;
}

struct pane *app_top(const struct app *a)
{
	return a->dialogs.n ? a->dialogs.v[a->dialogs.n - 1] : app_focused(a);
}

bool app_capturing(const struct app *a)
{
	const struct pane *p = app_top(a);

	return p && p->ops->captures && p->ops->captures(p->self);
}

void app_dirty(struct app *a, bool all)
{
	a->dirty = true;
	a->all |= all;
}

void app_focus_index(struct app *a, size_t i)
{
	struct pane *p;

	if (i >= a->panes.n)
		return;
	a->focus = i;
	a->opened = true;
	p = a->panes.v[i];
	*(p->ops->guest ? &a->last_guest : &a->last_host) = p;
	app_dirty(a, true);
}

static struct pane *pane_new(
	struct app *a, const struct pane_ops *ops, const void *arg, struct err *e)
{
	struct pane *p = xcalloc(1, sizeof(*p));

	p->app = a;
	p->ops = ops;
	p->cursor_row = p->cursor_col = -1;
	p->self = ops->open(p, arg, e);
	if (!p->self) {
		free(p);
		return NULL;
	}
	if (ops->snapshot && a->snapshot)
		ops->snapshot(p->self, a->snapshot);
	app_dirty(a, true);
	return p;
}

/* Of guests the first number that is free. */
static int free_number(const struct app *a, const struct pane_ops *ops)
{
	int n = ops->number;

	for (size_t i = 0; ops->guest && i < a->panes.n; i++)
		if (a->panes.v[i]->number == n)
			n++;
	return n;
}

struct pane *app_add(struct app *a, const struct pane_ops *ops, const void *arg, struct err *e)
{
	struct pane *p, **last, *focused = app_focused(a);
	size_t at;

	if (a->panes.n >= LAYOUT_PANES) {
		err_set(e, ENOSPC, "there are %zu panes already: close one first", a->panes.n);
		return NULL;
	}
	p = pane_new(a, ops, arg, e);
	if (!p)
		return NULL;
	p->number = free_number(a, ops);
	vec_push(&a->panes, p);
	for (at = a->panes.n - 1; at && a->panes.v[at - 1]->number > p->number; at--)
		a->panes.v[at] = a->panes.v[at - 1];
	a->panes.v[at] = p;
	if (focused && at <= a->focus)
		a->focus++;
	/* the one that is looked at stays the one to come back to */
	last = ops->guest ? &a->last_guest : &a->last_host;
	if (!*last)
		*last = p;
	return p;
}

struct pane *app_open(struct app *a, const struct pane_ops *ops, const void *arg, struct err *e)
{
	struct pane *p = app_add(a, ops, arg, e);

	if (p)
		pane_focus(p);
	return p;
}

struct pane *app_dialog(struct app *a, const struct pane_ops *ops, const void *arg, struct err *e)
{
	struct pane *p = pane_new(a, ops, arg, e);

	if (p)
		vec_push(&a->dialogs, p);
	return p;
}

void app_boot(struct app *a, const struct boot_shape *shape)
{
	struct err e = ERR_INIT;

	if (!(app_features(a) & UI_CAN_BOOT))
		return;
	if (!app_dialog(a, a->opt.boot, shape, &e))
		app_message(a, APP_ALERT, "%s", e.msg);
}

static bool reap_list(struct pane_list *l)
{
	size_t keep = 0, had = l->n;

	for (size_t i = 0; i < had; i++) {
		struct pane *p = l->v[i];

		if (p->dead)
			app_pane_free(p);
		else
			l->v[keep++] = p;
	}
	l->n = keep;
	return keep != had;
}

static struct pane *last_of(const struct app *a, bool guest)
{
	for (size_t i = a->panes.n; i--;)
		if (a->panes.v[i]->ops->guest == guest && !a->panes.v[i]->dead)
			return a->panes.v[i];
	return NULL;
}

/* Frees what was closed; whoever shared the screen with it gets the focus. */
void app_reap(struct app *a)
{
	struct pane *focus = app_focused(a);

	if (a->last_guest && a->last_guest->dead)
		a->last_guest = last_of(a, true);
	if (a->last_host && a->last_host->dead)
		a->last_host = last_of(a, false);
	if (a->search.pane && a->search.pane->dead) {
		a->search.active = false;
		a->search.pane = NULL;
		if (a->prompt.kind == PROMPT_SEARCH)
			a->prompt.kind = PROMPT_NONE;
	}
	if (a->asking && a->asking->dead) {
		a->asking = NULL;
		a->prompt.kind = PROMPT_NONE;
	}
	if (focus && focus->dead)
		focus = a->last_guest && focus->ops->guest ? a->last_guest : a->last_host;
	if (reap_list(&a->panes)) {
		a->focus = 0;
		for (size_t i = 0; i < a->panes.n; i++)
			if (a->panes.v[i] == focus)
				a->focus = i;
		a->zoom = false;
		app_dirty(a, true);
	}
	if (reap_list(&a->dialogs))
		app_dirty(a, true);
}

bool app_show_cpus(struct app *a, const struct cpuset *cpus)
{
	for (size_t i = 0; i < a->panes.n; i++) {
		struct pane *p = a->panes.v[i];

		if (!p->ops->show_cpus)
			continue;
		p->ops->show_cpus(p->self, cpus);
		app_focus_index(a, i);
		return true;
	}
	return false;
}

bool app_focus_id(struct app *a, const char *id)
{
	for (size_t i = 0; i < a->panes.n; i++) {
		if (strcmp(a->panes.v[i]->ops->id, id) != 0)
			continue;
		app_focus_index(a, i);
		return true;
	}
	return false;
}

void app_refresh_status(struct app *a)
{
	for (size_t i = 0; i < a->panes.n + a->dialogs.n; i++) {
		struct pane *p = i < a->panes.n ? a->panes.v[i] : a->dialogs.v[i - a->panes.n];

		str_clear(&p->status.tab);
		str_clear(&p->status.title);
		str_clear(&p->status.foot);
		str_clear(&p->status.summary);
		p->status.mark = 0;
		p->status.input = p->status.running = false;
		p->status.features = 0;
		p->ops->status(p->self, &p->status);
	}
}
