#include "vmm/dev/serial.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "vmm/dev/serial_regs.h"

/*
 * Out: a guest that prints makes one exit a byte, and waking the loop for each would cost as much
 * again. So the first byte wakes it, and then it comes by itself every LINGER as long as there was
 * something to fetch; only a ring that fills up calls it sooner.
 *
 * In: the driver reads in its interrupt handler until nothing is left, and what it read waits in
 * 64 KiB of the guest's terminal layer. A few bytes are put before it at a time, so that the guest
 * gets to its reader in between.
 */
enum {
	LINGER_LOG_MS = 10,
	LINGER_STREAM_MS = 1,
	OUT_CHUNK = 16 * 1024,
};

struct serial {
	pthread_mutex_t lock;
	struct serial_regs r; /* under the lock */
	bool fetching;	      /* under the lock: the loop comes by itself */

	enum serial_kind kind;
	int fd; /* borrowed */
	const struct irq_line *irq;
	/* the loop thread's: */
	struct loop *loop;
	struct loop_fd *source; /* NULL: the other end is closed */
	struct loop_timer *linger;
	int wake; /* eventfd */
	struct loop_fd *wake_source;
	unsigned char out[OUT_CHUNK]; /* taken from the ring, not written yet */
	size_t out_at, out_len;
	bool blocked;
};

static void wake(struct serial *s)
{
	const uint64_t one = 1;
	ssize_t n = write(s->wake, &one, sizeof(one));

	(void)n;
}

/* ---- vCPU threads ------------------------------------------------------------------------------
 */

static uint64_t read_port(void *dev, uint64_t port, unsigned size)
{
	struct serial *s = dev;
	bool hungry = false;
	unsigned char v;

	if (size != 1)
		return UINT64_MAX;
	pthread_mutex_lock(&s->lock);
	v = serial_regs_read(&s->r, (unsigned)port);
	if (port == 0 && !s->r.rx_len && s->kind == SERIAL_STREAM && !s->fetching)
		hungry = s->fetching = true;
	pthread_mutex_unlock(&s->lock);
	if (hungry)
		wake(s);
	return v;
}

static void write_port(void *dev, uint64_t port, unsigned size, uint64_t value)
{
	struct serial *s = dev;
	bool call;

	if (size != 1)
		return;
	pthread_mutex_lock(&s->lock);
	if (serial_regs_write(&s->r, (unsigned)port, (unsigned char)value))
		irq_raise(s->irq);
	call = s->r.tx_len && (!s->fetching || s->r.tx_len == SERIAL_TX_SIZE / 2);
	s->fetching |= call;
	pthread_mutex_unlock(&s->lock);
	if (call)
		wake(s);
}

const struct bus_ops serial_bus = {.read = read_port, .write = write_port};

void serial_sysrq(struct serial *s, unsigned char key)
{
	bool raise;

	pthread_mutex_lock(&s->lock);
	raise = serial_regs_receive(&s->r, SERIAL_BREAK);
	raise |= serial_regs_receive(&s->r, key);
	if (raise)
		irq_raise(s->irq);
	pthread_mutex_unlock(&s->lock);
}

uint64_t serial_lost(struct serial *s)
{
	uint64_t n;

	pthread_mutex_lock(&s->lock);
	n = s->r.lost;
	pthread_mutex_unlock(&s->lock);
	return n;
}

/* ---- loop thread -------------------------------------------------------------------------------
 */

static void other_end_closed(struct serial *s)
{
	loop_del_fd(s->loop, s->source);
	s->source = NULL;
	s->blocked = false;
	s->out_len = 0;
}

/* What the ring holds, after a line that says how much it could not hold. */
static void refill_out(struct serial *s)
{
	uint64_t lost = 0;
	int n = 0;

	pthread_mutex_lock(&s->lock);
	if (s->kind == SERIAL_LOG) {
		lost = s->r.lost - s->r.lost_told;
		s->r.lost_told = s->r.lost;
	}
	if (lost)
		n = snprintf((char *)s->out, sizeof(s->out),
			"\r\n[%llu bytes of this log are missing here: it came faster than it was "
			"read]\r\n",
			(unsigned long long)lost);
	s->out_at = 0;
	s->out_len = (size_t)n;
	s->out_len += serial_regs_fetch(&s->r, s->out + n, sizeof(s->out) - (size_t)n);
	if (serial_regs_drained(&s->r))
		irq_raise(s->irq);
	pthread_mutex_unlock(&s->lock);
}

/* Writes what the other end takes, but no more than a ring full: a guest that sends as fast as we
 * fetch must not keep the loop from other devices. True: something was fetched. */
