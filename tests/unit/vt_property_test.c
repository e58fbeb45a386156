/*
 * The terminal against libvterm: random output of a guest goes through the fast path in random
 * chunks, through the same terminal without the fast path byte by byte, and through libvterm's own
 * screen layer byte by byte. All three must show the same cells and have scrolled off the same
 * rows. VT_PROPERTY_SEEDS and VT_PROPERTY_FIRST choose other and more inputs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vterm.h>

#include "src/base/utf8.h"
#include "ui/vt.h"
#include "ui/vt_impl.h"

/* ---- random output -------------------------------------------------------------------------- */

struct gen {
	uint64_t state;
	struct str out;
	int rows, cols;
	bool alt;
	bool plain; /* only what the fast path takes, so that it is hit hard */
};

static uint32_t rnd(struct gen *g, uint32_t n)
{
	g->state = g->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(g->state >> 33) % n;
}

static const char *const chars[] = {"\xc3\xa9", "\xc2\xa0", "\xe2\x94\x80", "\xe2\x96\x88",
	"\xce\xbb", "\xd0\xb6", "\xe2\x82\xac", "\xef\xbf\xbd"};
static const char *const wides[] = {"\xe4\xb8\xad", "\xe6\x96\x87", "\xef\xbc\xa1", "\xe3\x81\x82"};
static const char *const marks[] = {"\xcc\x81", "\xcc\x88", "\xe2\x83\x97"};

static bool is_wide(uint32_t cp)
{
	return cp == 0x4e2d || cp == 0x6587 || cp == 0xff21 || cp == 0x3042;
}

static void gen_word(struct gen *g, int n)
{
	while (n-- > 0) {
		uint32_t r = rnd(g, 100);

		if (r < 92 || g->plain)
			str_addc(&g->out, (char)(0x20 + rnd(g, 95)));
		else if (r < 96)
			str_add(&g->out, chars[rnd(g, ARRAY_LEN(chars))]);
		else if (r < 98)
			str_add(&g->out, wides[rnd(g, ARRAY_LEN(wides))]);
		else if (r < 99) {
			str_addc(&g->out, 'e');
			str_add(&g->out, marks[rnd(g, ARRAY_LEN(marks))]);
		} else
			str_add(&g->out, marks[rnd(g, ARRAY_LEN(marks))]);
	}
}

static void gen_sgr(struct gen *g)
{
	static const char *const sgr[] = {"", "0", "1", "7", "4", "0;31", "32", "1;33", "39;49",
		"44", "9", "38;5;200", "48;5;17", "38;2;1;2;3", "48:2:9:8:7", "22;27", "94", "101",
		"3", "24", "4:3", "21", "1;2;3;4;5;6;7;8;9;10;11;12;13;14;15"};

	str_printf(&g->out, "\x1b[%sm", sgr[rnd(g, ARRAY_LEN(sgr))]);
}

static void gen_lines(struct gen *g)
{
	static const char *const ends[] = {
		"\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\n\r", "\r\n\r\n"};
	uint32_t n = 1 + rnd(g, g->plain ? 60 : 12);

	while (n--) {
		uint32_t r = rnd(g, 10);
		int len = r < 5	  ? (int)rnd(g, 12)
			  : r < 8 ? (int)rnd(g, (uint32_t)g->cols)
				  : g->cols;

		if (r == 9)
			len = (int)rnd(g, (uint32_t)g->cols * 3);
		if (!rnd(g, 4))
			gen_sgr(g);
		gen_word(g, len);
		if (!rnd(g, 8))
			str_addc(&g->out, '\t');
		if (!rnd(g, 10))
			str_add(&g->out, "\x1b[K");
		if (!rnd(g, 12))
			str_addc(&g->out, '\b');
		str_add(&g->out, ends[rnd(g, ARRAY_LEN(ends))]);
	}
}

