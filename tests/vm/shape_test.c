/* The guest has the CPUs, caches, nodes, memory, disk and modules that were asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/vm.h"

/* One line of facts per CPU: its last-level cache's CPUs, its core's, its package; then nodes. */
static const char look[] =
	"cd /sys/devices/system/cpu; n=0; while [ -d cpu$n ]; do l=; for i in cpu$n/cache/index*; "
	"do [ \"$(cat $i/level)\" = 3 ] && l=$(cat $i/shared_cpu_list); done; t=cpu$n/topology; "
	"echo cpu$n l3=$l core=$(cat $t/thread_siblings_list) pkg=$(cat $t/physical_package_id); "
	"n=$((n+1)); done; cat online; cd /sys/devices/system/node; for i in node*; do "
	"echo $i cpus=$(cat $i/cpulist) distance=$(cat $i/distance); done; "
	"dmesg | grep -c 'Firmware Bug'; true";

static void range(char *out, size_t size, unsigned first, unsigned n)
{
	if (n == 1)
		snprintf(out, size, "%u", first);
	else
		snprintf(out, size, "%u-%u", first, first + n - 1);
}

static void expected(
	unsigned nodes, unsigned llcs, unsigned cores, unsigned threads, struct str *out)
{
	unsigned all = llcs * cores * threads, per_llc = cores * threads, per_node = all / nodes;
	char l3[32], core[32];

	for (unsigned c = 0; c < all; c++) {
		range(l3, sizeof(l3), c / per_llc * per_llc, per_llc);
		range(core, sizeof(core), c / threads * threads, threads);
		str_printf(out, "cpu%u l3=%s core=%s pkg=0\n", c, l3, core);
	}
	range(l3, sizeof(l3), 0, all);
	str_printf(out, "%s\n", l3);
	for (unsigned n = 0; n < nodes; n++) {
		range(l3, sizeof(l3), n * per_node, per_node);
		str_printf(out, "node%u cpus=%s distance=", n, l3);
		for (unsigned m = 0; m < nodes; m++)
			str_printf(out, "%s%d", m ? " " : "", m == n ? 10 : 20);
		str_addc(out, '\n');
	}
	str_add(out, "0\n");
}

static void shape(unsigned nodes, unsigned llcs, unsigned cores, unsigned threads)
{
	cleanup_str struct str want = STR_INIT;
	char topology[64];
	struct vm_run r;

	snprintf(topology, sizeof(topology), "%u,%u,%u,%u", nodes, llcs, cores, threads);
	expected(nodes, llcs, cores, threads, &want);
	vm_exec(&r, look, "--topology", topology, NULL);
	vm_check(&r, 0, NULL);
	assert_string_equal(r.out.s, want.s);
	vm_run_release(&r);
}

static void test_sixteen_cpus(void **state)
{
	(void)state;
	shape(2, 4, 2, 2);
}

static void test_uneven_shapes(void **state)
{
	(void)state;
	shape(1, 3, 3, 1);
	shape(4, 4, 1, 1);
}

static unsigned number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	if (!at)
		fail_msg("no '%s' in: %s", key, text);
	return at ? (unsigned)strtoul(at + strlen(key), NULL, 10) : 0;
}

static void test_disk_memory_modules_words(void **state)
{
	struct vm_run r;

	(void)state;
	vm_exec(&r,
		"echo sectors=$(cat /sys/block/vda/size) serial=$(cat /sys/block/vda/serial); "
		"echo data >/tmp/x; dd if=/tmp/x of=/dev/vda 2>/dev/null && sync; "
		"head -c 5 /dev/vda; "
		"sed -n 's/MemTotal: */mem=/p' /proc/meminfo; "
		"grep -o 'ktstr_word=[a-z]*' /proc/cmdline; "
		"[ -d /sys/module/loop ] && echo loop-there",
		"--disk", "64mib", "--memory-mib", "1024", "--append", "ktstr_word=seen",
		"--modules-load", "loop", "--dmesg", NULL);
	vm_check(&r, 0, "Linux version", "Command line: ", NULL);
	assert_null(strchr(r.errs.s, '\r')); /* the kernel's log is lines for a person */
	assert_int_equal(number_after(r.out.s, "sectors="), 131072);
	assert_non_null(strstr(r.out.s, "serial=ktstr-virtio-blk"));
	assert_non_null(strstr(r.out.s, "\ndata\n"));
	assert_in_range(number_after(r.out.s, "mem="), 900 * 1024, 1024 * 1024);
	assert_non_null(strstr(r.out.s, "ktstr_word=seen"));
	assert_non_null(strstr(r.out.s, "loop-there"));
	vm_run_release(&r);
}

