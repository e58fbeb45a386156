/* What a guest says of its topology, right, wrong, and senseless. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/shapes.h"
#include "vmm/host_state.h"
#include "vmm/readback.h"

static bool verify(const char *report, const struct vm_topology *t, bool lenient,
	struct str *difference, struct str *note)
{
	struct readback r;
	struct err e = ERR_INIT;
	bool same;

	if (readback_parse(report, strlen(report), &r, &e))
		fail_msg("%s in:\n%s", e.msg, report);
	same = readback_verify(&r, t, lenient, difference, note);
	readback_release(&r);
	return same;
}

/* Every shape is recognized, and spelt as it was asked for. */
static void what_was_asked_for(void **state)
{
	(void)state;
	for (unsigned i = 0; i < shapes_n + 200; i++) {
		cleanup_str struct str report = STR_INIT, wrong = STR_INIT, note = STR_INIT,
				       seen = STR_INIT, asked = STR_INIT;
		struct vm_topology t;
		struct readback r;

		if (i < shapes_n)
			assert_int_equal(vm_topology_parse(shapes[i], &t, NULL), 0);
		else
			t = shapes_unequal(i);
		shapes_report(&t, &report);
		if (!verify(report.s, &t, false, &wrong, &note))
			fail_msg("%s", wrong.s);
		assert_int_equal(note.len, 0);
		assert_int_equal(readback_parse(report.s, report.len, &r, NULL), 0);
		assert_true(readback_shape(&r, &seen));
		vm_topology_format(&t, &asked);
		assert_string_equal(str_get(&seen), str_get(&asked));
		readback_release(&r);
	}
}

static void cpus_taken_offline(void **state)
{
	struct vm_topology t = vm_topology_uniform(2, 4, 2, 2);
	cleanup_str struct str report = STR_INIT, wrong = STR_INIT, note = STR_INIT;
	struct readback r;

	(void)state;
	t.offline[0] = 1U << 3 | 0xf << 8;
	shapes_report(&t, &report);
	assert_true(verify(report.s, &t, false, &wrong, &note));
	t.offline[0] = 1U << 3;
	assert_false(verify(report.s, &t, false, &wrong, &note));
	assert_string_equal(wrong.s, "CPU 8 is not online, only 0-2,4-7,12-15");
	str_clear(&wrong);
	t.offline[0] = 0xf << 8 | 0xf << 12 | 1U << 3;
	assert_false(verify(report.s, &t, false, &wrong, &note));
	assert_string_equal(wrong.s, "CPU 12 is online, asked for offline");
	/* A core of one thread beside others of two: no notation for that. */
	assert_int_equal(readback_parse(report.s, report.len, &r, NULL), 0);
	str_clear(&note);
	assert_false(readback_shape(&r, &note));
	readback_release(&r);
}

/* One word of a right report replaced, and what is said of it. */
static const struct {
	const char *from, *to, *said;
	bool minor;
} wrongs[] = {
	{"online 0-8", "online 0-9", "CPU 9 is there, asked for 9 vCPUs", false},
	{"online 0-8", "online 0-7", "CPU 8 is not online, only 0-7", false},
	{"online 0-8", "online -", "the list of online CPUs is nothing that its kernel tells of",
		false},
	{"cpu 1 0 0 0-1 ", "cpu 1 0 0 1 ", "CPU 1 shares its core with 1, asked for 0-1", false},
	{"0-1 0-3\ncpu 2", "0-1 0-7\ncpu 2",
		"CPU 1 shares its last-level cache with 0-7, asked for 0-3", false},
	{"0-1 0-3\ncpu 2", "0-1 -\ncpu 2",
		"CPU 1 shares its last-level cache with nothing that its kernel tells of, asked "
		"for "
		"0-3",
		false},
	{"cpu 5 0", "cpu 5 1", "CPU 5 is in package 1, asked for 0", false},
	{"cpu 5 0 1", "cpu 5 0 0", "CPU 5 is in die 0, asked for 1", true},
	{"cpu 5 0 1", "cpu 5 0 -", NULL, true},
	{"cpu 6 0 2 6 6", "cpu 6 0 2 6 6-7", "CPU 6 shares its level 1 cache with 6-7, asked for 6",
		true},
	{"cpu 6 0 2 6 6 6 6", "cpu 6 0 2 6 6 6 6-8",
		"CPU 6 shares its level 2 cache with 6-8, asked for 6", true},
	{"cpu 8 ", "cpu 9 ", "nothing is known of CPU 8", false},
	{"node 1 6-8", "node 1 5-8", "node 1 has CPUs 5-8, asked for 6-8", false},
	{"node 1 6-8 20,10,20", "node 1 6-8 20,10,30",
		"node 1 is 20,10,30 away from the nodes, asked for 20,10,20", false},
	{"node 2 - 20,20,10\n", "", "the guest has 2 nodes, asked for 3", false},
	{"node 2 -", "node 2 8", "node 2 has CPUs 8, asked for none", false},
	{"memory 0-2", "memory 0-1", "node 2 has no memory", false},
};

