/* What cgroup v2 counts beyond the keys of the format: swap, peaks, I/O, CPU time by mode, nodes.
 */
#pragma once

#include "probes/ctprof/build.h"
#include "src/base/sysroot.h"

typedef VEC(struct ctp_pair) ctp_pair_list;

/* Of the cgroup whose folder this is; empty where the kernel has none of it. The keys are those of
 * ctp_cgroup.more. */
struct ctp_map ctp_read_cgroup_more(
	const struct sysroot *root, const char *dir, struct ctp_builder *b);

/* For tests: one file's text, as pairs in no order; the same key may come again. */
/* "8:0 rbytes=1 wbytes=2 rios=3": "io.stat.rbytes" and so on, of each device. */
void ctp_parse_io_stat(const char *text, struct ctp_builder *b, ctp_pair_list *out);
/* "anon N0=1 N1=2": "memory.numa_stat.anon.N0" and so on, of anon and file, where nodes differ. */
void ctp_parse_numa_stat(const char *text, struct ctp_builder *b, ctp_pair_list *out);
/* "user_usec 5": "cpu.stat.user_usec" and so on, of what the format has no key for. */
void ctp_parse_cpu_stat(const char *text, struct ctp_builder *b, ctp_pair_list *out);
/* Sorted, the same keys added up; empties the list. */
struct ctp_map ctp_sum_pairs(struct ctp_builder *b, ctp_pair_list *pairs);