static bool flush_out(struct serial *s)
{
	size_t fetched = 0;

	s->blocked = false;
	for (;;) {
		ssize_t n;

		if (!s->out_len && fetched < SERIAL_TX_SIZE) {
			refill_out(s);
			fetched += s->out_len;
		}
		if (!s->out_len)
			return fetched > 0;
		if (!s->source) {
			s->out_len = 0; /* nobody will ever read it */
			continue;
		}
		n = send(s->fd, s->out + s->out_at, s->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		s->blocked = n < 0 && errno == EAGAIN;
		if (s->blocked)
			return fetched > 0;
		if (n < 0) {
			other_end_closed(s);
			continue;
		}
		s->out_at += (size_t)n;
		s->out_len -= (size_t)n;
	}
}

/* Puts the next few bytes before the guest, once it has read all others. */
static bool feed_in(struct serial *s)
{
	unsigned char bytes[SERIAL_FEED];
	ssize_t n;
	bool raise = false, room;

	pthread_mutex_lock(&s->lock);
	room = !s->r.rx_len;
	pthread_mutex_unlock(&s->lock);
	if (s->kind != SERIAL_STREAM || !s->source || !room)
		return false;
	n = recv(s->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		other_end_closed(s);
	if (n <= 0)
		return false;
	pthread_mutex_lock(&s->lock);
	for (ssize_t i = 0; i < n; i++)
		raise |= serial_regs_receive(&s->r, bytes[i]);
	if (raise)
		irq_raise(s->irq);
	pthread_mutex_unlock(&s->lock);
	return true;
}

static void arm(struct serial *s)
{
	bool hungry;

	pthread_mutex_lock(&s->lock);
	hungry = !s->r.rx_len && !s->fetching && s->kind == SERIAL_STREAM;
	pthread_mutex_unlock(&s->lock);
	if (s->source)
		loop_set_events(
			s->loop, s->source, (hungry ? EPOLLIN : 0) | (s->blocked ? EPOLLOUT : 0));
}

/* Does what there is to do, and comes again after a while if there was something. */
static void serve(struct serial *s)
{
	bool busy = flush_out(s);

	busy |= feed_in(s);
	pthread_mutex_lock(&s->lock);
	s->fetching = busy;
	/* a byte that came after the last look had nobody to call */
	if (!busy && s->r.tx_len && !s->blocked)
		busy = s->fetching = true;
	pthread_mutex_unlock(&s->lock);
	loop_set_timer(s->loop, s->linger,
		busy ? (s->kind == SERIAL_LOG ? LINGER_LOG_MS : LINGER_STREAM_MS) * NS_PER_MS : 0,
		0);
	arm(s);
}

static void on_wake(void *user, int fd, uint32_t events)
{
	struct serial *s = user;
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	(void)n;
	(void)events;
	pthread_mutex_lock(&s->lock);
	n = s->r.tx_len >= SERIAL_TX_SIZE / 2;
	pthread_mutex_unlock(&s->lock);
	if (n)
		serve(s);
	else
		loop_set_timer(s->loop, s->linger,
			(s->kind == SERIAL_LOG ? LINGER_LOG_MS : LINGER_STREAM_MS) * NS_PER_MS, 0);
}

static void on_linger(void *user)
{
	serve(user);
}

static void on_fd(void *user, int fd, uint32_t events)
{
	struct serial *s = user;

	(void)fd;
	if (events & (EPOLLIN | EPOLLOUT))
		serve(s);
	if (s->source && events & (EPOLLHUP | EPOLLERR))
		other_end_closed(s);
}

void serial_drain(struct serial *s, unsigned ms)
{
	uint64_t until = clock_mono_ns() + ms * NS_PER_MS, now;

	while ((flush_out(s) || s->blocked) && (now = clock_mono_ns()) < until) {
		struct pollfd p = {s->fd, POLLOUT, 0};

		if (s->blocked)
			poll(&p, 1, (int)((until - now) / NS_PER_MS) + 1);
	}
}

struct serial *serial_new(
	enum serial_kind kind, int fd, struct loop *loop, const struct irq_line *irq, struct err *e)
{
	struct serial *s = xcalloc(1, sizeof(*s));

	s->kind = kind;
	s->fd = fd;
	s->loop = loop;
	s->irq = irq;
	serial_regs_init(&s->r, kind == SERIAL_LOG);
	pthread_mutex_init(&s->lock, NULL);
	s->linger = loop_add_timer(loop, 0, 0, on_linger, s);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake < 0)
		err_sys(e, errno, "cannot make a doorbell for a serial port");
	else
		s->wake_source = loop_add_fd(loop, s->wake, EPOLLIN, on_wake, s, e);
	if (s->wake_source)
		s->source = loop_add_fd(loop, fd, kind == SERIAL_STREAM ? EPOLLIN : 0, on_fd, s, e);
	if (s->source)
		return s;
	serial_free(s);
	return NULL;
}

void serial_free(struct serial *s)
{
	if (!s)
		return;
	loop_del_fd(s->loop, s->source);
	loop_del_fd(s->loop, s->wake_source);
	loop_del_timer(s->loop, s->linger);
	if (s->wake >= 0)
		close(s->wake);
	serial_regs_release(&s->r);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
