#include "vmm/kvm/irq.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int irq_line_init(struct irq_line *l, struct err *e)
{
	l->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return l->fd < 0 ? err_sys(e, errno, "cannot make an interrupt line") : 0;
}

void irq_line_release(struct irq_line *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

/* A full counter (nobody has looked for 2^64 - 2 raises) is an interrupt that is pending anyway. */
void irq_raise(const struct irq_line *l)
{
	const uint64_t one = 1;
	ssize_t n = write(l->fd, &one, sizeof(one));

	(void)n;
}
