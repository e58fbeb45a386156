/* What the dashboard on a terminal and the one in --batch have in common: loop, app, collector. */
#pragma once

#include "ui/app.h"
#include "ui/collector.h"
#include "vmm/vmctl.h"

struct session_options {
	int rows, cols, colours;
	bool ascii, readonly, terminal;
	uint64_t delay_ns;
	const char *sysroot;		/* NULL = this machine */
	const struct pane_ops *host[8]; /* panes from the start, NULL-terminated */
	const struct pane_ops *guest;	/* of `boot`; NULL = no guests */
	const struct pane_ops *boot_dialog;
	const struct vm_config *boot; /* a guest from the start; NULL = none */
};

/* The first member of what app_output's `user` points to. */
struct session {
	struct loop *loop;
	struct app *app;
	struct collector *collector;
	struct loop_fd *mail;
};

/* Signals that the loop is to have must be added to s->loop before: session_start() starts a
 * thread. */
int session_init(struct session *s, struct err *e);
int session_start(struct session *s, const struct session_options *o,
	const struct app_output *output, struct err *e);
void session_end(struct session *s);

/* For app_output. */
void session_delay(void *user, uint64_t ns);
void session_pause(void *user, bool paused);
void session_want(void *user, unsigned want);
