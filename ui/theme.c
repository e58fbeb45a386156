#include "ui/theme.h"

#include <stddef.h>

#include "src/base/mem.h"

#define FG(c, a)                                                                                   \
	{                                                                                          \
		.fg = (c), .bg = UI_DEFAULT, .attr = (a)                                           \
	}
#define ON(f, b, a)                                                                                \
	{                                                                                          \
		.fg = (f), .bg = (b), .attr = (a)                                                  \
	}

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, GREY };

/* Without colour each role that carries meaning differs by attribute; text says the rest. */
static const struct ui_style mono[THEME_ROLES] = {
	[THEME_TEXT] = FG(UI_DEFAULT, 0),
	[THEME_DIM] = FG(UI_DEFAULT, 0),
	[THEME_STRONG] = FG(UI_DEFAULT, UI_BOLD),
	[THEME_BORDER] = FG(UI_DEFAULT, 0),
	[THEME_BORDER_FOCUS] = FG(UI_DEFAULT, UI_BOLD),
	[THEME_TITLE] = FG(UI_DEFAULT, 0),
	[THEME_TITLE_FOCUS] = FG(UI_DEFAULT, UI_BOLD),
	[THEME_TITLE_INPUT] = FG(UI_DEFAULT, UI_BOLD | UI_REVERSE),
	[THEME_TAB] = FG(UI_DEFAULT, 0),
	[THEME_TAB_FOCUS] = FG(UI_DEFAULT, UI_BOLD | UI_REVERSE),
	[THEME_KEY] = FG(UI_DEFAULT, UI_BOLD),
	[THEME_HINT] = FG(UI_DEFAULT, 0),
	[THEME_SELECTED] = FG(UI_DEFAULT, UI_REVERSE),
	[THEME_SELECTED_IDLE] = FG(UI_DEFAULT, UI_UNDERLINE),
	[THEME_MATCH] = FG(UI_DEFAULT, UI_BOLD | UI_UNDERLINE),
	[THEME_GOOD] = FG(UI_DEFAULT, 0),
	[THEME_WARN] = FG(UI_DEFAULT, UI_BOLD),
	[THEME_ALERT] = FG(UI_DEFAULT, UI_BOLD | UI_REVERSE),
	[THEME_BADGE] = FG(UI_DEFAULT, UI_REVERSE),
	[THEME_FIELD] = FG(UI_DEFAULT, UI_UNDERLINE),
};

static const struct ui_style ansi8[THEME_ROLES] = {
	[THEME_TEXT] = FG(UI_DEFAULT, 0),
	[THEME_DIM] = FG(UI_DEFAULT, UI_DIM),
	[THEME_STRONG] = FG(UI_DEFAULT, UI_BOLD),
	[THEME_BORDER] = FG(UI_DEFAULT, UI_DIM),
	[THEME_BORDER_FOCUS] = FG(CYAN, 0),
	[THEME_TITLE] = FG(UI_DEFAULT, 0),
	[THEME_TITLE_FOCUS] = FG(CYAN, UI_BOLD),
	[THEME_TITLE_INPUT] = ON(BLACK, GREEN, 0),
	[THEME_TAB] = FG(UI_DEFAULT, 0),
	[THEME_TAB_FOCUS] = ON(WHITE, BLUE, UI_BOLD),
	[THEME_KEY] = FG(CYAN, 0),
	[THEME_HINT] = FG(UI_DEFAULT, 0),
	[THEME_SELECTED] = FG(UI_DEFAULT, UI_REVERSE),
	[THEME_SELECTED_IDLE] = FG(UI_DEFAULT, UI_UNDERLINE),
	[THEME_MATCH] = ON(BLACK, YELLOW, 0),
	[THEME_GOOD] = FG(GREEN, 0),
	[THEME_WARN] = FG(YELLOW, 0),
	[THEME_ALERT] = FG(RED, UI_BOLD),
	[THEME_BADGE] = ON(BLACK, YELLOW, 0),
	[THEME_FIELD] = FG(UI_DEFAULT, UI_UNDERLINE),
};

/* Middle tones: legible on dark and on light backgrounds alike. */
static const struct ui_style rich[THEME_ROLES] = {
	[THEME_TEXT] = FG(UI_DEFAULT, 0),
	[THEME_DIM] = FG(245, 0),
	[THEME_STRONG] = FG(UI_DEFAULT, UI_BOLD),
	[THEME_BORDER] = FG(240, 0),
	[THEME_BORDER_FOCUS] = FG(67, 0),
	[THEME_TITLE] = FG(245, 0),
	[THEME_TITLE_FOCUS] = FG(74, UI_BOLD),
	[THEME_TITLE_INPUT] = ON(16, 108, UI_BOLD),
	[THEME_TAB] = FG(245, 0),
	[THEME_TAB_FOCUS] = ON(231, 24, UI_BOLD),
	[THEME_KEY] = FG(74, 0),
	[THEME_HINT] = FG(245, 0),
	[THEME_SELECTED] = ON(231, 24, UI_BOLD),
	[THEME_SELECTED_IDLE] = FG(UI_DEFAULT, UI_UNDERLINE),
	[THEME_MATCH] = ON(16, 179, 0),
	[THEME_GOOD] = FG(71, 0),
	[THEME_WARN] = FG(172, 0),
	[THEME_ALERT] = FG(167, UI_BOLD),
	[THEME_BADGE] = ON(16, 179, 0),
	[THEME_FIELD] = ON(231, 237, 0),
};

