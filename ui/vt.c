/*
 * libvterm and what is needed around it. Its state layer parses and decides (modes, margins, tab
 * stops, colours); the cells and the scrollback are ours. Versions 0.1 and 0.3 are served.
 */
#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#include "src/base/lazylib.h"
#include "src/base/utf8.h"
#include "ui/vt_impl.h"

#define VTERM_IS_01 (VTERM_VERSION_MAJOR == 0 && VTERM_VERSION_MINOR < 2)

/* Everything that is used of libvterm. */
/* clang-format off */
#define CALLS(X) \
	X(vterm_new) X(vterm_free) X(vterm_set_utf8) X(vterm_set_size) X(vterm_input_write) \
	X(vterm_output_set_callback) X(vterm_obtain_state) X(vterm_state_set_callbacks) \
	X(vterm_state_reset) X(vterm_state_get_cursorpos) X(vterm_state_get_penattr) \
	X(vterm_keyboard_key) X(vterm_keyboard_start_paste) X(vterm_keyboard_end_paste) \
	X(vterm_mouse_move) X(vterm_mouse_button)
/* clang-format on */

LAZYLIB_CALLS(CALLS);
LAZYLIB_FILES("vterm", "libvterm.so.0");

static const struct lazylib library = {
	.files = files,
	.name = "libvterm",
	.purpose = "a guest's screen",
	.debian = "libvterm0",
	.fedora = "libvterm",
	.symbols = symbols,
	.nsymbols = ARRAY_LEN(symbols),
};

struct vt_engine {
	struct calls lib;
	VTerm *term;
	VTermState *state;
	VTerm *ruler; /* a second terminal that is asked for the width of characters */
	int ruler_width;
};

/* ---- callbacks of the state layer ----------------------------------------------------------- */

static struct ui_rect rect_of(VTermRect r)
{
	return (struct ui_rect){
		r.start_row, r.start_col, r.end_row - r.start_row, r.end_col - r.start_col};
}

static void note_glyph(struct vt *vt, const VTermGlyphInfo *info, VTermPos pos)
{
	int width = info->dwl ? vt->grid->cols / 2 : vt->grid->cols;

	/* A combining character that found its base comes as the base once more. */
	if (vt->glyph.marks && pos.row == vt->glyph.row && pos.col == vt->glyph.col &&
		info->width == vt->glyph.width)
		return;
	if ((vt->vscroll || pos.row != vt->row) && pos.col == 0)
		vt->grid->row[pos.row]->cont = true;
	vt->glyph.row = pos.row;
	vt->glyph.col = pos.col;
	vt->glyph.width = info->width;
	vt->glyph.marks = 0;
	vt->phantom = pos.col + info->width >= width && !vt->mode.no_autowrap;
}

static int on_putglyph(VTermGlyphInfo *info, VTermPos pos, void *user)
{
	struct vt *vt = user;
	struct ui_cell c = vt_blank(vt->pen);

	if (vt->muted || pos.row < 0 || pos.row >= vt->grid->rows)
		return 1;
	for (int i = 0; i < UI_CELL_CHARS && info->chars[i]; i++)
		c.ch[i] = info->chars[i];
	c.width = info->width == 2 ? 2 : 1;
	if (info->protected_cell)
		c.attr |= VT_PROTECTED;
	vt_grid_put(vt->grid, pos.row, pos.col, &c);
	if (vt->text)
		note_glyph(vt, info, pos);
	return 1;
}

static int on_movecursor(VTermPos pos, VTermPos oldpos, int visible, void *user)
{
	(void)pos, (void)oldpos, (void)visible, (void)user;
	return 1;
}

static int on_scrollrect(VTermRect rect, int downward, int rightward, void *user)
{
	struct vt *vt = user;

	if (vt->muted)
		return 1;
	if (downward)
		vt->vscroll = true;
	vt_scroll(vt, rect_of(rect), downward, rightward);
	return 1;
}

static int on_erase(VTermRect rect, int selective, void *user)
{
	struct vt *vt = user;

	if (!vt->muted)
		vt_grid_erase(vt->grid, rect_of(rect), vt_erase_style(vt), selective);
	return 1;
}

