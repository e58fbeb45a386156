/*
 * A small machine of hostile files. An input is a list of records: a byte that chooses a file, then
 * its content up to a zero byte. Whatever the files say, the model keeps its promises and can be
 * shown.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "tests/lib/topo_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const of_machine[] = {
	"sys/devices/system/cpu/online",
	"sys/devices/system/cpu/isolated",
	"sys/devices/system/cpu/nohz_full",
	"sys/devices/cpu_core/cpus",
	"sys/devices/cpu_atom/cpus",
	"sys/devices/system/node/node0/cpulist",
	"sys/devices/system/node/node0/distance",
	"sys/devices/system/node/node0/meminfo",
	"sys/devices/system/node/node1/cpumap",
	"sys/devices/system/node/node1/distance",
	"proc/cpuinfo",
	"proc/meminfo",
};

static const char *const of_cpu[] = {
	"online",
	"cpu_capacity",
	"cpufreq/cpuinfo_max_freq",
	"topology/core_id",
	"topology/physical_package_id",
	"topology/core_cpus_list",
	"topology/thread_siblings",
	"cache/index0/level",
	"cache/index0/type",
	"cache/index0/shared_cpu_list",
	"cache/index0/size",
	"cache/index0/id",
	"cache/index1/level",
	"cache/index1/type",
	"cache/index1/shared_cpu_list",
	"cache/index1/shared_cpu_map",
	"node1/x",
};

/* cpu63 and cpu64 sit on either side of a word of a set. */
static const unsigned cpus[] = {0, 1, 2, 63, 64};
enum { PATHS = ARRAY_LEN(of_machine) + ARRAY_LEN(of_cpu) * ARRAY_LEN(cpus) };

static void path_of(unsigned k, struct str *out)
{
	if (k < ARRAY_LEN(of_machine)) {
		str_add(out, of_machine[k]);
		return;
	}
	k -= ARRAY_LEN(of_machine);
	str_printf(out, "sys/devices/system/cpu/cpu%u/%s", cpus[k / ARRAY_LEN(of_cpu)],
		of_cpu[k % ARRAY_LEN(of_cpu)]);
}

static void write_file(const char *dir, unsigned k, const char *text, size_t n)
{
	cleanup_str struct str path = STR_INIT;
	FILE *f;

	str_printf(&path, "%s/", dir);
	path_of(k, &path);
	*strrchr(path.s, '/') = '\0';
	file_mkdirs(path.s, 0755, NULL);
	path.s[strlen(path.s)] = '/';
	f = fopen(path.s, "w");
	if (!f)
		abort();
	fwrite(text, 1, n, f);
	fclose(f);
}

static void build(const char *dir, const uint8_t *data, size_t size)
{
	while (size > 1) {
		const uint8_t *end = memchr(data + 1, 0, size - 1);
		size_t n = end ? (size_t)(end - data) - 1 : size - 1;

		write_file(dir, data[0] % PATHS, (const char *)data + 1, n);
		data += n + 1;
		size -= n + 1;
		if (size) {
			data++;
			size--;
		}
	}
}

static void judge(const struct topo *t)
{
	cleanup_str struct str out = STR_INIT;
	struct json_out j;

	if (!topo_is_partition(t))
		abort();
	topo_text(t, true, &out);
	json_init(&j, &out, false);
	topo_json(t, &j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char dir[64];
	struct sysroot *r;
	struct topo *t;

	snprintf(dir, sizeof(dir), "%s/ktstr-fuzz-XXXXXX",
		access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (size > 4096 || !mkdtemp(dir))
		return 0;
	build(dir, data, size);
	r = sysroot_open(dir, NULL);
	t = r ? topo_collect(r, NULL) : NULL;
	if (t)
		judge(t);
	topo_free(t);
	sysroot_close(r);
	file_remove_tree(dir, NULL);
	return 0;
}
