/*
 * The state of one interactive or --exec session, shared by the files that make it up:
 * shell_session.c (loop, signals, the end), shell_terminal.c, shell_events.c, shell_relay.c.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/str.h"
#include "src/base/termtrack.h"
#include "src/cli/cli.h"
#include "src/cli/escape.h"
#include "src/cli/outstream.h"
#include "src/cli/progress.h"
#include "src/cli/shell_timings.h"
#include "vmm/vmctl.h"

enum { SHELL_FROM_GUEST = 64 * 1024, SHELL_KEYS = 16 * 1024 };

struct session {
	const struct cli_context *cx;
	const struct vm_config *config;
	struct vm *vm;
	bool interactive;
	enum vm_stage stage;
	struct progress progress;
	struct outstream out, errs;
	/* bytes of an event that are being written; the next event is taken when they are out */
	const char *event_bytes;
	size_t event_left;
	struct outstream *event_to;
	struct str dmesg; /* holds event_bytes where they had to be cleaned */
	char from_guest[SHELL_FROM_GUEST];
	size_t guest_at, guest_left;
	bool console_over;
	char keys[SHELL_KEYS + 1]; /* of our stdin, on their way to the guest */
	size_t keys_at, keys_left;
	bool stdin_over;
	struct escape escape;
	struct termtrack track;
	char last_shown; /* last byte that went to the terminal */
	int sigfd;
	sigset_t mask, old_mask;
	int signalled;	      /* the signal that ends us */
	uint64_t escalate_ns; /* when the guest is killed, 0 = not */
	bool killed;
	bool ended;
	int status;
	struct str reason;
	enum shell_timings timings;
	struct shell_facts facts;
};

/* shell_session.c */
void shell_kill(struct session *s);
/* A signal that ends us, or SIGHUP for a terminal that is gone. */
void shell_end(struct session *s, int signo);
/* What to do once a write to stdout has failed for good. */
void shell_check_stdout(struct session *s);

/* shell_terminal.c */
/* Text for stderr; in raw mode a newline alone does not return to the first column. */
void shell_put(struct session *s, const char *text, size_t n);
void shell_note(struct session *s, const char *text);
void shell_show_progress(struct session *s, const char *what, uint64_t done, uint64_t total);
void shell_tick_progress(struct session *s);
void shell_show_status(struct session *s, const char *text);
void shell_clear_status(struct session *s);
void shell_window_size(uint16_t *rows, uint16_t *cols);
void shell_send_size(struct session *s);
/* The guest's bytes on their way to the screen. */
void shell_track(struct session *s, const char *bytes, size_t n);
/* From here on every key is the guest's, type-ahead included. */
void shell_take_terminal(struct session *s);
void shell_release_terminal(struct session *s);
void shell_stop_and_continue(struct session *s);

/* shell_events.c */
/* Takes events as long as what they bring can be written. */
void shell_take_events(struct session *s);
void shell_write_event(struct session *s);

/* shell_relay.c */
void shell_read_console(struct session *s);
void shell_write_console(struct session *s);
void shell_read_stdin(struct session *s);
void shell_send_keys(struct session *s);
