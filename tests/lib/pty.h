/*
 * A program on a pseudo terminal, driven by a test: its output is waited for, keys are typed, the
 * terminal's settings are read. It waits for events; the limit only keeps a broken test from
 * hanging.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#include "src/base/str.h"

struct pty {
	int master, slave; /* the slave stays open: settings survive the program */
	pid_t pid;	   /* 0 = reaped */
	int status;	   /* as spawn_status() */
	struct str seen;   /* everything that was written so far */
	size_t mark;	   /* pty_expect() looks behind this */
};

/* The program becomes the leader of a session on the terminal; stderr_fd -1 = the terminal too. */
void pty_start(struct pty *p, const char *const *argv, int rows, int cols, int stderr_fd);
/* Until the text appears behind what was expected before; false when the program ended, or fell
 * silent for seconds, without it. */
bool pty_expect(struct pty *p, const char *text);
/* The same for bytes of stderr: any descriptor, gathered into `into`. */
bool pty_expect_fd(int fd, struct str *into, const char *text, unsigned seconds);
void pty_type(struct pty *p, const char *keys);
void pty_type_bytes(struct pty *p, const char *keys, size_t n);
void pty_resize(struct pty *p, int rows, int cols);
/* Until a signal has stopped it. */
bool pty_wait_stopped(struct pty *p);
/* Waits for its end (reading what it still writes); its exit code, 128+N for a signal. */
int pty_wait(struct pty *p);
void pty_settings(const struct pty *p, struct termios *t);
bool pty_same_settings(const struct termios *a, const struct termios *b);
/* Kills it where it still runs, closes. */
void pty_close(struct pty *p);
