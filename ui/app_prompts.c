/* The line above the footer: searching, and the time between updates. */
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

void app_prompt_key(struct app *a, const struct ui_key *k)
{
	enum prompt_kind kind = a->prompt.kind;
	enum prompt_result r = prompt_key(&a->prompt, k);

	if (kind == PROMPT_SEARCH)
		search_prompt(a, r);
	else
		delay_prompt(a, r);
	app_dirty(a, r == PROMPT_ACCEPTED || r == PROMPT_CANCELLED);
}