static int on_initpen(void *user)
{
	struct vt *vt = user;

	if (!vt->muted)
		vt->pen = vt_default_style();
	return 1;
}

static ui_color color_of(const VTermColor *c)
{
	if (c->type & VTERM_COLOR_DEFAULT_MASK)
		return UI_DEFAULT;
	if (VTERM_COLOR_IS_INDEXED(c))
		return c->indexed.idx;
	return UI_RGB(c->rgb.red, c->rgb.green, c->rgb.blue);
}

static int on_setpenattr(VTermAttr attr, VTermValue *val, void *user)
{
	static const uint16_t bits[] = {
		[VTERM_ATTR_BOLD] = UI_BOLD,
		[VTERM_ATTR_UNDERLINE] = UI_UNDERLINE,
		[VTERM_ATTR_ITALIC] = UI_ITALIC,
		[VTERM_ATTR_BLINK] = UI_BLINK,
		[VTERM_ATTR_REVERSE] = UI_REVERSE,
		[VTERM_ATTR_STRIKE] = UI_STRIKE,
	};
	const uint16_t bit = (size_t)attr < ARRAY_LEN(bits) ? bits[attr] : 0;
	struct vt *vt = user;

	if (vt->muted)
		return 1;
	if (attr == VTERM_ATTR_FOREGROUND)
		vt->pen.fg = color_of(&val->color);
	else if (attr == VTERM_ATTR_BACKGROUND)
		vt->pen.bg = color_of(&val->color);
	else if (attr == VTERM_ATTR_UNDERLINE ? val->number : val->boolean)
		vt->pen.attr |= bit;
	else
		vt->pen.attr &= (uint16_t)~bit;
	return 1;
}

static int on_settermprop(VTermProp prop, VTermValue *val, void *user)
{
	struct vt *vt = user;

	if (vt->muted)
		return 1;
	switch (prop) {
	case VTERM_PROP_CURSORVISIBLE:
		vt->hidden = !val->boolean;
		break;
	case VTERM_PROP_CURSORBLINK:
		vt->blink = val->boolean;
		break;
	case VTERM_PROP_CURSORSHAPE:
		vt->shape = val->number;
		break;
	case VTERM_PROP_ALTSCREEN:
		vt->grid = val->boolean ? &vt->alt : &vt->primary;
		break;
	case VTERM_PROP_REVERSE:
		vt->reverse = val->boolean;
		break;
	case VTERM_PROP_MOUSE:
		vt->mouse = val->number;
		break;
	default:
		break;
	}
	return 1;
}

static int on_bell(void *user)
{
	struct vt *vt = user;

	vt->bells++;
	return 1;
}

static int on_setlineinfo(
	int row, const VTermLineInfo *newinfo, const VTermLineInfo *oldinfo, void *user)
{
	struct vt *vt = user;
	int half = vt->grid->cols / 2;

	if (vt->muted || !newinfo->doublewidth || oldinfo->doublewidth)
		return 1;
	vt->mode.double_width = true;
	vt_grid_erase(vt->grid, (struct ui_rect){row, half, 1, vt->grid->cols - half},
		vt_erase_style(vt), false);
	return 1;
}

#if !VTERM_IS_01
/* 0.3 leaves the arrays of line attributes at their old size when nobody takes care of them. */
static int on_resize(int rows, int cols, VTermStateFields *fields, void *user)
{
	(void)cols, (void)user;
	for (int i = 0; i < 2; i++) {
		free(fields->lineinfos[i]);
		fields->lineinfos[i] = xcalloc((size_t)rows, sizeof(VTermLineInfo));
	}
	return 1;
}
#endif

static const VTermStateCallbacks callbacks = {
	.putglyph = on_putglyph,
	.movecursor = on_movecursor,
	.scrollrect = on_scrollrect,
	.erase = on_erase,
	.initpen = on_initpen,
	.setpenattr = on_setpenattr,
	.settermprop = on_settermprop,
	.bell = on_bell,
	.setlineinfo = on_setlineinfo,
#if !VTERM_IS_01
	.resize = on_resize,
#endif
};