static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (!at)
		fail_msg("no '%s' in:\n%s", from, text);
	return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void the_first_difference(void **state)
{
	cleanup_str struct str report = STR_INIT;
	struct vm_topology t;

	(void)state;
	assert_int_equal(vm_topology_parse("2c2t+2c1t/3c1t/mem", &t, NULL), 0);
	shapes_report(&t, &report);
	for (size_t i = 0; i < ARRAY_LEN(wrongs); i++)
		for (int lenient = 0; lenient < 2; lenient++) {
			cleanup_free char *text = replaced(report.s, wrongs[i].from, wrongs[i].to);
			cleanup_str struct str wrong = STR_INIT, note = STR_INIT;
			bool passes = !wrongs[i].said || (lenient && wrongs[i].minor);

			assert_int_equal(verify(text, &t, lenient, &wrong, &note), passes);
			assert_string_equal(str_get(passes ? &note : &wrong),
				wrongs[i].said ? wrongs[i].said : "");
			assert_int_equal((passes ? &wrong : &note)->len, 0);
		}
}

static void kernels_without_nodes(void **state)
{
	struct vm_topology one = vm_topology_uniform(1, 1, 2, 1),
			   two = vm_topology_uniform(2, 2, 1, 1);
	static const char report[] = "online 0-1\ncpu 0 0 0 0 0 0 0 0-1\ncpu 1 0 0 1 1 1 1 0-1\n"
				     "memory -\n";
	static const char report_two[] = "online 0-1\ncpu 0 0 0 0 0 0 0 0\ncpu 1 0 1 1 1 1 1 1\n"
					 "memory -\n";
	cleanup_str struct str wrong = STR_INIT, note = STR_INIT;

	(void)state;
	assert_true(verify(report, &one, false, &wrong, &note));
	assert_false(verify(report_two, &two, false, &wrong, &note));
	assert_string_equal(wrong.s, "the guest has 0 nodes, asked for 2");
}

static void senseless(void **state)
{
	static const char *const texts[] = {"", "\n", "online", "online 0", "online 0\nonline 0\n",
		"online 0 0\n", "cpu 0 0 0 0 0 0 0 0\n", "online 0\ncpu 0 0 0 0 0 0 0\n",
		"online 0\ncpu 0 0 0 0 0 0 0 0 0\n", "online 0\ncpu 1024 0 0 0 0 0 0 0\n",
		"online 0\ncpu -1 0 0 0 0 0 0 0\n", "online 0\ncpu x 0 0 0 0 0 0 0\n",
		"online 0\ncpu 0 0 0 0 0 0 0 0\ncpu 0 0 0 0 0 0 0 0\n", "online 0\nnode 64 0 10\n",
		"online 0\nnode 0 0\n", "online 0\nnode 0 0 10\nnode 0 0 10\n",
		"online 0\nmemory 0\nmemory 0\n", "online 0\nwhat 1\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct readback r;
		struct err e = ERR_INIT;

		if (!readback_parse(texts[i], strlen(texts[i]), &r, &e))
			fail_msg("taken for a report: %s", texts[i]);
		assert_int_not_equal(e.msg[0], 0);
		readback_release(&r);
	}
}

