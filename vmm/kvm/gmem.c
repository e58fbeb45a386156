#include "vmm/kvm/gmem.h"

#include <errno.h>
#include <string.h>

int gmem_add(struct gmem *m, uint64_t gpa, uint64_t size, void *host, struct err *e)
{
	const struct gmem_region *last = m->n ? &m->region[m->n - 1] : NULL;

	if (m->n == GMEM_REGIONS_MAX)
		return err_set(
			e, ENOSPC, "guest memory has more than %d regions", GMEM_REGIONS_MAX);
	if (!size || size - 1 > UINT64_MAX - gpa)
		return err_set(e, EINVAL, "guest memory cannot have %#llx bytes at %#llx",
			(unsigned long long)size, (unsigned long long)gpa);
	if (last && (gpa <= last->gpa || gpa - last->gpa < last->size))
		return err_set(e, EINVAL, "guest memory at %#llx is not above the last region",
			(unsigned long long)gpa);
	m->region[m->n++] = (struct gmem_region){.gpa = gpa, .size = size, .host = host};
	return 0;
}

/* The last region that starts at or below gpa. */
static const struct gmem_region *below(const struct gmem *m, uint64_t gpa)
{
	unsigned from = 0, to = m->n;

	while (from < to) {
		unsigned mid = from + (to - from) / 2;

		if (m->region[mid].gpa <= gpa)
			from = mid + 1;
		else
			to = mid;
	}
	return from ? &m->region[from - 1] : NULL;
}

void *gmem_piece(const struct gmem *m, uint64_t gpa, uint64_t len, uint64_t *got)
{
	const struct gmem_region *r = below(m, gpa);
	uint64_t at;

	*got = 0;
	if (!r || !len)
		return NULL;
	at = gpa - r->gpa;
	if (at >= r->size)
		return NULL;
	*got = len <= r->size - at ? len : r->size - at;
	return r->host + at;
}

void *gmem_at(const struct gmem *m, uint64_t gpa, uint64_t len)
{
	uint64_t got;
	void *p = gmem_piece(m, gpa, len, &got);

	return got == len ? p : NULL;
}

bool gmem_read(const struct gmem *m, uint64_t gpa, void *to, size_t n)
{
	const void *from = gmem_at(m, gpa, n);

	if (from)
		memcpy(to, from, n);
	return from;
}

bool gmem_write(const struct gmem *m, uint64_t gpa, const void *from, size_t n)
{
	void *to = gmem_at(m, gpa, n);

	if (to)
		memcpy(to, from, n);
	return to;
}