static void on_output(const char *s, size_t len, void *user)
{
	struct vt *vt = user;

	if (!vt->muted)
		vt_say(vt, s, len);
}

/* ---- the engine ----------------------------------------------------------------------------- */

struct ui_style vt_erase_style(const struct vt *vt)
{
	struct ui_style s = vt->pen;

	/* 0.1 erases with the whole pen, later versions with its colours only. Of all that, a blank
	 * shows its background, and lines and reversed colours where it has them. */
	s.attr &= VTERM_IS_01 ? UI_REVERSE | UI_UNDERLINE | UI_STRIKE : 0;
	if (!s.attr && !vt->reverse)
		s.fg = UI_DEFAULT;
	return s;
}

void vt_engine_feed(struct vt *vt, const char *bytes, size_t n)
{
	vt->engine->lib.vterm_input_write(vt->engine->term, bytes, n);
}

static int on_ruler_glyph(VTermGlyphInfo *info, VTermPos pos, void *user)
{
	struct vt *vt = user;

	(void)pos;
	vt->engine->ruler_width = info->width;
	return 1;
}

static const VTermStateCallbacks ruler_callbacks = {.putglyph = on_ruler_glyph};

int vt_engine_width(struct vt *vt, uint32_t cp)
{
	struct vt_engine *e = vt->engine;
	char buf[16] = "\x1b[2;2H";
	int n = 6;

	if (!e->ruler) {
		VTermState *state;

		e->ruler = e->lib.vterm_new(VT_MIN_ROWS, VT_MIN_COLS);
		e->lib.vterm_set_utf8(e->ruler, 1);
		state = e->lib.vterm_obtain_state(e->ruler);
		e->lib.vterm_state_set_callbacks(state, &ruler_callbacks, vt);
		e->lib.vterm_state_reset(state, 1);
	}
	n += utf8_encode(cp, buf + n);
	e->ruler_width = 1;
	e->lib.vterm_input_write(e->ruler, buf, (size_t)n);
	return e->ruler_width < 0 ? 0 : e->ruler_width > 2 ? 2 : e->ruler_width;
}

void vt_engine_set_size(struct vt *vt, int rows, int cols)
{
	vt->engine->lib.vterm_set_size(vt->engine->term, rows, cols);
}

static void pen_color(struct str *out, const VTermColor *c, int base)
{
	if (c->type & VTERM_COLOR_DEFAULT_MASK)
		return;
	if (VTERM_COLOR_IS_INDEXED(c))
		str_printf(out, "\x1b[%d;5;%dm", base, c->indexed.idx);
	else
		str_printf(out, "\x1b[%d;2;%d;%d;%dm", base, c->rgb.red, c->rgb.green, c->rgb.blue);
}

void vt_engine_pen(struct vt *vt, struct str *out)
{
	static const struct {
		VTermAttr attr;
		int sgr;
	} flags[] = {{VTERM_ATTR_BOLD, 1}, {VTERM_ATTR_ITALIC, 3}, {VTERM_ATTR_BLINK, 5},
		{VTERM_ATTR_REVERSE, 7}, {VTERM_ATTR_STRIKE, 9}};
	static const char *const underline[] = {"", ";4", ";21", ";4:3"};
	const struct vt_engine *e = vt->engine;
	VTermValue v;

	str_add(out, "\x1b[0");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (e->lib.vterm_state_get_penattr(e->state, flags[i].attr, &v) && v.boolean)
			str_printf(out, ";%d", flags[i].sgr);
	if (e->lib.vterm_state_get_penattr(e->state, VTERM_ATTR_UNDERLINE, &v))
		str_add(out, underline[v.number & 3]);
	str_addc(out, 'm');
	if (e->lib.vterm_state_get_penattr(e->state, VTERM_ATTR_FOREGROUND, &v))
		pen_color(out, &v.color, 38);
	if (e->lib.vterm_state_get_penattr(e->state, VTERM_ATTR_BACKGROUND, &v))
		pen_color(out, &v.color, 48);
}

void vt_engine_cursor(struct vt *vt, int *row, int *col)
{
	VTermPos pos;

	vt->engine->lib.vterm_state_get_cursorpos(vt->engine->state, &pos);
	*row = pos.row;
	*col = pos.col;
}

