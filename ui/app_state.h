/* What the files of the dashboard share, app*.c and chrome.c. Not for panes. */
#pragma once

#include "ui/app.h"
#include "ui/collector.h"
#include "ui/field.h"
#include "ui/layout.h"
#include "ui/prompt.h"

struct pane {
	struct app *app;
	const struct pane_ops *ops;
	void *self;
	int number; /* in the tab bar; 0 = a dialog */
	bool dirty, dead;
	int rows, cols;	      /* interior, as last told */
	struct ui_rect drawn; /* where it was drawn last */
	/* Where the pane left the terminal's cursor when it was drawn; -1 = hidden. */
	int cursor_row, cursor_col;
	struct pane_status status;
};

struct pane_list {
	struct pane **v;
	size_t n, cap;
};

struct message {
	struct str text;
	enum app_severity severity;
};

struct search {
	bool active;
	struct str text;
	struct pane *pane; /* whose matches these are */
};

struct app {
	struct app_options opt;
	struct theme theme;
	struct canvas canvas;
	struct pane_list panes, dialogs; /* panes by number; the last dialog is on top */
	size_t focus;
	struct pane *last_host, *last_guest; /* who shares a split screen */
	enum layout_mode mode;
	bool zoom, opened;
	int share[LAYOUT_MODES][LAYOUT_SPLITS]; /* percent, 0 = the usual */
	struct layout layout;

	struct snapshot *snapshot;
	bool paused, quit;
	uint64_t paused_at; /* monotonic */
	uint64_t delay_ns;
	struct message message;
	struct str copied; /* what app_copy() said last */
	struct prompt prompt;
	struct pane *asking; /* whose filter or export the prompt is about */
	struct search search;

	bool dirty; /* chrome, or everything */
	bool all;   /* every pane is drawn anew */
	uint64_t last_frame, frame_cost;
	struct loop_timer *frame_timer, *tick_timer;
	uint64_t frames;
};

/* app_panes.c */
void app_pane_free(struct pane *p);
void app_reap(struct app *a); /* frees what was closed, and moves the focus off it */
struct pane *app_focused(const struct app *a);
struct pane *app_top(const struct app *a); /* the dialog on top, else the focused pane; or NULL */
void app_dirty(struct app *a, bool all);
void app_focus_index(struct app *a, size_t i);
bool app_capturing(const struct app *a);
void pane_status_release(struct pane_status *s);
void app_refresh_status(struct app *a);
void app_set_paused(struct app *a, bool paused);
void app_set_delay(struct app *a, uint64_t ns);
void app_format_delay(uint64_t ns, struct str *out);

/* app_keys.c */
const struct key_table *app_pane_keys(const struct pane *p);

/* app_prompts.c */
void app_search_start(struct app *a);
void app_search_end(struct app *a);
bool app_find(struct app *a, enum find_step step); /* in the pane that the search is of */
void app_report_match(struct app *a, bool found);
void app_delay_start(struct app *a);
void app_filter_start(struct app *a);
void app_export_start(struct app *a);
void app_copy_row(struct app *a);
void app_prompt_key(struct app *a, const struct ui_key *k);

/* app_mouse.c */
void app_mouse(struct app *a, const struct ui_key *k);

/* app_draw.c */
void app_layout_in(const struct app *a, struct layout_in *in);
void app_draw(struct app *a);
