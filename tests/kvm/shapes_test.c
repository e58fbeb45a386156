/*
 * Every shape of guest on our own monitor: it is the engine that ran, it counted its exits, no QEMU
 * ran beside it, and the guest saw what was asked for. All shapes on the distribution's kernel;
 * three on the newer one, or all of them with KTSTR_NESTED=full, which boots 300 CPUs too.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/json_in.h"
#include "src/base/spawn.h"
#include "tests/lib/patience.h"
#include "tests/lib/shapes.h"
#include "tests/lib/vm.h"

/* Processes of the host whose name starts so. */
static unsigned processes_named(const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	unsigned n = 0;

	assert_non_null(proc);
	while ((d = readdir(proc))) {
		cleanup_free char *path = xasprintf("/proc/%s/comm", d->d_name);
		cleanup_str struct str comm = STR_INIT;

		if (atoi(d->d_name) > 0 && file_read(path, 64, &comm, NULL) == 0)
			n += str_starts(str_get(&comm), name);
	}
	closedir(proc);
	return n;
}

static void check_report(const char *shape, const struct vm_topology *t, const char *line)
{
	struct json *j = json_parse(line, strlen(line), NULL);
	const struct json *exits = json_get(j, "exits"), *times = json_get(j, "timings");
	const struct json *seen = json_get(j, "topology");
	cleanup_str struct str asked = STR_INIT;

	if (!j)
		fail_msg("%s: no JSON: %s", shape, line);
	assert_string_equal(json_get_text(j, "engine", ""), "kvm");
	assert_string_equal(json_get_text(j, "accel", ""), "kvm");
	assert_int_equal(json_get_uint(j, "vcpus", 0), t->vcpus);
	/* the kernel's console and power management; doorbells and registers of virtio */
	assert_true(json_get_uint(exits, "io", 0) > 100);
	assert_true(json_get_uint(exits, "mmio", 0) > 50);
	assert_true(
		json_get_uint(times, "first_run", 0) > json_get_uint(times, "engine", UINT64_MAX));
	assert_true(
		json_get_uint(times, "kernel", 0) > json_get_uint(times, "first_run", UINT64_MAX));
	assert_true(json_get_flag(json_get(j, "topology"), "verified", false));
	assert_true(json_is_null(json_get(json_get(j, "topology"), "note")));
	assert_true(json_get_uint(times, "prompt", 0) > json_get_uint(times, "kernel", UINT64_MAX));
	/* read back from the guest */
	vm_topology_format(t, &asked);
	assert_true(json_get_flag(seen, "verified", false));
	assert_string_equal(json_get_text(seen, "seen", ""), str_get(&asked));
	json_free(j);
}

/* The last line of stderr. */
static const char *last_line(struct str *errs)
{
	char *at;

	while (errs->len && errs->s[errs->len - 1] == '\n')
		errs->s[--errs->len] = '\0';
	at = strrchr(str_get(errs), '\n');
	return at ? at + 1 : errs->s;
}

/* Emulated processors start one after the other on one: more of them take longer. */
static unsigned patience(unsigned vcpus)
{
	enum { EACH_S = 15 };

	return vcpus * EACH_S > PATIENCE_S ? vcpus * EACH_S : PATIENCE_S;
}

static void boot(const char *kernel, const char *shape)
{
	struct vm_topology t;
	int parsed = vm_topology_parse(shape, &t, NULL);
	unsigned seconds = parsed ? 0 : patience(t.vcpus);
	cleanup_free char *limit = xasprintf("%us", seconds);
	cleanup_free char *image = xasprintf("%s/%s/image", getenv("KTSTR_KERNELS"), kernel);
	cleanup_free char *modules = xasprintf("%s/%s/modules", getenv("KTSTR_KERNELS"), kernel);
	cleanup_free char *command = xasprintf("echo ready; read line; %s", shapes_script);
	cleanup_strv struct strv argv = STRV_INIT;
	const char *const words[] = {vm_program(), "shell", "--accel", "kvm", "--kernel", image,
		"--modules", modules, "--topology", shape, "--timings", "--json", "--exec-timeout",
		limit, "--exec", command};
	struct vm_running r;
	int in[2];

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		strv_push(&argv, words[i]);
	assert_int_equal(parsed, 0);
	assert_int_equal(pipe(in), 0);
	vm_start_argv(&r, &argv, in[0], seconds);
	assert_int_equal(processes_named("ktstr-kvm"), 1);
	assert_int_equal(processes_named("qemu"), 0);
	assert_int_equal(write(in[1], "\n", 1), 1);
	close(in[0]);
	close(in[1]);
	if (vm_finish(&r))
		fail_msg("%s on %s: %s\n%s", shape, kernel, str_get(&r.said), str_get(&r.seen));
	if (!shapes_seen(&t, str_get(&r.seen)))
		fail_msg("%s on %s: the guest saw\n%s", shape, kernel, str_get(&r.seen));
	printf("# %s on %s: %s\n", shape, kernel, last_line(&r.said));
	check_report(shape, &t, last_line(&r.said));
	vm_running_release(&r);
}

static void test_there_is_no_other_engine(void **state)
{
	cleanup_free char *qemu = spawn_find("qemu-system-x86_64");

	(void)state;
	assert_null(qemu);
}

/* One boot, as a test of its own. */
struct job {
	const char *kernel, *shape;
	char name[64];
};

static void test_boot(void **state)
{
	const struct job *j = *state;

	boot(j->kernel, j->shape);
}

static struct CMUnitTest tests[64] = {cmocka_unit_test(test_there_is_no_other_engine)};
static struct job jobs[64];
static size_t count = 1;

static void add(const char *kernel, const char *shape)
{
	struct job *j = &jobs[count];

	*j = (struct job){.kernel = kernel, .shape = shape};
	snprintf(j->name, sizeof(j->name), "%s on %s", shape, kernel);
	tests[count++] =
		(struct CMUnitTest){.name = j->name, .test_func = test_boot, .initial_state = j};
}

int main(void)
{
	/* with few CPUs: each that is started takes a nested host more than a second */
	static const char *const three[] = {"1,1,3,2", "4,4,1,1", "2c1t/1c2t+1c1t/mem"};
	const char *mode = getenv("KTSTR_NESTED");
	bool full = mode && !strcmp(mode, "full");

	setvbuf(stdout, NULL, _IOLBF, 0); /* so that it can be followed */
	for (size_t i = 0; i < shapes_n; i++)
		add("debian", shapes[i]);
	for (size_t i = 0; full && i < shapes_n; i++)
		add("newer", shapes[i]);
	for (size_t i = 0; !full && i < ARRAY_LEN(three); i++)
		add("newer", three[i]);
	if (full)
		add("debian", "2,10,15,2"); /* interrupt ids beyond what a byte holds */
	return _cmocka_run_group_tests("shapes", tests, count, NULL, NULL);
}
