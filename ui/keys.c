#include "ui/keys.h"

#include <string.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"

static const char *const fn_names[UI_FN_COUNT] = {
	[UI_FN_ENTER] = "Enter",
	[UI_FN_TAB] = "Tab",
	[UI_FN_BACKSPACE] = "Backspace",
	[UI_FN_ESC] = "Esc",
	[UI_FN_UP] = "Up",
	[UI_FN_DOWN] = "Down",
	[UI_FN_LEFT] = "Left",
	[UI_FN_RIGHT] = "Right",
	[UI_FN_INS] = "Ins",
	[UI_FN_DEL] = "Del",
	[UI_FN_HOME] = "Home",
	[UI_FN_END] = "End",
	[UI_FN_PGUP] = "PgUp",
	[UI_FN_PGDN] = "PgDn",
	[UI_FN_F1] = "F1",
	[UI_FN_F1 + 1] = "F2",
	[UI_FN_F1 + 2] = "F3",
	[UI_FN_F1 + 3] = "F4",
	[UI_FN_F1 + 4] = "F5",
	[UI_FN_F1 + 5] = "F6",
	[UI_FN_F1 + 6] = "F7",
	[UI_FN_F1 + 7] = "F8",
	[UI_FN_F1 + 8] = "F9",
	[UI_FN_F1 + 9] = "F10",
	[UI_FN_F1 + 10] = "F11",
	[UI_FN_F12] = "F12",
};

static bool is(const char *name, size_t n, const char *word)
{
	return strlen(word) == n && !memcmp(name, word, n);
}

static unsigned take_mods(const char **name, size_t *n)
{
	unsigned mods = 0;

	while (*n > 2 && (*name)[1] == '-') {
		unsigned bit = (*name)[0] == 'C'   ? UI_CTRL
			       : (*name)[0] == 'M' ? UI_ALT
			       : (*name)[0] == 'S' ? UI_SHIFT
						   : 0;

		if (!bit)
			break;
		mods |= bit;
		*name += 2;
		*n -= 2;
	}
	return mods;
}

bool ui_key_parse(const char *name, size_t n, struct ui_key *out)
{
	unsigned mods = take_mods(&name, &n);
	uint32_t cp;
	int len;

	for (int f = UI_FN_NONE + 1; f < UI_FN_COUNT; f++) {
		if (is(name, n, fn_names[f])) {
			*out = ui_key_fn((enum ui_fn)f, mods);
			return true;
		}
	}
	*out = ui_key_char(' ', mods);
	if (is(name, n, "Space"))
		return true;
	len = utf8_decode(name, n, &cp);
	if (len <= 0 || (size_t)len != n || cp <= ' ' || cp == 0x7f)
		return false;
	out->cp = cp;
	return true;
}

void ui_key_name(const struct ui_key *k, struct str *out)
{
	char buf[4];

	if (k->kind != UI_KEY_CHAR && k->kind != UI_KEY_FN)
		return;
	if (k->mods & UI_CTRL)
		str_add(out, "C-");
	if (k->mods & UI_ALT)
		str_add(out, "M-");
	if (k->mods & UI_SHIFT)
		str_add(out, "S-");
	if (k->kind == UI_KEY_FN)
		str_add(out, k->fn > UI_FN_NONE && k->fn < UI_FN_COUNT ? fn_names[k->fn] : "?");
	else if (k->cp == ' ')
		str_add(out, "Space");
	else
		str_append(out, buf, (size_t)utf8_encode(k->cp, buf));
}

static bool same(const struct ui_key *a, const struct ui_key *b)
{
	if (a->kind != b->kind || a->mods != b->mods)
		return false;
	return a->kind == UI_KEY_CHAR ? a->cp == b->cp : a->fn == b->fn;
}

static bool row_has(const struct key_row *r, const struct ui_key *k)
{
	for (const char *s = r->keys; *s;) {
		size_t n = strcspn(s, " ");
		struct ui_key want;

		if (ui_key_parse(s, n, &want) && same(&want, k))
			return true;
		s += n;
		s += strspn(s, " ");
	}
	return false;
}

const struct key_row *keymap_find(const struct key_table *t, const struct ui_key *k, unsigned have)
{
	if (k->kind != UI_KEY_CHAR && k->kind != UI_KEY_FN)
		return NULL;
	for (size_t i = 0; t && i < t->n; i++)
		if (!(t->rows[i].need & ~have) && row_has(&t->rows[i], k))
			return &t->rows[i];
	return NULL;
}
