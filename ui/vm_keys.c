/*
 * Keys of a guest's pane. In input mode all of them are the guest's but one, the prefix; command
 * mode scrolls, searches and copies; copy mode moves a cursor over history and screen.
 */
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "ui/panes.h"
#include "ui/vm_view.h"

/* ---- modes ---------------------------------------------------------------------------------- */

static void drop_prefix(struct vm_view *w)
{
	w->prefix = w->listed = false;
	loop_set_timer(app_loop(pane_app(w->host)), w->prefix_timer, 0, 0);
}

void vm_set_mode(struct vm_view *w, enum vm_mode mode)
{
	if (mode == VM_INPUT && w->over)
		mode = VM_COMMAND;
	if (w->mode == VM_COPY && mode != VM_COPY)
		w->selecting = w->by_line = false;
	w->mode = mode;
	drop_prefix(w);
	pane_dirty(w->host);
}

/* At the guest's cursor, or in the middle of what is seen when that is far away. */
static void start_copying(struct vm_view *w)
{
	int row, col;

	w->back_to = w->mode == VM_INPUT ? VM_INPUT : VM_COMMAND;
	vt_cursor(w->vt, &row, &col, NULL);
	w->at.row = vt_rows_gone(w->vt) + vt_total_rows(w->vt) - (uint64_t)vt_rows(w->vt) +
		    (uint64_t)row;
	w->at.col = col;
	if (w->scrolled)
		w->at.row = w->top + (uint64_t)w->rows / 2;
	if (w->matched)
		w->at = w->match;
	vm_set_mode(w, VM_COPY);
}

static void leave_copying(struct vm_view *w)
{
	enum vm_mode back = w->back_to;

	vm_set_mode(w, back);
	if (back == VM_INPUT)
		vm_live(w);
}

void vm_on_prefix_timer(void *user)
{
	struct vm_view *w = user;

	w->listed = w->prefix;
	pane_dirty(w->host);
}

bool vm_captures(const void *self)
{
	const struct vm_view *w = self;

	return w->mode == VM_INPUT;
}

/* ---- copy mode ------------------------------------------------------------------------------ */

static void move_at(struct vm_view *w, long rows, int cols)
{
	uint64_t low = vt_rows_gone(w->vt), high = vm_last_row(w);
	int last = vt_cols(w->vt) - 1;

	if (rows < 0)
		w->at.row = w->at.row - low < (uint64_t)-rows ? low : w->at.row - (uint64_t)-rows;
	else
		w->at.row = high - w->at.row < (uint64_t)rows ? high : w->at.row + (uint64_t)rows;
	w->at.col += cols;
	w->at.col = w->at.col < 0 ? 0 : w->at.col > last ? last : w->at.col;
	vm_reveal(w, w->at.row);
}

static int row_end(const struct vm_view *w)
{
	int cols = vt_cols(w->vt), n;
	struct ui_cell *cells = xcalloc((size_t)cols, sizeof(*cells));

	n = vt_row(w->vt, (size_t)(w->at.row - vt_rows_gone(w->vt)), cells, cols);
	free(cells);
	return n ? n - 1 : 0;
}

static void toggle_selection(struct vm_view *w, bool by_line)
{
	if (w->selecting && w->by_line == by_line) {
		w->selecting = false;
		return;
	}
	if (!w->selecting)
		w->anchor = w->at;
	w->selecting = true;
	w->by_line = by_line;
}

static void copy_action(struct vm_view *w, int action)
{
	switch (action) {
	case ACT_LEFT:
	case ACT_RIGHT:
		move_at(w, 0, action == ACT_LEFT ? -1 : 1);
		break;
	case ACT_UP:
	case ACT_DOWN:
		move_at(w, action == ACT_UP ? -1 : 1, 0);
		break;
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		move_at(w, action == ACT_PAGE_UP ? -w->rows : w->rows, 0);
		break;
	case ACT_TOP:
	case ACT_BOTTOM:
		move_at(w,
			action == ACT_TOP ? -(long)vt_total_rows(w->vt)
					  : (long)vt_total_rows(w->vt),
			0);
		break;
	case ACT_LINE_START:
		w->at.col = 0;
		break;
	case ACT_LINE_END:
		w->at.col = row_end(w);
		break;
	case ACT_SELECT:
	case ACT_SELECT_LINES:
		toggle_selection(w, action == ACT_SELECT_LINES);
		break;
	case ACT_COPY:
		vm_copy_selection(w);
		leave_copying(w);
		break;
	default:
		leave_copying(w);
	}
}

