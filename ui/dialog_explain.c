/* Who keeps a request for a lock from being met, and what would help: a page of text. */
#include <stdlib.h>
#include <string.h>

#include "src/base/utf8.h"
#include "ui/app.h"
#include "ui/locks_view.h"
#include "ui/panes.h"

enum action { ACT_UP = 1, ACT_DOWN, ACT_CLOSE };

struct explain {
	struct pane *host;
	struct str title;
	struct strv lines;
	size_t top;
	int rows;
};

/* ---- what it says ---------------------------------------------------------------------------- */

static void add_blocker(const struct locks_who *w, struct strv *out)
{
	cleanup_str struct str line = STR_INIT;

	str_printf(&line, "  blocked by %d (%s), ", (int)w->pid,
		w->mode == LOCKFILE_EXCLUSIVE ? "EX" : "SH");
	locks_time_text(&w->held, &line);
	str_printf(&line, ": %s", w->cmdline);
	strv_push(out, str_get(&line));
}

static void add_request(
	const struct locks_file *f, enum lockfile_mode mode, const char *title, struct strv *out)
{
	const struct locks_who wish = {.mode = mode};
	bool blocked = false;

	strv_push(out, title);
	for (size_t i = 0; i < f->nholders; i++)
		if (locks_blocks(&f->holders[i], &wish)) {
			add_blocker(&f->holders[i], out);
			blocked = true;
		}
	if (!blocked)
		strv_push(out, "  can be had at once");
	strv_push(out, "");
}

static void add_waiters(const struct locks_file *f, struct strv *out)
{
	for (size_t i = 0; i < f->nwaiters; i++) {
		cleanup_str struct str line = STR_INIT;

		str_printf(&line, "%d waits for it already (%s), ", (int)f->waiters[i].pid,
			f->waiters[i].mode == LOCKFILE_EXCLUSIVE ? "EX" : "SH");
		locks_time_text(&f->waiters[i].held, &line);
		strv_push(out, str_get(&line));
	}
}

static void add_stale(const struct locks_file *f, struct strv *out)
{
	for (size_t i = 0; i < f->nholders; i++) {
		const struct locks_who *w = &f->holders[i];

		if (!w->live)
			strv_pushf(out,
				"%d took it and is gone; who has it now is not to be seen from "
				"here",
				(int)w->pid);
		else if (w->stale)
			strv_pushf(out,
				"%d has it from %d, which is gone: the lock is free when %d ends",
				(int)w->pid, (int)w->acquirer, (int)w->pid);
	}
}

static void explain(const struct locks_file *f, struct strv *out)
{
	bool numbered = f->kind == LOCKFILE_LLC || f->kind == LOCKFILE_CPU;

	strv_push(out, f->path);
	strv_push(out, "");
	add_request(f, LOCKFILE_EXCLUSIVE, "To have it alone (EX):", out);
	add_request(f, LOCKFILE_SHARED, "To share it (SH):", out);
	add_waiters(f, out);
	add_stale(f, out);
	if (numbered)
		strv_pushf(out, "In a shell: ktstr locks --until free:%s%u",
			locks_kind_name(f->kind), f->number);
	else
		strv_pushf(out, "In a shell: ktstr locks --until free:%s:%s",
			locks_kind_name(f->kind), f->key);
}

/* ---- the dialog ------------------------------------------------------------------------------ */

static void *explain_open(struct pane *host, const void *arg, struct err *e)
{
	const struct locks_file *f = arg;
	struct explain *x = xcalloc(1, sizeof(*x));

	(void)e;
	x->host = host;
	str_add(&x->title, "Who blocks ");
	locks_name(f->kind, f->number, f->key, &x->title);
	explain(f, &x->lines);
	return x;
}

static void explain_close(void *self)
{
	struct explain *x = self;

	str_release(&x->title);
	strv_release(&x->lines);
	free(x);
}

static void explain_resized(void *self, int rows, int cols)
{
	(void)cols;
	((struct explain *)self)->rows = rows;
}

static void explain_action(void *self, int action, const struct ui_key *k)
{
	struct explain *x = self;

	(void)k;
	if (action == ACT_CLOSE)
		pane_close(x->host);
	else if (action == ACT_UP && x->top)
		x->top--;
	else if (action == ACT_DOWN && x->top + (size_t)x->rows < x->lines.n)
		x->top++;
}

static void explain_draw(const void *self, const struct paint *p, struct view v)
{
	const struct explain *x = self;

	for (int i = 0; i < v.at.rows && x->top + (size_t)i < x->lines.n; i++)
		view_field(v, i, 1, v.at.cols - 2, theme_style(p->theme, THEME_TEXT),
			x->lines.v[x->top + (size_t)i]);
}

static void explain_status(const void *self, struct pane_status *out)
{
	str_add(&out->title, str_get(&((const struct explain *)self)->title));
}

static void explain_want(const void *self, int *rows, int *cols)
{
	const struct explain *x = self;
	size_t width = utf8_width(str_get(&x->title)) + 4;

	for (size_t i = 0; i < x->lines.n; i++)
		if (utf8_width(x->lines.v[i]) > width)
			width = utf8_width(x->lines.v[i]);
	*rows = (int)x->lines.n;
	*cols = (int)(width < 200 ? width : 200) + 2;
}

static const struct key_row rows[] = {
	{.keys = "Up k", .action = ACT_UP},
	{.keys = "Down j", .action = ACT_DOWN},
	{.keys = "Esc Enter q L C-c",
		.shown = "Esc",
		.hint = "Close",
		.priority = 2,
		.action = ACT_CLOSE},
};

static const struct key_table table = {.rows = rows, .n = ARRAY_LEN(rows)};

static const struct key_table *explain_keys(const void *self)
{
	(void)self;
	return &table;
}

const struct pane_ops dialog_explain = {
	.id = "explain",
	.name = "Who blocks",
	.open = explain_open,
	.close = explain_close,
	.resized = explain_resized,
	.action = explain_action,
	.draw = explain_draw,
	.status = explain_status,
	.keys = explain_keys,
	.want = explain_want,
};
