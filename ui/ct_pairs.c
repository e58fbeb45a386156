/* Snapshots of the profile pane: taken, read, kept in a ring, compared. */
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/loop.h"
#include "ui/app.h"
#include "ui/ct_keys.h"

enum { PROGRESS_MS = 100 };

const struct ctp_snapshot *ct_snap(const struct ct_view *w, unsigned side)
{
	return w->side[side] < 0 ? NULL : w->ring.v[w->side[side]].snap;
}

static void on_done(void *user);

static void on_progress(void *user)
{
	pane_dirty(((struct ct_view *)user)->host);
}

static void start(struct ct_view *w, const struct ct_order *o)
{
	struct err e = ERR_INIT;
	struct loop *l = app_loop(pane_app(w->host));

	w->work = o->work;
	w->job = ct_job_start(o, l, on_done, w, &e);
	if (!w->job)
		app_message(pane_app(w->host), APP_WARN, "%s", e.msg);
	else if (o->work == CT_CAPTURE)
		w->progress = loop_add_timer(
			l, PROGRESS_MS * NS_PER_MS, PROGRESS_MS * NS_PER_MS, on_progress, w);
}

void ct_forget_diff(struct ct_view *w)
{
	w->lines.n = w->opened.n = 0;
	w->cursor = w->top = 0;
	ctp_diff_free(w->diff);
	w->diff = NULL;
}

/* Compares the pair anew; what was measured at rest is of other groups then. */
static void compare(struct ct_view *w)
{
	struct ct_order o = {.work = CT_DIFF, .naming = w->naming};

	ct_forget_diff(w);
	o.a = ct_snap(w, CTP_BASE);
	o.b = ct_snap(w, CTP_CAND);
	if (!w->job && o.a && o.b)
		start(w, &o);
}

/* Drops the oldest that is not looked at. */
static void trim_ring(struct ct_view *w)
{
	for (int i = 0; w->ring.n > CT_RING && i < (int)w->ring.n; i++) {
		if (i == w->side[CTP_BASE] || i == w->side[CTP_CAND])
			continue;
		ctp_free(w->ring.v[i].snap);
		free(w->ring.v[i].name);
		memmove(&w->ring.v[i], &w->ring.v[i + 1],
			(w->ring.n - 1 - (size_t)i) * sizeof(*w->ring.v));
		w->ring.n--;
		for (int side = 0; side < CTP_SIDES; side++)
			w->side[side] -= w->side[side] > i;
		i--;
	}
}

/* A new snapshot is the later one of the pair; what was that becomes the earlier one. */
static void add_capture(struct ct_view *w, struct ctp_snapshot *snap, char *name)
{
	int at = (int)w->ring.n;

	ct_forget_diff(w); /* before the ring moves */
	vec_push(&w->ring, (struct ct_capture){snap, name});
	if (w->wanted >= 0) {
		w->side[w->wanted] = at;
	} else if (w->side[CTP_BASE] < 0) {
		w->side[CTP_BASE] = at;
	} else {
		if (w->side[CTP_CAND] >= 0)
			w->side[CTP_BASE] = w->side[CTP_CAND];
		w->side[CTP_CAND] = at;
	}
	w->wanted = -1;
	trim_ring(w);
	compare(w);
}

static void finish_capture(struct ct_view *w, struct ct_result *r, char *name)
{
	struct app *a = pane_app(w->host);

	if (!r->snap) {
		app_message(a, APP_WARN, "%s", r->e.msg);
		free(name);
		w->wanted = -1;
		return;
	}
	if (r->missing.n)
		app_message(a, APP_INFO, "%s", r->missing.v[0]);
	add_capture(w, r->snap, name);
}

static void on_done(void *user)
{
	struct ct_view *w = user;
	struct ct_result r = ct_job_take(w->job);
	char *name = take_ptr(w->pick_name);

	w->job = NULL;
	loop_del_timer(app_loop(pane_app(w->host)), w->progress);
	w->progress = NULL;
	if (r.work == CT_DIFF) {
		w->diff = r.diff;
		ct_refresh(w);
	} else {
		finish_capture(w, &r, name);
	}
	strv_release(&r.missing);
	pane_dirty(w->host);
}

static void swap_sides(struct ct_view *w)
{
	int a = w->side[CTP_BASE];

	w->side[CTP_BASE] = w->side[CTP_CAND];
	w->side[CTP_CAND] = a;
	compare(w);
}

/* Both sides one step along the ring, as far as it goes. */
static void step_ring(struct ct_view *w, int by)
{
	int n = (int)w->ring.n, a = w->side[CTP_BASE] + by, b = w->side[CTP_CAND] + by;

	if (a < 0 || b < 0 || a >= n || b >= n) {
		app_message(pane_app(w->host), APP_INFO, "that is the %s snapshot",
			by < 0 ? "oldest" : "newest");
		return;
	}
	w->side[CTP_BASE] = a;
	w->side[CTP_CAND] = b;
	compare(w);
}

static void forget_noise(struct ct_view *w)
{
	ctp_noise_free(w->noise);
	w->noise = NULL;
	if (w->which == CT_BEYOND)
		w->which = CT_CHANGED;
}

static void next_axis(struct ct_view *w)
{
	w->naming.axis = (enum ctp_axis)((w->naming.axis + 1) % CTP_NAXES);
	forget_noise(w);
	compare(w);
}

void ct_load_file(struct ct_view *w, const char *path, int side)
{
	struct ct_order o = {.work = CT_LOAD, .path = path};

	free(w->pick_name);
	w->pick_name = xstrdup(path);
	w->wanted = side;
	start(w, &o);
}

void ct_start_capture(struct ct_view *w)
{
	struct ct_order o = {.work = CT_CAPTURE};

	start(w, &o);
}

void ct_choose_capture(struct ct_view *w, int side, int number)
{
	w->side[side] = number;
	compare(w);
}

void ct_pair_action(struct ct_view *w, int action)
{
	if (action == ACT_SWAP)
		swap_sides(w);
	else if (action == ACT_GROUP)
		next_axis(w);
	else
		step_ring(w, action == ACT_OLDER ? -1 : 1);
}
