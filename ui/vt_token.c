/*
 * Token by token: done here, or handed to libvterm after its cursor was put where ours is. What
 * decides about plain text (modes, regions, character sets) is followed along the way.
 */
#include <string.h>

#include "src/base/utf8.h"
#include "ui/vt_impl.h"

/* ---- keeping libvterm and the cells together ------------------------------------------------ */

static void forward_glyph(struct vt *vt, int row, int col)
{
	vt_engine_printf(vt, "\x1b[%d;%dH", row + 1, col + 1);
	vt_engine_feed(vt, vt->glyph.utf8, (size_t)vt->glyph.len);
	vt->glyph.stale = false;
}

void vt_sync(struct vt *vt)
{
	if (!vt->behind)
		return;
	vt->behind = false;
	vt->muted++;
	/* Waiting behind the last column is a state that only writing there brings about. */
	if (vt->phantom)
		forward_glyph(vt, vt->row, vt->col);
	else
		vt_engine_printf(vt, "\x1b[%d;%dH", vt->row + 1, vt->col + 1);
	vt->muted--;
}

void vt_sync_glyph(struct vt *vt)
{
	if (vt->glyph.stale && !vt->phantom) {
		vt->muted++;
		forward_glyph(vt, vt->glyph.row, vt->glyph.col);
		vt->muted--;
		vt->behind = true;
	}
	vt_sync(vt);
}

void vt_follow_cursor(struct vt *vt, bool keeps)
{
	int row = vt->row, col = vt->col;

	vt_engine_cursor(vt, &vt->row, &vt->col);
	if (row != vt->row || col != vt->col)
		vt->phantom = false;
	else if (!keeps)
		vt->phantom = false;
}

/* ---- characters ----------------------------------------------------------------------------- */

/* One character through libvterm; more at once would make its result depend on how the guest's
 * bytes were cut. */
static void slow_char(struct vt *vt, const char *p, size_t n, uint32_t cp)
{
	if (vt_char_width(vt, cp) == 0 && cp >= 0x80) {
		/* 0.1 stores them without a bound, and finds the base by its old position. */
		if (!vt->glyph.len || vt->glyph.marks == VT_MARKS_MAX)
			return;
		vt_sync_glyph(vt);
		vt->glyph.marks++;
	} else {
		vt_sync(vt);
		vt->glyph = (struct vt_glyph){.len = (int)n};
		memcpy(vt->glyph.utf8, p, n);
	}
	vt->text = true;
	vt->vscroll = false;
	vt_engine_feed(vt, p, n);
	vt->text = false;
	vt_engine_cursor(vt, &vt->row, &vt->col);
	if (vt->mode.single_shift) {
		vt->mode.single_shift = false;
		vt_plain_changed(vt);
	}
}

void vt_on_text(void *user, const char *p, size_t n)
{
	struct vt *vt = user;

	while (n) {
		size_t done;
		uint32_t cp = 0;
		int len;

		if (vt_fast_text(vt, p, n, &done))
			return;
		p += done;
		n -= done;
		len = utf8_decode(p, n, &cp);
		if (len <= 0)
			return; /* cannot be: the filter lets whole characters through */
		slow_char(vt, p, (size_t)len, cp);
		p += len;
		n -= (size_t)len;
	}
}

static void on_control(void *user, unsigned char c)
{
	struct vt *vt = user;
	char byte = (char)c;

	if (vt_fast_control(vt, c))
		return;
	if (c == 0x07) {
		vt->bells++;
		return;
	}
	if (c == 0x0e || c == 0x0f) {
		vt_sync_glyph(vt);
		vt->mode.other_set = c == 0x0e;
		vt_plain_changed(vt);
	}
	vt_sync(vt);
	vt_engine_feed(vt, &byte, 1);
	vt_follow_cursor(vt, true);
}

/* ---- escape sequences ----------------------------------------------------------------------- */

static void forward_escape(struct vt *vt, const char *p, size_t n)
{
	char buf[1 + VT_ESC_MAX];

	buf[0] = 0x1b;
	memcpy(buf + 1, p, n);
	vt_engine_feed(vt, buf, n + 1);
}

