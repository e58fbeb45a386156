#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "tests/lib/tui_impl.h"

struct tui_screen {
	VTerm *vt;
	VTermScreen *cells; /* of vt */
	VTermPos cursor;
	bool cursor_shown;
};

static int on_cursor(VTermPos pos, VTermPos old, int visible, void *user)
{
	struct tui_screen *s = user;

	(void)old;
	(void)visible;
	s->cursor = pos;
	return 1;
}

static int on_term_prop(VTermProp prop, VTermValue *value, void *user)
{
	struct tui_screen *s = user;

	if (prop == VTERM_PROP_CURSORVISIBLE)
		s->cursor_shown = value->boolean;
	return 1;
}

static const VTermScreenCallbacks callbacks = {
	.movecursor = on_cursor, .settermprop = on_term_prop};

void tui_screen_open(struct tui *t)
{
	struct tui_screen *s = t->screen = xcalloc(1, sizeof(*s));

	s->vt = vterm_new(t->rows, t->cols);
	vterm_set_utf8(s->vt, 1);
	s->cells = vterm_obtain_screen(s->vt);
	vterm_screen_enable_altscreen(s->cells, 1);
	vterm_screen_set_callbacks(s->cells, &callbacks, s);
	vterm_screen_reset(s->cells, 1);
	s->cursor_shown = true;
}

void tui_screen_close(struct tui *t)
{
	vterm_free(t->screen->vt);
	free(t->screen);
}

void tui_screen_feed(struct tui *t, const char *bytes, size_t n)
{
	char answers[4096];

	vterm_input_write(t->screen->vt, bytes, n);
	/* Answers to queries are the terminal's own business. */
	while (vterm_output_read(t->screen->vt, answers, sizeof(answers)) > 0)
		;
}

void tui_screen_resize(struct tui *t, int rows, int cols)
{
	vterm_set_size(t->screen->vt, rows, cols);
}

int tui_rows(const struct tui *t)
{
	return t->rows;
}

int tui_cols(const struct tui *t)
{
	return t->cols;
}

static int index_of(const VTermColor *c, bool fg)
{
	if (fg ? VTERM_COLOR_IS_DEFAULT_FG(c) : VTERM_COLOR_IS_DEFAULT_BG(c))
		return -1;
	return VTERM_COLOR_IS_INDEXED(c) ? c->indexed.idx : -1;
}

void tui_cell(struct tui *t, int row, int col, struct tui_cell *out)
{
	VTermPos pos = {.row = row, .col = col};
	VTermScreenCell c;
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	out->width = 1;
	out->fg = out->bg = -1;
	if (!vterm_screen_get_cell(t->screen->cells, pos, &c))
		return;
	/* The right half of a wide character. */
	if (c.chars[0] == (uint32_t)-1) {
		out->width = 0;
		return;
	}
	for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && c.chars[i] && n + 5 < sizeof(out->text);
		i++)
		n += (size_t)utf8_encode(c.chars[i], out->text + n);
	out->width = c.width;
	out->bold = c.attrs.bold;
	out->underline = c.attrs.underline;
	out->reverse = c.attrs.reverse;
	out->fg = index_of(&c.fg, true);
	out->bg = index_of(&c.bg, false);
}

const char *tui_line(struct tui *t, int row)
{
	size_t keep = 0;

	str_clear(&t->line);
	str_add(&t->line, "");
	for (int col = 0; col < t->cols; col++) {
		struct tui_cell c;

		tui_cell(t, row, col, &c);
		if (c.width == 0)
			continue;
		str_add(&t->line, c.text[0] ? c.text : " ");
		if (c.text[0] && strcmp(c.text, " ") != 0)
			keep = t->line.len;
	}
	t->line.len = keep;
	t->line.s[keep] = 0;
	return t->line.s;
}

void tui_screen(struct tui *t, struct str *out)
{
	for (int row = 0; row < t->rows; row++) {
		str_add(out, tui_line(t, row));
		str_addc(out, '\n');
	}
}

bool tui_find(struct tui *t, const char *text, int *row, int *col)
{
	for (*row = 0; *row < t->rows; ++*row) {
		const char *line = tui_line(t, *row), *hit = strstr(line, text);
		cleanup_str struct str before = STR_INIT;

		if (!hit)
			continue;
		str_append(&before, line, (size_t)(hit - line));
		*col = (int)utf8_width(str_get(&before));
		return true;
	}
	return false;
}

bool tui_cursor(struct tui *t, int *row, int *col)
{
	*row = t->screen->cursor.row;
	*col = t->screen->cursor.col;
	return t->screen->cursor_shown;
}
