/* How far nodes are apart: relative distances (SLIT), latencies and bandwidths (HMAT). */
#include "vmm/kvm/arch/x86_64/acpi_write.h"

void acpi_slit(const struct acpi_request *q, struct str *out)
{
	const struct vm_topology *t = q->topology;
	size_t begin = acpi_table_begin(out, "SLIT", 1);

	acpi_u64(out, t->nodes);
	for (unsigned a = 0; a < t->nodes; a++)
		str_append(out, t->distance[a], t->nodes);
	acpi_table_end(out, begin);
}

/* ---- HMAT, revision 2 (ACPI 6.5, 5.2.28) ------------------------------------------------------
 */

/*
 * Round figures: a node's own memory takes 100 ns and gives 50 GiB/s, memory without CPUs takes
 * three times as long and gives two fifths (as memory on a CXL bus does); both get worse with the
 * distance.
 */
enum {
	LATENCY_UNIT_PS = 1000,
	LATENCY_LOCAL = 100,
	BANDWIDTH_UNIT_MIB = 1024,
	BANDWIDTH_LOCAL = 50
};

static uint16_t latency(const struct vm_topology *t, unsigned from, unsigned to)
{
	unsigned slower = t->node_llcs[to] ? 1 : 3;

	return (uint16_t)(LATENCY_LOCAL * slower * t->distance[from][to] / VM_DISTANCE_LOCAL);
}

static uint16_t bandwidth(const struct vm_topology *t, unsigned from, unsigned to)
{
	unsigned own = t->node_llcs[to] ? BANDWIDTH_LOCAL : BANDWIDTH_LOCAL * 2 / 5;
	unsigned v = own * VM_DISTANCE_LOCAL / t->distance[from][to];

	return (uint16_t)(v ? v : 1); /* 0 would mean that nothing is known */
}

/* The node with CPUs that is nearest to a node's memory. */
static unsigned nearest(const struct vm_topology *t, unsigned node)
{
	unsigned best = VM_NODES_MAX;

	for (unsigned n = 0; n < t->nodes; n++)
		if (t->node_llcs[n] &&
			(best == VM_NODES_MAX || t->distance[n][node] < t->distance[best][node]))
			best = n;
	return best;
}

static void proximity(const struct vm_topology *t, unsigned node, struct str *out)
{
	enum { INITIATOR_VALID = 1 };

	acpi_u16(out, 0);
	acpi_u16(out, 0);
	acpi_u32(out, 40);
	acpi_u16(out, INITIATOR_VALID);
	acpi_u16(out, 0);
	acpi_u32(out, nearest(t, node));
	acpi_u32(out, node);
	acpi_zeros(out, 20);
}

/* One matrix, from nodes with CPUs to all nodes. */
static void matrix(const struct vm_topology *t, uint8_t type, uint64_t unit,
	uint16_t (*value)(const struct vm_topology *, unsigned, unsigned), struct str *out)
{
	unsigned from = 0;

	for (unsigned n = 0; n < t->nodes; n++)
		from += t->node_llcs[n] > 0;
	acpi_u16(out, 1);
	acpi_u16(out, 0);
	acpi_u32(out, 32 + 4 * (from + t->nodes) + 2 * from * t->nodes);
	acpi_u8(out, 0); /* of memory, not of a cache beside it */
	acpi_u8(out, type);
	acpi_u16(out, 0);
	acpi_u32(out, from);
	acpi_u32(out, t->nodes);
	acpi_u32(out, 0);
	acpi_u64(out, unit);
	for (unsigned n = 0; n < t->nodes; n++)
		if (t->node_llcs[n])
			acpi_u32(out, n);
	for (unsigned n = 0; n < t->nodes; n++)
		acpi_u32(out, n);
	for (unsigned a = 0; a < t->nodes; a++)
		for (unsigned b = 0; t->node_llcs[a] && b < t->nodes; b++)
			acpi_u16(out, value(t, a, b));
}

void acpi_hmat(const struct acpi_request *q, struct str *out)
{
	enum { ACCESS_LATENCY = 0, ACCESS_BANDWIDTH = 3 };
	size_t begin = acpi_table_begin(out, "HMAT", 2);

	acpi_u32(out, 0);
	for (unsigned n = 0; n < q->topology->nodes; n++)
		proximity(q->topology, n, out);
	matrix(q->topology, ACCESS_LATENCY, LATENCY_UNIT_PS, latency, out);
	matrix(q->topology, ACCESS_BANDWIDTH, BANDWIDTH_UNIT_MIB, bandwidth, out);
	acpi_table_end(out, begin);
}