static void open_box(struct vm_view *w)
{
	struct err e = ERR_INIT;

	if (!app_dialog(pane_app(w->host), &dialog_run, w, &e))
		app_message(pane_app(w->host), APP_ALERT, "%s", e.msg);
}

/* ---- command mode --------------------------------------------------------------------------- */

static void command_action(struct vm_view *w, int action)
{
	switch (action) {
	case ACT_TYPE:
		vm_live(w);
		vm_set_mode(w, VM_INPUT);
		break;
	case ACT_CLOSE:
		pane_close(w->host);
		break;
	case ACT_UP:
	case ACT_DOWN:
		vm_scroll(w, action == ACT_UP ? -1 : 1);
		break;
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		vm_scroll(w, action == ACT_PAGE_UP ? 1 - w->rows : w->rows - 1);
		break;
	case ACT_TOP:
		vm_scroll_to(w, 0);
		break;
	case ACT_BOTTOM:
	case ACT_LIVE:
		vm_live(w);
		break;
	case ACT_COPY_MODE:
		start_copying(w);
		break;
	case ACT_COPY_SCREEN:
		vm_copy_screen(w);
		break;
	case ACT_RUN_BOX:
		open_box(w);
		break;
	case ACT_POWER:
		vm_power_menu(w);
		break;
	default:
		break;
	}
}

void vm_action(void *self, int action, const struct ui_key *k)
{
	struct vm_view *w = self;

	(void)k;
	w->activity = w->rang = false;
	if (w->mode == VM_COPY)
		copy_action(w, action);
	else
		command_action(w, action);
}

/* ---- input mode ----------------------------------------------------------------------------- */

static enum vt_key vt_key_of(enum ui_fn fn)
{
	static const enum vt_key keys[] = {
		[UI_FN_ENTER] = VT_KEY_ENTER,
		[UI_FN_TAB] = VT_KEY_TAB,
		[UI_FN_BACKSPACE] = VT_KEY_BACKSPACE,
		[UI_FN_ESC] = VT_KEY_ESCAPE,
		[UI_FN_UP] = VT_KEY_UP,
		[UI_FN_DOWN] = VT_KEY_DOWN,
		[UI_FN_LEFT] = VT_KEY_LEFT,
		[UI_FN_RIGHT] = VT_KEY_RIGHT,
		[UI_FN_INS] = VT_KEY_INS,
		[UI_FN_DEL] = VT_KEY_DEL,
		[UI_FN_HOME] = VT_KEY_HOME,
		[UI_FN_END] = VT_KEY_END,
		[UI_FN_PGUP] = VT_KEY_PGUP,
		[UI_FN_PGDN] = VT_KEY_PGDN,
	};

	if (fn >= UI_FN_F1 && fn <= UI_FN_F12)
		return (enum vt_key)(VT_KEY_F1 + (fn - UI_FN_F1));
	return fn < (int)ARRAY_LEN(keys) ? keys[fn] : VT_KEY_NONE;
}

static void send_key(struct vm_view *w, const struct ui_key *k)
{
	if (k->kind == UI_KEY_CHAR)
		vt_press_char(w->vt, k->cp, k->mods);
	else if (k->kind == UI_KEY_FN)
		vt_press_key(w->vt, vt_key_of(k->fn), k->mods);
	else if (k->kind == UI_KEY_PASTE)
		vt_paste(w->vt, k->text, k->size);
	vm_send_answers(w);
}

