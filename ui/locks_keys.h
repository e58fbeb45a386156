/* Keys of the locks pane: what they are called here, and what must be the case for them. */
#pragma once

#include "ui/locks_view.h"

enum locks_action {
	ACT_UP = 1,
	ACT_DOWN,
	ACT_PAGE_UP,
	ACT_PAGE_DOWN,
	ACT_TOP,
	ACT_BOTTOM,
	ACT_FOLD,
	ACT_OPEN,
	ACT_CLOSE,
	ACT_FOLD_ALL,
	ACT_CPUS,
	ACT_WAITS,
	ACT_HISTORY,
	ACT_FREE,
	ACT_EXPLAIN,
	ACT_SORT_NEXT,
	ACT_SORT_PREV,
	ACT_SORT_MENU,
	ACT_INVERT,
	ACT_SIGNAL,
};

enum {
	HAS_LOCK = UI_PANE_FEATURE,	   /* the cursor is on one */
	HAS_HOLDER = UI_PANE_FEATURE << 1, /* and on a process that lives */
	NOT_HISTORY = UI_PANE_FEATURE << 2,
};

extern const struct key_table locks_key_table;
