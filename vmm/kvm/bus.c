#include "vmm/kvm/bus.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

/* The first range that ends above addr. */
static unsigned place(const struct bus *b, uint64_t addr)
{
	unsigned from = 0, to = b->n;

	while (from < to) {
		unsigned mid = from + (to - from) / 2;
		const struct bus_range *r = &b->range[mid];

		if (addr > r->base && addr - r->base >= r->size)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

int bus_add(struct bus *b, uint64_t base, uint64_t size, const struct bus_ops *ops, void *dev,
	struct err *e)
{
	unsigned at = place(b, base);

	if (b->sealed)
		return err_set(e, EINVAL, "a device was added to a machine that runs");
	if (b->n == BUS_RANGES_MAX)
		return err_set(
			e, ENOSPC, "a bus has more than %d ranges of devices", BUS_RANGES_MAX);
	if (!size || size - 1 > UINT64_MAX - base)
		return err_set(e, EINVAL, "a device cannot have %#llx bytes at %#llx",
			(unsigned long long)size, (unsigned long long)base);
	if (at < b->n && b->range[at].base <= base + (size - 1))
		return err_set(e, EINVAL, "two devices share address %#llx",
			(unsigned long long)b->range[at].base);
	memmove(&b->range[at + 1], &b->range[at], (b->n - at) * sizeof(b->range[0]));
	b->range[at] = (struct bus_range){.base = base, .size = size, .ops = ops, .dev = dev};
	b->n++;
	return 0;
}

void bus_seal(struct bus *b)
{
	b->sealed = true;
}

static const struct bus_range *find(const struct bus *b, uint64_t addr, unsigned size)
{
	unsigned at = place(b, addr);
	const struct bus_range *r = &b->range[at];

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return NULL;
	if (at == b->n || addr < r->base || r->size < size || addr - r->base > r->size - size)
		return NULL;
	return r;
}

void bus_read(const struct bus *b, uint64_t addr, void *data, unsigned size)
{
	const struct bus_range *r = find(b, addr, size);
	uint64_t v = UINT64_MAX;

	if (size > sizeof(v))
		size = sizeof(v);
	if (r)
		v = r->ops->read(r->dev, addr - r->base, size);
	v = htole64(v);
	memcpy(data, &v, size);
}

void bus_write(const struct bus *b, uint64_t addr, const void *data, unsigned size)
{
	const struct bus_range *r = find(b, addr, size);
	uint64_t v = 0;

	if (!r)
		return;
	memcpy(&v, data, size);
	r->ops->write(r->dev, addr - r->base, size, le64toh(v));
}

bool bus_ports(const struct bus *b, uint16_t port, bool in, unsigned size, uint32_t count,
	void *data, size_t room)
{
	unsigned char *p = data;

	if (!size || size > 4 || count > room / size)
		return false;
	for (uint32_t i = 0; i < count; i++, p += size) {
		if (in)
			bus_read(b, port, p, size);
		else
			bus_write(b, port, p, size);
	}
	return true;
}
