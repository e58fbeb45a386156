/* What is there beside what was asked for: the first difference, in a sentence. */
#include <string.h>

#include "src/base/utf8.h"
#include "vmm/readback.h"

struct check {
	const struct readback *r;
	const struct vm_topology *t;
	bool lenient;
	struct str *difference, *note;
};

/* The guest's words, fit to be shown, and short. */
static void quote(struct str *out, const char *words)
{
	size_t n = strlen(words);

	if (!strcmp(words, "-"))
		str_add(out, "nothing that its kernel tells of");
	else
		utf8_sanitize(out, words, n < 64 ? n : 64, false);
}

/* The online CPUs from `first` up to `end`. */
static void wanted(const struct vm_topology *t, unsigned first, unsigned end, struct cpuset *out)
{
	cpuset_clear(out);
	for (unsigned c = first; c < end; c++)
		if (!vm_topology_is_offline(t, c))
			cpuset_add(out, c);
}

static bool is_list(const char *list, const struct cpuset *want)
{
	cleanup_cpuset struct cpuset got = CPUSET_INIT;

	if (!strcmp(list, "-"))
		return cpuset_empty(want);
	return readback_set(list, &got) && cpuset_equal(&got, want);
}

/* Where a difference is told: the first one of its kind only. */
static struct str *place(const struct check *k, bool minor)
{
	struct str *to = minor && k->lenient ? k->note : k->difference;

	return to->len ? NULL : to;
}

static void lists_differ(const struct check *k, bool minor, const char *what, unsigned number,
	const char *verb, const char *got, const struct cpuset *want)
{
	struct str *to = place(k, minor);

	if (!to)
		return;
	str_printf(to, "%s %u %s ", what, number, verb);
	quote(to, got);
	str_add(to, ", asked for ");
	if (cpuset_empty(want))
		str_add(to, "none");
	cpuset_format(want, to);
}

static void check_list(const struct check *k, bool minor, unsigned cpu, enum readback_list which,
	const char *verb, unsigned first, unsigned end)
{
	cleanup_cpuset struct cpuset want = CPUSET_INIT;
	const char *got = k->r->cpu[cpu].list[which];

	wanted(k->t, first, end, &want);
	if (!is_list(got, &want))
		lists_differ(k, minor, "CPU", cpu, verb, got, &want);
}

static void check_number(const struct check *k, bool minor, unsigned cpu, const char *what,
	const char *got, unsigned want)
{
	cleanup_str struct str number = STR_INIT;
	struct str *to;

	str_printf(&number, "%u", want);
	if (!strcmp(got, str_get(&number)) || !strcmp(got, "-"))
		return;
	to = place(k, minor);
	if (!to)
		return;
	str_printf(to, "CPU %u is in %s ", cpu, what);
	quote(to, got);
	str_printf(to, ", asked for %u", want);
}

static void check_cpu(const struct check *k, const struct vm_place *p)
{
	const struct vm_topology *t = k->t;
	unsigned core = p->cpu - p->thread, core_end = core + t->llc[p->llc].threads;
	unsigned llc = vm_topology_llc_first(t, p->llc),
		 llc_end = vm_topology_llc_first(t, p->llc + 1);
	const struct readback_cpu *c = &k->r->cpu[p->cpu];

	if (!c->package) {
		struct str *to = place(k, false);

		if (to)
			str_printf(to, "nothing is known of CPU %u", p->cpu);
		return;
	}
	check_list(k, false, p->cpu, READBACK_SIBLINGS, "shares its core with", core, core_end);
	check_list(k, false, p->cpu, READBACK_L3, "shares its last-level cache with", llc, llc_end);
	check_number(k, false, p->cpu, "package", c->package, 0);
	check_number(k, true, p->cpu, "die", c->die, p->llc);
	check_list(k, true, p->cpu, READBACK_L2, "shares its level 2 cache with", core, core_end);
	check_list(k, true, p->cpu, READBACK_L1, "shares its level 1 cache with", core, core_end);
	check_list(k, true, p->cpu, READBACK_L1_OTHER, "shares its other level 1 cache with", core,
		core_end);
}

