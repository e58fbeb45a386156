/*
 * The dashboard: panes, dialogs, keys and one frame per turn of the loop. Everything here runs on
 * one thread. Callbacks change state and mark what is dirty; the before-sleep hook lays out and
 * draws.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/loop.h"
#include "ui/canvas.h"
#include "ui/keys.h"
#include "ui/pane.h"

struct app;

/* ---- for panes ------------------------------------------------------------------------------- */

struct app *pane_app(const struct pane *p);
int pane_number(const struct pane *p); /* as the tab bar counts; 0 = a dialog */
bool pane_focused(const struct pane *p);
/* Its picture changed. */
void pane_dirty(struct pane *p);
/* Closes it at the end of this turn; ops->close() is called then. */
void pane_close(struct pane *p);
void pane_focus(struct pane *p);

/* Sources may be added while the pane lives and are removed by it: loop_del_fd() in close(). */
struct loop *app_loop(struct app *a);
/* enum ui_feature bits that hold now, the focused pane's own included. */
unsigned app_features(const struct app *a);

enum app_severity { APP_INFO, APP_WARN, APP_ALERT };
/* The line above the footer; replaced by the next one, APP_INFO goes at the next key. */
void app_message(struct app *a, enum app_severity s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void app_bell(struct app *a);
/* What the collector should read besides the counters, enum cpustat_want. */
void app_want(struct app *a, unsigned want);
/* Lets the pane that can show CPUs show these, and focuses it; false = there is none. */
bool app_show_cpus(struct app *a, const struct cpuset *cpus);
/* To the terminal's clipboard (OSC 52), and into a file where it may have none. Says which file
 * that is, as the end of a message; "" = none. Borrowed until the next call. */
const char *app_copy(struct app *a, const char *utf8, size_t n);

/* A further pane behind the others; it gets the focus. NULL with a sentence. */
struct pane *app_open(struct app *a, const struct pane_ops *ops, const void *arg, struct err *e);
/* A dialog on top of everything. */
struct pane *app_dialog(struct app *a, const struct pane_ops *ops, const void *arg, struct err *e);
/* The boot dialog, preset to this shape (struct boot_shape of ui/boot.h; NULL = defaults). */
struct boot_shape;
void app_boot(struct app *a, const struct boot_shape *shape);

/* One answer of a confirmation: its key, what it does. */
struct app_choice {
	char key;
	const char *text;
	void (*chosen)(void *user, char key); /* NULL = just close */
};
/* A modal question; the last choice is the safe one: Enter and Esc mean it. Copied. */
void app_confirm(struct app *a, const char *title, const char *text,
	const struct app_choice *choices, size_t n, void *user);

/* Handles the key as if the focused pane were not in input mode (after a prefix). */
void app_command(struct app *a, const struct ui_key *k);
/* Asks when guests run. */
void app_quit(struct app *a);
/* The help overlay of the focused pane. */
void app_help(struct app *a);

/* ---- for what runs it ------------------------------------------------------------------------ */

/* Where frames and wishes go; all but present may be NULL. */
struct app_output {
	void (*present)(void *user, const struct canvas *c);
	void (*bell)(void *user);
	/* The file that it went into, heap; NULL = the clipboard has it. */
	char *(*copy)(void *user, const char *utf8, size_t n);
	void (*redraw)(void *user);  /* everything anew: the terminal was disturbed */
	void (*suspend)(void *user); /* stop the process until it is continued */
	void (*delay)(void *user, uint64_t ns);
	void (*pause)(void *user, bool paused);
	void (*want)(void *user, unsigned want);
} __attribute__((designated_init));

enum { APP_DELAY_MIN_MS = 100, APP_DELAY_MAX_MS = 3600 * 1000 };

struct app_options {
	struct loop *loop;
	int rows, cols;
	int colours; /* 0, 8, 16, 256 */
	bool ascii, readonly;
	bool terminal; /* a person sits there: it can be suspended */
	uint64_t delay_ns;
	const struct pane_ops *boot; /* the boot dialog; NULL = no guests can be started */
	const struct app_output *output;
	void *user; /* of output */
};

struct app *app_new(const struct app_options *o);
void app_free(struct app *a);

/* What holds whichever pane has the focus. */
extern const struct key_table app_global_keys;
/* The pane at the tab bar's number is opened without taking the focus from an earlier one. */
struct pane *app_add(struct app *a, const struct pane_ops *ops, const void *arg, struct err *e);
void app_key(struct app *a, const struct ui_key *k);
void app_resize(struct app *a, int rows, int cols);
/* Takes it. */
void app_snapshot(struct app *a, struct snapshot *s);
/* The before-sleep hook: draws if something changed and the last frame is old enough, else arms a
 * timer. True when everything that changed has been drawn. */
bool app_frame(struct app *a);
bool app_done(const struct app *a); /* quit was confirmed */
/* Nothing is on its way: no frame owed, no pane busy. */
bool app_idle(const struct app *a);
const struct canvas *app_canvas(const struct app *a);
/* One object, a key a pane: {"topo": ..., "vm": ..., "vm2": ...}; ids not in `only` are left out
 * (NULL = all). */
void app_json(const struct app *a, const struct strv *only, struct json_out *j);
/* The first pane of this id gets the focus. */
bool app_focus_id(struct app *a, const char *id);
