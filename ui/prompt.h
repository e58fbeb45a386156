/* One line of input above the footer: search, delay, filter, export. Raw text goes in until Enter
 * or Esc. */
#pragma once

#include <stdbool.h>

#include "ui/field.h"

enum prompt_kind {
	PROMPT_NONE,
	PROMPT_SEARCH,
	PROMPT_DELAY,
	PROMPT_FILTER,
	PROMPT_EXPORT,
	PROMPT_KINDS
};

struct prompt {
	enum prompt_kind kind;
	struct field field;
	struct strv history[PROMPT_KINDS]; /* oldest first */
	size_t at;			   /* in history; n = the new line */
	struct str draft;		   /* the new line while history is shown */
};

enum prompt_result { PROMPT_GOES_ON, PROMPT_CHANGED, PROMPT_ACCEPTED, PROMPT_CANCELLED };

void prompt_start(struct prompt *p, enum prompt_kind kind, const char *text);
/* Enter keeps the line in the history and ends the prompt; the text stays in `field` until the next
 * start. */
enum prompt_result prompt_key(struct prompt *p, const struct ui_key *k);
void prompt_release(struct prompt *p);
