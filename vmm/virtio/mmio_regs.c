/* The driver's side of the transport: registers and config space, on vCPU threads. */
#include "vmm/virtio/mmio_state.h"

#include <string.h>

enum {
	REG_MAGIC = 0x00,
	REG_VERSION = 0x04,
	REG_DEVICE_ID = 0x08,
	REG_DEVICE_FEATURES = 0x10,
	REG_DEVICE_FEATURES_SEL = 0x14,
	REG_DRIVER_FEATURES = 0x20,
	REG_DRIVER_FEATURES_SEL = 0x24,
	REG_QUEUE_SEL = 0x30,
	REG_QUEUE_NUM_MAX = 0x34,
	REG_QUEUE_NUM = 0x38,
	REG_QUEUE_READY = 0x44,
	REG_INTERRUPT_STATUS = 0x60,
	REG_INTERRUPT_ACK = 0x64,
	REG_STATUS = 0x70,
	REG_QUEUE_DESC = 0x80, /* each a low and a high half */
	REG_QUEUE_AVAIL = 0x90,
	REG_QUEUE_USED = 0xa0,
	REG_SHM_FIRST = 0xb0, /* no shared memory: all ones */
	REG_SHM_LAST = 0xbc,
	REG_CONFIG = 0x100,
	MAGIC = 0x74726976,
	VERSION = 2,
};

enum {
	STATUS_ACKNOWLEDGE = 1,
	STATUS_DRIVER = 2,
	STATUS_DRIVER_OK = 4,
	STATUS_FEATURES_OK = 8,
	STATUS_FAILED = 0x80,
};

/* The driver's write of 0. When this returns, nothing of the device touches the guest's memory any
 * more; what the device itself remembers is forgotten before its next activation. */
static void reset(struct vmmio *m)
{
	pthread_mutex_lock(&m->work);
	for (unsigned i = 0; i < m->d->ops->queues; i++)
		virtq_stop(&m->queue[i]);
	m->live = false;
	m->resets++;
	pthread_mutex_lock(&m->regs);
	m->status = m->device_sel = m->driver_sel = m->queue_sel = 0;
	m->accepted = 0;
	memset(m->q, 0, sizeof(m->q));
	__atomic_store_n(&m->isr, 0, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&m->regs);
	pthread_mutex_unlock(&m->work);
	vmmio_poke(m->wake);
}

/* Both locks are held. From here on sizes and addresses are the copies in the queues. */
static void start(struct vmmio *m)
{
	bool good = true;

	for (unsigned i = 0; i < m->d->ops->queues && good; i++)
		if (m->q[i].ready)
			good = virtq_start(&m->queue[i], m->mem, &m->q[i].at, m->d->ops->queue_max,
				m->accepted & VMMIO_EVENT_IDX);
	m->negotiated = m->accepted;
	m->live = good;
	if (good)
		return;
	for (unsigned i = 0; i < m->d->ops->queues; i++)
		virtq_stop(&m->queue[i]);
	m->faults++;
	m->status |= VMMIO_NEEDS_RESET;
	vmmio_interrupt(m, VMMIO_ISR_CONFIG);
}

/* Bits are only ever added, in the order of the specification (3.1.1). */
static void add_status(struct vmmio *m, uint32_t value)
{
	uint32_t added;

	pthread_mutex_lock(&m->work);
	pthread_mutex_lock(&m->regs);
	added = value & ~m->status;
	m->status |= added & (STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FAILED);
	if (added & STATUS_FEATURES_OK && m->status & STATUS_DRIVER &&
		!(m->accepted & ~m->offered) && m->accepted & VMMIO_VERSION_1)
		m->status |= STATUS_FEATURES_OK;
	if (added & STATUS_DRIVER_OK && m->status & STATUS_FEATURES_OK) {
		m->status |= STATUS_DRIVER_OK;
		start(m);
	}
	pthread_mutex_unlock(&m->regs);
	pthread_mutex_unlock(&m->work);
	vmmio_poke(m->wake);
}

/* The selected queue while the driver may set it up, else NULL. */
static struct queue_regs *open_queue(struct vmmio *m)
{
	if (!(m->status & STATUS_FEATURES_OK) || m->status & STATUS_DRIVER_OK ||
		m->queue_sel >= m->d->ops->queues)
		return NULL;
	return &m->q[m->queue_sel];
}

