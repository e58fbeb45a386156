#include "ui/field.h"

#include <string.h>

#include "src/base/utf8.h"

void field_set(struct field *f, const char *text)
{
	str_clear(&f->text);
	utf8_sanitize(&f->text, text, strnlen(text, FIELD_MAX), false);
	f->cursor = f->text.len;
}

void field_release(struct field *f)
{
	str_release(&f->text);
	f->cursor = 0;
}

static size_t before(const struct field *f, size_t at)
{
	if (at)
		at--;
	while (at && ((unsigned char)f->text.s[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static size_t after(const struct field *f, size_t at)
{
	if (at < f->text.len)
		at++;
	while (at < f->text.len && ((unsigned char)f->text.s[at] & 0xc0) == 0x80)
		at++;
	return at;
}

/* The start of the word before the cursor, blanks between skipped. */
static size_t word_start(const struct field *f)
{
	size_t at = f->cursor;

	while (at && f->text.s[at - 1] == ' ')
		at--;
	while (at && f->text.s[at - 1] != ' ')
		at--;
	return at;
}

static enum field_result cut(struct field *f, size_t from, size_t to)
{
	if (from >= to)
		return FIELD_MOVED;
	memmove(f->text.s + from, f->text.s + to, f->text.len - to + 1);
	f->text.len -= to - from;
	f->cursor = from;
	return FIELD_CHANGED;
}

static enum field_result insert(struct field *f, const char *s, size_t n)
{
	size_t tail = f->text.len - f->cursor;

	if (!n || f->text.len + n > FIELD_MAX)
		return FIELD_MOVED;
	str_reserve(&f->text, n);
	memmove(f->text.s + f->cursor + n, f->text.s + f->cursor, tail);
	memcpy(f->text.s + f->cursor, s, n);
	f->text.len += n;
	f->text.s[f->text.len] = 0;
	f->cursor += n;
	return FIELD_CHANGED;
}

static enum field_result move(struct field *f, size_t to)
{
	f->cursor = to;
	return FIELD_MOVED;
}

static enum field_result ctrl_key(struct field *f, uint32_t cp)
{
	switch (cp) {
	case 'a':
		return move(f, 0);
	case 'e':
		return move(f, f->text.len);
	case 'b':
		return move(f, before(f, f->cursor));
	case 'f':
		return move(f, after(f, f->cursor));
	case 'h':
		return cut(f, before(f, f->cursor), f->cursor);
	case 'u':
		return cut(f, 0, f->cursor);
	case 'k':
		return cut(f, f->cursor, f->text.len);
	case 'w':
		return cut(f, word_start(f), f->cursor);
	default:
		return FIELD_IGNORED;
	}
}

static enum field_result fn_key(struct field *f, enum ui_fn fn)
{
	switch (fn) {
	case UI_FN_LEFT:
		return move(f, before(f, f->cursor));
	case UI_FN_RIGHT:
		return move(f, after(f, f->cursor));
	case UI_FN_HOME:
		return move(f, 0);
	case UI_FN_END:
		return move(f, f->text.len);
	case UI_FN_BACKSPACE:
		return cut(f, before(f, f->cursor), f->cursor);
	case UI_FN_DEL:
		return cut(f, f->cursor, after(f, f->cursor));
	default:
		return FIELD_IGNORED;
	}
}

static enum field_result paste(struct field *f, const struct ui_key *k)
{
	cleanup_str struct str clean = STR_INIT;
	size_t n = k->size > FIELD_MAX ? FIELD_MAX : k->size;

	/* A field is one line: what follows the first newline is not wanted. */
	for (size_t i = 0; i < n; i++)
		if (k->text[i] == '\n' || k->text[i] == '\r')
			n = i;
	utf8_sanitize(&clean, k->text, n, false);
	return insert(f, str_get(&clean), clean.len);
}

enum field_result field_key(struct field *f, const struct ui_key *k)
{
	char buf[4];

	str_reserve(&f->text, 0);
	f->text.s[f->text.len] = 0;
	if (k->kind == UI_KEY_PASTE)
		return paste(f, k);
	if (k->kind == UI_KEY_FN)
		return k->mods ? FIELD_IGNORED : fn_key(f, k->fn);
	if (k->kind != UI_KEY_CHAR)
		return FIELD_IGNORED;
	if (k->mods == UI_CTRL)
		return ctrl_key(f, k->cp);
	if (k->mods || k->cp < 0x20)
		return FIELD_IGNORED;
	return insert(f, buf, (size_t)utf8_encode(k->cp, buf));
}

/* Cells that the first n bytes take. */
static int cells(const char *s, size_t n)
{
	cleanup_str struct str part = STR_INIT;

	str_append(&part, s, n);
	return (int)utf8_width(str_get(&part));
}

void field_draw(const struct field *f, struct view v, int row, int col, int width,
	struct ui_style s, bool cursor)
{
	const char *text = str_get(&f->text);
	size_t skip = 0;

	if (width < 1)
		return;
	while (skip < f->cursor && cells(text + skip, f->cursor - skip) > width - 1)
		skip = after(f, skip);
	view_fill(v, row, col, 1, width, s, 0);
	view_text(view_sub(v, row, col, 1, width), 0, 0, s, text + skip);
	if (cursor)
		view_cursor(v, row, col + cells(text + skip, f->cursor - skip));
}
