/*
 * What the files of the guest pane share: pane_vm.c (life, events), vm_bytes.c, vm_keymap.c
 * and vm_keys.c (modes and keys), vm_command.c and dialog_run.c (a command beside the shell),
 * vm_find.c (search, selection), vm_draw.c (picture), vm_words.c.
 */
#pragma once

#include "src/base/loop.h"
#include "ui/app.h"
#include "ui/vm_command.h"
#include "ui/vt.h"
#include "vmm/vmctl.h"

enum {
	VM_RESIZE_MS = 50,   /* after the last change of size the guest is told */
	VM_PREFIX_MS = 1000, /* without a second key the list of keys is shown */
	VM_PARSE_MS = 8,     /* of one turn of the loop, per guest */
	VM_WHEEL_ROWS = 3,
	VM_NOTES = 64,
	VM_TO_GUEST_MAX = 1 << 20, /* keys and pastes that a stuck guest did not take yet */
	VM_COPY_MAX = 16 << 20,
	VM_READ = 64 * 1024,
};

enum vm_feature {
	VM_RUNNING = UI_PANE_FEATURE,
	VM_ENDED = UI_PANE_FEATURE << 1,
	VM_SCROLLED = UI_PANE_FEATURE << 2,
};

/* A place in history and screen; row counts from the oldest row that ever was (vt_rows_gone()). */
struct vm_spot {
	uint64_t row;
	int col;
};

enum vm_mode { VM_COMMAND, VM_INPUT, VM_COPY };

struct vm_view {
	struct pane *host;
	struct vm *vm;
	struct vt *vt;
	struct loop_fd *control, *console;
	struct loop_timer *size_timer, *prefix_timer;

	/* the guest */
	struct vm_topology topology;
	enum vm_stage stage;
	uint64_t stage_at[VM_STAGE_ENDED + 1]; /* ns since the start, 0 = not reached */
	uint64_t started, ended;	       /* monotonic */
	struct str release, origin, accel;
	uint64_t memory_mib, vcpus;
	bool shaped;	     /* it was seen to have that topology */
	bool over, prompted; /* ended; its first prompt was seen */
	bool paused;	     /* its CPUs stand still */
	int status;
	struct str reason;

	/* while it boots */
	struct strv notes;
	struct str doing;
	uint64_t done, total;
	bool spoke; /* its terminal has shown something */

	char *buf; /* what is read at once */
	struct str to_guest;
	bool gone; /* nothing more comes from its terminal */

	/* the picture */
	int rows, cols; /* interior */
	enum vm_mode mode;
	bool prefix, listed; /* C-] was pressed; its keys are listed */
	bool scrolled;
	uint64_t top; /* first row shown while scrolled */
	unsigned bells;
	bool activity, rang; /* since it was looked at */

	/* copy mode */
	struct vm_spot at, anchor;
	bool selecting, by_line;
	bool pressed; /* the mouse button, on text */
	enum vm_mode back_to;

	/* a command beside the shell */
	struct vm_command run;
	struct pane *box; /* that shows it; NULL = closed */

	/* search */
	struct str find;
	struct vm_spot match;
	bool matched;
	bool find_scrolled; /* where it began */
	uint64_t find_top;
};

/* What keys do; each mode has some of them. */
enum vm_action {
	ACT_TYPE = 1,
	ACT_CLOSE,
	ACT_UP,
	ACT_DOWN,
	ACT_LEFT,
	ACT_RIGHT,
	ACT_PAGE_UP,
	ACT_PAGE_DOWN,
	ACT_TOP,
	ACT_BOTTOM,
	ACT_LINE_START,
	ACT_LINE_END,
	ACT_LIVE,
	ACT_COPY_MODE,
	ACT_SELECT,
	ACT_SELECT_LINES,
	ACT_COPY,
	ACT_COPY_SCREEN,
	ACT_LEAVE,
	ACT_SEND_PREFIX,
	ACT_PASS_ON, /* to the dashboard, as in command mode */
	ACT_FIND,
	ACT_LIST,
	ACT_RUN_BOX,
	ACT_POWER,
	ACT_PAUSE,
};

/* ---- vm_bytes.c */

/* Bytes for the guest's terminal. */
void vm_send(struct vm_view *w, const void *bytes, size_t n);
/* What the terminal emulator has to say to the guest. */
void vm_send_answers(struct vm_view *w);
/* A handler of the loop: what the guest said, for a few milliseconds at most. */
void vm_on_console(void *user, int fd, uint32_t events);
/* Notes when the cursor stands behind a prompt: what a batch frame waits for. */
void vm_look_for_prompt(struct vm_view *w);

/* ---- vm_keymap.c */

extern const struct key_section vm_key_sections[];
extern const struct key_table vm_prefix_keys;
const struct key_table *vm_keys(const void *self);

/* ---- vm_keys.c */

bool vm_captures(const void *self);
void vm_input(void *self, const struct ui_key *k);
void vm_action(void *self, int action, const struct ui_key *k);
void vm_mouse(void *self, const struct ui_key *k);
void vm_set_mode(struct vm_view *w, enum vm_mode mode);
void vm_on_prefix_timer(void *user);

/* ---- vm_find.c */

uint64_t vm_first_row(const struct vm_view *w); /* the first row shown */
uint64_t vm_last_row(const struct vm_view *w);	/* the last row there is */
void vm_scroll(struct vm_view *w, long by);
void vm_scroll_to(struct vm_view *w, uint64_t top);
void vm_live(struct vm_view *w);
/* Rows that were pushed out at the front take what pointed at them along. */
void vm_keep_places(struct vm_view *w);
/* Brings a row into the picture. */
void vm_reveal(struct vm_view *w, uint64_t row);
bool vm_find(void *self, const char *text, enum find_step step);
bool vm_selected(const struct vm_view *w, uint64_t row, int *from, int *to);
void vm_copy_selection(struct vm_view *w);
void vm_copy_screen(struct vm_view *w);

/* ---- vm_power.c */

void vm_power_menu(struct vm_view *w);
/* Pauses it, or lets it go on. */
void vm_power_toggle(struct vm_view *w);
void vm_power_event(struct vm_view *w, const struct vm_event *ev);

/* ---- vm_draw.c */

void vm_draw(const void *self, const struct paint *p, struct view v);

/* ---- vm_words.c */

void vm_status(const void *self, struct pane_status *out);
void vm_json(const void *self, struct json_out *j);
