/* Guests shaped like captured machines. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probes/topo/topo.h"
#include "tests/lib/machine.h"
#include "vmm/topology.h"

static struct topo *load(const char *name)
{
	cleanup_free char *path = xasprintf("tests/golden/topo/%s.machine", name);
	struct machine *m = machine_load(path);
	struct err e = ERR_INIT;
	struct topo *t = topo_collect_shape(m->root, &e);

	if (!t)
		fail_msg("%s: %s", name, e.msg);
	machine_free(m);
	return t;
}

/* What a text means on a machine: the shape, and its distances where they are not the usual. */
static void machines(void **state)
{
	static const struct {
		const char *machine, *text, *shape, *distances;
	} rows[] = {
		{"bare", "host", "1n1l2c1t", ""},
		{"big-little", "host", "4c1t+1c1t+1c1t", ""},
		{"contradictory", "host", "4c1t+2c1t/1c1t+1c1t", ""},
		{"cpus-512", "host", "8n16l16c2t", ""},
		{"cpus-512", "host:100",
			"4c2t+4c2t/3c2t+3c2t/3c2t+3c2t/3c2t+3c2t/3c2t+3c2t/3c2t+3c2t/3c2t+3c2t/"
			"3c2t+3c2t",
			""},
		{"cxl", "host", "4c1t/mem", "10,14/14,10"},
		{"epyc", "host", "1n4l8c2t", ""},
		{"epyc", "host:40", "1n4l5c2t", ""},
		{"epyc", "host:17", "1n4l2c2t", ""},
		{"hybrid", "host", "12c1t+2c1t", ""},
		{"hybrid", "host:9", "7c1t+2c1t", ""},
		{"maps-only", "host", "3c1t/4c1t", ""},
		{"no-caches", "host", "1n1l4c1t", ""},
		{"offline-cpu0", "host", "1n2l3c1t", ""},
		{"sparse", "host", "1c2t+2c1t/2c1t", "10,40/40,10"},
		{"two-sockets", "host", "2n2l8c2t", "10,21/21,10"},
		{"two-sockets", "host:7", "2c2t/1c2t", "10,21/21,10"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct topo *h = load(rows[i].machine);
		cleanup_str struct str shape = STR_INIT, distances = STR_INIT;
		struct vm_topology t, again;
		struct err e = ERR_INIT;

		if (vm_topology_parse_host(rows[i].text, h, &t, &e))
			fail_msg("%s on %s: %s", rows[i].text, rows[i].machine, e.msg);
		vm_topology_format(&t, &shape);
		if (t.distances)
			vm_topology_spell_distances(&t, &distances);
		if (strcmp(shape.s, rows[i].shape) != 0 ||
			strcmp(str_get(&distances), rows[i].distances) != 0)
			fail_msg("%s on %s: %s %s", rows[i].text, rows[i].machine, shape.s,
				str_get(&distances));
		/* It is one that a person could have typed. */
		assert_int_equal(vm_topology_parse(shape.s, &again, NULL), 0);
		assert_int_equal(again.vcpus, t.vcpus);
		topo_free(h);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *text, *said, *hint;
	} rows[] = {
		{"host:", "'' is no number of CPUs", "host:8"},
		{"host:two", "'two' is no number of CPUs", "host:8"},
		{"host:-1", "'-1' is no number of CPUs", "host:8"},
		{"host:0", "a guest needs a CPU", ""},
		{"host:9999", "CPUs", "host is all of it"},
		{"host:1", "CPUs at least, not 1", "host:"},
	};
	struct topo *h = load("epyc");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct vm_topology t;
		struct err e = ERR_INIT;

		assert_true(vm_topology_wants_host(rows[i].text));
		assert_int_equal(vm_topology_parse_host(rows[i].text, h, &t, &e), -EINVAL);
		if (!strstr(e.msg, rows[i].said) || !strstr(e.hint, rows[i].hint) ||
			strncmp(e.msg, "invalid topology 'host", 22) != 0)
			fail_msg("%s: %s; %s", rows[i].text, e.msg, e.hint);
	}
	assert_false(vm_topology_wants_host("hosts"));
	assert_false(vm_topology_wants_host("1,1,1,1"));
	topo_free(h);
}

/* The largest cache gives first; equal ones from the back, so that all shrink alike. */
static void cores_go_from_the_largest(void **state)
{
	struct topo *h = load("epyc");
	unsigned all = cpuset_count(&h->online), last = all;

	(void)state;
	for (unsigned n = all; n >= h->nllcs * h->max_threads; n--) {
		struct vm_topology t;
		unsigned least = UINT16_MAX, most = 0;

		assert_int_equal(vm_topology_of(h, NULL, n, &t, NULL), 0);
		assert_true(t.vcpus <= n && t.vcpus + h->max_threads > n && t.vcpus <= last);
		assert_int_equal(t.llcs, h->nllcs);
		for (unsigned l = 0; l < t.llcs; l++) {
			least = t.llc[l].cores < least ? t.llc[l].cores : least;
			most = t.llc[l].cores > most ? t.llc[l].cores : most;
		}
		assert_true(most - least <= 1);
		last = t.vcpus;
	}
	topo_free(h);
}

static void a_part_of_a_machine(void **state)
{
	struct topo *h = load("epyc");
	bool *in = xcalloc(h->nllcs, sizeof(*in));
	struct vm_topology t;

	(void)state;
	in[0] = true;
	assert_int_equal(vm_topology_of(h, in, VM_VCPUS_MAX, &t, NULL), 0);
	assert_int_equal(t.nodes, 1);
	assert_int_equal(t.llcs, 1);
	assert_int_equal(t.vcpus, cpuset_count(&h->llcs[0].cpus));
	free(in);
	topo_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machines),
		cmocka_unit_test(refused),
		cmocka_unit_test(cores_go_from_the_largest),
		cmocka_unit_test(a_part_of_a_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