/* RIS. 0.1 forgets to leave the alternate screen, the mouse mode and the reversed screen. */
static void full_reset(struct vt *vt)
{
	static const char before[] = "\x1b[?1047l\x1b[?1000l\x1b[?5l";

	vt_engine_feed(vt, before, sizeof(before) - 1);
	forward_escape(vt, "c", 1);
	vt->mode = (struct vt_modes){.bottom = vt->grid->rows};
	vt->behind = vt->glyph.stale = false;
	vt->glyph.len = 0;
	vt->phantom = false;
	vt_engine_cursor(vt, &vt->row, &vt->col);
	vt_plain_changed(vt);
}

void vt_save_cursor(struct vt *vt)
{
	vt->saved_row = vt->row;
	vt->saved_col = vt->col;
}

/* What libvterm knows. Anything else must not reach it: 0.1 takes "ESC & [" for the beginning of a
 * control sequence. */
static bool known_escape(const char *p, size_t n)
{
	if (n == 1)
		return strchr("78<=>cnoDEHMNO|}~", p[0]);
	if (n != 2)
		return false;
	if (strchr("()*+", p[0]))
		return strchr("0AB", p[1]);
	return (p[0] == ' ' && strchr("FG", p[1])) || (p[0] == '#' && strchr("34568", p[1]));
}

static void charset_escape(struct vt *vt, const char *p, size_t n)
{
	struct vt_modes *m = &vt->mode;

	vt_sync_glyph(vt);
	if (p[0] == '(')
		m->g0_graphic = p[1] != 'B';
	else if (p[0] == 'n' || p[0] == 'o')
		m->other_set = true;
	else if (p[0] == 'N' || p[0] == 'O')
		m->single_shift = true;
	forward_escape(vt, p, n);
	vt_plain_changed(vt);
}

static void on_escape(void *user, const char *p, size_t n)
{
	struct vt *vt = user;

	if (!known_escape(p, n))
		return;
	if (n == 1 && p[0] == 'c') {
		full_reset(vt);
		return;
	}
	if (p[0] == '(' && n == 2 && p[1] == 'B' && !vt->mode.g0_graphic) {
		forward_escape(vt, p, n); /* tput sgr0 sends it all the time */
		return;
	}
	if (strchr("()*+noNO", p[0])) {
		charset_escape(vt, p, n);
		return;
	}
	if (p[0] == '#') /* in a row of double width a position can be one that CUP cannot name */
		vt_sync_glyph(vt);
	vt_sync(vt);
	if (p[0] == '7')
		vt_save_cursor(vt);
	if (p[0] == 'H')
		vt->mode.own_tabs = true;
	forward_escape(vt, p, n);
	vt_follow_cursor(vt, true);
	if (p[0] == '#')
		vt_plain_changed(vt);
}

/* ---- strings -------------------------------------------------------------------------------- */

static void cut_chars(struct str *s, size_t max)
{
	size_t i = 0;

	while (i < s->len && max) {
		i++;
		while (i < s->len && ((unsigned char)s->s[i] & 0xc0) == 0x80)
			i++;
		max--;
	}
	if (i < s->len) {
		s->len = i;
		s->s[i] = '\0';
	}
}

/* The window's title; everything else that programs send this way is not for us. */
static void on_osc(void *user, const char *p, size_t n)
{
	struct vt *vt = user;

	if (n < 2 || (p[0] != '0' && p[0] != '2') || p[1] != ';')
		return;
	str_clear(&vt->title);
	utf8_sanitize(&vt->title, p + 2, n - 2, false);
	cut_chars(&vt->title, 80);
}

/* DECRQSS, for what libvterm can answer. */
static void on_dcs(void *user, const char *p, size_t n)
{
	static const char *const known[] = {"$qm", "$qr", "$qs", "$q q", "$q\"q"};
	struct vt *vt = user;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (n == strlen(known[i]) && !memcmp(p, known[i], n))
			vt_engine_printf(vt, "\x1bP%s\x1b\\", known[i]);
}

const struct vt_sink vt_sink = {
	.text = vt_on_text,
	.control = on_control,
	.escape = on_escape,
	.csi = vt_on_csi,
	.osc = on_osc,
	.dcs = on_dcs,
};