static void set_half(uint64_t *v, bool high, uint32_t half)
{
	unsigned shift = high ? 32 : 0;

	*v = (*v & ~(0xffffffffULL << shift)) | (uint64_t)half << shift;
}

static void write_queue(struct vmmio *m, uint64_t reg, uint32_t v)
{
	struct queue_regs *q = open_queue(m);

	if (!q)
		return;
	if (reg == REG_QUEUE_READY)
		q->ready = v == 1;
	if (q->ready)
		return;
	if (reg == REG_QUEUE_NUM)
		q->at.size = v;
	else if ((reg & ~4ULL) == REG_QUEUE_DESC)
		set_half(&q->at.desc, reg & 4, v);
	else if ((reg & ~4ULL) == REG_QUEUE_AVAIL)
		set_half(&q->at.avail, reg & 4, v);
	else if ((reg & ~4ULL) == REG_QUEUE_USED)
		set_half(&q->at.used, reg & 4, v);
}

static void write_locked(struct vmmio *m, uint64_t reg, uint32_t v)
{
	switch (reg) {
	case REG_DEVICE_FEATURES_SEL:
		m->device_sel = v;
		break;
	case REG_DRIVER_FEATURES_SEL:
		m->driver_sel = v;
		break;
	case REG_DRIVER_FEATURES:
		if (m->driver_sel < 2 && m->status & STATUS_DRIVER &&
			!(m->status & STATUS_FEATURES_OK))
			set_half(&m->accepted, m->driver_sel, v);
		break;
	case REG_QUEUE_SEL:
		m->queue_sel = v;
		break;
	default:
		write_queue(m, reg, v);
		break;
	}
}

static void bus_write_reg(void *dev, uint64_t reg, unsigned size, uint64_t value)
{
	struct vmmio *m = dev;
	uint32_t v = (uint32_t)value;

	if (size != 4 || reg % 4 || reg >= REG_CONFIG)
		return; /* there is nothing to write in config space */
	switch (reg) {
	case VMMIO_QUEUE_NOTIFY:
		if (v < m->d->ops->queues)
			vmmio_poke(m->notify[v].fd);
		break;
	case REG_INTERRUPT_ACK:
		__atomic_fetch_and(&m->isr, ~v, __ATOMIC_SEQ_CST);
		break;
	case REG_STATUS:
		if (v)
			add_status(m, v);
		else
			reset(m);
		break;
	default:
		pthread_mutex_lock(&m->regs);
		write_locked(m, reg, v);
		pthread_mutex_unlock(&m->regs);
		break;
	}
}

static uint32_t read_locked(struct vmmio *m, uint64_t reg)
{
	bool known = m->queue_sel < m->d->ops->queues;

	switch (reg) {
	case REG_DEVICE_FEATURES:
		return m->device_sel < 2 ? (uint32_t)(m->offered >> (32 * m->device_sel)) : 0;
	case REG_QUEUE_NUM_MAX:
		return known ? m->d->ops->queue_max : 0;
	case REG_QUEUE_READY:
		return known && m->q[m->queue_sel].ready;
	case REG_STATUS:
		return m->status;
	default:
		return 0;
	}
}

static uint64_t read_config(const struct virtio_device *d, uint64_t at, unsigned size)
{
	uint64_t v = 0;

	if (size > d->config_size || at > d->config_size - size)
		return UINT64_MAX;
	for (unsigned i = size; i--;)
		v = v << 8 | d->config[at + i];
	return v;
}

static uint64_t bus_read_reg(void *dev, uint64_t reg, unsigned size)
{
	struct vmmio *m = dev;
	uint32_t v;

	if (reg >= REG_CONFIG)
		return read_config(m->d, reg - REG_CONFIG, size);
	if (size != 4 || reg % 4 || (reg >= REG_SHM_FIRST && reg <= REG_SHM_LAST))
		return UINT64_MAX;
	switch (reg) {
	case REG_MAGIC:
		return MAGIC;
	case REG_VERSION:
		return VERSION;
	case REG_DEVICE_ID:
		return m->d->ops->id;
	case REG_INTERRUPT_STATUS:
		return __atomic_load_n(&m->isr, __ATOMIC_SEQ_CST);
	default:
		pthread_mutex_lock(&m->regs);
		v = read_locked(m, reg);
		pthread_mutex_unlock(&m->regs);
		return v;
	}
}

const struct bus_ops vmmio_bus = {.read = bus_read_reg, .write = bus_write_reg};
