/*
 * The messages between the client of a VM (vmctl) and its child process (host), one per packet of a
 * SOCK_SEQPACKET pair. Both sides are the same binary, yet each checks what it receives: a guest
 * that broke into the child must not get further by its messages.
 *
 * A message is a 24-byte header in the machine's own byte order and at most CTL_DATA_MAX bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	CTL_VERSION = 1,
	CTL_HEADER = 24,
	CTL_DATA_MAX = 32 * 1024,
	CTL_MESSAGE_MAX = CTL_HEADER + CTL_DATA_MAX,
	CTL_WINDOW = 128 * 1024,	/* stdin that may be under way without a CTL_CREDIT */
	CTL_SOCKET_BUFFER = 512 * 1024, /* asked for: a whole window and a kill always fit */
};

/* What a and b mean stands behind each; data in brackets. */
enum ctl_type {
	/* child to client */
	CTL_NOTE = 1,	/* [text] */
	CTL_PROGRESS,	/* a = done, b = total, [text: what] */
	CTL_STAGE,	/* a = enum vm_stage, b = ns since vm_start() */
	CTL_INFO,	/* [JSON object] */
	CTL_DMESG,	/* [bytes] */
	CTL_STDOUT,	/* [bytes] */
	CTL_STDERR,	/* [bytes] */
	CTL_EXIT,	/* a = status 0..255, [text: reason] */
	CTL_CREDIT,	/* a = further bytes of stdin that may be sent */
	CTL_RUN_STDOUT, /* [bytes] of CTL_RUN's command */
	CTL_RUN_STDERR, /* [bytes] */
	CTL_RUN_EXIT,	/* a = status 0..255, [text: why it could not run] */
	CTL_RUNNING,	/* a = 1: the guest runs again, 0: it is paused */
	CTL_REPORT,	/* [JSON object] */
	CTL_TOPOLOGY,	/* a = 1: it is what was asked for, [text] */
	/* client to child */
	CTL_STDIN = 64, /* [bytes], none = end of file */
	CTL_RESIZE,	/* a = rows, b = columns */
	CTL_SIGNAL,	/* a = signal number */
	CTL_RUN,	/* [command] beside the interactive shell */
	CTL_KILL,
	CTL_POWER, /* a = enum ctl_power, b = key of CTL_SYSRQ */
};

enum ctl_power { CTL_PAUSE = 1, CTL_RESUME, CTL_NMI, CTL_SYSRQ, CTL_RESET };

struct ctl_message {
	enum ctl_type type;
	uint64_t a, b;
	const char *data; /* borrowed */
	size_t size;
};

/* Who sent it. */
enum ctl_side { CTL_FROM_CHILD, CTL_FROM_CLIENT };

/* Bytes written to out. Data beyond CTL_DATA_MAX is the caller's mistake and is cut. */
size_t ctl_pack(const struct ctl_message *m, unsigned char out[CTL_MESSAGE_MAX]);
/* 0, or -EPROTO when the packet breaks a rule (magic, version, type, direction, sizes, numbers). */
int ctl_unpack(const void *packet, size_t n, enum ctl_side sender, struct ctl_message *out);

/* Sends one message without blocking or SIGPIPE: 0, -EAGAIN, or -errno. */
int ctl_send(int fd, const struct ctl_message *m);
/* One packet into buf (which m->data borrows): 1, 0 = end of file, -EAGAIN, -EPROTO, or -errno. */
int ctl_receive(
	int fd, enum ctl_side sender, unsigned char buf[CTL_MESSAGE_MAX], struct ctl_message *m);
