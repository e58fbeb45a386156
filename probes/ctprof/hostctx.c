#include "probes/ctprof/hostctx.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "probes/ctprof/scan.h"
#include "src/base/archive.h"
#include "src/base/str.h"

/* A kernel's whole configuration has about 300 KiB. */
enum { CONFIG_MAX = 16 << 20 };

static const char *xacct_state(const struct sysroot *root)
{
	cleanup_close int fd = sysroot_fd(root, "/proc/config.gz");
	cleanup_str struct str text = STR_INIT;
	struct scan s, line;

	if (fd < 0 || arc_decompress(fd, "/proc/config.gz", CONFIG_MAX, &text, NULL) < 0)
		return "unknown";
	s = (struct scan){str_get(&text), str_get(&text) + text.len};
	while (scan_line(&s, &line)) {
		scan_trim(&line);
		if (scan_is(&line, "CONFIG_TASK_XACCT=y"))
			return "on";
		if (scan_is(&line, "# CONFIG_TASK_XACCT is not set"))
			return "off";
	}
	return "unknown";
}

struct ctp_accounting ctp_read_accounting(const struct sysroot *root)
{
	struct ctp_accounting a = {.delayacct = "runtime_off", .xacct = xacct_state(root)};
	char text[32];

	if (sysroot_line(root, "/proc/sys/kernel/task_delayacct", text, sizeof(text)) < 0 ||
		text[0] == '\0')
		a.delayacct = "config_off";
	else if (strcmp(text, "1") == 0)
		a.delayacct = "on";
	return a;
}

static const char *copy(struct ctp_builder *b, const char *s)
{
	return ctp_build_text(b, s, strlen(s));
}

/* The whole file, trimmed; NULL when there is none. */
static const char *trimmed(const struct sysroot *root, const char *path, struct ctp_builder *b)
{
	cleanup_str struct str text = STR_INIT;
	struct scan s;

	if (sysroot_read(root, path, &text) < 0)
		return NULL;
	s = (struct scan){str_get(&text), str_get(&text) + text.len};
	scan_trim(&s);
	return ctp_build_text(b, s.p, (size_t)(s.end - s.p));
}

/* The first value of this key in "key : value" lines. */
static bool value_of(const struct str *text, const char *key, struct scan *value)
{
	struct scan s = {str_get(text), str_get(text) + text->len}, line, k;

	while (scan_line(&s, &line))
		if (scan_pair(&line, &k, value) && scan_is(&k, key))
			return true;
	return false;
}

static void read_cpuinfo(const struct sysroot *root, struct ctp_host *h, struct ctp_builder *b)
{
	cleanup_str struct str text = STR_INIT;
	struct scan v;
	char *end;

	if (sysroot_read(root, "/proc/cpuinfo", &text) < 0)
		return;
	end = strstr(str_get(&text), "\n\n"); /* of the first processor */
	if (end)
		text.len = (size_t)(end - text.s);
	if (value_of(&text, "model name", &v))
		h->cpu_model = ctp_build_text(b, v.p, (size_t)(v.end - v.p));
	if (value_of(&text, "vendor_id", &v))
		h->cpu_vendor = ctp_build_text(b, v.p, (size_t)(v.end - v.p));
}

static struct ctp_opt meminfo(const struct str *text, const char *key)
{
	struct ctp_opt o = {0};
	struct scan v;

	if (value_of(text, key, &v))
		o.has = scan_u64(&v, &o.v);
	return o;
}

static void read_meminfo(const struct sysroot *root, struct ctp_host *h)
{
	cleanup_str struct str text = STR_INIT;

	if (sysroot_read(root, "/proc/meminfo", &text) < 0)
		return;
	h->total_memory_kib = meminfo(&text, "MemTotal");
	h->hugepages_total = meminfo(&text, "HugePages_Total");
	h->hugepages_free = meminfo(&text, "HugePages_Free");
	h->hugepages_size_kib = meminfo(&text, "Hugepagesize");
}