static void gen_move(struct gen *g)
{
	static const char finals[] = "ABCDEFG`adejkIZ";

	if (rnd(g, 2))
		str_printf(&g->out, "\x1b[%u;%uH", rnd(g, (uint32_t)g->rows + 3),
			rnd(g, (uint32_t)g->cols + 3));
	else
		str_printf(&g->out, "\x1b[%u%c", rnd(g, 30), finals[rnd(g, sizeof(finals) - 1)]);
}

static void gen_edit(struct gen *g)
{
	static const char finals[] = "@LMPSTX";
	uint32_t r = rnd(g, 4);

	if (r == 0)
		str_printf(&g->out, "\x1b[%uK", rnd(g, 3));
	else if (r == 1)
		str_printf(&g->out, "\x1b[%s%uJ", rnd(g, 5) ? "" : "?", rnd(g, 3));
	else
		str_printf(&g->out, "\x1b[%u%c", rnd(g, 8), finals[rnd(g, sizeof(finals) - 1)]);
}

static void gen_mode(struct gen *g)
{
	static const char *const modes[] = {
		"?6", "?7", "4", "20", "?25", "?69", "?2004", "?1000", "?1"};
	static const char *const other[] = {"\x1b(0", "\x1b(B", "\x0e", "\x0f", "\x1b)0",
		"\x1b"
		"7",
		"\x1b"
		"8",
		"\x1bM",
		"\x1b"
		"D",
		"\x1b"
		"E",
		"\x1bH", "\x1b[g", "\x1b[3g", "\x1b#8", "\x1b#6", "\x1b#5", "\x1bN", "\x1b[1\"q",
		"\x1b[0\"q", "\x1b[?1J", "\x1b[?K", "\x1b[r", "\x1b[s", "\x1b]0;title\x07",
		"\x1b]2;other\x1b\\", "\x1b[6n", "\x1b[c", "\x1b[2 q", "\x0b", "\x0c", "\x07",
		"\x1bP$qr\x1b\\", "\x1b[?6F", "\x1b[>2A", "\x1b[3'}", "\x1b[2'~"};

	switch (rnd(g, 4)) {
	case 0:
		str_printf(&g->out, "\x1b[%u;%ur", rnd(g, (uint32_t)g->rows),
			rnd(g, (uint32_t)g->rows + 2));
		break;
	case 1:
		/* Modes do not stay long, else all of the output is odd. */
		str_printf(&g->out, "\x1b[%s%c", modes[rnd(g, ARRAY_LEN(modes))],
			rnd(g, 2) ? 'h' : 'l');
		if (rnd(g, 2))
			str_add(&g->out,
				"\x1b[?7h\x1b[4l\x1b[20l\x1b[?6l\x1b[?69l\x1b[r\x0f\x1b(B");
		break;
	case 2:
		str_printf(&g->out, "\x1b[%u;%us", rnd(g, 9), 10 + rnd(g, (uint32_t)g->cols));
		break;
	default:
		str_add(&g->out, other[rnd(g, ARRAY_LEN(other))]);
	}
}

static void gen_alt(struct gen *g)
{
	static const int which[] = {1049, 1047, 1049};

	/* Leaving twice or entering twice is as common as not. */
	g->alt = rnd(g, 3) ? !g->alt : g->alt;
	str_printf(&g->out, "\x1b[?%d%c", which[rnd(g, ARRAY_LEN(which))], g->alt ? 'h' : 'l');
}

static void generate(struct gen *g, int steps)
{
	str_addc(&g->out, 'a'); /* a combining character needs a base */
	while (steps--) {
		uint32_t r = rnd(g, 100);

		if (r < (g->plain ? 90 : 45))
			gen_lines(g);
		else if (r < 92 && g->plain)
			gen_move(g);
		else if (r < 60)
			gen_move(g);
		else if (r < 75)
			gen_edit(g);
		else if (r < 80)
			gen_sgr(g);
		else if (r < 84)
			gen_word(g, (int)rnd(g, 40));
		else if (r < 97)
			gen_mode(g);
		else if (r < 99)
			gen_alt(g);
		else if (!g->alt)
			str_add(&g->out, "\x1b"
					 "c");
	}
}

