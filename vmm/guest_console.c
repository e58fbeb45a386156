/*
 * The interactive terminal's bytes, from the engine's console port (or from frames, when the guest
 * has none) to the client's socket and back.
 */
#include "vmm/host_state.h"

#include <errno.h>

/* The client does not listen any more: what is left has no reader. */
static void drop_client(struct host *h)
{
	tap_close(&h->client);
	pipebuf_drop(&h->to_client, h->to_client.len);
	pipebuf_drop(&h->to_guest, h->to_guest.len);
}

static void write_client(struct host *h)
{
	if (h->client.fd < 0)
		pipebuf_drop(&h->to_client, h->to_client.len);
	else if (pipebuf_write(&h->to_client, h->client.fd))
		drop_client(h);
}

/* Frames on the shared port, as many bytes as init said it can hold. */
static void send_frames(struct host *h)
{
	struct guest *g = &h->guest;

	while (g->ready && h->to_guest.len && g->console_out < PROTO_WINDOW) {
		size_t n = h->to_guest.len < PROTO_CHUNK ? h->to_guest.len : PROTO_CHUNK;

		if (n > PROTO_WINDOW - g->console_out)
			n = PROTO_WINDOW - g->console_out;
		guest_port_send(h, PROTO_CONSOLE, h->to_guest.bytes + h->to_guest.at, n);
		pipebuf_drop(&h->to_guest, n);
		g->console_out += (uint32_t)n;
	}
}

void guest_console_move(struct host *h)
{
	struct guest *g = &h->guest;

	write_client(h);
	if (h->built.virtio && g->console.fd >= 0) {
		/* A port that takes nothing any more: its end is seen when it is read. */
		if (pipebuf_write(&h->to_guest, g->console.fd))
			pipebuf_drop(&h->to_guest, h->to_guest.len);
	} else if (g->started && !h->built.virtio) {
		send_frames(h);
	}
}

void guest_console_event(void *user, int fd, uint32_t events)
{
	struct host *h = user;
	struct guest *g = &h->guest;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		ssize_t n = pipebuf_read(&h->to_client, fd);

		if (n > 0)
			g->console_seen += (uint64_t)n;
		else if (n != -EAGAIN)
			tap_close(&g->console);
	}
	guest_console_move(h);
	guest_check_ending(h);
	guest_check_end(h);
}

bool guest_console_frame(struct host *h, const void *bytes, size_t n)
{
	if (n > pipebuf_room(&h->to_client))
		return false;
	pipebuf_put(&h->to_client, bytes, n);
	write_client(h);
	return true;
}

void client_console_event(void *user, int fd, uint32_t events)
{
	struct host *h = user;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		ssize_t n = pipebuf_read(&h->to_guest, fd);

		if (n == 0 || (n < 0 && n != -EAGAIN))
			drop_client(h);
	}
	guest_console_move(h);
}

bool guest_console_input_wanted(const struct host *h)
{
	return h->phase == HOST_RUNNING && h->guest.started && pipebuf_room(&h->to_guest) > 0;
}
