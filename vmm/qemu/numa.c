#include "vmm/qemu/numa.h"

enum { LOCAL = 10, REMOTE = 20 }; /* what the kernel calls LOCAL_DISTANCE, REMOTE_DISTANCE */

static void take(struct strv *out, const char *name, char *value)
{
	strv_push(out, name);
	strv_take(out, value);
}

/* Even shares; the first nodes have what is left over. */
static uint32_t share(uint32_t memory_mib, unsigned nodes, unsigned node)
{
	return memory_mib / nodes + (node < memory_mib % nodes);
}

void qemu_numa(const struct vm_topology *t, uint32_t memory_mib, struct strv *out)
{
	unsigned dies = t->llcs / t->nodes;

	if (t->nodes < 2)
		return;
	for (unsigned n = 0; n < t->nodes; n++) {
		take(out, "-object",
			xasprintf("memory-backend-ram,id=mem%u,size=%uM", n,
				share(memory_mib, t->nodes, n)));
		take(out, "-numa", xasprintf("node,nodeid=%u,memdev=mem%u", n, n));
	}
	for (unsigned die = 0; die < t->llcs; die++)
		take(out, "-numa",
			xasprintf("cpu,node-id=%u,socket-id=0,die-id=%u", die / dies, die));
	for (unsigned a = 0; a < t->nodes; a++)
		for (unsigned b = 0; b < t->nodes; b++)
			take(out, "-numa",
				xasprintf("dist,src=%u,dst=%u,val=%d", a, b,
					a == b ? LOCAL : REMOTE));
}
