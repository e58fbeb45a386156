/* The dashboard on a terminal, from its first frame to the terminal given back. */
#pragma once

#include "ui/session.h"
#include "ui/tty_curses.h"

struct dashboard_options {
	struct session_options session; /* sizes and colours are the terminal's */
	struct tty_options tty;
};

/* 0 when the user left, a signal's number when one ended it, -errno with a sentence. */
int dashboard_run(const struct dashboard_options *o, struct err *e);
