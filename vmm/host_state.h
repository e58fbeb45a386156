/*
 * The child process's state, shared by the files that make it up: host.c (the client's side and the
 * phases), guest_run.c (the engine's process), guest_port.c (frames), guest_console.c (the
 * terminal). One thread, one loop; each turn ends in host_rearm(), the one place that says what is
 * listened to.
 */
#pragma once

#include "src/base/json_out.h"
#include "src/base/loop.h"
#include "vmm/config.h"
#include "vmm/conlog.h"
#include "vmm/host.h"
#include "vmm/outbox.h"
#include "vmm/pipebuf.h"
#include "vmm/prep.h"
#include "vmm/proto.h"
#include "vmm/tap.h"

/* What the guest says of its CPUs and nodes. */
struct guest_topology {
	struct str told;       /* until all of it is there */
	bool judged, verified; /* it was compared; it is what was asked for */
	struct str seen;       /* the shape that it tells, as --topology would have it */
	struct str difference; /* the first one, as a sentence */
	struct str note;       /* what is not quite the same and does not count */
};

struct guest {
	bool started;
	pid_t pid;			     /* of the engine, 0 = reaped */
	struct tap exit;		     /* its pidfd */
	struct tap log, bulk, errs, console; /* our ends; closed at end of file */
	struct tap control;		     /* what the engine is told, and answers */
	struct engine_ear ear;
	unsigned orders;	      /* that the engine was given and has not refused */
	bool refusals_left_out;	      /* it refuses more, and the client knows */
	struct engine_report *report; /* memory shared with the engine's process, NULL = none */
	struct conlog con, complaints;
	struct proto_parser parser;
	struct guest_topology topology;
	struct str to_port;		    /* frames that the port has not taken yet */
	uint32_t stdin_out, console_out;    /* bytes that init has not acknowledged */
	uint64_t console_seen, console_end; /* bytes of the console port: read, in all */
	bool ready;			    /* init answers */
	bool stdin_ended;		    /* the client has no more; told once init is ready */
	bool console_end_known, ending, has_status, timed_out;
	bool running; /* a command beside the shell (PROTO_RUN) */
	bool stopped; /* the engine was killed by us */
	int status, engine_status;
	char *init_failed;	 /* owned */
	const char *broken;	 /* the port protocol was violated: how */
	unsigned silent_periods; /* of the boot watchdog */
	struct loop_timer *timeout, *watchdog, *farewell, *doubt;
	struct loop_timer *pinning; /* until the vCPUs' threads are there */
	unsigned pin_looks;
};

enum host_phase { HOST_PREPARING, HOST_RUNNING, HOST_LEAVING };

struct host {
	struct loop *loop;
	const struct vm_host_ops *ops;
	struct vm_setup setup;
	struct tap control, client; /* the client's two sockets */
	struct outbox out;
	enum host_phase phase;
	enum vm_stage stage;
	uint64_t stage_at[VM_STAGE_ENDED + 1]; /* ns since vm_start(), 0 = not reached */
	bool killed;			       /* the client asked for the end */
	bool orphaned;			       /* the client is gone */
	struct prep *prep;
	struct tap prep_tap;
	struct loop_timer *prep_patience;
	struct prep_result built;
	struct guest guest;
	struct pipebuf to_client, to_guest; /* the console's bytes */
	uint16_t rows, cols;		    /* of the window now */
};

/* host.c */
/* Of a struct host, before every wait: what is listened to follows from the state alone. */
void host_rearm(void *user);
void host_stage(struct host *h, enum vm_stage s);
void host_note(struct host *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The last message; the process ends when the client has it. */
void host_leave(struct host *h, int status, const char *text);
void host_fail(struct host *h, const struct err *e);

/* guest_run.c */
int guest_start(struct host *h, struct err *e);
/* Kills the engine; what it wrote so far is still read. */
void guest_stop(struct host *h);
/* Kills the engine and throws away what it may still have said. */
void guest_abandon(struct host *h);
/* Once the engine has ended and everything is read: the verdict. */
void guest_check_end(struct host *h);
void guest_release(struct host *h);

/* guest_power.c */
void guest_control_event(void *user, int fd, uint32_t events);
/* A CTL_POWER message of the client's. */
void guest_power(struct host *h, unsigned what, char key);

/* guest_report.c */
/* Memory that a process forked from now on shares; NULL when there is none to be had. */
struct engine_report *guest_report_new(void);
void guest_report_free(struct engine_report *r);
/* What was measured, to the client. */
void guest_report_send(struct host *h);

/* guest_pin.c */
/* In performance mode: pins the engine's threads once they are there. */
void guest_pin(struct host *h);

/* guest_topology.c */
/* A PROTO_TOPOLOGY frame; the empty one ends them. */
void guest_topology_frame(struct host *h, const void *bytes, size_t n);
/* "topology": {...}, into an object that is open. */
void guest_topology_json(const struct host *h, struct json_out *j);
void guest_topology_release(struct guest_topology *g);

/* guest_port.c */
void guest_port_event(void *user, int fd, uint32_t events);
void guest_port_send(struct host *h, enum proto_tag tag, const void *payload, size_t n);
void guest_port_flush(struct host *h);
/* Whether the port may be read: there is room for all that one read can turn into. */
bool guest_port_wanted(const struct host *h);
void guest_resize(struct host *h);
/* A command beside the interactive shell, or a message to the client that says why not. */
void guest_command(struct host *h, const char *command, size_t n);
/* Whether everything that the guest had to say has been read: its engine can be stopped. */
void guest_check_ending(struct host *h);

/* guest_console.c */
void guest_console_event(void *user, int fd, uint32_t events);
void client_console_event(void *user, int fd, uint32_t events);
/* From a frame of a guest whose console has no port of its own; false = too much. */
bool guest_console_frame(struct host *h, const void *bytes, size_t n);
/* Moves bytes as far as they go, both ways. */
void guest_console_move(struct host *h);
bool guest_console_input_wanted(const struct host *h);
