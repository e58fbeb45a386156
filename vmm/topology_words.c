/* What is said of a topology beside its shape: distances of nodes, CPUs taken offline. */
#include <errno.h>
#include <string.h>

#include "src/base/cpuset.h"
#include "src/base/parse.h"
#include "vmm/topology.h"

/* A suggestion that fits: the distances that hold without any. */
static int wrong_matrix(const struct vm_topology *t, struct err *e)
{
	cleanup_str struct str text = STR_INIT;

	vm_topology_spell_distances(t, &text);
	return err_hint(e, "a row for each node, its distance from every node, as in %s",
		t->nodes <= 4 ? text.s : "10,20/20,10");
}

/* One number of the matrix at *at, which moves on to what parts it from the next. */
static int entry(struct vm_topology *t, unsigned a, unsigned b, const char **at, struct err *e)
{
	size_t n = strcspn(*at, ",/");
	char raw[8] = "";
	unsigned v;

	if (n < sizeof(raw))
		memcpy(raw, *at, n);
	if (parse_u32(raw, &v, NULL))
		return err_set(e, EINVAL, "invalid distance '%.*s' from node %u to node %u",
			n > 32 ? 32 : (int)n, *at, a, b);
	if (a == b && v != VM_DISTANCE_LOCAL)
		return err_set(e, EINVAL,
			"node %u is %u away from itself, and kernels take %d only", a, v,
			VM_DISTANCE_LOCAL);
	if (a != b && (v <= VM_DISTANCE_LOCAL || v >= VM_DISTANCE_NONE))
		return err_set(e, EINVAL,
			"node %u is %u away from node %u, and kernels take %d to %d", a, v, b,
			VM_DISTANCE_LOCAL + 1, VM_DISTANCE_NONE - 1);
	t->distance[a][b] = (uint8_t)v;
	*at += n;
	return 0;
}

static int row(struct vm_topology *t, unsigned a, const char **at, struct err *e)
{
	for (unsigned b = 0; b < t->nodes; b++) {
		int rc = entry(t, a, b, at, e);

		if (rc)
			return rc;
		if (b + 1U < t->nodes && *(*at)++ != ',')
			return err_set(e, EINVAL,
				"node %u has %u distance%s, and there are %u nodes", a, b + 1,
				b ? "s" : "", t->nodes);
	}
	return **at == ','
		       ? err_set(e, EINVAL, "node %u has more distances than there are nodes (%u)",
				 a, t->nodes)
		       : 0;
}

int vm_topology_set_distances(struct vm_topology *t, const char *text, struct err *e)
{
	struct vm_topology new = *t;
	const char *at = text;
	int rc = 0;

	for (unsigned a = 0; a < t->nodes && !rc; a++) {
		rc = row(&new, a, &at, e);
		if (!rc && a + 1U < t->nodes && *at++ != '/')
			rc = err_set(e, EINVAL, "there %s %u row%s, and %u nodes", a ? "are" : "is",
				a + 1, a ? "s" : "", t->nodes);
	}
	if (!rc && *at)
		rc = err_set(e, EINVAL, "there are more rows than nodes (%u)", t->nodes);
	if (rc) {
		err_prefix(e, "invalid distances '%.64s'", text);
		return wrong_matrix(t, e);
	}
	new.distances = true;
	*t = new;
	return 0;
}

void vm_topology_spell_distances(const struct vm_topology *t, struct str *out)
{
	for (unsigned a = 0; a < t->nodes; a++)
		for (unsigned b = 0; b < t->nodes; b++)
			str_printf(out, "%s%u", b ? "," : a ? "/" : "", t->distance[a][b]);
}

int vm_topology_set_offline(struct vm_topology *t, const char *list, struct err *e)
{
	cleanup_cpuset struct cpuset set = CPUSET_INIT;
	int last = -1;

	if (cpuset_parse_list(&set, list, NULL) || cpuset_empty(&set)) {
		err_set(e, EINVAL, "invalid list of CPUs '%.64s'", list);
		return err_hint(e, "numbers and ranges joined by commas: 1-3,8");
	}
	if (cpuset_has(&set, 0))
		return err_set(e, EINVAL, "CPU 0 cannot be taken offline: it boots the guest");
	cpuset_foreach (cpu, &set)
		last = cpu;
	if (last >= t->vcpus)
		return err_set(e, EINVAL,
			"there is no CPU %d to take offline: the guest has 0 to %u", last,
			t->vcpus - 1U);
	memset(t->offline, 0, sizeof(t->offline));
	cpuset_foreach (cpu, &set)
		t->offline[cpu / 64] |= 1ULL << cpu % 64;
	return 0;
}

void vm_topology_spell_offline(const struct vm_topology *t, struct str *out)
{
	cleanup_cpuset struct cpuset set = CPUSET_INIT;

	for (unsigned cpu = 0; cpu < t->vcpus; cpu++)
		if (vm_topology_is_offline(t, cpu))
			cpuset_add(&set, cpu);
	if (!cpuset_empty(&set))
		cpuset_format(&set, out);
}