/* Idle, low, middle, high, full: one step a quarter above 1 %. */
static const struct ui_style heat_mono[] = {FG(UI_DEFAULT, 0), FG(UI_DEFAULT, 0), FG(UI_DEFAULT, 0),
	FG(UI_DEFAULT, UI_BOLD), FG(UI_DEFAULT, UI_BOLD)};
static const struct ui_style heat8[] = {
	FG(UI_DEFAULT, UI_DIM), FG(GREEN, 0), FG(YELLOW, 0), FG(RED, 0), FG(RED, UI_BOLD)};
static const struct ui_style heat256[] = {FG(242, 0), FG(65, 0), FG(71, 0), FG(107, 0), FG(143, 0),
	FG(179, 0), FG(173, 0), FG(167, 0), FG(167, UI_BOLD)};

static const ui_color series8[] = {CYAN, MAGENTA, YELLOW, GREEN, BLUE, RED};
static const ui_color series256[] = {74, 175, 143, 108, 209, 104, 73, 137};

void theme_init(struct theme *t, int colours)
{
	const struct ui_style *from = colours >= 256 ? rich : colours >= 8 ? ansi8 : mono;

	t->colours = colours >= 256 ? 256 : colours >= 16 ? 16 : colours >= 8 ? 8 : 0;
	for (int i = 0; i < THEME_ROLES; i++) {
		t->role[i] = from[i];
		/* Bright black is a better grey than the dim attribute where it exists. */
		if (t->colours == 16 && (from[i].attr & UI_DIM))
			t->role[i] = (struct ui_style)FG(GREY, 0);
	}
}

struct ui_style theme_style(const struct theme *t, enum theme_role role)
{
	return t->role[role < THEME_ROLES ? role : THEME_TEXT];
}

static struct ui_style pick(const struct ui_style *steps, size_t n, double percent)
{
	size_t i;

	if (!(percent >= 1))
		return steps[0];
	i = 1 + (size_t)((percent > 99.9 ? 99.9 : percent) / 100 * (double)(n - 1));
	return steps[i < n ? i : n - 1];
}

struct ui_style theme_heat(const struct theme *t, double percent)
{
	if (t->colours >= 256)
		return pick(heat256, ARRAY_LEN(heat256), percent);
	if (t->colours >= 8) {
		if (t->colours == 16 && !(percent >= 1))
			return (struct ui_style)FG(GREY, 0);
		return pick(heat8, ARRAY_LEN(heat8), percent);
	}
	return pick(heat_mono, ARRAY_LEN(heat_mono), percent);
}

struct ui_style theme_series(const struct theme *t, unsigned i)
{
	if (t->colours >= 256)
		return (struct ui_style)FG(series256[i % ARRAY_LEN(series256)], 0);
	if (t->colours >= 8)
		return (struct ui_style)FG(series8[i % ARRAY_LEN(series8)], 0);
	return (struct ui_style)FG(UI_DEFAULT, i % 2 ? UI_BOLD : 0);
}

struct ui_style theme_over(struct ui_style a, struct ui_style over)
{
	if (over.bg != UI_DEFAULT) {
		a.bg = over.bg;
		a.fg = over.fg;
	}
	a.attr |= over.attr;
	return a;
}

struct rgb {
	int r, g, b;
};

/* xterm's default for the first sixteen. */
static const struct rgb base16[] = {{0, 0, 0}, {205, 0, 0}, {0, 205, 0}, {205, 205, 0}, {0, 0, 238},
	{205, 0, 205}, {0, 205, 205}, {229, 229, 229}, {127, 127, 127}, {255, 0, 0}, {0, 255, 0},
	{255, 255, 0}, {92, 92, 255}, {255, 0, 255}, {0, 255, 255}, {255, 255, 255}};

static const int cube[] = {0, 95, 135, 175, 215, 255};

static struct rgb to_rgb(ui_color c)
{
	if (UI_IS_RGB(c))
		return (struct rgb){c >> 16 & 0xff, c >> 8 & 0xff, c & 0xff};
	if (c < 16)
		return base16[c];
	if (c >= 232)
		return (struct rgb){(c - 232) * 10 + 8, (c - 232) * 10 + 8, (c - 232) * 10 + 8};
	c -= 16;
	return (struct rgb){cube[c / 36], cube[c / 6 % 6], cube[c % 6]};
}

static ui_color nearest(struct rgb want, ui_color from, ui_color to)
{
	ui_color best = from;
	long best_d = -1;

	for (ui_color c = from; c < to; c++) {
		struct rgb have = to_rgb(c);
		long dr = want.r - have.r, dg = want.g - have.g, db = want.b - have.b;
		/* The eye weighs green most, blue least. */
		long d = 3 * dr * dr + 6 * dg * dg + db * db;

		if (best_d < 0 || d < best_d) {
			best_d = d;
			best = c;
		}
	}
	return best;
}

ui_color theme_reduce(ui_color c, int colours)
{
	if (c < 0 || colours < 8)
		return UI_DEFAULT;
	if (c < colours)
		return c;
	if (UI_IS_RGB(c) && colours >= 256)
		return nearest(to_rgb(c), 16, 256);
	if (!UI_IS_RGB(c) && c > 255)
		return UI_DEFAULT;
	/* Bright colours of a palette keep their hue where only eight are left. */
	if (c >= 8 && c < 16)
		return c - 8;
	return nearest(to_rgb(c), 0, colours >= 16 ? 16 : 8);
}