/* ---- libvterm's own screen ------------------------------------------------------------------ */

struct reference {
	VTerm *term;
	VTermScreen *screen;
	int rows, cols;
	VEC(struct ui_cell *) past;
};

static ui_color color_of(const VTermColor *c)
{
	if (c->type & VTERM_COLOR_DEFAULT_MASK)
		return UI_DEFAULT;
	if (VTERM_COLOR_IS_INDEXED(c))
		return c->indexed.idx;
	return UI_RGB(c->rgb.red, c->rgb.green, c->rgb.blue);
}

static struct ui_cell convert(const VTermScreenCell *v)
{
	struct ui_cell c = {.fg = color_of(&v->fg), .bg = color_of(&v->bg), .width = 1};

	for (int i = 0; i < UI_CELL_CHARS && v->chars[i]; i++)
		c.ch[i] = v->chars[i];
	c.attr = (v->attrs.bold ? UI_BOLD : 0) | (v->attrs.underline ? UI_UNDERLINE : 0) |
		 (v->attrs.italic ? UI_ITALIC : 0) | (v->attrs.blink ? UI_BLINK : 0) |
		 (v->attrs.reverse ? UI_REVERSE : 0) | (v->attrs.strike ? UI_STRIKE : 0);
	return c;
}

/* What is seen of a row of libvterm: halves of wide characters that lost the other half are blanks;
 * their colours are not compared (width 99). */
static void convert_row(const VTermScreenCell *v, struct ui_cell *out, int cols)
{
	for (int i = 0; i < cols; i++) {
		bool right = v[i].chars[0] == (uint32_t)-1;

		out[i] = convert(&v[i]);
		if (right && i && is_wide(v[i - 1].chars[0])) {
			out[i] = out[i - 1];
			memset(out[i].ch, 0, sizeof(out[i].ch));
			out[i].width = 0;
		} else if (right || (is_wide(v[i].chars[0]) &&
					    (i + 1 == cols || v[i + 1].chars[0] != (uint32_t)-1))) {
			memset(out[i].ch, 0, sizeof(out[i].ch));
			out[i].width = 99;
		} else if (is_wide(v[i].chars[0])) {
			out[i].width = 2;
		}
	}
}

static int on_push(int cols, const VTermScreenCell *cells, void *user)
{
	struct reference *r = user;
	struct ui_cell *row = xcalloc((size_t)cols, sizeof(*row));

	convert_row(cells, row, cols);
	vec_push(&r->past, row);
	return 1;
}

static const VTermScreenCallbacks screen_callbacks = {.sb_pushline = on_push};

static void reference_open(struct reference *r, int rows, int cols)
{
	*r = (struct reference){.rows = rows, .cols = cols};
	r->term = vterm_new(rows, cols);
	vterm_set_utf8(r->term, 1);
	r->screen = vterm_obtain_screen(r->term);
	vterm_screen_set_callbacks(r->screen, &screen_callbacks, r);
	vterm_screen_enable_altscreen(r->screen, 1);
	vterm_screen_reset(r->screen, 1);
}

static void reference_close(struct reference *r)
{
	vterm_free(r->term);
	for (size_t i = 0; i < r->past.n; i++)
		free(r->past.v[i]);
	free(r->past.v);
}

static void reference_row(const struct reference *r, size_t row, struct ui_cell *out)
{
	VTermScreenCell *v;

	if (row < r->past.n) {
		memcpy(out, r->past.v[row], (size_t)r->cols * sizeof(*out));
		return;
	}
	v = xcalloc((size_t)r->cols, sizeof(*v));
	for (int i = 0; i < r->cols; i++)
		vterm_screen_get_cell(r->screen, (VTermPos){(int)(row - r->past.n), i}, &v[i]);
	convert_row(v, out, r->cols);
	free(v);
}