struct vt_engine *vt_engine_new(struct err *e)
{
	struct calls lib;
	struct vt_engine *engine;

	if (lazylib_open(&library, &lib, e))
		return NULL;
	engine = xcalloc(1, sizeof(*engine));
	engine->lib = lib;
	return engine;
}

void vt_engine_open(struct vt *vt, int rows, int cols)
{
	struct vt_engine *e = vt->engine;

	e->term = e->lib.vterm_new(rows, cols);
	e->lib.vterm_set_utf8(e->term, 1);
	e->lib.vterm_output_set_callback(e->term, on_output, vt);
	e->state = e->lib.vterm_obtain_state(e->term);
	e->lib.vterm_state_set_callbacks(e->state, &callbacks, vt);
	e->lib.vterm_state_reset(e->state, 1);
}

void vt_engine_close(struct vt *vt)
{
	vt->engine->lib.vterm_free(vt->engine->term);
	if (vt->engine->ruler)
		vt->engine->lib.vterm_free(vt->engine->ruler);
	free(vt->engine);
}

/* ---- keys, mouse, paste --------------------------------------------------------------------- */

static VTermModifier modifiers(unsigned mods)
{
	return (mods & VT_SHIFT ? VTERM_MOD_SHIFT : 0) | (mods & VT_ALT ? VTERM_MOD_ALT : 0) |
	       (mods & VT_CTRL ? VTERM_MOD_CTRL : 0);
}

void vt_press_key(struct vt *vt, enum vt_key key, unsigned mods)
{
	static const VTermKey keys[] = {
		[VT_KEY_ENTER] = VTERM_KEY_ENTER,
		[VT_KEY_TAB] = VTERM_KEY_TAB,
		[VT_KEY_BACKSPACE] = VTERM_KEY_BACKSPACE,
		[VT_KEY_ESCAPE] = VTERM_KEY_ESCAPE,
		[VT_KEY_UP] = VTERM_KEY_UP,
		[VT_KEY_DOWN] = VTERM_KEY_DOWN,
		[VT_KEY_LEFT] = VTERM_KEY_LEFT,
		[VT_KEY_RIGHT] = VTERM_KEY_RIGHT,
		[VT_KEY_INS] = VTERM_KEY_INS,
		[VT_KEY_DEL] = VTERM_KEY_DEL,
		[VT_KEY_HOME] = VTERM_KEY_HOME,
		[VT_KEY_END] = VTERM_KEY_END,
		[VT_KEY_PGUP] = VTERM_KEY_PAGEUP,
		[VT_KEY_PGDN] = VTERM_KEY_PAGEDOWN,
	};
	VTermKey k;

	if (key <= VT_KEY_NONE || key > VT_KEY_F12)
		return;
	k = key >= VT_KEY_F1 ? (VTermKey)VTERM_KEY_FUNCTION(key - VT_KEY_F1 + 1) : keys[key];
	/* The forms that libvterm knows for these with Shift or Ctrl are understood by hardly any
	 * program in a guest; Shift-Tab is. */
	if (key <= VT_KEY_ESCAPE)
		mods &= key == VT_KEY_TAB ? VT_ALT | VT_SHIFT : VT_ALT;
	vt->engine->lib.vterm_keyboard_key(vt->engine->term, k, modifiers(mods));
}

void vt_engine_paste(struct vt *vt, const char *text, size_t n)
{
	vt->engine->lib.vterm_keyboard_start_paste(vt->engine->term);
	on_output(text, n, vt);
	vt->engine->lib.vterm_keyboard_end_paste(vt->engine->term);
}

void vt_mouse(struct vt *vt, int row, int col, int button, bool pressed, unsigned mods)
{
	if (!vt->mouse || row < 0 || col < 0 || row >= vt->grid->rows || col >= vt->grid->cols)
		return;
	vt->engine->lib.vterm_mouse_move(vt->engine->term, row, col, modifiers(mods));
	if (button > 0)
		vt->engine->lib.vterm_mouse_button(
			vt->engine->term, button, pressed, modifiers(mods));
}
