/*
 * Keys from a file, for --keys: words parted by blanks. A word is a key's name (ui/keys.h: q,
 * Enter, C-l, PgDn); "text" in quotes is typed character by character (\" \\ \n \t \e inside);
 * `wait "text"` goes on when a line of the screen contains the text; # starts a comment. Between
 * two steps the dashboard comes to rest: nothing waits for time.
 */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"
#include "ui/canvas.h"
#include "ui/keys.h"

enum script_kind { SCRIPT_KEY, SCRIPT_WAIT };

struct script_step {
	enum script_kind kind;
	int line;	   /* of the file, from 1 */
	struct ui_key key; /* SCRIPT_KEY */
	char *text;	   /* SCRIPT_WAIT; owned */
};

struct script {
	struct script_step *v;
	size_t n, cap, at; /* at = the next one */
};

/* -EINVAL with the line's number. Needs script_release() in either case. */
int script_parse(struct script *s, const char *text, struct err *e);
int script_load(struct script *s, const char *path, struct err *e);
void script_release(struct script *s);
bool script_done(const struct script *s);
/* Whether any line of the screen contains the text. */
bool script_sees(const struct canvas *c, const char *text);