/* ---- comparing ------------------------------------------------------------------------------ */

/* Of a blank only what can be seen. */
static struct ui_cell seen(struct ui_cell c)
{
	if (c.ch[0] || c.width == 0)
		return c;
	c.attr &= UI_REVERSE | UI_UNDERLINE | UI_STRIKE;
	if (!c.attr)
		c.fg = UI_DEFAULT;
	return c;
}

static bool same_cell(struct ui_cell a, struct ui_cell b)
{
	a = seen(a);
	b = seen(b);
	if (a.width == 99 || b.width == 99)
		return !a.ch[0] && !b.ch[0];
	return !memcmp(a.ch, b.ch, sizeof(a.ch)) && a.fg == b.fg && a.bg == b.bg &&
	       a.attr == b.attr && a.width == b.width;
}

static void describe(const char *name, const struct ui_cell *c)
{
	printf("#   %s: U+%04x U+%04x fg %d bg %d attr %x width %d\n", name, c->ch[0], c->ch[1],
		c->fg, c->bg, c->attr, c->width);
}

static bool same_rows(const char *what, const struct ui_cell *a, const struct ui_cell *b, int cols,
	size_t row, size_t past)
{
	for (int i = 0; i < cols; i++) {
		if (same_cell(a[i], b[i]))
			continue;
		printf("# %s differs at row %zu (of the screen: %ld), column %d\n", what, row,
			(long)row - (long)past, i);
		describe("fast", &a[i]);
		describe("other", &b[i]);
		return false;
	}
	return true;
}

static bool same_cursor(const char *what, const struct vt *a, int row, int col)
{
	int r, c;

	vt_cursor(a, &r, &c, NULL);
	if (r == row && c == col)
		return true;
	printf("# %s: cursor is %d,%d, should be %d,%d\n", what, r, c, row, col);
	return false;
}

static bool same_as_vterm(const struct vt *a, const struct reference *r)
{
	struct ui_cell *x = xcalloc((size_t)r->cols * 2, sizeof(*x)), *y = x + r->cols;
	size_t n = vt_total_rows(a);
	VTermPos pos;
	bool ok = n == r->past.n + (size_t)r->rows;

	if (!ok)
		printf("# %zu rows, libvterm has %zu\n", n, r->past.n + (size_t)r->rows);
	for (size_t i = 0; ok && i < n; i++) {
		vt_row(a, i, x, r->cols);
		reference_row(r, i, y);
		ok = same_rows("libvterm", x, y, r->cols, i, r->past.n);
	}
	vterm_state_get_cursorpos(vterm_obtain_state(r->term), &pos);
	free(x);
	return ok && same_cursor("libvterm", a, pos.row, pos.col);
}

static bool same_as_slow(const struct vt *a, const struct vt *b)
{
	int cols = vt_cols(a), row, col;
	struct ui_cell *x = xcalloc((size_t)cols * 2, sizeof(*x)), *y = x + cols;
	size_t n = vt_total_rows(a);
	bool ok = n == vt_total_rows(b) && vt_cols(b) == cols && vt_rows(a) == vt_rows(b);

	if (!ok)
		printf("# %zu rows, without the fast path %zu\n", n, vt_total_rows(b));
	for (size_t i = 0; ok && i < n; i++) {
		vt_row(a, i, x, cols);
		vt_row(b, i, y, cols);
		ok = same_rows("slow path", x, y, cols, i, n - (size_t)vt_rows(a));
		if (ok && vt_row_wrapped(a, i) != vt_row_wrapped(b, i)) {
			printf("# row %zu: continuation %d, without the fast path %d\n", i,
				vt_row_wrapped(a, i), vt_row_wrapped(b, i));
			ok = false;
		}
	}
	vt_cursor(b, &row, &col, NULL);
	free(x);
	return ok && same_cursor("slow path", a, row, col);
}

