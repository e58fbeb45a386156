/*
 * The guest's PID 1, in parts. Everything here runs in one static process inside the VM: libc and
 * the port protocol, nothing of the rest of the program.
 *
 * One thread, one poll loop per session; all buffers are fixed, and what fills up stops being read,
 * so that a slow reader outside slows down the writer inside and nothing grows.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vmm/proto.h"

/* ---- conf: what the host asked for ------------------------------------------------------------
 */
struct guest_conf {
	char *bytes;	/* the file; everything below points into it */
	bool virtio;	/* frames over virtio ports; else over COM2 */
	bool late_cpus; /* the kernel was told to start one, the others are ours to start */
	const char *exec, *term, *colorterm, *topology, *offline; /* NULL = not given */
	unsigned rows, cols;
	const char **env; /* NAME=VALUE */
	size_t nenv;
};
/* 0, or -1 when the file is missing or malformed (the reason goes to the serial console). */
int conf_load(struct guest_conf *c, const char *path);

/* ---- fatal: last words ------------------------------------------------------------------------
 */
/* One line to the kernel's serial console, whatever else works. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Handlers for the signals that would kill init: a line to the serial console, then reboot. */
void fatal_install(void);
void reboot_now(void) __attribute__((noreturn));

/* ---- mounts, modules, setup -------------------------------------------------------------------
 */
struct mount_row {
	const char *target, *type, *options;
	bool required;
};
extern const struct mount_row mount_rows[];
extern const size_t mount_count;
/* The devices and kernel views that the ports need; 0 or -1. */
int mounts_first(void);
/* All others, the links in /dev, and what a shell expects to find. */
void mounts_rest(void);
/* Everything in /modules in the order of their names; failures are told, not fatal. */
void modules_load(void);
/* The CPUs of this list offline, as the kernel writes lists (NULL = none); with `start` all others
 * online, also those that the kernel was told not to start. */
void topology_settle(const char *offline, bool start);
/* Tells the host what the kernel says of CPUs and nodes. */
struct link;
void topology_report(struct link *l);
void setup_machine(void); /* host name, loopback, accounts */

/* ---- ports: the way to the host ---------------------------------------------------------------
 */
/* A netlink socket that hears of new devices; opened before the modules are loaded, so that nothing
 * is missed. -1: no netlink. */
int uevents_open(void);
/* Opens both virtio ports by their names, waiting for devices to appear; COM2 when !virtio. 0 or
 * -1. */
int ports_open(const struct guest_conf *c, int uevents, int *bulk, int *console);

/* ---- buf: bytes on their way ------------------------------------------------------------------
 */
struct buf {
	unsigned char *b; /* owned, `cap` bytes */
	size_t cap, at, len;
};
void buf_init(struct buf *b, size_t cap);
size_t buf_room(const struct buf *b);
/* The caller has made sure that n <= buf_room(). */
void buf_put(struct buf *b, const void *bytes, size_t n);
/* One read(2) of at most `max` bytes into b: what read returned; 0 = end of file. */
ssize_t buf_read(struct buf *b, int fd, size_t max);
/* One write(2) from b: what write returned. */
ssize_t buf_write(struct buf *b, int fd);

/* ---- link: frames -----------------------------------------------------------------------------
 */
struct link {
	int fd;
	struct proto_parser in;
	struct buf out;
	bool dead; /* the host is gone or spoke nonsense */
};
void link_init(struct link *l, int fd);
/* Payload bytes that a data frame may have now; 0 = wait until some are written. Room for the small
 * frames is kept beside. */
size_t link_room(const struct link *l);
void link_send(struct link *l, uint32_t tag, const void *payload, size_t n);
void link_send_u32(struct link *l, uint32_t tag, uint32_t v);
void link_phase(struct link *l, enum proto_phase phase, const char *reason);
/* poll(2) events that the link waits for. */
short link_events(const struct link *l, bool want_input);
/* Serves revents: writes, reads, delivers. */
void link_turn(struct link *l, short revents, proto_frame_fn *fn, void *user);
/* Blocks until everything is written. */
void link_flush(struct link *l);
/* Flush and reboot, for a session that the guest ended itself. */
void link_reboot(struct link *l) __attribute__((noreturn));
/* The end of everything: flush, wait for the host's PROTO_SHUTDOWN, reboot. */
void link_finish(struct link *l) __attribute__((noreturn));
/* Says why init cannot go on, with the kernel log where `dmesg`, then link_finish(). */
void link_fail(struct link *l, bool dmesg, const char *reason) __attribute__((noreturn));

/* ---- the two kinds of session -----------------------------------------------------------------
 */
void exec_run(const struct guest_conf *c, struct link *l);
/* console: the raw port, or -1: PROTO_CONSOLE frames on the link. */
void console_run(const struct guest_conf *c, struct link *l, int console);

/* Writes the greeting of the interactive shell; returns its length. */
size_t motd_format(const struct guest_conf *c, char *out, size_t size);

/* ---- child: processes -------------------------------------------------------------------------
 */
/* A NULL-terminated environment for the shell or command; heap, lives as long as init. */
char **child_environ(const struct guest_conf *c);
/* In the child between fork and exec: default signals, empty mask. */
void child_clean(void);
/* A descriptor that is readable when children have died, or when somebody asks init for the
 * machine's end. */
int child_signalfd(void);
/* A process whose end somebody waits for. */
struct child {
	pid_t pid; /* 0 = none */
	bool exited;
	int status; /* then: as a shell gives it */
};
/* Reaps all that are dead and marks those of the list. True when somebody asked for the machine's
 * end: busybox's reboot, poweroff, halt, or Ctrl-Alt-Del. */
bool child_reap(int sigfd, struct child *const *list, size_t n);
/* Directories under /include-files that hold a program, joined by ':' with the system's behind. */
char *child_path(void);

/* ---- command: one `sh -c`, its output framed ---------------------------------------------------
 */
struct command_stream {
	int fd; /* read end; -1 = closed */
	uint32_t tag;
	int left; /* bytes still to take after the command's end; -1 = no limit yet */
};
struct command {
	struct link *link;
	struct child child;
	struct command_stream out[2]; /* standard output, standard error */
};
/* Starts it with `stdin_fd` (close-on-exec, above 2) as standard input, in a session of its own. 0
 * or -1. An empty frame of a stream's tag is its end. */
int command_start(struct command *c, struct link *l, char *const *env, const char *line,
	int stdin_fd, const uint32_t tags[2]);
/* What poll(2) shall wait for, in two entries. */
void command_poll(const struct command *c, struct pollfd p[2]);
/* Serves what poll(2) said of them. */
void command_turn(struct command *c, const struct pollfd p[2]);
/* To be called when child_reap() has marked it: what its pipes hold now is its output. */
void command_exited(struct command *c);
/* It has output that nothing has to be waited for. */
bool command_draining(const struct command *c);
/* Started, dead, and all of its output sent. */
bool command_finished(const struct command *c);
/* To its process group; nothing once it is dead. */
void command_signal(const struct command *c, int signo);
