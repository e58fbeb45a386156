/* Control sequences: colours, modes, movements; what needs libvterm's position and what does not.
 */
#include <stdio.h>
#include <string.h>

#include "ui/vt_impl.h"

static void forward_csi(struct vt *vt, const struct vt_csi *c)
{
	char buf[16 + VT_CSI_ARGS * 6];
	size_t n = 0;

	buf[n++] = 0x1b;
	buf[n++] = '[';
	if (c->leader)
		buf[n++] = c->leader;
	for (int i = 0; i < c->nargs; i++) {
		if (c->arg[i] >= 0)
			n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%d", c->arg[i]);
		if (i + 1 < c->nargs)
			buf[n++] = c->more[i] ? ':' : ';';
	}
	if (c->intermed)
		buf[n++] = c->intermed;
	buf[n++] = c->final;
	vt_engine_feed(vt, buf, n);
}

static int arg_or(const struct vt_csi *c, int i, int missing)
{
	return i >= c->nargs || c->arg[i] < 0 ? missing : c->arg[i];
}

static void remove_arg(struct vt_csi *c, int i)
{
	for (c->nargs--; i < c->nargs; i++) {
		c->arg[i] = c->arg[i + 1];
		c->more[i] = c->more[i + 1];
	}
}

/*
 * Colours and attributes need no position. libvterm reads past a colour that is cut short, and
 * takes the empty colour space of 38:2::R:G:B for the red.
 */
static void select_graphic(struct vt *vt, const struct vt_csi *given)
{
	struct vt_csi c = *given;
	int i = 0;

	while (i < c.nargs) {
		bool color = c.arg[i] == 38 || c.arg[i] == 48;
		int group = i;

		while (group < c.nargs - 1 && c.more[group])
			group++;
		if (color && group - i == 5 && c.arg[i + 1] == 2) {
			remove_arg(&c, i + 2);
			group--;
		}
		if (color && i == c.nargs - 1) {
			c.nargs--;
			break;
		}
		if (color && group == i)
			group += c.arg[i + 1] == 2 ? 4 : c.arg[i + 1] == 5 ? 2 : 1;
		i = group + 1;
	}
	if (c.nargs) {
		c.more[c.nargs - 1] = false;
		forward_csi(vt, &c);
	}
}

static void mode_changed(struct vt *vt, bool dec, int mode, bool on)
{
	struct vt_modes *m = &vt->mode;

	if (!dec && mode == 4)
		m->insert = on;
	else if (!dec && mode == 20)
		m->newline = on;
	else if (dec && mode == 6)
		m->origin = on;
	else if (dec && mode == 7)
		m->no_autowrap = !on;
	else if (dec && mode == 69)
		m->margins = on;
	else if (dec && on && (mode == 1048 || mode == 1049))
		vt_save_cursor(vt);
}

/* One mode at a time: 0.1 looks at the first argument only. */
static void set_modes(struct vt *vt, const struct vt_csi *c)
{
	struct vt_csi one = *c;
	bool on = c->final == 'h';

	one.nargs = 1;
	one.more[0] = false;
	for (int i = 0; i < c->nargs; i++) {
		if (c->arg[i] < 0)
			continue;
		one.arg[0] = c->arg[i];
		vt_sync_glyph(vt);
		mode_changed(vt, c->leader == '?', c->arg[i], on);
		forward_csi(vt, &one);
		vt_follow_cursor(vt, true);
	}
	vt_plain_changed(vt);
}

/* DECSTBM, by the same arithmetic as libvterm's. */
static void region_changed(struct vt *vt, const struct vt_csi *c)
{
	int rows = vt->grid->rows;
	int top = arg_or(c, 0, 1) - 1, bottom = arg_or(c, 1, rows);

	if (top < 0)
		top = 0;
	if (top > rows)
		top = rows;
	if (bottom > rows)
		bottom = rows;
	if (bottom <= top) {
		top = 0;
		bottom = rows;
	}
	vt->mode.top = top;
	vt->mode.bottom = bottom;
}

/*
 * REP is the character typed again. libvterm takes the last column but one for the last then, and
 * would repeat a character that takes no cell for ever.
 */
static void repeat(struct vt *vt, const struct vt_csi *c)
{
	struct vt_glyph g = vt->glyph;
	int n = arg_or(c, 0, 1);

	if (!g.len || g.width < 1)
		return;
	for (int i = n ? n : 1; i; i--)
		vt_on_text(vt, g.utf8, (size_t)g.len);
}

/* What changes the state of plain text: libvterm is brought up to date as a whole before it. */
static void state_csi(struct vt *vt, const struct vt_csi *c)
{
	vt_sync_glyph(vt);
	if (c->final == 'r' && !c->leader && !c->intermed)
		region_changed(vt, c);
	if (c->final == 'g' && !c->leader && !c->intermed)
		vt->mode.own_tabs = true;
	if (c->final == 'q' && c->intermed == '"' && arg_or(c, 0, 0) <= 2)
		vt->mode.protect = arg_or(c, 0, 0) == 1;
	forward_csi(vt, c);
	vt_follow_cursor(vt, true);
}

/* Moves, edits and reports: need the position and nothing else. */
static bool is_moving(const struct vt_csi *c)
{
	return !c->intermed && strchr("@ABCDEFGHIJKLMPSTXZ`adefjkcnt", c->final);
}

void vt_on_csi(void *user, const struct vt_csi *c)
{
	struct vt *vt = user;
	bool bare = !c->leader && !c->intermed;

	if (bare && c->final == 'm') {
		select_graphic(vt, c);
	} else if (bare && c->final == 'K' && vt_fast_erase_line(vt, c)) {
		return;
	} else if (c->final == 'J' && c->arg[0] == 3) {
		if (bare)
			vt_history_clear(vt->history);
	} else if (bare && c->final == 'b') {
		repeat(vt, c);
	} else if ((c->final == 'h' || c->final == 'l') && !c->intermed) {
		set_modes(vt, c);
	} else if (c->final == 'p' && c->intermed == '!') {
		return; /* DECSTR: 0.1 does not know it, 0.3 loses the alternate screen by it */
	} else if (is_moving(c)) {
		vt_sync(vt);
		forward_csi(vt, c);
		vt_follow_cursor(vt, !bare || !strchr("ABCDEFGH`adefjk", c->final));
	} else {
		state_csi(vt, c);
	}
}