/* Which CPUs there are, before anything that they say. */
static void check_online(const struct check *k)
{
	cleanup_cpuset struct cpuset got = CPUSET_INIT, want = CPUSET_INIT, wrong = CPUSET_INIT;
	int cpu;

	wanted(k->t, 0, k->t->vcpus, &want);
	if (!readback_set(k->r->online, &got)) {
		str_add(k->difference, "the list of online CPUs is ");
		quote(k->difference, k->r->online);
		return;
	}
	cpuset_copy(&wrong, &want);
	cpuset_minus(&wrong, &got);
	cpu = cpuset_next(&wrong, 0);
	if (cpu >= 0) {
		str_printf(k->difference, "CPU %d is not online, only ", cpu);
		quote(k->difference, k->r->online);
		return;
	}
	cpuset_copy(&wrong, &got);
	cpuset_minus(&wrong, &want);
	cpu = cpuset_next(&wrong, 0);
	if (cpu >= 0 && cpu < k->t->vcpus)
		str_printf(k->difference, "CPU %d is online, asked for offline", cpu);
	else if (cpu >= 0)
		str_printf(k->difference, "CPU %d is there, asked for %u vCPUs", cpu, k->t->vcpus);
}

static void check_distances(const struct check *k, unsigned node)
{
	cleanup_str struct str want = STR_INIT;
	struct str *to;

	for (unsigned n = 0; n < k->t->nodes; n++)
		str_printf(&want, "%s%u", n ? "," : "", k->t->distance[node][n]);
	if (!strcmp(k->r->node[node].distances, str_get(&want)))
		return;
	to = place(k, false);
	if (!to)
		return;
	str_printf(to, "node %u is ", node);
	quote(to, k->r->node[node].distances);
	str_printf(to, " away from the nodes, asked for %s", str_get(&want));
}

static void check_node(const struct check *k, unsigned node)
{
	cleanup_cpuset struct cpuset want = CPUSET_INIT;
	const struct readback_node *n = &k->r->node[node];

	wanted(k->t, vm_topology_node_first(k->t, node), vm_topology_node_first(k->t, node + 1),
		&want);
	if (!is_list(n->cpus, &want))
		lists_differ(k, false, "node", node, "has CPUs", n->cpus, &want);
	check_distances(k, node);
}

/* A kernel without NUMA tells of no node, which is right where one is asked for. */
static void check_nodes(const struct check *k)
{
	cleanup_cpuset struct cpuset memory = CPUSET_INIT;
	unsigned there = 0;

	while (there < VM_NODES_MAX && k->r->node[there].cpus)
		there++;
	if (there == 0 && k->t->nodes == 1)
		return;
	for (unsigned n = 0; n < k->t->nodes && n < there; n++)
		check_node(k, n);
	if (there != k->t->nodes && !k->difference->len)
		str_printf(k->difference, "the guest has %u node%s, asked for %u", there,
			there == 1 ? "" : "s", k->t->nodes);
	if (!k->r->memory || !readback_set(k->r->memory, &memory))
		return;
	for (unsigned n = 0; n < k->t->nodes && !k->difference->len; n++)
		if (!cpuset_has(&memory, n))
			str_printf(k->difference, "node %u has no memory", n);
}

bool readback_verify(const struct readback *r, const struct vm_topology *t, bool lenient,
	struct str *difference, struct str *note)
{
	const struct check k = {r, t, lenient, difference, note};
	struct vm_place p;

	check_online(&k);
	if (difference->len)
		return false;
	vm_topology_foreach(&p, t) if (!vm_topology_is_offline(t, p.cpu)) check_cpu(&k, &p);
	check_nodes(&k);
	return !difference->len;
}
