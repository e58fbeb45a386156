/*
 * A hostile guest on the framed port: frames of any tag, size and content (their checksums are made
 * here, else none would get past the codec), and raw bytes. Whatever it says, what the host keeps
 * stays bounded and what it owes the client stays within what the client sent.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vmm/host_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t tags[] = {PROTO_EXEC_EXIT, PROTO_SYS_RDY, PROTO_STDOUT, PROTO_STDERR,
	PROTO_DMESG, PROTO_LIFECYCLE, PROTO_STDIN_TAKEN, PROTO_CONSOLE_TAKEN, PROTO_CONSOLE_END,
	PROTO_CONSOLE, PROTO_RESIZE, PROTO_STDIN, 0x12345678, PROTO_TOPOLOGY};

enum { ENDS = 3 }; /* control, client's console, port: [0] is the host's end */

static void drain(int fd)
{
	static char sink[256 * 1024];

	while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		;
}

static void check(const struct host *h)
{
	const struct guest *g = &h->guest;

	if (h->to_client.len > PIPEBUF_SIZE || h->to_guest.len > PIPEBUF_SIZE)
		abort();
	if (g->stdin_out > PROTO_WINDOW || g->console_out > PROTO_WINDOW)
		abort();
	if (g->topology.told.len > PROTO_TOPOLOGY_MAX)
		abort();
	if (g->status < 0 || g->status > 255)
		abort();
}

static void read_port(struct host *h, int ends[ENDS][2])
{
	guest_port_event(h, h->guest.bulk.fd, EPOLLIN | EPOLLOUT);
	guest_console_move(h);
	check(h);
	for (int i = 0; i < ENDS; i++)
		drain(ends[i][1]);
	outbox_flush(&h->out);
}

/* One frame: a byte for the tag, two for the length, then its payload. */
static size_t send_frame(int fd, const uint8_t *p, size_t n)
{
	unsigned char frame[PROTO_HEADER_SIZE + 65536];
	size_t len = (size_t)(p[1] | p[2] << 8);

	if (len > n - 3)
		len = n - 3;
	proto_pack(frame, tags[p[0] % (sizeof(tags) / sizeof(tags[0]))], p + 3, len);
	memcpy(frame + PROTO_HEADER_SIZE, p + 3, len);
	send(fd, frame, PROTO_HEADER_SIZE + len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return 3 + len;
}

static void start(struct host *h, int ends[ENDS][2], uint8_t flags)
{
	*h = (struct host){.phase = HOST_RUNNING, .built.payload.fd = -1, .rows = 24, .cols = 80};
	h->loop = loop_new(NULL);
	h->setup.c.exec = flags & 1 ? "true" : NULL;
	h->built.virtio = flags & 2;
	h->built.engine = &engine_qemu;
	h->setup.c.topology = vm_topology_uniform(1, 2, 2, 1);
	for (int i = 0; i < ENDS; i++)
		if (socketpair(AF_UNIX, i ? SOCK_STREAM : SOCK_SEQPACKET, 0, ends[i]))
			abort();
	tap_init(&h->control, h->loop, ends[0][0], NULL, h);
	tap_init(&h->client, h->loop, ends[1][0], client_console_event, h);
	tap_init(&h->guest.bulk, h->loop, ends[2][0], guest_port_event, h);
	h->guest.exit.fd = h->guest.log.fd = h->guest.errs.fd = h->guest.console.fd = -1;
	h->guest.started = true;
	h->guest.stdin_out = 1000; /* as if the client had sent so much */
	h->guest.watchdog = loop_add_timer(h->loop, 0, 0, NULL, NULL);
	h->guest.farewell = loop_add_timer(h->loop, 0, 0, NULL, NULL);
	outbox_init(&h->out, ends[0][0]);
	send(ends[1][1], "typed", 5, 0);
	client_console_event(h, h->client.fd, EPOLLIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int ends[ENDS][2];
	struct host h;
	size_t at = 1;

	if (size < 2)
		return 0;
	start(&h, ends, data[0]);
	while (size - at > 3 && h.guest.bulk.fd >= 0) {
		if (data[at] == 0xff) { /* the rest as raw bytes */
			send(ends[2][1], data + at, size - at, MSG_DONTWAIT | MSG_NOSIGNAL);
			at = size;
		} else {
			at += send_frame(ends[2][1], data + at, size - at);
		}
		for (int i = 0; i < 5 && h.guest.bulk.fd >= 0; i++)
			read_port(&h, ends);
		if (at >= size)
			break;
	}
	guest_release(&h);
	tap_close(&h.control);
	tap_close(&h.client);
	outbox_release(&h.out);
	pipebuf_release(&h.to_client);
	pipebuf_release(&h.to_guest);
	loop_free(h.loop);
	for (int i = 0; i < ENDS; i++)
		close(ends[i][1]);
	return 0;
}
