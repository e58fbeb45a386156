/*
 * A pane is a const table of functions over its own state. It never runs a loop, never reads /proc
 * and never touches the terminal: snapshots and keys come in, cells go out. Dialogs are panes on a
 * stack; the topmost gets every key.
 *
 * A new pane: one file that defines `const struct pane_ops pane_<name>`, one line where the
 * dashboard opens it (src/cli/cmd_dashboard.c), a golden screen in tests/tui.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/cpuset.h"
#include "src/base/err.h"
#include "src/base/json_out.h"
#include "src/base/str.h"
#include "ui/canvas.h"
#include "ui/keys.h"
#include "ui/theme.h"

struct pane;	 /* the frame around a pane's state, see ui/app.h */
struct snapshot; /* what the collector saw, see ui/collector.h */

/* What draw() may know besides its state. */
struct paint {
	const struct theme *theme;
	const struct glyphs *glyphs;
	bool focused;	 /* keys come here */
	bool ascii;	 /* no characters beyond ASCII */
	uint64_t now_ns; /* clock_real_ns() of this frame */
};

/* How the chrome shows a pane. Strings start empty; release is the caller's. */
struct pane_status {
	struct str tab;	    /* after the number in the tab bar: "Topo", "VM#1 run" */
	char mark;	    /* behind it: '*' activity, '!' alert, 0 = none */
	int title_cols;	    /* that the title has; known before status() is called */
	struct str title;   /* in the upper border */
	struct str foot;    /* in the lower border */
	struct str summary; /* one line, for a screen too small for panes */
	bool input;	    /* keys go to a guest: the title says so in its own colour */
	bool running;	    /* a guest runs here: quitting asks */
	unsigned features;  /* UI_CAN_FILTER, _COPY, _EXPORT; from UI_PANE_FEATURE up its own */
};

enum find_step {
	FIND_BEGIN, /* a search starts: remember the position; text is "" */
	FIND_HERE,  /* the text so far changed: first match at or after that position */
	FIND_NEXT,  /* from the present position */
	FIND_PREV,
	FIND_CANCEL, /* back to the remembered position */
	FIND_END,    /* the search is over: no highlights any more */
};

enum pane_number { PANE_TOPO = 1, PANE_LOCKS, PANE_CTPROF, PANE_GUESTS /* and up */ };

struct pane_ops {
	const char *id;	  /* as --pane and the JSON name it: "topo", "vm" */
	const char *name; /* heading of its keys in the help: "Topology" */
	int number; /* in the tab bar: enum pane_number, fixed whatever is open; 0 = a dialog */
	bool guest; /* a guest's terminal: there may be many, alone it has no border */

	/* Heap state, or NULL with a sentence. `arg` is between the opener and the pane. */
	void *(*open)(struct pane *host, const void *arg, struct err *e);
	void (*close)(void *self);
	/* New data; the one before is freed after this returns. May be NULL, as all below where
	 * not said otherwise. */
	void (*snapshot)(void *self, const struct snapshot *s);
	/* The interior's size, before the first draw and after each change. */
	void (*resized)(void *self, int rows, int cols);
	/* A key of the pane's own table. */
	void (*action)(void *self, int action, const struct ui_key *k);
	/* Input mode: while captures() is true every key, paste and mouse event comes to input()
	 * and nothing else sees it. What it wants handled as a command goes to app_command(). */
	bool (*captures)(const void *self);
	void (*input)(void *self, const struct ui_key *k);
	/* Mouse inside the interior while not capturing, coordinates relative to it. */
	void (*mouse)(void *self, const struct ui_key *k);
	/* True when something matches. */
	bool (*find)(void *self, const char *text, enum find_step step);
	/* Shows only what these words let through (ui/filter.h); 0, or -errno with a sentence and
	 * everything stays. filtered() are the present ones, "" = none. */
	int (*filter)(void *self, const char *text, struct err *e);
	const char *(*filtered)(const void *self);
	/* Appends what the cursor is on, as one line without its end. */
	void (*copy)(const void *self, struct str *out);
	/* What is shown, into a file, in the form that the end of its name says; a relative name
	 * that suits is export_name. */
	int (*export)(const void *self, const char *path, struct err *e);
	const char *export_name;
	/* Pure. Required. */
	void (*draw)(const void *self, const struct paint *p, struct view v);
	/* Required. */
	void (*status)(const void *self, struct pane_status *out);
	/* The table of the present mode; the global keys come after it. Dialogs get no global
	 * keys. */
	const struct key_table *(*keys)(const void *self);
	/* Every table that keys() may return, for the manual. */
	const struct key_section *sections;
	/* A dialog's wanted interior size, clipped to the screen; required for dialogs. For others
	 * the height that shows everything in *cols columns (rows only; NULL = all there is). Both
	 * hold the screen's size when called. */
	void (*want)(const void *self, int *rows, int *cols);
	/* Brings these CPUs into sight and marks them until the next key (the topology pane). */
	void (*show_cpus)(void *self, const struct cpuset *cpus);
	/* One JSON value for --batch --json. */
	void (*json)(const void *self, struct json_out *j);
	/* Not at rest yet (a guest that boots): scripts and --batch wait. */
	bool (*busy)(const void *self);
	/* What the pane was opened for did not happen (a guest did not boot): the exit status that
	 * says so and a sentence; 0 = all is well. */
	int (*failed)(const void *self, struct err *e);
} __attribute__((designated_init));
