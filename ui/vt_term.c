/* The terminal as a whole: made, fed, asked. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/vt_impl.h"

static int clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

enum { SIZE_MAX_CELLS = 1000 };

struct vt *vt_new(int rows, int cols, size_t scrollback_lines, struct err *e)
{
	struct vt_engine *engine = vt_engine_new(e);
	struct vt *vt;

	if (!engine)
		return NULL;
	vt = xcalloc(1, sizeof(*vt));
	vt->engine = engine;
	rows = clamp(rows, VT_MIN_ROWS, SIZE_MAX_CELLS);
	cols = clamp(cols, VT_MIN_COLS, SIZE_MAX_CELLS);
	vt_grid_init(&vt->primary, rows, cols);
	vt_grid_init(&vt->alt, rows, cols);
	vt->grid = &vt->primary;
	vt->history = vt_history_new(scrollback_lines, cols);
	vt->scratch = xcalloc((size_t)cols, sizeof(*vt->scratch));
	vt->pen = vt_default_style();
	vt->mode.bottom = rows;
	vt_engine_open(vt, rows, cols);
	vt_set_fast(vt, true);
	return vt;
}

void vt_free(struct vt *vt)
{
	if (!vt)
		return;
	vt_engine_close(vt);
	vt_grid_release(&vt->primary);
	vt_grid_release(&vt->alt);
	vt_history_free(vt->history);
	free(vt->scratch);
	str_release(&vt->title);
	str_release(&vt->out);
	free(vt);
}

void vt_set_fast(struct vt *vt, bool on)
{
	vt->fast = on;
	vt_plain_changed(vt);
}

void vt_feed(struct vt *vt, const void *bytes, size_t n)
{
	if (!n)
		return;
	vt_filter_feed(&vt->filter, bytes, n, &vt_sink, vt);
	vt->generation++;
}

void vt_resize(struct vt *vt, int rows, int cols)
{
	rows = clamp(rows, VT_MIN_ROWS, SIZE_MAX_CELLS);
	cols = clamp(cols, VT_MIN_COLS, SIZE_MAX_CELLS);
	if (rows == vt->primary.rows && cols == vt->primary.cols)
		return;
	vt_change_size(vt, rows, cols);
	vt->generation++;
}

void vt_say(struct vt *vt, const char *bytes, size_t n)
{
	if (vt->out.len + n <= VT_OUT_MAX)
		str_append(&vt->out, bytes, n);
}

size_t vt_take_output(struct vt *vt, void *bytes, size_t n)
{
	if (n > vt->out.len)
		n = vt->out.len;
	memcpy(bytes, str_get(&vt->out), n);
	if (n) {
		memmove(vt->out.s, vt->out.s + n, vt->out.len - n);
		vt->out.len -= n;
	}
	return n;
}

int vt_rows(const struct vt *vt)
{
	return vt->grid->rows;
}

int vt_cols(const struct vt *vt)
{
	return vt->grid->cols;
}

void vt_cursor(const struct vt *vt, int *row, int *col, bool *visible)
{
	*row = vt->row;
	*col = vt->col;
	if (visible)
		*visible = !vt->hidden;
}

bool vt_alt_screen(const struct vt *vt)
{
	return vt->grid == &vt->alt;
}

bool vt_wants_mouse(const struct vt *vt)
{
	return vt->mouse;
}

const char *vt_title(const struct vt *vt)
{
	return str_get(&vt->title);
}

unsigned vt_bells(const struct vt *vt)
{
	return vt->bells;
}

uint64_t vt_generation(const struct vt *vt)
{
	return vt->generation;
}

void vt_clear_scrollback(struct vt *vt)
{
	vt_history_clear(vt->history);
	vt->generation++;
}

void vt_engine_printf(struct vt *vt, const char *fmt, ...)
{
	char buf[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(buf))
		vt_engine_feed(vt, buf, (size_t)n);
}