/* ---- the properties ------------------------------------------------------------------------- */

static void feed_chunks(struct gen *g, struct vt *vt, const char *p, size_t n)
{
	while (n) {
		size_t k = 1 + rnd(g, rnd(g, 4) ? 30 : 3000);

		if (k > n)
			k = n;
		vt_feed(vt, p, k);
		p += k;
		n -= k;
	}
}

static void feed_bytes(struct vt *vt, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		vt_feed(vt, p + i, 1);
}

static bool compare_with_vterm(uint64_t seed)
{
	struct gen g = {.state = seed * 7919 + 1, .out = STR_INIT};
	struct reference ref;
	struct vt *fast, *slow;
	bool ok;

	rnd(&g, 2);
	g.plain = rnd(&g, 3) == 0;
	g.rows = VT_MIN_ROWS + (int)rnd(&g, 30);
	g.cols = VT_MIN_COLS + (int)rnd(&g, 70);
	generate(&g, 40);
	fast = vt_new(g.rows, g.cols, 1000000, NULL);
	slow = vt_new(g.rows, g.cols, 1000000, NULL);
	vt_set_fast(slow, false);
	reference_open(&ref, g.rows, g.cols);
	feed_chunks(&g, fast, str_get(&g.out), g.out.len);
	feed_bytes(slow, str_get(&g.out), g.out.len);
	for (size_t i = 0; i < g.out.len; i++)
		vterm_input_write(ref.term, g.out.s + i, 1);
	ok = same_as_slow(fast, slow) && same_as_vterm(fast, &ref);
	reference_close(&ref);
	vt_free(fast);
	vt_free(slow);
	str_release(&g.out);
	return ok;
}

static bool compare_with_resizes(uint64_t seed)
{
	struct gen g = {.state = seed * 104729 + 3, .out = STR_INIT};
	size_t lines = 20 + rnd(&g, 200);
	struct vt *fast, *slow;
	bool ok = true;

	g.plain = rnd(&g, 3) == 0;
	g.rows = 4 + (int)rnd(&g, 30);
	g.cols = 20 + (int)rnd(&g, 70);
	fast = vt_new(g.rows, g.cols, lines, NULL);
	slow = vt_new(g.rows, g.cols, lines, NULL);
	vt_set_fast(slow, false);
	for (int round = 0; ok && round < 6; round++) {
		str_clear(&g.out);
		generate(&g, 10);
		feed_chunks(&g, fast, str_get(&g.out), g.out.len);
		feed_bytes(slow, str_get(&g.out), g.out.len);
		ok = same_as_slow(fast, slow);
		if (!ok)
			break;
		g.rows = 4 + (int)rnd(&g, 30);
		g.cols = 20 + (int)rnd(&g, 70);
		vt_resize(fast, g.rows, g.cols);
		vt_resize(slow, g.rows, g.cols);
		ok = same_as_slow(fast, slow);
	}
	vt_free(fast);
	vt_free(slow);
	str_release(&g.out);
	return ok;
}

static uint64_t from_env(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s ? strtoull(s, NULL, 10) : otherwise;
}

static void run(bool (*property)(uint64_t))
{
	uint64_t first = from_env("VT_PROPERTY_FIRST", 1), n = from_env("VT_PROPERTY_SEEDS", 250);

	for (uint64_t seed = first; seed < first + n; seed++)
		if (!property(seed))
			fail_msg("seed %llu", (unsigned long long)seed);
}

static void all_paths_agree(void **state)
{
	(void)state;
	run(compare_with_vterm);
}

static void all_paths_agree_over_resizes(void **state)
{
	(void)state;
	run(compare_with_resizes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_paths_agree),
		cmocka_unit_test(all_paths_agree_over_resizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