static void lists_of_kernels(void **state)
{
	static const struct {
		const char *text;
		unsigned n;
	} rows[] = {
		{"0", 1},
		{"0-3,8", 5},
		{"1023", 1},
		{"0-1023", 1024},
		{"", 0},
		{"-", 0},
		{"3-1", 0},
		{"1,1", 0},
		{"5,1", 0},
		{"0-2,2", 0},
		{"1024", 0},
		{"0-1024", 0},
		{"99999999999999999999", 0},
		{"0,", 0},
		{",0", 0},
		{"0-", 0},
		{"0 1", 0},
		{"a", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_cpuset struct cpuset set = CPUSET_INIT;

		assert_int_equal(readback_set(rows[i].text, &set), rows[i].n > 0);
		assert_int_equal(cpuset_count(&set), rows[i].n);
	}
}

/* ---- in the host's process --------------------------------------------------------------------
 */

static void send_in_pieces(struct host *h, const char *report)
{
	for (size_t i = 0, n = strlen(report); i < n; i += 7)
		guest_topology_frame(h, report + i, n - i < 7 ? n - i : 7);
	guest_topology_frame(h, "", 0);
}

/* Feeds a report to a host that asked for 1,2,1,1. */
static void report_to(struct host *h, const char *report, const char *append, const char *exec)
{
	*h = (struct host){.phase = HOST_RUNNING, .built.engine = &engine_kvm};
	h->setup.c.topology = vm_topology_uniform(1, 2, 1, 1);
	h->setup.c.exec = exec;
	if (append)
		strv_push(&h->setup.c.append, append);
	send_in_pieces(h, report);
}

static void release(struct host *h)
{
	guest_topology_release(&h->guest.topology);
	outbox_release(&h->out);
	strv_release(&h->setup.c.append);
}

static char *json_of(const struct host *h)
{
	struct str text = STR_INIT;
	struct json_out j;

	json_init(&j, &text, false);
	json_object(&j);
	guest_topology_json(h, &j);
	json_object_end(&j);
	return str_steal(&text);
}

static const char good[] = "online 0-1\ncpu 0 0 0 0 0 0 0 0\ncpu 1 0 1 1 1 1 1 1\n"
			   "node 0 0-1 10\nmemory 0\n";
static const char half[] = "online 0\ncpu 0 0 0 0 0 0 0 0\nnode 0 0 10\nmemory 0\n";

static void the_host_judges(void **state)
{
	cleanup_free char *json = NULL, *bad = NULL;
	struct host h;

	(void)state;
	report_to(&h, good, NULL, "true");
	json = json_of(&h);
	assert_string_equal(json, "{\"topology\":{\"asked\":\"1n2l1c1t\",\"offline\":null,"
				  "\"seen\":\"1n2l1c1t\","
				  "\"verified\":true,\"difference\":null,\"note\":null}}");
	release(&h);
	report_to(&h, half, NULL, "true");
	bad = json_of(&h);
	assert_string_equal(bad,
		"{\"topology\":{\"asked\":\"1n2l1c1t\",\"offline\":null,\"seen\":\"1n1l1c1t\","
		"\"verified\":false,"
		"\"difference\":\"the guest's topology is not 1,2,1,1: CPU 1 is not online, only "
		"0\",\"note\":null}}");
	release(&h);
	report_to(&h, "nonsense\n", NULL, "true");
	assert_non_null(strstr(str_get(&h.guest.topology.difference), "line 1"));
	release(&h);
}

/* What the notation cannot say of CPUs that are offline is what was asked for, and these. */
static void offline_cpus_beside_the_shape(void **state)
{
	static const struct {
		const char *asked, *offline, *want;
	} rows[] = {
		{"4c2t/1c1t", "3",
			"{\"topology\":{\"asked\":\"4c2t/1c1t\",\"offline\":\"3\",\"seen\":"
			"\"4c2t/1c1t\",\"verified\":true,\"difference\":null,\"note\":null}}"},
		{"1,1,4,1", "2-3",
			"{\"topology\":{\"asked\":\"1n1l4c1t\",\"offline\":\"2-3\",\"seen\":"
			"\"1n1l2c1t\",\"verified\":true,\"difference\":null,\"note\":null}}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct host h = {.phase = HOST_RUNNING, .built.engine = &engine_kvm};
		struct vm_topology *t = &h.setup.c.topology;
		cleanup_str struct str report = STR_INIT;
		cleanup_free char *json = NULL;

		assert_int_equal(vm_topology_parse(rows[i].asked, t, NULL), 0);
		assert_int_equal(vm_topology_set_offline(t, rows[i].offline, NULL), 0);
		shapes_report(t, &report);
		send_in_pieces(&h, str_get(&report));
		json = json_of(&h);
		assert_string_equal(json, rows[i].want);
		release(&h);
	}
}

/* Who changes it by a kernel word gets what was asked for by that. */
static void words_that_change_it(void **state)
{
	struct host h;

	(void)state;
	report_to(&h, half, "quiet maxcpus=1", "true");
	assert_int_equal(h.guest.topology.difference.len, 0);
	assert_false(h.guest.topology.verified);
	assert_non_null(strstr(str_get(&h.guest.topology.note), "--append quiet maxcpus=1"));
	release(&h);
}

static void reports_without_end(void **state)
{
	static char much[64 * 1024];
	struct host h;

	(void)state;
	memset(much, 'x', sizeof(much));
	report_to(&h, "", NULL, NULL);
	h.guest.topology.judged = false;
	for (int i = 0; i < 200; i++)
		guest_topology_frame(&h, much, sizeof(much));
	assert_int_equal(h.guest.topology.told.len, PROTO_TOPOLOGY_MAX);
	assert_non_null(h.guest.broken);
	release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_asked_for),
		cmocka_unit_test(cpus_taken_offline),
		cmocka_unit_test(the_first_difference),
		cmocka_unit_test(kernels_without_nodes),
		cmocka_unit_test(senseless),
		cmocka_unit_test(lists_of_kernels),
		cmocka_unit_test(the_host_judges),
		cmocka_unit_test(offline_cpus_beside_the_shape),
		cmocka_unit_test(words_that_change_it),
		cmocka_unit_test(reports_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
