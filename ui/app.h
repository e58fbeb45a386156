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
/* To the terminal's clipboard (OSC 52) where it allows that. */
void app_copy(struct app *a, const char *utf8, size_t n);

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
	void (*chosen)(void *user); /* NULL = just close */
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
