/*
 * A guest driven through the engine's own interface, without the host process: what its ports say
 * is gathered, and a test waits for what it expects to see. Debian's kernel is fetched (or taken
 * from the cache) by kernel_resolve("distro").
 */
#pragma once

#include <stdbool.h>

#include "vmm/engine.h"
#include "vmm/payload/payload.h"
#include "vmm/proto.h"

struct guest_setup {
	struct vm_topology topology; /* vcpus 0 = 1,1,1,1 */
	uint32_t memory_mib;	     /* floor */
	bool serial;		     /* no virtio: COM2; and the kernel's image as it is */
	bool truncated;		     /* pretend that unpacking stopped early */
	uint64_t disk_bytes;
	const char *exec;	 /* NULL = interactive */
	const char *const *env;	 /* NAME=VALUE, NULL-terminated */
	const char *const *conf; /* further key=value records */
	const char *const *append;
	const char *const *include;
};

struct guest {
	struct payload payload;
	struct str log, console, out, err; /* COM1, terminal, the command's streams */
	struct str dmesg;		   /* PROTO_DMESG */
	struct str reason;		   /* of a FAILED phase */
	bool ready, prompt, ending, failed;
	bool out_closed, err_closed;
	struct str run_out, run_err; /* of PROTO_RUN's command */
	unsigned run_ends;
	int run_status; /* of the last one */
	bool has_status;
	int status;
	uint64_t console_end;  /* as init counted; UINT64_MAX = not said */
	uint64_t console_seen; /* bytes of the raw port */
	uint64_t stdin_taken, console_taken;
	int engine_status; /* after guest_finish() */
	/* for the helper alone */
	bool serial;
	pid_t pid;
	int log_fd, bulk_fd, console_fd, disk_fd, kernel_fd;
	const struct engine *engine;
	enum vm_accel accel;
	struct engine_report *report;
	struct proto_parser parser;
	struct err e;
};

/* Whether guests can be booted here; else prints a reason to skip with. */
bool guest_possible(void);

/* NULL with a line on stdout when it cannot be started. */
struct guest *guest_boot(const struct guest_setup *s);
void guest_free(struct guest *g);

typedef bool guest_condition(const struct guest *g, const void *arg);
/* Reads until the condition holds; false when the guest ended or 180 s are over. */
bool guest_until(struct guest *g, guest_condition *c, const void *arg);
/* Until the terminal has shown this text. */
bool guest_until_console(struct guest *g, const char *text);
bool guest_until_out(struct guest *g, const char *text);
/* Until ENDING or FAILED, all output included. */
bool guest_until_end(struct guest *g);
/* Answers the end with PROTO_SHUTDOWN and waits for the engine: whether it went by itself. */
bool guest_finish(struct guest *g);

void guest_send(struct guest *g, uint32_t tag, const void *payload, size_t n);
/* Standard input within PROTO_WINDOW, reading meanwhile; then its end. */
bool guest_stdin(struct guest *g, const void *bytes, size_t n);
/* Keys for the interactive shell. */
void guest_type(struct guest *g, const char *text);
