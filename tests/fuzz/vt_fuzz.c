/*
 * A guest's output, resizes between it, and everything that reads the terminal. The same input goes
 * through the terminal with and without the fast path; they must agree, and what is believed of
 * libvterm's modes must be what it reports.
 *
 * 0xf5, which is never a part of UTF-8, announces a step: the next byte says which.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/vt_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p, *end;
};

static unsigned byte(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static void fail(const char *what)
{
	fprintf(stderr, "vt_fuzz: %s\n", what);
	abort();
}

static bool same(const struct ui_cell *a, const struct ui_cell *b)
{
	return !memcmp(a->ch, b->ch, sizeof(a->ch)) && a->fg == b->fg && a->bg == b->bg &&
	       a->attr == b->attr && a->width == b->width;
}

static void compare(const struct vt *a, const struct vt *b)
{
	static struct ui_cell x[1000], y[1000];
	size_t n = vt_total_rows(a);
	int cols = vt_cols(a);

	if (n != vt_total_rows(b) || a->row != b->row || a->col != b->col)
		fail("number of rows or the cursor differ");
	for (size_t i = 0; i < n; i++) {
		int used = vt_row(a, i, x, cols);

		if (used != vt_row(b, i, y, cols))
			fail("rows differ");
		for (int k = 0; k < cols; k++)
			if (!same(&x[k], &y[k]))
				fail("cells differ");
		if (vt_row_wrapped(a, i) != vt_row_wrapped(b, i))
			fail("continuation differs");
	}
}

static void resize(struct input *in, struct vt *a, struct vt *b)
{
	int rows = (int)(byte(in) % 60), cols = (int)byte(in);

	vt_resize(a, rows, cols);
	vt_resize(b, rows, cols);
}

static void press(struct input *in, struct vt *vt)
{
	char out[256];
	unsigned k = byte(in), mods = byte(in) & 7;

	vt_press_key(vt, (enum vt_key)(k % 40), mods);
	vt_press_char(vt, k * 0x101, mods);
	vt_mouse(vt, (int)k % 70 - 2, (int)byte(in) - 2, (int)k % 7, k & 1, mods);
	vt_paste(vt, "a\x1b[201~b\n", 9);
	while (vt_take_output(vt, out, sizeof(out)))
		;
}

static void look(struct input *in, const struct vt *vt)
{
	struct str s = STR_INIT;
	bool hit[300];
	char needle[4] = {(char)byte(in), (char)byte(in)};
	size_t n = vt_total_rows(vt), at = byte(in) % n;
	int col;
	long row;

	vt_text(vt, at, (int)byte(in), at + byte(in), (int)byte(in), &s);
	row = vt_search(vt, needle, at, byte(in) & 1 ? 1 : -1, &col);
	if (row >= 0 && !vt_matches(vt, needle, (size_t)row, hit, 300))
		fail("a match that is not marked");
	str_release(&s);
}

static void step(struct input *in, struct vt *a, struct vt *b)
{
	switch (byte(in) % 6) {
	case 0:
		resize(in, a, b);
		break;
	case 1:
		press(in, a);
		break;
	case 2:
		look(in, a);
		break;
	case 3:
		vt_clear_scrollback(a);
		vt_clear_scrollback(b);
		break;
	default:
		compare(a, b);
	}
}

/* What libvterm says of its modes. CAN and S7C1T first: the answers are to be read. */
static void check_modes(struct vt *vt)
{
	static const char ask[] =
		"\x18\x1b F\x1b[?6$p\x1b[?7$p\x1b[?69$p\x1bP$qr\x1b\\\x1bP$q\"q\x1b\\";
	const struct vt_modes *m = &vt->mode;
	char want[256], have[256];
	size_t n;

	while (vt_take_output(vt, have, sizeof(have)))
		;
	vt_feed(vt, ask, sizeof(ask) - 1);
	n = vt_take_output(vt, have, sizeof(have) - 1);
	have[n] = '\0';
	snprintf(want, sizeof(want),
		"\x1b[?6;%d$y\x1b[?7;%d$y\x1b[?69;%d$y\x1bP1$r%d;%dr\x1b\\\x1bP1$r%d\"q\x1b\\",
		m->origin ? 1 : 2, m->no_autowrap ? 2 : 1, m->margins ? 1 : 2, m->top + 1,
		m->bottom, m->protect ? 1 : 2);
	if (strcmp(want, have)) {
		fprintf(stderr, "want %s\nhave %s\n", want + 1, have + 1);
		fail("modes are not what was believed");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};
	int rows = (int)(byte(&in) % 60), cols = (int)byte(&in);
	size_t lines = byte(&in);
	struct vt *a = vt_new(rows, cols, lines, NULL), *b = vt_new(rows, cols, lines, NULL);

	vt_set_fast(b, false);
	while (in.p < in.end) {
		const uint8_t *stop = memchr(in.p, 0xf5, (size_t)(in.end - in.p));

		if (!stop)
			stop = in.end;
		vt_feed(a, in.p, (size_t)(stop - in.p));
		while (in.p < stop)
			vt_feed(b, in.p++, 1);
		if (in.p < in.end) {
			in.p++;
			step(&in, a, b);
		}
	}
	compare(a, b);
	check_modes(a);
	vt_free(a);
	vt_free(b);
	return 0;
}
