/* What keys do that work in every pane (app_rows.c), and who gets which key. */
#include "ui/app_rows.h"
#include "ui/app_state.h"

const struct key_table *app_pane_keys(const struct pane *p)
{
	return p && p->ops->keys ? p->ops->keys(p->self) : NULL;
}

/* ---- actions --------------------------------------------------------------------------------- */

static void focus_number(struct app *a, int number)
{
	for (size_t i = 0; i < a->panes.n; i++) {
		if (a->panes.v[i]->number != number)
			continue;
		app_focus_index(a, i);
		return;
	}
	app_message(a, APP_INFO, "there is no pane %d", number);
}

static void move_split(struct app *a, const struct ui_key *k)
{
	struct layout_in in;
	struct layout now;
	bool more = k->fn == UI_FN_DOWN || k->fn == UI_FN_RIGHT;
	bool across = k->fn == UI_FN_LEFT || k->fn == UI_FN_RIGHT;
	enum layout_split split = across ? SPLIT_COLS : SPLIT_ROWS;
	int share;

	app_layout_in(a, &in);
	layout_compute(&in, &now);
	if (!now.share[split])
		return;
	share = now.share[split] + (more ? 5 : -5);
	share = share < 15 ? 15 : share > 85 ? 85 : share;
	a->share[a->mode == LAYOUT_BESIDE ? LAYOUT_BESIDE : LAYOUT_AUTO][split] = share;
	app_dirty(a, true);
}

static void next_layout(struct app *a)
{
	static const char *const names[] = {
		"by size", "one pane", "above and below", "side by side", "four"};
	struct layout_in in;

	app_layout_in(a, &in);
	in.zoom = a->zoom = false;
	a->mode = layout_next(&in);
	app_message(a, APP_INFO, "layout: %s", names[a->mode]);
	app_dirty(a, true);
}

static void step_pane(struct app *a, size_t by)
{
	if (a->panes.n)
		app_focus_index(a, (a->focus + by) % a->panes.n);
}

static void say_delay(struct app *a)
{
	cleanup_str struct str text = STR_INIT;

	app_format_delay(a->delay_ns, &text);
	app_message(a, APP_INFO, "every %s", str_get(&text));
}

static void redraw(struct app *a)
{
	if (a->opt.output->redraw)
		a->opt.output->redraw(a->opt.user);
	app_dirty(a, true);
}

static void suspend(struct app *a)
{
	if (a->opt.output->suspend)
		a->opt.output->suspend(a->opt.user);
	app_dirty(a, true);
}

static void act_find(struct app *a, int action)
{
	if (action == ACT_FIND)
		app_search_start(a);
	else if (action == ACT_FIND_END)
		app_search_end(a);
	else
		app_report_match(a, app_find(a, action == ACT_FIND_NEXT ? FIND_NEXT : FIND_PREV));
	app_dirty(a, false);
}

static void act_screen(struct app *a, int action, const struct ui_key *k)
{
	switch (action) {
	case ACT_ZOOM:
		a->zoom = !a->zoom;
		app_dirty(a, true);
		break;
	case ACT_LAYOUT:
		next_layout(a);
		break;
	case ACT_SHARE:
		move_split(a, k);
		break;
	case ACT_BACK:
		a->opened = false;
		app_dirty(a, true);
		break;
	case ACT_REDRAW:
		redraw(a);
		break;
	case ACT_SUSPEND:
		suspend(a);
		break;
	default:
		break;
	}
}

static void act(struct app *a, int action, const struct ui_key *k)
{
	switch (action) {
	case ACT_HELP:
		app_help(a);
		break;
	case ACT_NEXT_PANE:
		step_pane(a, 1);
		break;
	case ACT_PREV_PANE:
		step_pane(a, a->panes.n - 1);
		break;
	case ACT_PANE:
		focus_number(a, (int)k->cp - '0');
		break;
	case ACT_FIND:
	case ACT_FIND_NEXT:
	case ACT_FIND_PREV:
	case ACT_FIND_END:
		act_find(a, action);
		break;
	case ACT_FILTER:
		app_filter_start(a);
		break;
	case ACT_EXPORT:
		app_export_start(a);
		break;
	case ACT_COPY:
		app_copy_row(a);
		break;
	case ACT_BOOT:
		app_boot(a, NULL);
		break;
	case ACT_PAUSE:
		app_set_paused(a, !a->paused);
		break;
	case ACT_DELAY:
		app_delay_start(a);
		app_dirty(a, false);
		break;
	case ACT_FASTER:
	case ACT_SLOWER:
		app_set_delay(a, action == ACT_FASTER ? a->delay_ns / 2 : a->delay_ns * 2);
		say_delay(a);
		break;
	case ACT_QUIT:
		app_quit(a);
		break;
	default:
		act_screen(a, action, k);
	}
}

/* ---- dispatch -------------------------------------------------------------------------------- */

void app_command(struct app *a, const struct ui_key *k)
{
	unsigned have = app_features(a);
	struct pane *p = app_focused(a);
	const struct key_row *r = keymap_find(app_pane_keys(p), k, have);

	if (r) {
		p->ops->action(p->self, r->action, k);
		pane_dirty(p);
		return;
	}
	r = keymap_find(&app_global_keys, k, have);
	if (r)
		act(a, r->action, k);
}

static void dialog_key(struct app *a, struct pane *p, const struct ui_key *k)
{
	const struct key_row *r = keymap_find(&app_global_keys, k, app_features(a));

	pane_dirty(p);
	if (r && (r->action == ACT_REDRAW || r->action == ACT_SUSPEND)) {
		act(a, r->action, k);
		return;
	}
	if (p->ops->captures && p->ops->captures(p->self)) {
		p->ops->input(p->self, k);
		return;
	}
	r = keymap_find(app_pane_keys(p), k, app_features(a) | p->status.features);
	if (r)
		p->ops->action(p->self, r->action, k);
}

void app_key(struct app *a, const struct ui_key *k)
{
	struct pane *top = app_top(a);

	if (k->kind == UI_KEY_NONE)
		return;
	if (k->kind == UI_KEY_MOUSE) {
		app_mouse(a, k);
		return;
	}
	if (a->message.text.len && a->message.severity == APP_INFO) {
		str_clear(&a->message.text);
		app_dirty(a, false);
	}
	if (a->prompt.kind != PROMPT_NONE) {
		app_prompt_key(a, k);
	} else if (a->dialogs.n) {
		dialog_key(a, top, k);
	} else if (top && app_capturing(a)) {
		top->ops->input(top->self, k);
		pane_dirty(top);
	} else {
		/* What was said is seen by whoever goes on with commands. */
		if (a->message.text.len && ui_is_fn(k, UI_FN_ESC))
			str_clear(&a->message.text);
		app_command(a, k);
	}
}
