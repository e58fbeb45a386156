#include "tests/lib/shapes.h"

#include <stdio.h>
#include <string.h>

#include "src/base/cpuset.h"

const char *const shapes[] = {"1,1,1,1", "1,2,4,2", "1,1,3,2", "2,4,2,2", "1,3,3,1", "4,4,1,1",
	"4c2t+4c2t/8c1t/mem", "1c1t+3c2t", "2c1t/1c2t+1c1t/mem", "3c3t/1c1t"};
const size_t shapes_n = sizeof(shapes) / sizeof(shapes[0]);

bool shapes_next(unsigned llct[3])
{
	if (!llct[0]) {
		llct[0] = llct[1] = llct[2] = 1;
		return true;
	}
	for (int i = 2; i >= 0; i--) {
		llct[i]++;
		if (llct[0] * llct[1] * llct[2] <= VM_VCPUS_MAX)
			return true;
		llct[i] = 1;
	}
	return false;
}

/* Numerical Recipes' generator: enough to mix shapes with. */
static unsigned roll(unsigned *state, unsigned n)
{
	*state = *state * 1664525U + 1013904223U;
	return (*state >> 16) % n;
}

struct vm_topology shapes_unequal(unsigned number)
{
	unsigned state = number, big = roll(&state, 4) ? 6 : 40;
	struct vm_topology t = {.nodes = (uint16_t)(1 + roll(&state, big))};

	for (unsigned n = 0; n < t.nodes; n++) {
		unsigned llcs = n == 0 ? 1 + roll(&state, 3) : roll(&state, big);

		if (n && !t.node_llcs[n - 1])
			break; /* from here on memory only */
		for (unsigned l = 0; l < llcs; l++) {
			unsigned cores = 1 + roll(&state, big), threads = 1 + roll(&state, 4);

			if (t.vcpus + cores * threads > VM_VCPUS_MAX)
				break;
			t.llc[t.llcs++] = (struct vm_llc){(uint16_t)cores, (uint16_t)threads};
			t.node_llcs[n]++;
			t.vcpus = (uint16_t)(t.vcpus + cores * threads);
		}
	}
	vm_topology_default_distances(&t);
	return t;
}

/* ---- what a guest sees ------------------------------------------------------------------------
 */

const char shapes_script[] =
	"cd /sys/devices/system && grep . cpu/cpu[0-9]*/topology/thread_siblings_list "
	"cpu/cpu[0-9]*/topology/physical_package_id cpu/cpu[0-9]*/topology/die_id "
	"cpu/cpu[0-9]*/cache/index*/level cpu/cpu[0-9]*/cache/index*/shared_cpu_list "
	"node/node[0-9]*/cpulist node/node[0-9]*/distance cpu/online cpu/present cpu/possible "
	"node/online node/has_cpu node/has_memory; dmesg | grep -i 'firmware bug'; exit 0";

/* Indexes of the caches as the kernel numbers them: L1d, L1i, then these. */
enum { L2 = 2, L3 = 3 };

/* The online CPUs of a range, as the kernel writes lists. */
static const char *list(const struct vm_topology *t, unsigned first, unsigned end, struct str *out)
{
	cleanup_cpuset struct cpuset set = CPUSET_INIT;

	for (unsigned c = first; c < end; c++)
		if (!vm_topology_is_offline(t, c))
			cpuset_add(&set, c);
	str_clear(out);
	cpuset_format(&set, out);
	return str_get(out);
}

static void expect_cpu(const struct vm_topology *t, const struct vm_place *p, struct strv *lines)
{
	unsigned first = p->cpu - p->thread, end = first + t->llc[p->llc].threads;
	cleanup_str struct str core = STR_INIT, llc = STR_INIT;

	if (vm_topology_is_offline(t, p->cpu))
		return;
	list(t, first, end, &core);
	list(t, vm_topology_llc_first(t, p->llc), vm_topology_llc_first(t, p->llc + 1), &llc);
	strv_pushf(lines, "cpu/cpu%u/topology/thread_siblings_list:%s", p->cpu, core.s);
	strv_pushf(lines, "cpu/cpu%u/topology/physical_package_id:0", p->cpu);
	strv_pushf(lines, "cpu/cpu%u/topology/die_id:%u", p->cpu, p->llc);
	strv_pushf(lines, "cpu/cpu%u/cache/index%d/level:2", p->cpu, L2);
	strv_pushf(lines, "cpu/cpu%u/cache/index%d/shared_cpu_list:%s", p->cpu, L2, core.s);
	strv_pushf(lines, "cpu/cpu%u/cache/index%d/level:3", p->cpu, L3);
	strv_pushf(lines, "cpu/cpu%u/cache/index%d/shared_cpu_list:%s", p->cpu, L3, llc.s);
}

