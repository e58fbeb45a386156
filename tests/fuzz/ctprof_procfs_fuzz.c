/* The files that a capture reads; the first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/affinity.h"
#include "probes/ctprof/cgroups.h"
#include "probes/ctprof/cgroups_more.h"
#include "probes/ctprof/procfs.h"
#include "probes/ctprof/taskstats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ctp_record record;

static void stat(struct scan s)
{
	struct ctp_stat out;

	ctp_parse_stat(s, &record, &out);
	if (out.comm.p > out.comm.end || (out.comm.p && (out.comm.p < s.p || out.comm.end > s.end)))
		abort();
}

/* A plan learnt from the same bytes must not change what they say. */
static void sched(struct scan s)
{
	struct ctp_sched_plan plan = {0};
	struct ctp_record first = {0}, second = {0};
	struct ctp_opt runtime;

	ctp_parse_sched(s, &plan, &first, &runtime);
	ctp_parse_sched(s, &plan, &second, &runtime);
	if (memcmp(&first, &second, sizeof(first)) != 0)
		abort();
}

static void small(struct scan s)
{
	static struct ctp_smaps smaps;
	struct ctp_status status;

	ctp_parse_schedstat(s, &record);
	ctp_parse_io(s, &record);
	ctp_parse_cgroup(s);
	ctp_parse_status(s, &status);
	ctp_parse_smaps(s, &smaps);
	for (uint32_t i = 1; i < smaps.n; i++)
		if (strcmp(smaps.pairs[i - 1].key, smaps.pairs[i].key) >= 0)
			abort();
}

static void affinity(struct scan s)
{
	struct ctp_affinity a = {0};

	if (ctp_affinity_list(&a, s) == 0 && a.cpus.count == 0)
		abort();
	ctp_affinity_release(&a);
}

static void cgroup_files(const char *text)
{
	struct ctp_psi_half some = {0}, full = {0};
	struct ctp_builder *b = ctp_builder_new();
	ctp_pair_list pairs = {0};

	ctp_parse_pressure(text, &some, &full);
	ctp_parse_flat(text, b);
	ctp_parse_io_stat(text, b, &pairs);
	ctp_parse_numa_stat(text, b, &pairs);
	ctp_parse_cpu_stat(text, b, &pairs);
	ctp_sum_pairs(b, &pairs);
	ctp_builder_free(b);
}

static void taskstats(const char *bytes, size_t n)
{
	const uint32_t tids[2] = {1, 2};
	struct taskstats_reply out[2] = {{.rc = -11}, {.rc = -11}};
	struct taskstats_reply one;
	struct taskstats_exit gone;

	taskstats_parse_exit(bytes, n, &gone);
	taskstats_parse(bytes, n, &one);
	if (taskstats_read(bytes, n, 7, tids, 2, out) > 2)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = NULL;
	struct scan s;

	if (size == 0)
		return 0;
	text = xmalloc(size); /* its end is where the bytes end, so that a step beyond it is seen */
	memcpy(text, data + 1, size - 1);
	s = (struct scan){text, text + size - 1};
	switch (data[0] % 6) {
	case 0:
		stat(s);
		break;
	case 1:
		sched(s);
		break;
	case 2:
		small(s);
		break;
	case 3:
		affinity(s);
		break;
	case 4:
		text[size - 1] = '\0';
		cgroup_files(text);
		break;
	default:
		taskstats(text, size - 1);
	}
	return 0;
}
