#include "vmm/qemu/numa.h"

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

/* QEMU knows no dies where there is one only. */
static char *cpus(const struct vm_topology *t, unsigned node, unsigned die)
{
	if (t->llcs == 1)
		return xasprintf("cpu,node-id=%u,socket-id=0", node);
	return xasprintf("cpu,node-id=%u,socket-id=0,die-id=%u", node, die);
}

void qemu_numa(const struct vm_topology *t, uint32_t memory_mib, struct strv *out)
{
	unsigned die = 0;

	if (t->nodes < 2)
		return;
	for (unsigned n = 0; n < t->nodes; n++) {
		take(out, "-object",
			xasprintf("memory-backend-ram,id=mem%u,size=%uM", n,
				share(memory_mib, t->nodes, n)));
		take(out, "-numa", xasprintf("node,nodeid=%u,memdev=mem%u", n, n));
	}
	for (unsigned n = 0; n < t->nodes; n++)
		for (unsigned i = 0; i < t->node_llcs[n]; i++, die++)
			take(out, "-numa", cpus(t, n, die));
	for (unsigned a = 0; a < t->nodes; a++)
		for (unsigned b = 0; b < t->nodes; b++)
			take(out, "-numa",
				xasprintf("dist,src=%u,dst=%u,val=%u", a, b, t->distance[a][b]));
}
