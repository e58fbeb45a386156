#include "tests/lib/svg.h"

#include <string.h>

#include "src/base/utf8.h"

/* Cells of 8.4 x 17: DejaVu Sans Mono at 14 px has this advance. */
enum { CELL_H = 17, FONT = 14, PAD = 10, BASELINE = 13 };
static const double cell_w = 8.43;

static const char *const ansi[16] = {"#2e3440", "#bf616a", "#8fae7b", "#d8b26a", "#6c94c4",
	"#b48ead", "#7fb7b8", "#d8dee9", "#606a7a", "#d98089", "#a9c795", "#e8ca8a", "#8ab0da",
	"#caa6c3", "#9dd0d0", "#eceff4"};
static const char background[] = "#16191f", foreground[] = "#c9d1d9";

static void colour(struct str *out, int index, const char *fallback)
{
	static const int cube[] = {0, 95, 135, 175, 215, 255};

	if (index < 0) {
		str_add(out, fallback);
	} else if (index < 16) {
		str_add(out, ansi[index]);
	} else if (index < 232) {
		index -= 16;
		str_printf(out, "#%02x%02x%02x", cube[index / 36], cube[index / 6 % 6],
			cube[index % 6]);
	} else {
		str_printf(out, "#%02x%02x%02x", (index - 232) * 10 + 8, (index - 232) * 10 + 8,
			(index - 232) * 10 + 8);
	}
}

static void rect(struct str *out, double x, double y, double w, double h, const char *fill)
{
	str_printf(out,
		"<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\"/>\n", x, y,
		w, h, fill);
}

/* Where lines leave the middle of a cell: left, right, up, down; doubled where heavy. */
struct strokes {
	uint32_t cp;
	char left, right, up, down;
};

static const struct strokes lines[] = {
	{0x2500, 1, 1, 0, 0},
	{0x2501, 2, 2, 0, 0},
	{0x2502, 0, 0, 1, 1},
	{0x2503, 0, 0, 2, 2},
	{0x250c, 0, 1, 0, 1},
	{0x250f, 0, 2, 0, 2},
	{0x2510, 1, 0, 0, 1},
	{0x2513, 2, 0, 0, 2},
	{0x2514, 0, 1, 1, 0},
	{0x2517, 0, 2, 2, 0},
	{0x2518, 1, 0, 1, 0},
	{0x251b, 2, 0, 2, 0},
};

/* Line pieces and blocks are drawn, so that they join whatever the font does. */
static bool draw_shape(struct str *out, uint32_t cp, double x, double y, const char *fill)
{
	double mx = x + cell_w / 2, my = y + CELL_H / 2.0;

	if (cp >= 0x2581 && cp <= 0x2588) {
		double h = CELL_H * (double)(cp - 0x2580) / 8;

		rect(out, x, y + CELL_H - h, cell_w + 0.3, h, fill);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		const struct strokes *s = &lines[i];
		double t = s->left + s->right + s->up + s->down > 2 ? 1.8 : 1;

		if (s->cp != cp)
			continue;
		if (s->left)
			rect(out, x, my - t / 2, cell_w / 2 + t / 2, t, fill);
		if (s->right)
			rect(out, mx - t / 2, my - t / 2, cell_w / 2 + t / 2, t, fill);
		if (s->up)
			rect(out, mx - t / 2, y, t, CELL_H / 2.0 + t / 2, fill);
		if (s->down)
			rect(out, mx - t / 2, my - t / 2, t, CELL_H / 2.0 + t / 2, fill);
		return true;
	}
	return false;
}

static void escape(struct str *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			str_add(out, "&lt;");
		else if (*s == '&')
			str_add(out, "&amp;");
		else
			str_addc(out, *s);
	}
}

struct look {
	char fg[16], bg[16];
	bool bold, underline;
};

static void look_of(const struct tui_cell *c, struct look *l)
{
	cleanup_str struct str fg = STR_INIT, bg = STR_INIT;

	colour(&fg, c->reverse ? c->bg : c->fg, c->reverse ? background : foreground);
	colour(&bg, c->reverse ? c->fg : c->bg, c->reverse ? foreground : background);
	memset(l, 0, sizeof(*l));
	strncpy(l->fg, str_get(&fg), sizeof(l->fg) - 1);
	strncpy(l->bg, str_get(&bg), sizeof(l->bg) - 1);
	l->bold = c->bold;
	l->underline = c->underline;
}

static bool same(const struct look *a, const struct look *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static void text_run(struct str *out, const struct look *l, double x, double y, const char *text)
{
	if (!*text || strspn(text, " ") == strlen(text))
		return;
	str_printf(out, "<text x=\"%.2f\" y=\"%.2f\" fill=\"%s\"%s%s textLength=\"%.2f\">", x,
		y + BASELINE, l->fg, l->bold ? " font-weight=\"bold\"" : "",
		l->underline ? " text-decoration=\"underline\"" : "",
		(double)utf8_width(text) * cell_w);
	escape(out, text);
	str_add(out, "</text>\n");
}

static void draw_row(struct tui *t, int row, struct str *out)
{
	double y = PAD + row * CELL_H;
	cleanup_str struct str run = STR_INIT;
	struct look now = {{0}, {0}, false, false};
	int from = 0;

	for (int col = 0; col <= tui_cols(t); col++) {
		double x = PAD + col * cell_w;
		struct tui_cell c = {.width = 1, .fg = -1, .bg = -1};
		struct look l;
		uint32_t cp = ' ';
		bool shape = false;

		if (col < tui_cols(t))
			tui_cell(t, row, col, &c);
		if (c.width == 0)
			continue;
		look_of(&c, &l);
		if (c.text[0])
			(void)utf8_decode(c.text, strlen(c.text), &cp);
		if (strcmp(l.bg, background) != 0 && col < tui_cols(t))
			rect(out, x, y, cell_w * c.width + 0.1, CELL_H, l.bg);
		if (!same(&l, &now) || col == tui_cols(t)) {
			text_run(out, &now, PAD + from * cell_w, y, str_get(&run));
			str_clear(&run);
			from = col;
			now = l;
		}
		if (col < tui_cols(t))
			shape = draw_shape(out, cp, x, y, l.fg);
		str_add(&run, shape || !c.text[0] ? " " : c.text);
	}
}

void svg_screen(struct tui *t, const char *title, struct str *out)
{
	double w = tui_cols(t) * cell_w + 2 * PAD, h = tui_rows(t) * CELL_H + 2 * PAD;
	int row, col;

	str_printf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 "
		"%.0f %.0f\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" "
		"font-size=\"%d\" xml:space=\"preserve\">\n<title>",
		w, h, w, h, FONT);
	escape(out, title);
	str_add(out, "</title>\n");
	str_printf(out, "<rect width=\"%.0f\" height=\"%.0f\" rx=\"6\" fill=\"%s\"/>\n", w, h,
		background);
	for (int r = 0; r < tui_rows(t); r++)
		draw_row(t, r, out);
	if (tui_cursor(t, &row, &col))
		rect(out, PAD + col * cell_w, PAD + row * CELL_H, cell_w, CELL_H, "#c9d1d980");
	str_add(out, "</svg>\n");
}