static void prefix_key(struct vm_view *w, const struct ui_key *k)
{
	const struct key_row *r = keymap_find(&vm_prefix_keys, k, 0);
	struct app *a = pane_app(w->host);
	cleanup_str struct str name = STR_INIT;

	if (r && r->action == ACT_LIST) {
		w->listed = true; /* the help shows the table of the present mode */
		app_help(a);
	}
	drop_prefix(w);
	if (!r) {
		ui_key_name(k, &name);
		app_message(
			a, APP_INFO, "C-] %s does nothing; C-] ? lists what does", str_get(&name));
		return;
	}
	switch (r->action) {
	case ACT_LEAVE:
		vm_set_mode(w, VM_COMMAND);
		break;
	case ACT_SEND_PREFIX:
		vm_live(w);
		send_key(w, k);
		break;
	case ACT_COPY_MODE:
		start_copying(w);
		break;
	case ACT_FIND:
		vm_set_mode(w, VM_COMMAND);
		app_command(a, k);
		break;
	case ACT_PASS_ON:
		app_command(a, k);
		break;
	case ACT_RUN_BOX:
		open_box(w);
		break;
	case ACT_PAUSE:
		vm_power_toggle(w);
		break;
	default:
		break;
	}
}

/* ---- mouse ---------------------------------------------------------------------------------- */

static struct vm_spot spot_at(const struct vm_view *w, const struct ui_key *k)
{
	uint64_t row = vm_first_row(w) + (uint64_t)(k->row > 0 ? k->row : 0);

	if (row > vm_last_row(w))
		row = vm_last_row(w);
	return (struct vm_spot){row, k->col > 0 ? k->col : 0};
}

/* Text that was dragged over is copied when the button is let go. */
static void mouse_select(struct vm_view *w, const struct ui_key *k)
{
	if (k->button != 1)
		return;
	if (k->mouse == UI_MOUSE_PRESS) {
		w->anchor = w->at = spot_at(w, k);
		w->pressed = true;
	} else if (k->mouse == UI_MOUSE_DRAG && w->pressed) {
		if (w->mode != VM_COPY) {
			struct vm_spot anchor = w->anchor;

			start_copying(w);
			w->anchor = anchor;
		}
		w->at = spot_at(w, k);
		w->selecting = true;
	} else if (k->mouse == UI_MOUSE_RELEASE) {
		w->pressed = false;
		if (w->mode == VM_COPY && w->selecting) {
			vm_copy_selection(w);
			leave_copying(w);
		}
	}
}

static void wheel(struct vm_view *w, const struct ui_key *k)
{
	bool up = k->mouse == UI_WHEEL_UP;

	if (w->mode == VM_INPUT && vt_alt_screen(w->vt)) {
		for (int i = 0; i < VM_WHEEL_ROWS; i++)
			vt_press_key(w->vt, up ? VT_KEY_UP : VT_KEY_DOWN, 0);
		vm_send_answers(w);
		return;
	}
	vm_scroll(w, up ? -VM_WHEEL_ROWS : VM_WHEEL_ROWS);
}

static bool is_wheel(const struct ui_key *k)
{
	return k->mouse == UI_WHEEL_UP || k->mouse == UI_WHEEL_DOWN;
}

void vm_mouse(void *self, const struct ui_key *k)
{
	struct vm_view *w = self;

	if (is_wheel(k))
		wheel(w, k);
	else
		mouse_select(w, k);
}

static void input_mouse(struct vm_view *w, const struct ui_key *k)
{
	if (!vt_wants_mouse(w->vt) || w->scrolled) {
		vm_mouse(w, k);
		return;
	}
	if (is_wheel(k))
		vt_mouse(w->vt, k->row, k->col, k->mouse == UI_WHEEL_UP ? 4 : 5, true, k->mods);
	else
		vt_mouse(w->vt, k->row, k->col, k->mouse == UI_MOUSE_DRAG ? 0 : k->button,
			k->mouse == UI_MOUSE_PRESS, k->mods);
	vm_send_answers(w);
}

void vm_input(void *self, const struct ui_key *k)
{
	struct vm_view *w = self;

	w->activity = w->rang = false;
	if (k->kind == UI_KEY_MOUSE) {
		input_mouse(w, k);
	} else if (w->prefix) {
		prefix_key(w, k);
	} else if (ui_is_char(k, ']', UI_CTRL)) {
		w->prefix = true;
		loop_set_timer(
			app_loop(pane_app(w->host)), w->prefix_timer, VM_PREFIX_MS * NS_PER_MS, 0);
	} else {
		vm_live(w);
		send_key(w, k);
	}
}
