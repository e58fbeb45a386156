/*
 * Keys of the profile pane: what they are called here, what must be the case for them, and the
 * files that act on them: ct_pairs.c (snapshots and the pair), ct_modes.c (lists),
 * pane_ctprof.c (all else).
 */
#pragma once

#include "ui/ct_view.h"

enum action {
	ACT_UP = 1,
	ACT_DOWN,
	ACT_PAGE_UP,
	ACT_PAGE_DOWN,
	ACT_TOP,
	ACT_BOTTOM,
	ACT_TOGGLE,
	ACT_OPEN,
	ACT_CLOSE,
	ACT_CLOSE_ALL,
	ACT_CAPTURE,
	ACT_CANCEL,
	ACT_PICK_A,
	ACT_PICK_B,
	ACT_SWAP,
	ACT_OLDER,
	ACT_NEWER,
	ACT_GROUP,
	ACT_SECTIONS,
	ACT_METRICS,
	ACT_WHICH,
	ACT_IDLE,
	ACT_RATE,
	ACT_SORT_NEXT,
	ACT_SORT_PREV,
	ACT_INVERT,
	ACT_CHOOSE,
	ACT_MARK,
	ACT_LEAVE,
};

enum {
	HAS_PAIR = UI_PANE_FEATURE,	  /* two snapshots are compared */
	HAS_RING = UI_PANE_FEATURE << 1,  /* there is more than one to choose from */
	CAPTURING = UI_PANE_FEATURE << 2, /* a capture runs: it can be cancelled */
	AT_REST = UI_PANE_FEATURE << 3,	  /* nothing runs */
	ON_A_ROW = UI_PANE_FEATURE << 4,  /* the cursor is on a row with threads */
	WHEEL_LINES = 3,
};

extern const struct key_table ct_key_table, ct_pick_table;

/* ct_pairs.c */
void ct_start_capture(struct ct_view *w);
void ct_load_file(struct ct_view *w, const char *path, int side);
void ct_choose_capture(struct ct_view *w, int side, int number);
void ct_pair_action(struct ct_view *w, int action); /* swap, older, newer, group */
void ct_forget_diff(struct ct_view *w);

/* ct_modes.c */
void ct_pick_key(struct ct_view *w, const struct ui_key *k);

/* pane_ctprof.c: new lines, the cursor on the screen. */
void ct_refresh(struct ct_view *w);

/* ct_status.c */
void ct_status(const void *self, struct pane_status *out);
