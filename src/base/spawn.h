/*
 * Child processes: fork and exec with clean signal masks and dispositions and explicit descriptors.
 * Every descriptor of ours is close-on-exec, so a child has exactly what is listed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* `from` (ours) becomes `to` in the child; from == -1 opens /dev/null there. */
struct spawn_fd {
	int from, to;
};

struct spawn {
	const char *const
		*argv;	     /* argv[0] is the program, looked up in PATH when it has no slash */
	const char *program; /* what is run, where argv[0] shall read otherwise; NULL = argv[0] */
	const char *const *env; /* NULL = ours */
	const char *cwd;	/* NULL = ours */
	const struct spawn_fd
		*fds; /* 0, 1 and 2 not named are /dev/null, /dev/null and our stderr */
	size_t nfds;
	bool new_session;     /* setsid: our terminal's signals do not reach it */
	bool die_with_parent; /* SIGKILL when our thread that started it dies */
};

/* Returns once the program runs: its pid, for spawn_wait(). -errno with a sentence that names the
 * program (ENOENT: not installed), also where the child could not get as far as running it. */
pid_t spawn_start(const struct spawn *s, struct err *e);
/* Runs to its end and gathers stdout (at most max bytes) and, when not NULL, stderr. Returns the
 * wait status as spawn_status() does, or -errno when it could not be started. */
int spawn_capture(
	const struct spawn *s, size_t max, struct str *out, struct str *errs, struct err *e);
/* Waits (EINTR-safe). Exit code, or 128+N for a signal. */
int spawn_wait(pid_t pid);
/* The same mapping for a status from waitpid(2). */
int spawn_status(int wait_status);
/* Whether a program of this name is in PATH (or at the path, when it has a slash); heap path or
 * NULL. */
char *spawn_find(const char *program);
