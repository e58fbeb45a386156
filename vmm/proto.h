/*
 * What travels on the private port between the guest's init and the host: one list of messages,
 * shared by both sides. This header needs libc only, since init is built from it.
 *
 * A frame is a 16-byte little-endian header and a payload. The first tags and the header are those
 * of the public Rust tool (spec/vmm 2.4); tags marked "ours" are new and in unused space. On a
 * guest without virtio the same frames travel over COM2, and the console's bytes with them
 * (PROTO_CONSOLE).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PROTO_PORT_BULK	   "ktstr-bulk"	   /* frames */
#define PROTO_PORT_CONSOLE "ktstr-console" /* raw bytes of the interactive terminal */
#define PROTO_CONF_PATH	   "/.ktstr_conf"  /* NUL-separated key=value records for init */
#define PROTO_INIT_OK_PATH                                                                         \
	"/.ktstr_init_ok" /* the archive's last entry: all of it was unpacked                      \
			   */

/*
 * Records of PROTO_CONF_PATH, each `key=value` and a NUL; written by vmm/host.c, read by init. A
 * key that init does not know is ignored.
 *
 *   exec=CMD          one command instead of the interactive shell (absent: interactive)
 *   env=NAME=VALUE    for the shell or the command; may be repeated
 *   term=  colorterm= of the terminal outside (absent: "linux" and unset)
 *   rows=  cols=      window size at the start, decimal
 *   topology=N,L,C,T  as asked for, for the greeting
 *   offline=LIST      CPUs that init takes offline before anything runs (absent: none)
 *   late-cpus=1|0     1: init starts the CPUs that the kernel did not (absent: 0)
 *   virtio=1|0        1: wait for the two ports; 0: there are no drivers, COM2 carries the frames
 */
#define PROTO_CONF_EXEC	     "exec"
#define PROTO_CONF_ENV	     "env"
#define PROTO_CONF_TERM	     "term"
#define PROTO_CONF_COLORTERM "colorterm"
#define PROTO_CONF_ROWS	     "rows"
#define PROTO_CONF_COLS	     "cols"
#define PROTO_CONF_TOPOLOGY  "topology"
#define PROTO_CONF_OFFLINE   "offline"
#define PROTO_CONF_LATE_CPUS "late-cpus"
#define PROTO_CONF_VIRTIO    "virtio"

enum proto_tag {
	/* guest to host */
	PROTO_EXEC_EXIT = 0x45584358, /* i32 LE exit status of the command; 128+N for a signal */
	PROTO_SYS_RDY = 0x53524459,   /* empty: init is up, the port works */
	PROTO_STDOUT = 0x534F5554,    /* bytes; empty = closed */
	PROTO_STDERR = 0x53455252,
	PROTO_DMESG = 0x444D5347, /* bytes of the kernel log, sent when unpacking was incomplete */
	PROTO_LIFECYCLE = 0x4C494645, /* u8 enum proto_phase, then UTF-8 reason */
	/* ours: u32 LE, bytes of PROTO_STDIN (or of PROTO_CONSOLE, host to guest) that have been
	 * passed on: the host keeps at most PROTO_WINDOW of each outstanding, so that a command
	 * that does not read its input cannot hold up a signal that travels behind it */
	PROTO_STDIN_TAKEN = 0x53544B4E,
	PROTO_CONSOLE_TAKEN = 0x434F544B,
	/* ours: u64 LE, bytes that init has written to PROTO_PORT_CONSOLE in all; sent before
	 * ENDING, so that the host knows how far to read there */
	PROTO_CONSOLE_END = 0x43454E44,
	/* ours: what the guest's kernel says of its CPUs and nodes, sent before PROMPT: whole
	 * lines, in as many frames as they take; an empty frame is the end. Fields are parted by
	 * single blanks, lists are the kernel's ("0-3,8"), "-" stands for what it does not tell:
	 *   online LIST
	 *   cpu N PACKAGE DIE SIBLINGS L1 L1 L2 L3   for each online CPU; caches as lists of
	 * sharers node N CPUS DISTANCES                    for each node; distances parted by
	 * commas memory NODES                             those that have some */
	PROTO_TOPOLOGY = 0x544F504F,
	/* both ways, ours: the console when it has no port of its own */
	PROTO_CONSOLE = 0x434F4E53,
	/* ours, of PROTO_RUN's command: bytes, empty = closed; and i32 LE status, or -1 when it
	 * could not be started */
	PROTO_RUN_STDOUT = 0x524E4F55,
	PROTO_RUN_STDERR = 0x524E4552,
	PROTO_RUN_EXIT = 0x524E4558,
	/* host to guest, ours */
	PROTO_RESIZE = 0x57494E53, /* u16 rows, u16 columns, LE */
	PROTO_STDIN = 0x5354444E,  /* bytes; empty = end of file */
	PROTO_SIGNAL = 0x53474E4C, /* u32 LE signal number for the command's process group */
	PROTO_RUN = 0x52554E43, /* bytes of a command to run beside the interactive shell, without
				   input; the next one only after PROTO_RUN_EXIT */
	PROTO_SHUTDOWN = 0x53485554, /* empty: end the session cleanly; after ENDING or FAILED: the
					host has read everything, init may reboot */
};

/*
 * The end: a reboot would throw away what the engine still holds of the ports' bytes, so after
 * ENDING (or FAILED) init waits until the host answers with PROTO_SHUTDOWN or kills the engine. The
 * host does either once it has read the framed port up to that frame and the console up to
 * PROTO_CONSOLE_END. More input than PROTO_WINDOW allows is an error that ends the session.
 */
enum proto_phase {
	PROTO_PHASE_PROMPT = 1, /* the shell (or the command) has been started */
	PROTO_PHASE_ENDING = 2, /* it ended; the guest is about to reboot */
	PROTO_PHASE_FAILED = 3, /* init cannot go on, the reason says why */
};

struct proto_header {
	uint32_t tag, length, crc32, pad; /* little-endian; crc32 (IEEE) of the payload; pad = 0 */
};

enum {
	PROTO_RUN_FAILED = -1, /* of PROTO_RUN_EXIT */
	PROTO_HEADER_SIZE = 16,
	PROTO_PAYLOAD_MAX = 16 * 1024 * 1024, /* what a receiver accepts */
	PROTO_CHUNK = 32 * 1024,	      /* what a sender puts into one frame */
	PROTO_WINDOW = 256 * 1024,	      /* unacknowledged input, host to guest */
	PROTO_TOPOLOGY_MAX = 4 * 1024 * 1024, /* bytes of PROTO_TOPOLOGY in all */
};

/* Fills a header for a payload of n bytes. */
void proto_pack(unsigned char out[PROTO_HEADER_SIZE], uint32_t tag, const void *payload, size_t n);

/* Incremental parser: bytes in any split in, whole frames out. Owned buffers, bounded by
 * PROTO_PAYLOAD_MAX. */
struct proto_parser {
	unsigned char *buf; /* owned */
	size_t len, cap;
	int broken; /* set once a frame was refused: the stream cannot be trusted any more */
};

typedef void proto_frame_fn(void *user, uint32_t tag, const unsigned char *payload, size_t n);

/*
 * Feeds n bytes and calls fn for each whole frame. 0, or -1 when a header is impossible (length
 * beyond the maximum) or a checksum fails: nothing more is delivered then.
 */
int proto_feed(struct proto_parser *p, const void *bytes, size_t n, proto_frame_fn *fn, void *user);
void proto_parser_release(struct proto_parser *p);
