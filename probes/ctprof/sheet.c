#include "probes/ctprof/sheet.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/utf8.h"

void ctp_sheet_line(struct ctp_sheet *s, const char *text, size_t n)
{
	if (s->limited && s->limit && s->lines >= s->limit) {
		s->dropped++;
		return;
	}
	s->lines++;
	str_append(s->out, text, n);
	str_addc(s->out, '\n');
}

void ctp_sheet_blank(struct ctp_sheet *s)
{
	ctp_sheet_line(s, "", 0);
}

void ctp_sheet_end(struct ctp_sheet *s)
{
	if (s->dropped)
		str_printf(s->out,
			"... %" PRIu64 " more lines truncated (use --limit 0 for unlimited)\n",
			s->dropped);
	s->dropped = 0;
	s->lines = 0;
}

void ctp_sheet_part(struct ctp_sheet *s, bool limited)
{
	ctp_sheet_end(s);
	s->limited = limited;
}

void ctp_sheet_heading(struct ctp_sheet *s, const char *heading)
{
	ctp_sheet_end(s);
	str_printf(s->out, "## %s\n", heading);
	s->limited = true;
}

void ctp_sheet_paint(const struct ctp_sheet *s, struct str *line, unsigned colour, const char *text)
{
	if (!s->colour || !colour) {
		str_add(line, text);
		return;
	}
	if (colour & CTP_BOLD)
		str_add(line, "\033[1m");
	if (colour & 0xff)
		str_printf(line, "\033[38;5;%um", colour & 0xff);
	str_printf(line, "%s\033[0m", text);
}

/* ---- tables ---------------------------------------------------------------------------------- */

void ctp_grid_init(struct ctp_grid *g, size_t ncolumns)
{
	*g = (struct ctp_grid){.ncolumns = ncolumns};
}

void ctp_grid_release(struct ctp_grid *g)
{
	str_release(&g->text);
	free(g->cells.v);
	g->cells.v = NULL;
	g->cells.n = g->cells.cap = 0;
}

void ctp_grid_add(struct ctp_grid *g, unsigned colour, const char *text)
{
	struct ctp_grid_cell c = {.from = g->text.len, .colour = (uint16_t)colour};
	size_t width;

	utf8_sanitize(&g->text, text, strlen(text), false);
	c.n = g->text.len - c.from;
	width = c.n ? utf8_width(g->text.s + c.from) : 0;
	c.width = (uint16_t)(width < UINT16_MAX ? width : UINT16_MAX);
	vec_push(&g->cells, c);
}

void ctp_grid_fill(struct ctp_grid *g)
{
	while (g->cells.n % g->ncolumns)
		ctp_grid_add(g, 0, "");
}

size_t ctp_grid_rows(const struct ctp_grid *g)
{
	return g->cells.n / g->ncolumns;
}

/* ---- widths ---------------------------------------------------------------------------------- */

enum { NARROWEST = 8, PADDING = 2 };

/* Takes from the widest columns until the table fits; narrow ones keep what they have. */
static void squeeze(size_t *widths, size_t n, size_t room)
{
	size_t all = n * PADDING;

	for (size_t i = 0; i < n; i++)
		all += widths[i];
	while (all > room) {
		size_t widest = 0;

		for (size_t i = 1; i < n; i++)
			if (widths[i] > widths[widest])
				widest = i;
		if (widths[widest] <= NARROWEST)
			return;
		widths[widest]--;
		all--;
	}
}

static void find_widths(const struct ctp_grid *g, size_t *widths, int wrap)
{
	for (size_t i = 0; i < g->cells.n; i++) {
		size_t c = i % g->ncolumns;

		if (g->cells.v[i].width > widths[c])
			widths[c] = g->cells.v[i].width;
	}
	if (wrap > 0)
		squeeze(widths, g->ncolumns, (size_t)wrap);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Bytes of text that fill at most `width` cells, at least one character; *used = their cells. */
static size_t fitting(const char *text, size_t n, size_t width, size_t *used)
{
	size_t at = 0;

	*used = 0;
	while (at < n) {
		uint32_t cp;
		int len = utf8_decode(text + at, n - at, &cp);
		size_t cells = len > 0 ? (size_t)utf8_char_width(cp) : 1;

		if (at && *used + cells > width)
			break;
		*used += cells;
		at += len > 0 ? (size_t)len : 1;
	}
	return at;
}

/* Line `number` of a wrapped cell: appends it, padded. False when the cell has no such line. */
static bool add_part(const struct ctp_grid *g, const struct ctp_grid_cell *c, size_t width,
	size_t number, const struct ctp_sheet *s, struct str *line)
{
	const char *text = str_get(&g->text) + c->from;
	size_t left = c->n, used = 0, n = fitting(text, left, width, &used);

	for (size_t i = 0; i < number; i++) {
		text += n;
		left -= n;
		n = fitting(text, left, width, &used);
	}
	str_addc(line, ' ');
	if (n) {
		cleanup_free char *part = xstrndup(text, n);

		ctp_sheet_paint(s, line, c->colour, part);
	}
	str_repeat(line, ' ', (width > used ? width - used : 0) + 1);
	return left > n;
}

/* How many columns there is room for, at least one. */
static size_t room_for(const struct ctp_grid *g, const size_t *widths, int fit)
{
	size_t used = 0, n = 0;

	while (n < g->ncolumns && (n == 0 || fit <= 0 || used + widths[n] + 2 <= (size_t)fit))
		used += widths[n++] + 2;
	return n;
}

static void write_row(const struct ctp_grid *g, size_t row, const size_t *widths, size_t shown,
	struct ctp_sheet *s, struct str *line)
{
	bool more = true;

	for (size_t part = 0; more; part++) {
		more = false;
		str_clear(line);
		for (size_t c = 0; c < shown; c++)
			more |= add_part(
				g, &g->cells.v[row * g->ncolumns + c], widths[c], part, s, line);
		ctp_sheet_line(s, str_get(line), line->len);
	}
}

void ctp_grid_write(struct ctp_grid *g, struct ctp_sheet *s)
{
	cleanup_free size_t *widths = xcalloc(g->ncolumns + 1, sizeof(*widths));
	cleanup_str struct str line = STR_INIT;

	size_t shown;

	find_widths(g, widths, s->wrap);
	shown = room_for(g, widths, s->fit);
	for (size_t r = 0; r < ctp_grid_rows(g); r++)
		write_row(g, r, widths, shown, s, &line);
	str_clear(&g->text);
	g->cells.n = 0;
}
