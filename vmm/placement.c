/* What a vm_placement owns. */
#include <stdlib.h>
#include <unistd.h>

#include "vmm/vmctl.h"

static void release_sets(struct cpuset *sets, unsigned n)
{
	for (unsigned i = 0; sets && i < n; i++)
		cpuset_release(&sets[i]);
	free(sets);
}

void vm_placement_release(struct vm_placement *p)
{
	cpuset_release(&p->cpus);
	cpuset_release(&p->service);
	release_sets(p->vcpu_cpus, p->nvcpus);
	release_sets(p->node_mems, p->nnodes);
	for (size_t i = 0; i < p->nlocks; i++)
		close(p->locks[i]);
	free(p->locks);
	*p = (struct vm_placement){0};
}
