/* The device's side of the transport: queues, on the loop thread. */
#include "vmm/virtio/mmio_state.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "src/base/mem.h"

enum { DRAIN_ROUNDS = 1024 };

void vmmio_poke(int fd)
{
	const uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof(one));

	(void)n;
}

static void unpoke(int fd)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	(void)n;
}

void vmmio_interrupt(struct vmmio *m, unsigned why)
{
	__atomic_fetch_or(&m->isr, why, __ATOMIC_SEQ_CST);
	irq_raise(m->irq);
}

/* Brings the device up to what the driver has done to it in the meantime. Work is held. */
static void follow(struct vmmio *m)
{
	if (m->resets_seen != m->resets) {
		m->resets_seen = m->resets;
		if (m->active)
			m->d->ops->reset(m->d);
		m->active = false;
	}
	if (!m->live || m->active)
		return;
	m->active = true;
	m->d->ops->activate(m->d, m->negotiated);
	for (unsigned i = 0; i < m->d->ops->queues; i++)
		vmmio_poke(m->notify[i].fd);
}

static void want_reset(struct vmmio *m)
{
	pthread_mutex_lock(&m->regs);
	m->status |= VMMIO_NEEDS_RESET;
	pthread_mutex_unlock(&m->regs);
	vmmio_interrupt(m, VMMIO_ISR_CONFIG);
}

/* Tells the driver what has been done since the last time. */
static void tell(struct vmmio *m)
{
	bool used = false;
	unsigned poisoned = 0;

	for (unsigned i = 0; i < m->d->ops->queues; i++) {
		used |= virtq_wants_interrupt(&m->queue[i]);
		if (m->queue[i].poisoned && m->queue[i].mem) {
			virtq_stop(&m->queue[i]);
			poisoned++;
		}
	}
	if (used)
		vmmio_interrupt(m, VMMIO_ISR_USED);
	m->faults += poisoned;
	if (poisoned)
		want_reset(m);
}

bool vmmio_begin(struct vmmio *m)
{
	pthread_mutex_lock(&m->work);
	follow(m);
	if (m->active)
		return true;
	pthread_mutex_unlock(&m->work);
	return false;
}

void vmmio_end(struct vmmio *m)
{
	tell(m);
	pthread_mutex_unlock(&m->work);
}

static bool kick(struct vmmio *m, unsigned q)
{
	bool more;

	if (!vmmio_begin(m))
		return false;
	more = m->d->ops->kick(m->d, q);
	vmmio_end(m);
	return more;
}

static void on_notify(void *user, int fd, uint32_t events)
{
	struct notify *n = user;

	(void)events;
	unpoke(fd);
	if (kick(n->m, (unsigned)(n - n->m->notify)))
		vmmio_poke(fd);
}

void vmmio_again(struct vmmio *m, unsigned q)
{
	vmmio_poke(m->notify[q].fd);
}

static void on_wake(void *user, int fd, uint32_t events)
{
	struct vmmio *m = user;

	(void)events;
	unpoke(fd);
	if (vmmio_begin(m))
		vmmio_end(m);
}

void vmmio_drain(struct vmmio *m)
{
	for (unsigned q = 0; q < m->d->ops->queues; q++)
		for (unsigned i = 0; i < DRAIN_ROUNDS && kick(m, q); i++)
			continue;
}

unsigned vmmio_faults(struct vmmio *m)
{
	unsigned n;

	pthread_mutex_lock(&m->work);
	n = m->faults;
	pthread_mutex_unlock(&m->work);
	return n;
}

static struct loop_fd *watch(struct vmmio *m, int *fd, loop_fd_fn *fn, void *user, struct err *e)
{
	*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (*fd < 0) {
		err_sys(e, errno, "cannot make a doorbell for a %s", m->d->ops->name);
		return NULL;
	}
	return loop_add_fd(m->loop, *fd, EPOLLIN, fn, user, e);
}

struct vmmio *vmmio_new(struct virtio_device *d, const struct gmem *mem, struct loop *loop,
	const struct irq_line *irq, struct err *e)
{
	struct vmmio *m = xcalloc(1, sizeof(*m));
	bool good;

	*m = (struct vmmio){.d = d, .mem = mem, .loop = loop, .irq = irq, .wake = -1};
	m->offered = d->features | VMMIO_VERSION_1 | VMMIO_EVENT_IDX;
	pthread_mutex_init(&m->regs, NULL);
	pthread_mutex_init(&m->work, NULL);
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++)
		m->notify[i] = (struct notify){.m = m, .fd = -1};
	m->wake_source = watch(m, &m->wake, on_wake, m, e);
	good = m->wake_source;
	for (unsigned i = 0; i < d->ops->queues && good; i++) {
		struct notify *n = &m->notify[i];

		n->source = watch(m, &n->fd, on_notify, n, e);
		good = n->source;
	}
	if (!good) {
		vmmio_free(m);
		return NULL;
	}
	d->transport = m;
	d->queue = m->queue;
	return m;
}

void vmmio_free(struct vmmio *m)
{
	if (!m)
		return;
	loop_del_fd(m->loop, m->wake_source);
	if (m->wake >= 0)
		close(m->wake);
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
		loop_del_fd(m->loop, m->notify[i].source);
		if (m->notify[i].fd >= 0)
			close(m->notify[i].fd);
	}
	m->d->transport = NULL;
	m->d->queue = NULL;
	pthread_mutex_destroy(&m->regs);
	pthread_mutex_destroy(&m->work);
	free(m);
}

unsigned vmmio_queues(const struct vmmio *m)
{
	return m->d->ops->queues;
}

int vmmio_notify_fd(const struct vmmio *m, unsigned q)
{
	return m->notify[q].fd;
}
