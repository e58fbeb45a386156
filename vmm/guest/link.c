/* Frames over the port: bounded on the way out, checked on the way in. */
#include "vmm/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

/* Small frames (phases, counts, ends) find room even when data fills the rest. */
enum { LINK_SLACK = 4096, LINK_OUT = 2 * (PROTO_HEADER_SIZE + PROTO_CHUNK) + LINK_SLACK };

/*
 * The first frame is written while the port still blocks: a virtio port takes nothing until the
 * host has connected its side, and says so by sleeping in write(2) only.
 */
void link_init(struct link *l, int fd)
{
	*l = (struct link){.fd = fd};
	buf_init(&l->out, LINK_OUT);
	link_send(l, PROTO_SYS_RDY, NULL, 0);
	while (l->out.len && !l->dead)
		if (buf_write(&l->out, fd) < 0 && errno != EINTR)
			l->dead = true;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

size_t link_room(const struct link *l)
{
	size_t room = buf_room(&l->out);

	if (room < LINK_SLACK + PROTO_HEADER_SIZE + 1)
		return 0;
	room -= LINK_SLACK + PROTO_HEADER_SIZE;
	return room < PROTO_CHUNK ? room : PROTO_CHUNK;
}

void link_send(struct link *l, uint32_t tag, const void *payload, size_t n)
{
	unsigned char header[PROTO_HEADER_SIZE];

	if (l->dead)
		return;
	if (buf_room(&l->out) < sizeof(header) + n)
		link_flush(l);
	proto_pack(header, tag, payload, n);
	buf_put(&l->out, header, sizeof(header));
	if (n)
		buf_put(&l->out, payload, n);
}

void link_send_u32(struct link *l, uint32_t tag, uint32_t v)
{
	unsigned char le[4] = {(unsigned char)v, (unsigned char)(v >> 8), (unsigned char)(v >> 16),
		(unsigned char)(v >> 24)};

	link_send(l, tag, le, sizeof(le));
}

void link_phase(struct link *l, enum proto_phase phase, const char *reason)
{
	char payload[1024];
	int n = snprintf(payload, sizeof(payload), "%c%s", phase, reason);

	if (n >= (int)sizeof(payload))
		n = (int)sizeof(payload) - 1;
	link_send(l, PROTO_LIFECYCLE, payload, (size_t)n);
}

short link_events(const struct link *l, bool want_input)
{
	return (short)((want_input ? POLLIN : 0) | (l->out.len ? POLLOUT : 0));
}

static void write_some(struct link *l)
{
	while (l->out.len && !l->dead) {
		if (buf_write(&l->out, l->fd) >= 0 || errno == EINTR)
			continue;
		if (errno != EAGAIN)
			l->dead = true;
		break;
	}
}

static void read_some(struct link *l, proto_frame_fn *fn, void *user)
{
	unsigned char bytes[16384];
	ssize_t n = read(l->fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || proto_feed(&l->in, bytes, (size_t)n, fn, user))
		l->dead = true;
}

void link_turn(struct link *l, short revents, proto_frame_fn *fn, void *user)
{
	if (revents & (POLLHUP | POLLERR) && !(revents & POLLIN))
		l->dead = true;
	if (revents & POLLIN)
		read_some(l, fn, user);
	write_some(l);
}

void link_flush(struct link *l)
{
	for (;;) {
		struct pollfd p = {l->fd, POLLOUT, 0};

		write_some(l);
		if (!l->out.len || l->dead)
			return;
		if (poll(&p, 1, -1) > 0 && p.revents & (POLLHUP | POLLERR))
			l->dead = true;
	}
}

static void on_last_frame(void *user, uint32_t tag, const unsigned char *payload, size_t n)
{
	(void)payload;
	(void)n;
	if (tag == PROTO_SHUTDOWN)
		*(bool *)user = true;
}

void link_reboot(struct link *l)
{
	link_flush(l);
	reboot_now();
}

void link_finish(struct link *l)
{
	bool over = false;

	link_flush(l);
	while (!l->dead && !over) {
		struct pollfd p = {l->fd, POLLIN, 0};

		if (poll(&p, 1, -1) > 0)
			link_turn(l, p.revents, on_last_frame, &over);
	}
	reboot_now();
}

/* The newest part of the kernel log, in frames. */
static void send_dmesg(struct link *l)
{
	enum { READ_ALL = 3, MOST = 64 * 1024 };
	char *log = malloc(MOST);
	int n = log ? klogctl(READ_ALL, log, MOST) : -1;

	for (int at = 0; at < n; at += PROTO_CHUNK)
		link_send(l, PROTO_DMESG, log + at,
			(size_t)(n - at < PROTO_CHUNK ? n - at : PROTO_CHUNK));
	free(log);
}

void link_fail(struct link *l, bool dmesg, const char *reason)
{
	say("%s", reason);
	if (dmesg)
		send_dmesg(l);
	link_phase(l, PROTO_PHASE_FAILED, reason);
	link_finish(l);
}
