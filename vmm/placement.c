/* What a vm_placement owns. */
#include <stdlib.h>
#include <sys/file.h>
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
	/* Unlocked before they are closed: whoever waits by inotify finds them free. */
	for (size_t i = 0; i < p->nlocks; i++) {
		flock(p->locks[i], LOCK_UN);
		close(p->locks[i]);
	}
	free(p->locks);
	*p = (struct vm_placement){0};
}