static void expect_node(const struct vm_topology *t, unsigned node, struct strv *lines)
{
	cleanup_str struct str distances = STR_INIT, cpus = STR_INIT;

	for (unsigned m = 0; m < t->nodes; m++)
		str_printf(&distances, "%s%u", m ? " " : "", t->distance[node][m]);
	list(t, vm_topology_node_first(t, node), vm_topology_node_first(t, node + 1), &cpus);
	if (cpus.len) /* an empty line is none to grep */
		strv_pushf(lines, "node/node%u/cpulist:%s", node, cpus.s);
	strv_pushf(lines, "node/node%u/distance:%s", node, distances.s);
}

void shapes_expect(const struct vm_topology *t, struct strv *lines)
{
	cleanup_cpuset struct cpuset nodes = CPUSET_INIT, with_cpus = CPUSET_INIT;
	cleanup_str struct str text = STR_INIT;
	const struct vm_topology all = {.vcpus = t->vcpus};
	struct vm_place p;

	vm_topology_foreach(&p, t) expect_cpu(t, &p, lines);
	for (unsigned n = 0; n < t->nodes; n++) {
		expect_node(t, n, lines);
		cpuset_add(&nodes, n);
		if (t->node_llcs[n])
			cpuset_add(&with_cpus, n);
	}
	strv_pushf(lines, "cpu/online:%s", list(t, 0, t->vcpus, &text));
	strv_pushf(lines, "cpu/present:%s", list(&all, 0, t->vcpus, &text));
	strv_pushf(lines, "cpu/possible:%s", str_get(&text));
	str_clear(&text);
	cpuset_format(&nodes, &text);
	strv_pushf(lines, "node/online:%s", str_get(&text));
	strv_pushf(lines, "node/has_memory:%s", str_get(&text));
	str_clear(&text);
	cpuset_format(&with_cpus, &text);
	strv_pushf(lines, "node/has_cpu:%s", str_get(&text));
}

bool shapes_seen(const struct vm_topology *t, const char *output)
{
	cleanup_strv struct strv lines = STRV_INIT;
	unsigned missing = 0;

	shapes_expect(t, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		const char *at = output;
		size_t n = strlen(lines.v[i]);

		while (at && (strncmp(at, lines.v[i], n) != 0 || (at[n] && at[n] != '\n')))
			at = (at = strchr(at, '\n')) ? at + 1 : NULL;
		if (!at && missing++ < 20)
			printf("# missing: %s\n", lines.v[i]);
	}
	if (strcasestr(output, "firmware bug"))
		missing += (unsigned)printf("# %s\n", strcasestr(output, "firmware bug")) > 0;
	return missing == 0;
}

void shapes_report(const struct vm_topology *t, struct str *out)
{
	cleanup_str struct str core = STR_INIT, llc = STR_INIT;
	struct vm_place p;

	str_printf(out, "online %s\n", list(t, 0, t->vcpus, &core));
	vm_topology_foreach(&p, t)
	{
		unsigned first = p.cpu - p.thread;

		if (vm_topology_is_offline(t, p.cpu))
			continue;
		list(t, first, first + t->llc[p.llc].threads, &core);
		list(t, vm_topology_llc_first(t, p.llc), vm_topology_llc_first(t, p.llc + 1), &llc);
		str_printf(out, "cpu %u 0 %u %s %s %s %s %s\n", p.cpu, p.llc, core.s, core.s,
			core.s, core.s, llc.s);
	}
	for (unsigned n = 0; n < t->nodes; n++) {
		list(t, vm_topology_node_first(t, n), vm_topology_node_first(t, n + 1), &core);
		str_printf(out, "node %u %s ", n, core.len ? core.s : "-");
		for (unsigned m = 0; m < t->nodes; m++)
			str_printf(out, "%s%u", m ? "," : "", t->distance[n][m]);
		str_addc(out, '\n');
	}
	if (t->nodes > 1)
		str_printf(out, "memory 0-%d\n", t->nodes - 1);
}
