/* The framed port: what init says becomes messages to the client, and the other way round. */
#include "vmm/host_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "src/base/clock.h"
#include "src/base/sock.h"
#include "src/base/utf8.h"

enum {
	READ_SIZE = 16 * 1024,
	REASON_MAX = 400,	      /* bytes of init's reason that are quoted */
	QUEUE_MAX = 4 * PROTO_WINDOW, /* to the guest; more is left out */
};

/* Between init's goodbye and the engine's end, when the console's last bytes do not come. */
#define FAREWELL_NS (5 * NS_PER_SEC)

static uint64_t le(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

void guest_port_flush(struct host *h)
{
	struct guest *g = &h->guest;

	while (g->to_port.len && g->bulk.fd >= 0) {
		ssize_t n =
			send(g->bulk.fd, g->to_port.s, g->to_port.len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			n = (ssize_t)g->to_port.len; /* nobody reads: its end is seen elsewhere */
		memmove(g->to_port.s, g->to_port.s + n, g->to_port.len - (size_t)n);
		g->to_port.len -= (size_t)n;
	}
}

void guest_port_send(struct host *h, enum proto_tag tag, const void *payload, size_t n)
{
	unsigned char header[PROTO_HEADER_SIZE];
	struct guest *g = &h->guest;

	/* Before init listens a serial port would lose the bytes. */
	if (!g->ready || g->bulk.fd < 0 || g->to_port.len > QUEUE_MAX)
		return;
	proto_pack(header, tag, payload, n);
	str_append(&g->to_port, header, sizeof(header));
	if (n)
		str_append(&g->to_port, payload, n);
	guest_port_flush(h);
}

void guest_resize(struct host *h)
{
	const unsigned char le16x2[4] = {
		(unsigned char)h->rows,
		(unsigned char)(h->rows >> 8),
		(unsigned char)h->cols,
		(unsigned char)(h->cols >> 8),
	};

	if (h->rows && h->cols)
		guest_port_send(h, PROTO_RESIZE, le16x2, sizeof(le16x2));
}

void guest_command(struct host *h, const char *command, size_t n)
{
	const char *why = NULL;

	if (h->setup.c.exec)
		why = "this guest runs one command only";
	else if (h->stage != VM_STAGE_PROMPT)
		why = "the guest has no prompt yet";
	else if (h->guest.running)
		why = "another command is still running";
	if (why) {
		outbox_put_numbers(&h->out, CTL_RUN_EXIT, 1, 0, why);
		return;
	}
	h->guest.running = true;
	guest_port_send(h, PROTO_RUN, command, n);
}

static void run_ended(struct host *h, int64_t status)
{
	if (!h->guest.running)
		return;
	h->guest.running = false;
	if (status == PROTO_RUN_FAILED)
		outbox_put_numbers(
			&h->out, CTL_RUN_EXIT, 1, 0, "the guest could not start the command");
	else
		outbox_put_numbers(&h->out, CTL_RUN_EXIT, (uint64_t)status & 0xff, 0, NULL);
}

static void init_is_up(struct host *h)
{
	if (h->guest.ready)
		return;
	h->guest.ready = true;
	host_stage(h, VM_STAGE_INIT);
	loop_set_timer(h->loop, h->guest.watchdog, 0, 0);
	if (h->setup.c.exec)
		outbox_put_numbers(&h->out, CTL_CREDIT, CTL_WINDOW, 0, NULL);
	if (h->guest.stdin_ended)
		guest_port_send(h, PROTO_STDIN, NULL, 0);
	if (h->rows != h->setup.c.rows || h->cols != h->setup.c.cols)
		guest_resize(h);
	guest_console_move(h);
}

/* Heard once: a guest that repeats it gets no more time for its last bytes. */
static void goodbye(struct host *h)
{
	if (!h->guest.ending && !h->guest.init_failed)
		loop_set_timer(h->loop, h->guest.farewell, FAREWELL_NS, 0);
}

static void lifecycle(struct host *h, const unsigned char *p, size_t n)
{
	struct guest *g = &h->guest;
	struct str reason = STR_INIT;

	if (n < 1)
		return;
	if (p[0] == PROTO_PHASE_PROMPT) {
		host_stage(h, VM_STAGE_PROMPT);
	} else if (p[0] == PROTO_PHASE_ENDING) {
		goodbye(h);
		g->ending = true;
	} else if (p[0] == PROTO_PHASE_FAILED && !g->init_failed) {
		goodbye(h);
		utf8_sanitize(&reason, (const char *)p + 1, n - 1 < REASON_MAX ? n - 1 : REASON_MAX,
			false);
		g->init_failed = str_steal(&reason);
	}
}

/* Input that init has passed on: the client may send as much again. */
static void stdin_taken(struct host *h, uint64_t n)
{
	if (n > h->guest.stdin_out)
		n = h->guest.stdin_out;
	h->guest.stdin_out -= (uint32_t)n;
	if (n)
		outbox_put_numbers(&h->out, CTL_CREDIT, n, 0, NULL);
}

static void console_taken(struct host *h, uint64_t n)
{
	h->guest.console_out -= (uint32_t)(n < h->guest.console_out ? n : h->guest.console_out);
	guest_console_move(h);
}

/* Frames of a fixed size that have another one are left out: their sender is not our init. */
static void fixed_frame(struct host *h, uint32_t tag, const unsigned char *p, size_t n)
{
	struct guest *g = &h->guest;

	if (tag == PROTO_EXEC_EXIT && n == 4 && h->setup.c.exec) {
		g->has_status = true;
		g->status = (int)(le(p, 4) & 0xff);
	} else if (tag == PROTO_STDIN_TAKEN && n == 4) {
		stdin_taken(h, le(p, 4));
	} else if (tag == PROTO_RUN_EXIT && n == 4) {
		run_ended(h, (int32_t)le(p, 4));
	} else if (tag == PROTO_CONSOLE_TAKEN && n == 4) {
		console_taken(h, le(p, 4));
	} else if (tag == PROTO_CONSOLE_END && n == 8) {
		g->console_end_known = true;
		g->console_end = le(p, 8);
	}
}

static void on_frame(void *user, uint32_t tag, const unsigned char *p, size_t n)
{
	struct host *h = user;

	switch (tag) {
	case PROTO_SYS_RDY:
		init_is_up(h);
		break;
	case PROTO_STDOUT:
	case PROTO_STDERR:
		if (h->setup.c.exec && !h->guest.topology.difference.len)
			outbox_put(&h->out, tag == PROTO_STDOUT ? CTL_STDOUT : CTL_STDERR, p, n);
		break;
	case PROTO_RUN_STDOUT:
	case PROTO_RUN_STDERR:
		if (h->guest.running)
			outbox_put(&h->out,
				tag == PROTO_RUN_STDOUT ? CTL_RUN_STDOUT : CTL_RUN_STDERR, p, n);
		break;
	case PROTO_DMESG:
		conlog_feed(&h->guest.con, (const char *)p, n);
		break;
	case PROTO_TOPOLOGY:
		guest_topology_frame(h, p, n);
		break;
	case PROTO_LIFECYCLE:
		lifecycle(h, p, n);
		break;
	case PROTO_CONSOLE:
		if (!guest_console_frame(h, p, n))
			h->guest.broken = "the guest sent more to its console than it may at once";
		break;
	default:
		fixed_frame(h, tag, p, n);
		break;
	}
}

void guest_check_ending(struct host *h)
{
	struct guest *g = &h->guest;
	bool console_read = !h->built.virtio || !g->console_end_known ||
			    g->console_seen >= g->console_end || g->console.fd < 0;

	if (g->stopped)
		return;
	/* Nothing that matters comes after the command's status: a reboot would only take time. */
	if (g->has_status || g->broken || ((g->ending || g->init_failed) && console_read))
		guest_stop(h);
}

bool guest_port_wanted(const struct host *h)
{
	return h->out.bytes < OUTBOX_HIGH && pipebuf_room(&h->to_client) >= PROTO_CHUNK + READ_SIZE;
}

static void read_port(struct host *h)
{
	struct guest *g = &h->guest;
	char buf[READ_SIZE];
	ssize_t n = sock_recv(g->bulk.fd, buf, sizeof(buf), 0);

	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		tap_close(&g->bulk);
		return;
	}
	if (!g->broken && proto_feed(&g->parser, buf, (size_t)n, on_frame, h))
		g->broken = "the guest broke the port protocol";
}

void guest_port_event(void *user, int fd, uint32_t events)
{
	struct host *h = user;

	(void)fd;
	if (events & EPOLLOUT)
		guest_port_flush(h);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_port(h);
	guest_check_ending(h);
	guest_check_end(h);
}
