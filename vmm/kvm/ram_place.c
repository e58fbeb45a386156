/* Performance mode's memory. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/kvm/ram.h"

#define HUGE_PAGE (2ULL << 20)
#ifndef MAP_HUGE_2MB
#define MAP_HUGE_2MB (21 << 26)
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Another mapping in place of the one that is there, with the same wishes (ram.c); a failed
 * MAP_FIXED may have removed that. */
static bool map_anew(struct ram_range *g, int flags)
{
	void *p = mmap(g->host, g->size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0);

	if (p == MAP_FAILED)
		return false;
	if (!(flags & MAP_HUGETLB))
		madvise(p, g->size, MADV_HUGEPAGE);
	madvise(p, g->size, MADV_DONTDUMP);
	madvise(p, g->size, MADV_DONTFORK);
	return true;
}

static int bind_to(const struct ram_range *g, const struct cpuset *nodes, struct err *e)
{
	unsigned long mask[VM_NODES_MAX * 16 / (8 * sizeof(long))] = {0};
	const unsigned bits = 8 * sizeof(long), most = sizeof(mask) * 8;

	cpuset_foreach (n, nodes)
		if ((unsigned)n < most)
			mask[(unsigned)n / bits] |= 1UL << (unsigned)n % bits;
	if (!syscall(SYS_mbind, g->host, g->size, MPOL_BIND, mask, (unsigned long)most, 0U))
		return 0;
	return err_sys(e, errno,
		"performance_mode: memory of the guest's node %u cannot be bound to its CPUs' "
		"nodes",
		g->node);
}

/*
 * All at once: a page of the pool that turns out to be on another node, or gone, would otherwise
 * end the guest when it is touched. Kernels before 5.14 cannot say; there the reservation of the
 * mapping has to do.
 */
static bool populate(const struct ram_range *g)
{
	return !madvise(g->host, g->size, MADV_POPULATE_WRITE) || errno == EINVAL;
}

static int place_one(struct ram_range *g, const struct vm_placement *p, struct err *e)
{
	const struct cpuset *nodes =
		p->node_mems && g->node < p->nnodes ? &p->node_mems[g->node] : NULL;
	bool huge = p->hugepages && !(g->gpa % HUGE_PAGE) && !(g->size % HUGE_PAGE);
	bool mapped = huge && map_anew(g, MAP_HUGETLB | MAP_HUGE_2MB);
	int rc = mapped && nodes ? bind_to(g, nodes, e) : 0;

	if (rc || (mapped && populate(g)))
		return rc;
	if (huge && !map_anew(g, MAP_NORESERVE))
		return err_sys(e, errno, "cannot map the guest's memory");
	return nodes ? bind_to(g, nodes, e) : 0;
}

int ram_place(struct ram *r, const struct vm_placement *p, struct err *e)
{
	int rc = 0;

	r->placed = p->hugepages || p->node_mems;
	for (unsigned i = 0; i < r->n && !rc; i++)
		rc = place_one(&r->range[i], p, e);
	return rc;
}
