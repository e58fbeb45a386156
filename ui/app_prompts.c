/* The line above the footer: searching, the time between updates, filters and exports. */
#include "src/base/clock.h"
#include "src/base/parse.h"
#include "ui/app_state.h"

/* ---- search ---------------------------------------------------------------------------------- */

bool app_find(struct app *a, enum find_step step)
{
	struct pane *p = a->search.pane;
	bool found;

	if (!p || p->dead)
		return false;
	found = p->ops->find(p->self, str_get(&a->search.text), step);
	pane_dirty(p);
	return found;
}

void app_report_match(struct app *a, bool found)
{
	if (!found)
		app_message(a, APP_WARN, "nothing here matches \"%s\"", str_get(&a->search.text));
}

void app_search_start(struct app *a)
{
	a->search.pane = app_focused(a);
	a->search.active = false;
	str_clear(&a->search.text);
	app_find(a, FIND_BEGIN);
	prompt_start(&a->prompt, PROMPT_SEARCH, "");
}

void app_search_end(struct app *a)
{
	if (a->search.active)
		app_find(a, FIND_END);
	a->search.active = false;
}

static void search_prompt(struct app *a, enum prompt_result r)
{
	str_clear(&a->search.text);
	str_add(&a->search.text, str_get(&a->prompt.field.text));
	if (r == PROMPT_CANCELLED || (r == PROMPT_ACCEPTED && !a->search.text.len)) {
		app_find(a, FIND_CANCEL);
	} else if (r == PROMPT_CHANGED) {
		app_find(a, FIND_HERE);
	} else if (r == PROMPT_ACCEPTED) {
		bool found = app_find(a, FIND_HERE);

		a->search.active = found;
		app_report_match(a, found);
		if (!found)
			app_find(a, FIND_CANCEL);
	}
}

/* ---- prompts --------------------------------------------------------------------------------- */

void app_delay_start(struct app *a)
{
	cleanup_str struct str now = STR_INIT;

	app_format_delay(a->delay_ns, &now);
	prompt_start(&a->prompt, PROMPT_DELAY, str_get(&now));
}

static void delay_prompt(struct app *a, enum prompt_result r)
{
	struct err e = ERR_INIT;
	uint64_t ns;

	if (r != PROMPT_ACCEPTED)
		return;
	if (parse_duration(str_get(&a->prompt.field.text), &ns, &e))
		app_message(a, APP_WARN, "%s", e.msg);
	else
		app_set_delay(a, ns);
}

/* ---- filters, exports, copies ---------------------------------------------------------------- */

static void ask(struct app *a, enum prompt_kind kind, const char *text)
{
	a->asking = app_focused(a);
	prompt_start(&a->prompt, kind, text);
	app_dirty(a, false);
}

void app_filter_start(struct app *a)
{
	const struct pane *p = app_focused(a);

	ask(a, PROMPT_FILTER, p->ops->filtered(p->self));
}

void app_export_start(struct app *a)
{
	ask(a, PROMPT_EXPORT, app_focused(a)->ops->export_name);
}

void app_copy_row(struct app *a)
{
	const struct pane *p = app_focused(a);
	cleanup_str struct str text = STR_INIT;

	p->ops->copy(p->self, &text);
	app_message(
		a, APP_INFO, "copied%s: %s", app_copy(a, str_get(&text), text.len), str_get(&text));
}

/* What cannot be done is said; the words are in the history, to be mended. */
static void pane_prompt(struct app *a, enum prompt_kind kind, enum prompt_result r)
{
	const char *text = str_get(&a->prompt.field.text);
	struct pane *p = a->asking;
	struct err e = ERR_INIT;
	int rc;

	if (r == PROMPT_GOES_ON || r == PROMPT_CHANGED)
		return;
	a->asking = NULL;
	if (r != PROMPT_ACCEPTED || !p || p->dead)
		return;
	rc = kind == PROMPT_FILTER ? p->ops->filter(p->self, text, &e)
				   : p->ops->export(p->self, text, &e);
	if (rc)
		app_message(a, APP_WARN, "%s", e.msg);
	else if (kind == PROMPT_EXPORT)
		app_message(a, APP_INFO, "wrote %s", text);
	pane_dirty(p);
}

/* ---- keys ------------------------------------------------------------------------------------ */

void app_prompt_key(struct app *a, const struct ui_key *k)
{
	enum prompt_kind kind = a->prompt.kind;
	enum prompt_result r = prompt_key(&a->prompt, k);

	if (kind == PROMPT_SEARCH)
		search_prompt(a, r);
	else if (kind == PROMPT_DELAY)
		delay_prompt(a, r);
	else
		pane_prompt(a, kind, r);
	app_dirty(a, r == PROMPT_ACCEPTED || r == PROMPT_CANCELLED);
}
