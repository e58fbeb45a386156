#include "vmm/kvm/ram.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE (2ULL << 20)

static void add(struct ram *r, uint64_t gpa, uint64_t size, unsigned node)
{
	if (size)
		r->range[r->n++] = (struct ram_range){.gpa = gpa, .size = size, .node = node};
}

void ram_layout(
	const struct vm_topology *t, uint64_t bytes, const struct ram_hole *hole, struct ram *out)
{
	uint64_t share = bytes / t->nodes & ~(HUGE_PAGE - 1), at = 0;

	*out = (struct ram){.n = 0};
	for (unsigned node = 0; node < t->nodes; node++) {
		uint64_t size = node + 1U == t->nodes ? bytes - share * node : share;
		uint64_t below = at < hole->start ? hole->start - at : 0;

		if (below > size)
			below = size;
		add(out, at, below, node);
		at += below;
		if (at == hole->start)
			at = hole->end;
		add(out, at, size - below, node);
		at += size - below;
	}
}

/* Ranges that touch are one piece here too. */
static bool follows(const struct ram_range *a, const struct ram_range *b)
{
	return a->gpa + a->size == b->gpa;
}

/* Each piece starts at a huge page's boundary, with one left out before it. */
static size_t reserve_size(const struct ram *r)
{
	size_t size = 2 * HUGE_PAGE; /* to round the start up, and the last guard */

	for (unsigned i = 0; i < r->n; i++) {
		if (i == 0 || !follows(&r->range[i - 1], &r->range[i]))
			size += 2 * HUGE_PAGE;
		size += r->range[i].size;
	}
	return size;
}

static int map_range(struct ram_range *g, unsigned char *at)
{
	void *p = mmap(at, g->size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	g->host = p;
	/* all three are wishes: a kernel without one of them runs guests all the same */
	madvise(p, g->size, MADV_HUGEPAGE);
	madvise(p, g->size, MADV_DONTDUMP);
	madvise(p, g->size, MADV_DONTFORK);
	return 0;
}

static int map_all(struct ram *r)
{
	unsigned char *at = r->reserved;

	for (unsigned i = 0; i < r->n; i++) {
		int rc;

		if (i == 0 || !follows(&r->range[i - 1], &r->range[i]))
			at += -(uintptr_t)at % HUGE_PAGE + HUGE_PAGE;
		rc = map_range(&r->range[i], at);
		if (rc)
			return rc;
		at += r->range[i].size;
	}
	return 0;
}

/* Neighbours become one region: nothing in the guest's own memory map separates them. */
static int tell(const struct ram *r, struct gmem *mem, struct err *e)
{
	for (unsigned i = 0; i < r->n;) {
		uint64_t size = r->range[i].size;
		unsigned next = i + 1;
		int rc;

		for (; next < r->n && follows(&r->range[next - 1], &r->range[next]); next++)
			size += r->range[next].size;
		rc = gmem_add(mem, r->range[i].gpa, size, r->range[i].host, e);
		if (rc)
			return rc;
		i = next;
	}
	return 0;
}

int ram_map(struct ram *r, struct gmem *mem, struct err *e)
{
	int rc;

	r->reserved_size = reserve_size(r);
	r->reserved = mmap(NULL, r->reserved_size, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->reserved == MAP_FAILED) {
		rc = -errno;
		r->reserved = NULL;
	} else {
		rc = map_all(r);
	}
	if (rc)
		return err_sys(e, rc, "cannot reserve %llu MiB for the guest",
			(unsigned long long)(r->reserved_size >> 20));
	return tell(r, mem, e);
}

void ram_unmap(struct ram *r)
{
	if (r->reserved)
		munmap(r->reserved, r->reserved_size);
	r->reserved = NULL;
}
