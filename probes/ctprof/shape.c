#include "probes/ctprof/shape.h"

#include "src/base/mem.h"

/* clang-format off */
#define ROW(type, name, KIND, member) \
	{.key = name, .kind = SHAPE_##KIND, .offset = offsetof(struct type, member)}
#define IN(type, name, sub, member) \
	{.key = name, .kind = SHAPE_OBJECT, .offset = offsetof(struct type, member), .shape = &(sub)}
#define SHAPE(rows_) {.rows = (rows_), .n = ARRAY_LEN(rows_)}

static const struct shape_row host_rows[] = {
	ROW(ctp_host, "cpu_model", OPT_TEXT, cpu_model),
	ROW(ctp_host, "cpu_vendor", OPT_TEXT, cpu_vendor),
	ROW(ctp_host, "total_memory_kib", OPT_U64, total_memory_kib),
	ROW(ctp_host, "hugepages_total", OPT_U64, hugepages_total),
	ROW(ctp_host, "hugepages_free", OPT_U64, hugepages_free),
	ROW(ctp_host, "hugepages_size_kib", OPT_U64, hugepages_size_kib),
	ROW(ctp_host, "thp_enabled", OPT_TEXT, thp_enabled),
	ROW(ctp_host, "thp_defrag", OPT_TEXT, thp_defrag),
	ROW(ctp_host, "sched_tunables", TEXTS, sched_tunables),
	ROW(ctp_host, "online_cpus", OPT_U64, online_cpus),
	ROW(ctp_host, "numa_nodes", OPT_U64, numa_nodes),
	ROW(ctp_host, "cpufreq_governor", TEXTS_N, cpufreq_governor),
	ROW(ctp_host, "kernel_name", OPT_TEXT, kernel_name),
	ROW(ctp_host, "kernel_release", OPT_TEXT, kernel_release),
	ROW(ctp_host, "arch", OPT_TEXT, arch),
	ROW(ctp_host, "kernel_cmdline", OPT_TEXT, kernel_cmdline),
	ROW(ctp_host, "task_delayacct", OPT_TEXT, task_delayacct),
	ROW(ctp_host, "config_task_xacct", OPT_TEXT, config_task_xacct),
};
const struct shape ctp_shape_host = {.rows = host_rows, .n = ARRAY_LEN(host_rows), .omit = true};

static const struct shape_row psi_half_rows[] = {
	ROW(ctp_psi_half, "avg10", U16, avg10),
	ROW(ctp_psi_half, "avg60", U16, avg60),
	ROW(ctp_psi_half, "avg300", U16, avg300),
	ROW(ctp_psi_half, "total_usec", U64, total_usec),
};
static const struct shape psi_half = SHAPE(psi_half_rows);

struct psi_resource {
	struct ctp_psi_half some, full;
};
static const struct shape_row psi_resource_rows[] = {
	IN(psi_resource, "some", psi_half, some),
	IN(psi_resource, "full", psi_half, full),
};
static const struct shape psi_resource = SHAPE(psi_resource_rows);

static const struct shape_row psi_rows[] = {
	IN(ctp_psi, "cpu", psi_resource, r[CTP_PSI_CPU]),
	IN(ctp_psi, "memory", psi_resource, r[CTP_PSI_MEMORY]),
	IN(ctp_psi, "io", psi_resource, r[CTP_PSI_IO]),
	IN(ctp_psi, "irq", psi_resource, r[CTP_PSI_IRQ]),
};
const struct shape ctp_shape_psi = SHAPE(psi_rows);

/* Objects that exist in the file only: their members lie side by side in struct ctp_cgroup. */
#define CG(name, KIND, member) ROW(ctp_cgroup, name, KIND, member)
#define FLAT(name, sub) {.key = name, .kind = SHAPE_OBJECT, .offset = 0, .shape = &(sub)}

static const struct shape_row cpu_rows[] = {
	CG("usage_usec", U64, usage_usec),
	CG("nr_throttled", U64, nr_throttled),
	CG("throttled_usec", U64, throttled_usec),
	CG("max_quota_us", OPT_U64, max_quota_us),
	CG("max_period_us", U64, max_period_us),
	CG("weight", OPT_U64, weight),
	CG("weight_nice", OPT_I64, weight_nice),
};
static const struct shape cgroup_cpu = SHAPE(cpu_rows);

static const struct shape_row memory_rows[] = {
	CG("current", U64, memory_current),
	CG("max", OPT_U64, memory_max),
	CG("high", OPT_U64, memory_high),
	CG("low", OPT_U64, memory_low),
	CG("min", OPT_U64, memory_min),
	CG("stat", MAP, memory_stat),
	CG("events", MAP, memory_events),
};
static const struct shape cgroup_memory = SHAPE(memory_rows);

static const struct shape_row pids_rows[] = {
	CG("current", OPT_U64, pids_current),
	CG("max", OPT_U64, pids_max),
};
static const struct shape cgroup_pids = SHAPE(pids_rows);

static const struct shape_row cgroup_rows[] = {
	FLAT("cpu", cgroup_cpu),
	FLAT("memory", cgroup_memory),
	FLAT("pids", cgroup_pids),
	IN(ctp_cgroup, "psi", ctp_shape_psi, psi),
	/* our own; other readers pass over it */
	{.key = "more", .kind = SHAPE_MAP, .offset = offsetof(struct ctp_cgroup, more), .omit = true},
};
const struct shape ctp_shape_cgroup = SHAPE(cgroup_rows);

static const struct shape_row probe_rows[] = {
	ROW(ctp_probe_summary, "tgids_walked", U64, tgids_walked),
	ROW(ctp_probe_summary, "jemalloc_detected", U64, jemalloc_detected),
	ROW(ctp_probe_summary, "probed_ok", U64, probed_ok),
	ROW(ctp_probe_summary, "failed", U64, failed),
	ROW(ctp_probe_summary, "dominant_failure", OPT_TEXT, dominant_failure),
	ROW(ctp_probe_summary, "privilege_dominant", BOOL, privilege_dominant),
};
const struct shape ctp_shape_probe = SHAPE(probe_rows);

static const struct shape_row parse_rows[] = {
	ROW(ctp_parse_summary, "tids_walked", U64, tids_walked),
	ROW(ctp_parse_summary, "read_failures", U64, read_failures),
	ROW(ctp_parse_summary, "read_failures_by_file", MAP, read_failures_by_file),
	ROW(ctp_parse_summary, "dominant_read_failure", OPT_TEXT, dominant_read_failure),
	ROW(ctp_parse_summary, "kernel_config_dominant", BOOL, kernel_config_dominant),
	ROW(ctp_parse_summary, "negative_dotted_values", U64, negative_dotted_values),
};
const struct shape ctp_shape_parse = SHAPE(parse_rows);

static const struct shape_row taskstats_rows[] = {
	ROW(ctp_taskstats_summary, "ok_count", U64, ok_count),
	ROW(ctp_taskstats_summary, "eperm_count", U64, eperm_count),
	ROW(ctp_taskstats_summary, "esrch_count", U64, esrch_count),
	ROW(ctp_taskstats_summary, "other_err_count", U64, other_err_count),
};
const struct shape ctp_shape_taskstats = SHAPE(taskstats_rows);

static const struct shape_row sched_ext_rows[] = {
	ROW(ctp_sched_ext, "state", TEXT, state),
	ROW(ctp_sched_ext, "switch_all", U64, switch_all),
	ROW(ctp_sched_ext, "nr_rejected", U64, nr_rejected),
	ROW(ctp_sched_ext, "hotplug_seq", U64, hotplug_seq),
	ROW(ctp_sched_ext, "enable_seq", U64, enable_seq),
};
const struct shape ctp_shape_sched_ext = SHAPE(sched_ext_rows);

static const struct shape_row cost_rows[] = {
	ROW(ctp_cost, "wall_ns", U64, wall_ns),
	ROW(ctp_cost, "cpu_ns", U64, cpu_ns),
	ROW(ctp_cost, "skew_ns", U64, skew_ns),
	ROW(ctp_cost, "workers", U32, workers),
	ROW(ctp_cost, "filtered", BOOL, filtered),
};
const struct shape ctp_shape_cost = SHAPE(cost_rows);

#define TOP(name, sub, member, leave_out) \
	{.key = name, .kind = SHAPE_TOP_OBJECT, .shape = &(sub), .omit = (leave_out), \
	 .size = sizeof(*((struct ctp_snapshot *)0)->member), \
	 .offset = offsetof(struct ctp_snapshot, member)}

const struct shape_top ctp_shape_tops[] = {
	{.key = "captured_at_unix_ns", .kind = SHAPE_TOP_TIME},
	TOP("host", ctp_shape_host, host, false),
	{.key = "threads", .kind = SHAPE_TOP_THREADS},
	{.key = "cgroup_stats", .kind = SHAPE_TOP_CGROUPS, .shape = &ctp_shape_cgroup},
	TOP("probe_summary", ctp_shape_probe, probe_summary, false),
	TOP("parse_summary", ctp_shape_parse, parse_summary, false),
	TOP("taskstats_summary", ctp_shape_taskstats, taskstats_summary, false),
	{.key = "psi", .kind = SHAPE_TOP_PSI, .shape = &ctp_shape_psi},
	TOP("sched_ext", ctp_shape_sched_ext, sched_ext, false),
	/* our own; other readers pass over it */
	TOP("capture", ctp_shape_cost, cost, true),
};
const size_t ctp_shape_ntops = ARRAY_LEN(ctp_shape_tops);
