#include "ui/prompt.h"

#include <stdlib.h>
#include <string.h>

enum { HISTORY_MAX = 50 };

void prompt_start(struct prompt *p, enum prompt_kind kind, const char *text)
{
	p->kind = kind;
	p->at = p->history[kind].n;
	field_set(&p->field, text);
	str_clear(&p->draft);
}

void prompt_release(struct prompt *p)
{
	for (int i = 0; i < PROMPT_KINDS; i++)
		strv_release(&p->history[i]);
	field_release(&p->field);
	str_release(&p->draft);
}

static void remember(struct prompt *p)
{
	struct strv *h = &p->history[p->kind];
	const char *text = str_get(&p->field.text);

	if (!*text || (h->n && !strcmp(h->v[h->n - 1], text)))
		return;
	strv_push(h, text);
	if (h->n <= HISTORY_MAX)
		return;
	free(h->v[0]);
	memmove(h->v, h->v + 1, h->n * sizeof(*h->v)); /* with the NULL at its end */
	h->n--;
}

static enum prompt_result recall(struct prompt *p, int dir)
{
	const struct strv *h = &p->history[p->kind];

	if (dir < 0 ? !p->at : p->at >= h->n)
		return PROMPT_GOES_ON;
	if (p->at == h->n) {
		str_clear(&p->draft);
		str_add(&p->draft, str_get(&p->field.text));
	}
	p->at = dir < 0 ? p->at - 1 : p->at + 1;
	field_set(&p->field, p->at == h->n ? str_get(&p->draft) : h->v[p->at]);
	return PROMPT_CHANGED;
}

enum prompt_result prompt_key(struct prompt *p, const struct ui_key *k)
{
	if (ui_is_fn(k, UI_FN_ENTER)) {
		remember(p);
		p->kind = PROMPT_NONE;
		return PROMPT_ACCEPTED;
	}
	if (ui_is_fn(k, UI_FN_ESC) || ui_is_char(k, 'c', UI_CTRL)) {
		p->kind = PROMPT_NONE;
		return PROMPT_CANCELLED;
	}
	if (ui_is_fn(k, UI_FN_UP) || ui_is_char(k, 'p', UI_CTRL))
		return recall(p, -1);
	if (ui_is_fn(k, UI_FN_DOWN) || ui_is_char(k, 'n', UI_CTRL))
		return recall(p, 1);
	return field_key(&p->field, k) == FIELD_CHANGED ? PROMPT_CHANGED : PROMPT_GOES_ON;
}