static void read_tunables(const struct sysroot *root, struct ctp_host *h, struct ctp_builder *b)
{
	struct strv names = STRV_INIT;
	VEC(struct ctp_text_pair) pairs = {0};

	if (sysroot_list(root, "/proc/sys/kernel", &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		const char *text;

		if (!str_starts(names.v[i], "sched_"))
			continue;
		text = trimmed(root, PATHF("/proc/sys/kernel/%s", names.v[i]), b);
		if (text && *text)
			vec_push(&pairs, (struct ctp_text_pair){names.v[i], text});
	}
	h->sched_tunables = ctp_build_texts(b, pairs.v, pairs.n);
	free(pairs.v);
	strv_release(&names);
}

static void read_governors(const struct sysroot *root, const struct cpuset *online,
	struct ctp_host *h, struct ctp_builder *b)
{
	VEC(struct ctp_text_pair) pairs = {0};

	cpuset_foreach (cpu, online) {
		const char *text = trimmed(root,
			PATHF("/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", cpu), b);
		char number[16];

		if (!text || !*text)
			continue;
		snprintf(number, sizeof(number), "%d", cpu);
		vec_push(&pairs, (struct ctp_text_pair){copy(b, number), text});
	}
	if (pairs.n)
		h->cpufreq_governor = ctp_build_texts(b, pairs.v, pairs.n);
	free(pairs.v);
}

static uint64_t count_nodes(const struct sysroot *root, const struct cpuset *online)
{
	cleanup_cpuset struct cpuset nodes = CPUSET_INIT, cpus = CPUSET_INIT;
	uint64_t n = 0;

	if (sysroot_numbers(root, "/sys/devices/system/node", "node", &nodes) < 0)
		return 1;
	cpuset_foreach (node, &nodes) {
		cpuset_clear(&cpus);
		if (sysroot_cpulist(root, PATHF("/sys/devices/system/node/node%d/cpulist", node),
			    &cpus) == 0 &&
			cpuset_intersects(&cpus, online))
			n++;
	}
	return n ? n : 1;
}

static void read_cpus(const struct sysroot *root, struct ctp_host *h, struct ctp_builder *b)
{
	cleanup_cpuset struct cpuset online = CPUSET_INIT;

	if (sysroot_cpulist(root, "/sys/devices/system/cpu/online", &online) < 0)
		return;
	h->online_cpus = (struct ctp_opt){true, cpuset_count(&online)};
	h->numa_nodes = (struct ctp_opt){true, count_nodes(root, &online)};
	read_governors(root, &online, h, b);
}

/* A captured machine says in /proc/sys/kernel what uname(2) would; the node's name is left out. */
static void read_kernel(const struct sysroot *root, struct ctp_host *h, struct ctp_builder *b)
{
	struct utsname u;

	if (sysroot_is_host(root) && uname(&u) == 0) {
		h->kernel_name = copy(b, u.sysname);
		h->kernel_release = copy(b, u.release);
		h->arch = copy(b, u.machine);
	} else {
		h->kernel_name = trimmed(root, "/proc/sys/kernel/ostype", b);
		h->kernel_release = trimmed(root, "/proc/sys/kernel/osrelease", b);
		h->arch = trimmed(root, "/proc/sys/kernel/arch", b);
	}
	h->kernel_cmdline = trimmed(root, "/proc/cmdline", b);
}

void ctp_read_host(
	const struct sysroot *root, const struct ctp_accounting *a, struct ctp_builder *b)
{
	struct ctp_host *h = ctp_build_host(b);

	read_cpuinfo(root, h, b);
	read_meminfo(root, h);
	h->thp_enabled = trimmed(root, "/sys/kernel/mm/transparent_hugepage/enabled", b);
	h->thp_defrag = trimmed(root, "/sys/kernel/mm/transparent_hugepage/defrag", b);
	read_tunables(root, h, b);
	read_cpus(root, h, b);
	read_kernel(root, h, b);
	h->task_delayacct = a->delayacct;
	h->config_task_xacct = a->xacct;
}

void ctp_read_sched_ext(const struct sysroot *root, struct ctp_builder *b)
{
	struct ctp_sched_ext *x;
	const char *state;

	if (!sysroot_exists(root, "/sys/kernel/sched_ext"))
		return;
	x = ctp_build_sched_ext(b);
	state = trimmed(root, "/sys/kernel/sched_ext/state", b);
	x->state = state ? state : "";
	sysroot_u64(root, "/sys/kernel/sched_ext/switch_all", &x->switch_all);
	sysroot_u64(root, "/sys/kernel/sched_ext/nr_rejected", &x->nr_rejected);
	sysroot_u64(root, "/sys/kernel/sched_ext/hotplug_seq", &x->hotplug_seq);
	sysroot_u64(root, "/sys/kernel/sched_ext/enable_seq", &x->enable_seq);
}