/* Refused before anything is booted, and told which rule was broken. */
static void test_refusals(void **state)
{
	static const struct {
		const char *option, *value;
		int status;
		const char *text;
	} cases[] = {
		{"--memory-mib", "127", 2, "128"},
		{"--memory-mb", "512", 2, "--memory-mib"},
		{"--topology", "2,3,1,1", 2, "multiple of numa_nodes"},
		{"--topology", "0,1,1,1", 2, "all values must be >= 1"},
		{"--topology", "1,1025,1,1", 2, "1024 vCPUs"},
		{"--topology", "4c2t/mem/1c1t", 2, "follows one of memory only"},
		{"--topology", "host:99999", 2, "CPUs"},
		{"--distances", "10,20/20,10", 2, "--distances"},
		{"--offline-cpus", "0", 2, "CPU 0 cannot be taken offline"},
		{"--disk", "1gb", 2, "SI suffixes"},
		{"--disk", "100", 2, "missing unit suffix"},
		{"--disk", "0mib", 2, "must be > 0"},
		{"--disk", "1000b", 2, "is not a whole number"},
		{"--accel", "xen", 2, "kvm"},
		{"--cpu-cap", "2", 2, "--cpu-cap"},
		{"--include-files", "/nonexistent/file", 1, "/nonexistent/file"},
		{"--modules-load", "no_such_module_anywhere", 1, "no_such_module_anywhere"},
		{"--kernel", "/nonexistent/bzImage", 1, "/nonexistent/bzImage"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vm_run r;

		if (!vm_emulated() && !strcmp(cases[i].text, "255 vCPUs"))
			continue; /* our own monitor has more */
		vm_exec(&r, "true", cases[i].option, cases[i].value, NULL);
		if (r.status != cases[i].status || !strstr(r.errs.s, cases[i].text))
			fail_msg("%s %s: status %d: %s", cases[i].option, cases[i].value, r.status,
				r.errs.s);
		vm_run_release(&r);
	}
}

/* What is missing is named with the package that brings it, before a kernel is looked for. */
static void test_missing_programs(void **state)
{
	cleanup_free char *path = xstrdup(getenv("PATH"));
	struct vm_run r;

	(void)state;
	vm_guest_options();
	setenv("PATH", "/nonexistent", 1);
	vm_exec(&r, "true", "--accel", "tcg", NULL);
	setenv("PATH", path, 1);
	vm_check(&r, 1, "qemu-system-x86_64 is not installed", "apt-get install", NULL);
	vm_run_release(&r);
	setenv("KTSTR_BUSYBOX_PATH", "/nonexistent/busybox", 1);
	vm_exec(&r, "true", NULL);
	unsetenv("KTSTR_BUSYBOX_PATH");
	vm_check(&r, 1, "/nonexistent/busybox", NULL);
	vm_run_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_missing_programs),
		cmocka_unit_test(test_disk_memory_modules_words),
		cmocka_unit_test(test_sixteen_cpus),
		cmocka_unit_test(test_uneven_shapes),
	};
	/* the nested host goes through all shapes by itself (tests/kvm/shapes_test) */
	const struct CMUnitTest nested[] = {tests[0], tests[1], tests[2]};

	if (!vm_emulated())
		return cmocka_run_group_tests(nested, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
