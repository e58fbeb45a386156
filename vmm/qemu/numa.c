#include "vmm/qemu/numa.h"

#include <string.h>

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

/* "0-1,3" as QEMU wants a list: the key again for every range. */
static void host_nodes(const struct cpuset *nodes, struct str *out)
{
	cleanup_str struct str list = STR_INIT;
	char *rest, *range;

	cpuset_format(nodes, &list);
	for (rest = list.s; rest && (range = strsep(&rest, ","));)
		str_printf(out, ",host-nodes=%s", range);
	str_add(out, ",policy=bind");
}

/* Where a node's memory comes from. Huge pages are taken at once: later there might be none. */
static char *backend(const struct vm_placement *p, unsigned node, uint32_t mib)
{
	cleanup_str struct str s = STR_INIT;

	str_printf(&s, "memory-backend-%s,id=mem%u,size=%uM", p && p->hugepages ? "memfd" : "ram",
		node, mib);
	if (p && p->hugepages)
		str_add(&s, ",hugetlb=on,hugetlbsize=2M,prealloc=on");
	if (p && p->node_mems)
		host_nodes(&p->node_mems[node], &s);
	return str_steal(&s);
}

void qemu_numa(const struct vm_topology *t, const struct vm_placement *p, uint32_t memory_mib,
	struct strv *out)
{
	unsigned die = 0;

	if (t->nodes < 2) {
		if (!p || !(p->hugepages || p->node_mems))
			return;
		take(out, "-object", backend(p, 0, memory_mib));
		take(out, "-machine", xstrdup("memory-backend=mem0"));
		return;
	}
	for (unsigned n = 0; n < t->nodes; n++) {
		take(out, "-object", backend(p, n, share(memory_mib, t->nodes, n)));
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
