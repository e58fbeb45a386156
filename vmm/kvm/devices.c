#include "vmm/kvm/devices.h"

#include <errno.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "vmm/kvm/arch.h"
#include "vmm/kvm/machine.h"
#include "vmm/virtio/block.h"
#include "vmm/virtio/console.h"
#include "vmm/virtio/entropy.h"
#include "vmm/virtio/mmio.h"

int devices_line(struct machine *m, struct irq_line *line, unsigned gsi, struct err *e)
{
	struct kvm_irqfd q = {.gsi = gsi};
	int rc = irq_line_init(line, e);

	if (rc)
		return rc;
	q.fd = (uint32_t)line->fd;
	if (ioctl(m->vm, KVM_IRQFD, &q))
		return err_sys(e, errno, "KVM does not take interrupt line %u", gsi);
	return 0;
}

/* Notifications stay in the kernel: each queue's number at its window's doorbell is an eventfd. */
static int add_doorbells(struct machine *m, const struct device_slot *s, struct err *e)
{
	for (unsigned q = 0; q < vmmio_queues(s->transport); q++) {
		const struct kvm_ioeventfd bell = {
			.datamatch = q,
			.addr = s->base + VMMIO_QUEUE_NOTIFY,
			.len = 4,
			.fd = vmmio_notify_fd(s->transport, q),
			.flags = KVM_IOEVENTFD_FLAG_DATAMATCH,
		};

		if (ioctl(m->vm, KVM_IOEVENTFD, &bell))
			return err_sys(e, errno, "KVM does not take the doorbell of %s",
				s->device->ops->name);
	}
	return 0;
}

static int add_device(
	struct machine *m, enum device_kind kind, struct virtio_device *d, struct err *e)
{
	struct device_slot *s = &m->dev.slot[kind];
	int rc;

	if (!d)
		return e && e->code ? -e->code : -ENOMEM;
	s->device = d;
	s->base = arch_virtio_base(kind);
	s->gsi = arch_virtio_gsi(kind);
	rc = devices_line(m, &s->irq, s->gsi, e);
	if (rc)
		return rc;
	s->transport = vmmio_new(d, &m->mem, m->loop, &s->irq, e);
	if (!s->transport)
		return e && e->code ? -e->code : -ENOMEM;
	rc = bus_add(&m->memory, s->base, VMMIO_SIZE, &vmmio_bus, s->transport, e);
	return rc ? rc : add_doorbells(m, s, e);
}

static int add_block(struct machine *m, struct err *e)
{
	struct stat st;

	if (fstat(m->q->disk_fd, &st))
		return err_sys(e, errno, "cannot look at the disk's file");
	return add_device(
		m, DEVICE_BLOCK, virtio_block_new(m->q->disk_fd, (uint64_t)st.st_size, e), e);
}

void devices_clear(struct machine *m)
{
	for (unsigned i = 0; i < DEVICE_KINDS; i++)
		m->dev.slot[i].irq.fd = -1;
}

int devices_init(struct machine *m, struct err *e)
{
	int rc = 0;

	if (m->q->virtio)
		rc = add_device(m, DEVICE_CONSOLE,
			virtio_console_new(m->loop, m->q->bulk_fd, m->q->console_fd, e), e);
	if (!rc)
		rc = add_device(m, DEVICE_ENTROPY, virtio_entropy_new(m->loop), e);
	if (!rc && m->q->disk_fd >= 0)
		rc = add_block(m, e);
	return rc;
}

void devices_drain(struct machine *m)
{
	struct vmmio *console = m->dev.slot[DEVICE_CONSOLE].transport;

	if (console)
		vmmio_drain(console);
}

void devices_release(struct machine *m)
{
	static void (*const release[DEVICE_KINDS])(struct virtio_device *) = {
		[DEVICE_CONSOLE] = virtio_console_free,
		[DEVICE_ENTROPY] = virtio_entropy_free,
		[DEVICE_BLOCK] = virtio_block_free,
	};

	for (unsigned i = 0; i < DEVICE_KINDS; i++) {
		struct device_slot *s = &m->dev.slot[i];

		if (s->transport)
			vmmio_free(s->transport);
		if (s->device)
			release[i](s->device);
		if (s->irq.fd >= 0)
			irq_line_release(&s->irq);
	}
}
