/*
 * What a reservation reads of a host: /proc/self/cgroup and the files of a cgroup, and the affinity
 * and nodes of a machine that plans are then made for. The first byte says which.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/reserve/cgroup.h"
#include "src/reserve/plan.h"
#include "tests/lib/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void cgroup_files(const char *dir, const char *path)
{
	cleanup_free char *group = cgroup_of(path);
	cleanup_cpuset struct cpuset set = CPUSET_INIT;
	pid_t *pids = NULL;
	size_t n = 0;

	if (group && group[0] != '/')
		abort();
	cgroup_pids(dir, &pids, &n);
	free(pids);
	cgroup_has_word(dir, "cgroup.procs", "cpuset");
	cgroup_read_set(dir, "cgroup.procs", &set);
}

/* A machine of four CPUs, with caches and nodes as the input has them. */
static void plans(const char *dir)
{
	static const struct reserve_vllc two[] = {{0, 1, 1}, {1, 1, 1}};
	struct sysroot *r = sysroot_open(dir, NULL);
	struct reserve_host h;
	struct reserve_plan p;

	if (r && !reserve_host_open(&h, r, NULL)) {
		for (unsigned target = 1; target < 5; target++) {
			if (!reserve_plan_budget(&h, target, &p, NULL) &&
				cpuset_count(&p.cpus) > target)
				abort();
			reserve_plan_release(&p);
		}
		if (!reserve_plan_perf(&h, &(struct reserve_shape){two, 2}, 1, &p, NULL) &&
			!cpuset_subset(&p.cpus, &h.allowed))
			abort();
		reserve_plan_release(&p);
		reserve_host_release(&h);
	}
	sysroot_close(r);
}

static void write_parts(const char *dir, const char *text, size_t n)
{
	static const char *const files[] = {"sys/devices/system/cpu/online",
		"sys/devices/system/cpu/cpu0/cache/index3/shared_cpu_list",
		"sys/devices/system/cpu/cpu1/cache/index3/shared_cpu_list",
		"sys/devices/system/node/node0/cpulist", "sys/devices/system/node/node1/cpulist",
		"sys/devices/system/node/node0/distance"};

	for (size_t i = 0; i < ARRAY_LEN(files) && n; i++) {
		const char *end = memchr(text, '|', n);
		size_t part = end ? (size_t)(end - text) : n;
		cleanup_free char *path = file_join(dir, files[i]);

		file_replace(path, text, part, 0644, NULL);
		text += end ? part + 1 : part;
		n -= end ? part + 1 : part;
	}
}

static struct machine *m;

static void remove_machine(void)
{
	machine_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *procs = NULL;

	if (!m) {
		atexit(remove_machine);
		m = machine_new("[/sys/devices/system/cpu/cpu{n} for 0-3]\ncache/index3/level=3\n"
				"cache/index3/type=Unified\ncache/index3/id={n/2}\n"
				"[/sys/devices/system/node]\nnode0/\nnode1/\n");
	}
	if (!size)
		return 0;
	procs = file_join(m->dir, "cgroup.procs");
	if (data[0] & 1) {
		file_replace(procs, data + 1, size - 1, 0644, NULL);
		cgroup_files(m->dir, procs);
	} else {
		write_parts(m->dir, (const char *)data + 1, size - 1);
		plans(m->dir);
	}
	return 0;
}
