/* Between the keys that work everywhere (app_rows.c) and what they do (app_keys.c). */
#pragma once

enum app_action {
	ACT_HELP = 1,
	ACT_NEXT_PANE,
	ACT_PREV_PANE,
	ACT_PANE,
	ACT_BACK,
	ACT_FIND,
	ACT_FIND_NEXT,
	ACT_FIND_PREV,
	ACT_FIND_END,
	ACT_FILTER,
	ACT_COPY,
	ACT_EXPORT,
	ACT_BOOT,
	ACT_PAUSE,
	ACT_DELAY,
	ACT_FASTER,
	ACT_SLOWER,
	ACT_ZOOM,
	ACT_LAYOUT,
	ACT_SHARE,
	ACT_REDRAW,
	ACT_SUSPEND,
	ACT_QUIT,
};
