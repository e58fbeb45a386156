/* Groups, sums, pairing and ranking of profiles, on snapshots written for one rule each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "probes/ctprof/cells.h"
#include "probes/ctprof/cgfold.h"
#include "probes/ctprof/hostdiff.h"
#include "probes/ctprof/noise.h"
#include "probes/ctprof/select.h"
#include "probes/ctprof/text.h"
#include "tests/lib/ctprof_fixture.h"

/* A snapshot of these threads: objects without their braces, parted by newlines. */
static struct ctp_snapshot *threads(const char *lines)
{
	cleanup_str struct str json = STR_INIT;
	cleanup_free char *copy = xstrdup(lines);
	char *rest = copy, *line;
	const char *comma = "";

	str_add(&json, "{\"captured_at_unix_ns\":1000000000,\"threads\":[");
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			str_printf(&json, "%s{%s}", comma, line);
		comma = ",";
	}
	str_add(&json, "]}");
	return ctprof_fixture_text(str_get(&json));
}

static struct ctp_groups *group(struct ctp_snapshot *s, enum ctp_axis axis)
{
	struct ctp_naming naming = {.axis = axis};
	struct strv warnings = STRV_INIT;

	return ctp_group(s, NULL, &naming, &warnings);
}

static const struct ctp_group *find(const struct ctp_groups *g, const char *key)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->v[i].key.part[0], key) == 0)
			return &g->v[i];
	fail_msg("there is no group %s", key);
	return NULL;
}

static void expect_cell(const struct ctp_sums *s, enum ctp_metric m, const char *want)
{
	cleanup_str struct str got = STR_INIT;

	ctp_cell_value(&got, s, m);
	assert_string_equal(str_get(&got), want);
}

/* One thread of each name. */
static void names(struct str *out, const char *const *comms, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_printf(out, "\"tid\":%zu,\"tgid\":%zu,\"pcomm\":\"p\",\"comm\":\"%s\"\n", i + 1,
			i + 1, comms[i]);
}

static void pools_are_groups(void **state)
{
	static const char *const comms[] = {"worker-0", "worker-1", "worker-7", "rayon-pool-0",
		"rayon-pool-3", "main", "lone-7"};
	cleanup_str struct str text = STR_INIT;
	struct ctp_snapshot *s;
	struct ctp_groups *g;

	(void)state;
	names(&text, comms, ARRAY_LEN(comms));
	s = threads(str_get(&text));
	g = group(s, CTP_BY_COMM);
	assert_int_equal(g->n, 4);
	assert_int_equal(find(g, "worker-{N}")->side[0]->threads, 3);
	assert_int_equal(find(g, "rayon-pool-{N}")->side[0]->threads, 2);
	assert_int_equal(find(g, "main")->side[0]->threads, 1);
	assert_int_equal(find(g, "lone-7")->side[0]->threads, 1);
	ctp_groups_free(g);
	g = group(s, CTP_BY_COMM_EXACT);
	assert_int_equal(g->n, 7);
	ctp_groups_free(g);
	g = group(s, CTP_BY_ALL);
	assert_string_equal(g->v[0].key.part[2], "lone-{N}");
	ctp_groups_free(g);
	ctp_free(s);
}

static void a_lone_name_is_a_pattern_when_both_have_it(void **state)
{
	static const char *const a_comms[] = {"worker-7"}, *const b_comms[] = {"worker-9"};
	cleanup_str struct str at = STR_INIT, bt = STR_INIT;
	struct ctp_naming naming = {.axis = CTP_BY_COMM};
	struct ctp_snapshot *a, *b;
	struct ctp_diff *d;

	(void)state;
	names(&at, a_comms, 1);
	names(&bt, b_comms, 1);
	a = threads(str_get(&at));
	b = threads(str_get(&bt));
	d = ctp_diff(a, b, &naming);
	assert_int_equal(d->npairs, 1);
	assert_string_equal(d->pairs[0].key.part[0], "worker-{N}");
	ctp_diff_free(d);
	naming.literal_threads = true;
	d = ctp_diff(a, b, &naming);
	assert_int_equal(d->npairs, 0);
	assert_int_equal(d->nonly[CTP_BASE], 1);
	assert_int_equal(d->nonly[CTP_CAND], 1);
	ctp_diff_free(d);
	ctp_free(a);
	ctp_free(b);
}

#define P "\"pcomm\":\"p\",\"comm\":\"p\","

static void rules(void **state)
{
	struct ctp_snapshot *s = threads(
		P "\"nice\":-20,\"cpu_affinity\":[0,1,2,8],\"policy\":\"B\",\"state\":\"S\","
		  "\"run_time_ns\":18446744073709551615,\"wait_max\":5,\"wait_sum\":1000,"
		  "\"wait_count\":4,\"ext_enabled\":true,\"start_time_clock_ticks\":10\n" P
		  "\"nice\":19,\"cpu_affinity\":[0,1,2,8],\"policy\":\"A\",\"state\":\"S\","
		  "\"run_time_ns\":1,\"wait_max\":9,\"start_time_clock_ticks\":0\n" P
		  "\"nice\":0,\"cpu_affinity\":[0,1,2,8],\"policy\":\"A\",\"state\":\"R\","
		  "\"start_time_clock_ticks\":21\n" P
		  "\"nice\":0,\"cpu_affinity\":[0,1,2,8],\"policy\":\"B\"");
	struct ctp_groups *g = group(s, CTP_BY_PCOMM);
	const struct ctp_sums *sums = find(g, "p")->side[0];

	(void)state;
	expect_cell(sums, CTM_nice, "-20..19");
	expect_cell(sums, CTM_cpu_affinity, "4 cpus (0-2,8)");
	expect_cell(sums, CTM_policy, "A (2/4)"); /* the first of two that are as frequent */
	expect_cell(sums, CTM_state, "S (2/4)");
	expect_cell(sums, CTM_ext_enabled, "false (3/4)");
	expect_cell(sums, CTM_run_time_ns, "18446744073.710s"); /* does not wrap around */
	expect_cell(sums, CTM_wait_max, "9ns");
	expect_cell(sums, CTM_avg_wait_ns, "250.00ns");
	expect_cell(sums, CTM_avg_slice_ns, "-"); /* nothing to divide by */
	expect_cell(sums, CTM_thread_count, "4");
	assert_int_equal(sums->mean_start, 15); /* of those that have one */
	ctp_groups_free(g);
	ctp_free(s);
}

static void lists_that_differ(void **state)
{
	struct ctp_snapshot *s =
		threads(P "\"cpu_affinity\":[0,1]\n" P "\"cpu_affinity\":[2,3]\n"
			  "\"pcomm\":\"q\",\"cpu_affinity\":[0]\n\"pcomm\":\"q\",\"cpu_affinity\":"
			  "[0,1,2]");
	struct ctp_groups *g = group(s, CTP_BY_PCOMM);

	(void)state;
	expect_cell(find(g, "p")->side[0], CTM_cpu_affinity, "2 cpus (mixed)");
	expect_cell(find(g, "q")->side[0], CTM_cpu_affinity, "1-3 cpus (mixed)");
	ctp_groups_free(g);
	ctp_free(s);
}

/* A family is absent only where no thread of the group was measured. */
static void absent_is_not_zero(void **state)
{
	struct ctp_snapshot *s = threads(
		P "\"taskstats_measured\":true,\"cpu_delay_active\":true,\"cpu_delay_count\":3\n" P
		  "\"cpu_delay_count\":0\n"
		  "\"pcomm\":\"q\",\"cpu_delay_count\":0\n"
		  "\"pcomm\":\"r\",\"run_time_ns\":0,\"absent\":{\"perm\":[\"run_time_ns\","
		  "\"nice\"]}\n"
		  "\"pcomm\":\"r\",\"run_time_ns\":7,\"nice\":5");
	struct ctp_groups *g = group(s, CTP_BY_PCOMM);
	const struct ctp_sums *q = find(g, "q")->side[0], *r = find(g, "r")->side[0];

	(void)state;
	expect_cell(find(g, "p")->side[0], CTM_cpu_delay_count, "3");
	expect_cell(find(g, "p")->side[0], CTM_blkio_delay_count, "-");
	expect_cell(q, CTM_cpu_delay_count, "-");
	expect_cell(q, CTM_total_offcpu_delay_ns, "-");
	expect_cell(q, CTM_allocated_bytes, "-");
	expect_cell(r, CTM_run_time_ns, "7ns");
	expect_cell(r, CTM_nice, "5"); /* what is not known widens no range */
	assert_int_equal(ctp_group_why(s, q, CTM_cpu_delay_count), CTP_NO_PERM);
	assert_int_equal(ctp_group_why(s, r, CTM_run_time_ns), CTP_PRESENT);
	ctp_groups_free(g);
	ctp_free(s);
}

static void changes(void **state)
{
	struct ctp_snapshot *a = threads(P "\"run_time_ns\":1000000,\"policy\":\"A\"");
	struct ctp_snapshot *b = threads(P "\"run_time_ns\":3500000,\"policy\":\"B\",\"majflt\":2");
	struct ctp_naming naming = {.axis = CTP_BY_PCOMM};
	struct ctp_diff *d = ctp_diff(a, b, &naming);
	const struct ctp_sums *x = d->pairs[0].side[0], *y = d->pairs[0].side[1];
	struct ctp_change c = ctp_change(x, y, CTM_run_time_ns);
	cleanup_str struct str s = STR_INIT;

	(void)state;
	ctp_cell_diff(&s, x, y, CTM_run_time_ns, &c);
	str_addc(&s, ' ');
	ctp_cell_share(&s, &c);
	c = ctp_change(x, y, CTM_majflt);
	assert_true(c.has_delta && !c.has_pct); /* nothing to be a share of */
	c = ctp_change(x, y, CTM_policy);
	str_addc(&s, ' ');
	ctp_cell_diff(&s, x, y, CTM_policy, &c);
	assert_string_equal(str_get(&s), "+2.500ms +250.0% differs");
	ctp_diff_free(d);
	ctp_free(a);
	ctp_free(b);
}

/* What began at nothing first, words and what is absent last. */
static void default_order(void **state)
{
	struct ctp_snapshot *a = threads(P "\"run_time_ns\":1,\"voluntary_csw\":100");
	struct ctp_snapshot *b =
		threads(P "\"run_time_ns\":1000000,\"voluntary_csw\":50,\"majflt\":1");
	struct ctp_naming naming = {.axis = CTP_BY_PCOMM};
	struct ctp_diff *d = ctp_diff(a, b, &naming);
	struct ctp_view v = {0};
	struct ctp_rows rows = ctp_rank(d, &v, false, 0);

	(void)state;
	assert_int_equal(rows.n, CTP_NPRIMARY);
	assert_int_equal(rows.v[0].metric, CTM_majflt);
	assert_int_equal(rows.v[1].metric, CTM_run_time_ns);
	assert_int_equal(rows.v[2].metric, CTM_voluntary_csw);
	assert_int_equal(rows.v[rows.n - 1].metric, CTM_hiwater_vm_bytes);
	free(rows.v);
	ctp_diff_free(d);
	ctp_free(a);
	ctp_free(b);
}

/* The first rows of a part are the first rows of all, for every length. */
static void the_first_are_the_first(void **state)
{
	struct ctp_snapshot *a = fixture_snapshot("page-a.json"),
			    *b = fixture_snapshot("page-b.json");
	struct ctp_naming naming = {.axis = CTP_BY_ALL};
	struct ctp_diff *d = ctp_diff(a, b, &naming);
	struct ctp_view v = {0};
	struct ctp_rows all = ctp_rank(d, &v, false, 0);

	(void)state;
	for (size_t n = 1; n <= all.n + 1; n++) {
		struct ctp_rows part = ctp_rank(d, &v, false, n);

		assert_int_equal(part.n, n < all.n ? n : all.n);
		for (size_t i = 0; i < part.n; i++) {
			assert_int_equal(part.v[i].pair, all.v[i].pair);
			assert_int_equal(part.v[i].metric, all.v[i].metric);
		}
		free(part.v);
	}
	free(all.v);
	ctp_diff_free(d);
	ctp_free(a);
	ctp_free(b);
}

/* By time: who ran and waited most more or less, with its metrics in the registry's order; what did
 * not change is behind all that did. By delta: the larger number, whatever it began at. */
static void absolute_orders(void **state)
{
	struct ctp_snapshot *a = threads("\"pcomm\":\"a\",\"run_time_ns\":1\n"
					 "\"pcomm\":\"b\",\"run_time_ns\":1000000,\"minflt\":1\n"
					 "\"pcomm\":\"c\",\"utime_clock_ticks\":5");
	struct ctp_snapshot *b = threads("\"pcomm\":\"a\",\"run_time_ns\":900\n"
					 "\"pcomm\":\"b\",\"run_time_ns\":2000000,\"minflt\":2\n"
					 "\"pcomm\":\"c\",\"utime_clock_ticks\":5");
	struct ctp_naming naming = {.axis = CTP_BY_PCOMM};
	struct ctp_diff *d = ctp_diff(a, b, &naming);
	struct ctp_view v = {.order = CTP_ORDER_TIME};
	struct ctp_rows rows = ctp_rank(d, &v, false, 0);

	(void)state;
	assert_string_equal(d->pairs[rows.v[0].pair].key.part[0], "b");
	assert_int_equal(rows.v[0].metric, CTM_run_time_ns);
	assert_int_equal(rows.v[1].metric, CTM_minflt);
	assert_string_equal(d->pairs[rows.v[2].pair].key.part[0], "a");
	assert_int_equal(rows.v[2].metric, CTM_run_time_ns);
	assert_int_equal(rows.v[3].metric, CTM_thread_count); /* of a: unchanged */
	free(rows.v);
	v.order = CTP_ORDER_DELTA;
	rows = ctp_rank(d, &v, false, 0);
	assert_string_equal(d->pairs[rows.v[1].pair].key.part[0], "a");
	assert_int_equal(rows.v[1].metric, CTM_run_time_ns);
	assert_int_equal(rows.v[2].metric, CTM_minflt);
	free(rows.v);
	ctp_diff_free(d);
	ctp_free(a);
	ctp_free(b);
}

/* What threads that are there at the end did in between: those that stayed by what they added,
 * those that came by all they have; those that went are not counted against them. A thread that
 * took another name is the same. */
static void what_the_living_did(void **state)
{
#define AT(pcomm, tid, start)                                                                      \
	"\"pcomm\":\"" pcomm "\",\"comm\":\"" pcomm "\",\"tid\":" tid ",\"tgid\":" tid             \
	",\"start_time_clock_ticks\":" start ","
	struct ctp_snapshot *a = threads(AT("w", "1", "1") "\"run_time_ns\":1000\n" AT(
		"w", "2", "1") "\"run_time_ns\":500000\n" AT("idle", "5",
		"1") "\"run_time_ns\":9\n" AT("kworker-a", "6", "1") "\"run_time_ns\":700");
	struct ctp_snapshot *b = threads(AT("w", "1", "1") "\"run_time_ns\":3000\n" AT("w", "2",
		"7") "\"run_time_ns\":40\n" AT("new", "3", "8") "\"nr_migrations\":7\n" AT("idle",
		"5", "1") "\"run_time_ns\":9\n" AT("kworker-b", "6", "1") "\"run_time_ns\":710");
	struct ctp_naming naming = {.axis = CTP_BY_ALL};
	struct ctp_diff *d = ctp_diff(a, b, &naming);
	cleanup_str struct str text = STR_INIT;

	(void)state;
	ctp_text_alive(d, false, 0, 0, &text);
	assert_true(str_starts(text.s, "## Alive at the end\n name  "));
	assert_non_null(strstr(text.s, "\n total      4→5      2.050µs "));
	assert_non_null(strstr(text.s, "\n w          2        2.040µs "));
	assert_non_null(strstr(text.s, "\n new        0→1      0ns "));
	assert_non_null(strstr(text.s, "\n kworker-b  0→1      10ns "));
	assert_null(strstr(text.s, "idle"));
	ctp_diff_free(d);
	ctp_free(a);
	ctp_free(b);
}

static void sort_by_named_metrics(void **state)
{
	struct ctp_snapshot *a = threads("\"pcomm\":\"a\"\n\"pcomm\":\"b\"\n\"pcomm\":\"c\"");
	struct ctp_snapshot *b =
		threads("\"pcomm\":\"a\",\"minflt\":5\n"
			"\"pcomm\":\"b\",\"minflt\":9\n\"pcomm\":\"c\",\"minflt\":5,"
			"\"majflt\":1");
	struct ctp_naming naming = {.axis = CTP_BY_PCOMM};
	struct ctp_diff *d = ctp_diff(a, b, &naming);
	struct ctp_view v = {.nsort = 2, .sort = {{CTM_minflt, true}, {CTM_majflt, false}}};
	struct ctp_rows rows = ctp_rank(d, &v, false, 0);

	(void)state;
	assert_string_equal(d->pairs[rows.v[0].pair].key.part[0], "c");
	assert_int_equal(rows.v[1].metric, 1); /* in the registry's order within a group */
	assert_string_equal(d->pairs[rows.v[CTP_NPRIMARY].pair].key.part[0], "a");
	assert_string_equal(d->pairs[rows.v[rows.n - 1].pair].key.part[0], "b");
	free(rows.v);
	ctp_diff_free(d);
	ctp_free(a);
	ctp_free(b);
}

/* ---- renamed cgroups ------------------------------------------------------------------------- */

/* Kinds of threads in one cgroup, and one more in a cgroup below. */
static void pod(struct str *out, const char *cgroup, int kinds, const char *extra)
{
	for (int i = 0; i < kinds; i++)
		str_printf(out,
			"\"pcomm\":\"app\",\"comm\":\"thread%c\",\"cgroup\":\"%s\","
			"\"run_time_ns\":100\n",
			'a' + i, cgroup);
	str_printf(out, "\"pcomm\":\"side\",\"comm\":\"side\",\"cgroup\":\"%s/child\"\n", cgroup);
	if (extra)
		str_printf(out, "\"pcomm\":\"app\",\"comm\":\"%s\",\"cgroup\":\"%s\"\n", extra,
			cgroup);
}

static struct ctp_diff *fudged(int kinds_a, int kinds_b, struct ctp_snapshot *snaps[2])
{
	cleanup_str struct str a = STR_INIT, b = STR_INIT;
	struct ctp_naming naming = {.axis = CTP_BY_ALL};

	pod(&a, "/pods/old", kinds_a, NULL);
	pod(&b, "/pods/new", kinds_b, "extra");
	snaps[0] = threads(str_get(&a));
	snaps[1] = threads(str_get(&b));
	return ctp_diff(snaps[0], snaps[1], &naming);
}

static void renamed_cgroups_are_paired(void **state)
{
	struct ctp_snapshot *snaps[2];
	struct ctp_diff *d = fudged(12, 12, snaps);
	const struct ctp_fudge *f = d->fudges;

	(void)state;
	assert_int_equal(d->nfudges, 1);
	assert_string_equal(f->path[0], "/pods/old");
	assert_string_equal(f->path[1], "/pods/new");
	assert_int_equal(f->overlap, 12);
	assert_int_equal(f->cascaded, 1); /* the one below came along */
	assert_int_equal(f->nresidual[0], 0);
	assert_int_equal(f->nresidual[1], 1);
	assert_string_equal(f->residual[1][0], "app:extra");
	assert_int_equal(d->npairs, 13);
	assert_true(d->pairs[0].fudged);
	assert_string_equal(d->pairs[0].mark, "old");
	assert_int_equal(d->nonly[CTP_BASE], 0);
	assert_int_equal(d->nonly[CTP_CAND], 1);
	assert_string_equal(ctp_diff_renamed(d, "/pods/new/child"), "/pods/old/child");
	ctp_diff_free(d);
	ctp_free(snaps[0]);
	ctp_free(snaps[1]);
}

static void few_kinds_are_no_evidence(void **state)
{
	struct ctp_snapshot *snaps[2];
	struct ctp_diff *d = fudged(9, 9, snaps);

	(void)state;
	assert_int_equal(d->nfudges, 0);
	assert_int_equal(d->npairs, 0);
	ctp_diff_free(d);
	ctp_free(snaps[0]);
	ctp_free(snaps[1]);
}

static void unlike_cgroups_are_not_paired(void **state)
{
	struct ctp_snapshot *snaps[2];
	struct ctp_diff *d = fudged(12, 16, snaps); /* 12 of 17 */

	(void)state;
	assert_int_equal(d->nfudges, 0);
	ctp_diff_free(d);
	ctp_free(snaps[0]);
	ctp_free(snaps[1]);
}

/* ---- cgroups ------------------------------------------------------------------------------- */

static void cgroups_fold(void **state)
{
	struct ctp_snapshot *s = ctprof_fixture_text(
		"{\"threads\":[],\"cgroup_stats\":{"
		"\"/s/session-1.scope\":{\"cpu\":{\"usage_usec\":100,\"weight\":100},\"memory\":"
		"{\"current\":500,\"max\":7,\"low\":5,\"stat\":{\"anon\":3,\"pgfault\":3}},"
		"\"pids\":{\"current\":1}},"
		"\"/s/session-2.scope\":{\"cpu\":{\"usage_usec\":200,\"weight\":null},\"memory\":"
		"{\"current\":800,\"max\":9,\"low\":2,\"stat\":{\"anon\":4,\"pgfault\":4}}}}}");
	struct ctp_groups *g = group(s, CTP_BY_CGROUP);
	struct ctp_cgroups c = ctp_merge_cgroups(g, CTP_BASE);

	(void)state;
	assert_int_equal(c.n, 1);
	assert_string_equal(c.v[0].path, "/s/session-{N}.scope");
	assert_int_equal(c.v[0].memory_current, 800);
	assert_int_equal(c.v[0].usage_usec, 300);
	assert_false(c.v[0].weight.has);
	assert_int_equal(c.v[0].memory_max.v, 9);
	assert_int_equal(c.v[0].memory_low.v, 2);
	assert_int_equal(c.v[0].pids_current.v, 1);
	assert_int_equal(c.v[0].memory_stat.pairs[0].v, 4); /* a gauge */
	assert_int_equal(c.v[0].memory_stat.pairs[1].v, 7); /* a count */
	ctp_groups_free(g);
	ctp_free(s);
}

/* A name is a pattern only where its cgroups differ in it, on either side. */
static void tightened_cgroups(void **state)
{
	struct ctp_snapshot *a = threads("\"cgroup\":\"/user-1000.slice/session-3.scope\"\n"
					 "\"cgroup\":\"/user-1000.slice/session-4.scope\"\n"
					 "\"cgroup\":\"/getty@tty1.service\"\n"
					 "\"cgroup\":\"/pod7/x9\"");
	struct ctp_snapshot *b = threads("\"cgroup\":\"/user-1000.slice/session-3.scope\"\n"
					 "\"cgroup\":\"/pod8/x9\"");
	struct ctp_naming naming = {.axis = CTP_BY_CGROUP, .tight = true};
	struct strv warnings = STRV_INIT;
	struct ctp_groups *g = ctp_group(a, b, &naming, &warnings);

	(void)state;
	assert_int_equal(g->n, 3);
	assert_int_equal(find(g, "/user-1000.slice/session-{N}.scope")->side[0]->threads, 2);
	assert_int_equal(find(g, "/getty@tty1.service")->side[0]->threads, 1);
	assert_int_equal(find(g, "/pod{N}/x9")->side[1]->threads, 1);
	assert_string_equal(ctp_groups_cgroup(g, "/pod9/x9"), "/pod{N}/x9");
	ctp_groups_free(g);
	ctp_free(a);
	ctp_free(b);
	strv_release(&warnings);
}

/* What the format has no key for is kept, folded by its kind, and shown with its unit when asked
 * for; a snapshot without it writes none. */
static void more_of_cgroups(void **state)
{
	struct ctp_snapshot *s = ctprof_fixture_text(
		"{\"threads\":[{\"cgroup\":\"/s/a-1\"}],\"cgroup_stats\":{"
		"\"/s/a-1\":{\"more\":{\"io.stat.rbytes\":1024,\"memory.peak\":4096,"
		"\"cpu.stat.user_usec\":7}},"
		"\"/s/a-2\":{\"more\":{\"io.stat.rbytes\":1024,\"memory.peak\":2048}}}}");
	struct ctp_groups *g = group(s, CTP_BY_CGROUP);
	struct ctp_view v = {.show = true};
	struct ctp_text_options o = {.view = &v};
	cleanup_str struct str text = STR_INIT;

	(void)state;
	ctp_view_format(&v, CTP_FORMAT_ARROW);
	ctp_text_show(g, &o, &text);
	assert_null(strstr(text.s, "memory.peak"));
	assert_int_equal(ctp_view_sections(&v, "cgroup-more", NULL), 0);
	str_clear(&text);
	ctp_text_show(g, &o, &text);
	assert_non_null(strstr(text.s, "## Cgroup counters that other files have\n"));
	assert_non_null(strstr(text.s, " io.stat.rbytes      2.000KiB "));
	assert_non_null(strstr(text.s, " memory.peak         4.000KiB "));
	assert_non_null(strstr(text.s, " cpu.stat.user_usec  7µs "));
	ctp_groups_free(g);
	ctp_free(s);
}

static void flattened_cgroups(void **state)
{
	struct ctp_snapshot *s =
		threads("\"cgroup\":\"/kubepods/pod1/a\"\n\"cgroup\":\"/kubepods/x\"\n"
			"\"cgroup\":\"/other\"");
	struct strv patterns = STRV_INIT, warnings = STRV_INIT;
	struct ctp_naming naming = {.axis = CTP_BY_CGROUP, .flatten = &patterns};
	struct ctp_groups *g;

	(void)state;
	strv_push(&patterns, "/a**");
	strv_push(&patterns, "/kubepods/*");
	g = ctp_group(s, NULL, &naming, &warnings);
	assert_int_equal(g->n, 2);
	assert_int_equal(find(g, "/kubepods/*")->side[0]->threads, 2);
	assert_int_equal(warnings.n, 1);
	ctp_groups_free(g);
	ctp_free(s);
	strv_release(&patterns);
	strv_release(&warnings);
}

/* ---- threads -------------------------------------------------------------------------------- */

static void survivors(void **state)
{
	struct ctp_snapshot *a = threads(P "\"tid\":1,\"tgid\":1,\"start_time_clock_ticks\":5\n" P
					   "\"tid\":2,\"tgid\":1,\"start_time_clock_ticks\":5");
	struct ctp_snapshot *b = threads(P "\"tid\":1,\"tgid\":1,\"start_time_clock_ticks\":5\n" P
					   "\"tid\":2,\"tgid\":1,\"start_time_clock_ticks\":9\n" P
					   "\"tid\":3,\"tgid\":1,\"start_time_clock_ticks\":9");
	struct ctp_naming naming = {.axis = CTP_BY_PCOMM};
	bool *keep[2] = {NULL, NULL};
	struct ctp_diff *d = ctp_diff(a, b, &naming);
	struct ctp_survival s = ctp_survivors(d, d->pairs[0].side[0], d->pairs[0].side[1]);

	(void)state;
	assert_int_equal(s.survived, 1);
	assert_int_equal(s.gone, 1);
	assert_int_equal(s.born, 2); /* the number 2 was used again */
	ctp_diff_free(d);
	ctp_select_survivors(a, b, keep);
	naming.keep[0] = keep[0];
	naming.keep[1] = keep[1];
	d = ctp_diff(a, b, &naming);
	assert_int_equal(d->pairs[0].side[1]->threads, 1);
	ctp_diff_free(d);
	free(keep[0]);
	free(keep[1]);
	ctp_free(a);
	ctp_free(b);
}

static void selections(void **state)
{
	struct ctp_snapshot *s = threads("\"tgid\":1,\"comm\":\"web\",\"cgroup\":\"/a/b/c\"\n"
					 "\"tgid\":2,\"pcomm\":\"web\",\"cgroup\":\"/a\"\n"
					 "\"tgid\":3,\"comm\":\"db\",\"cgroup\":\"/x\"");
	struct strv pids = STRV_INIT, comms = STRV_INIT, cgroups = STRV_INIT;
	struct ctp_selection sel = {&pids, &comms, &cgroups};
	struct err e = ERR_INIT;
	bool *keep;

	(void)state;
	strv_push(&comms, "w*");
	strv_push(&cgroups, "/a/b");
	keep = ctp_select(s, &sel, &e);
	assert_true(keep[0] && !keep[1] && !keep[2]);
	free(keep);
	strv_push(&pids, "x");
	assert_null(ctp_select(s, &sel, &e));
	strv_release(&pids);
	strv_release(&comms);
	strv_release(&cgroups);
	ctp_free(s);
}

/* A change counts when all repetitions show it and rest does not. */
static void noise(void **state)
{
	struct ctp_snapshot *a = threads(P "\"minflt\":0,\"majflt\":0");
	struct ctp_snapshot *b = threads(P "\"minflt\":50,\"majflt\":50");
	struct ctp_snapshot *idle = threads(P "\"minflt\":60,\"majflt\":1");
	struct ctp_naming naming = {.axis = CTP_BY_PCOMM};
	struct ctp_diff *rep = ctp_diff(a, b, &naming), *rest = ctp_diff(a, idle, &naming);
	struct ctp_noise *n = ctp_noise_new();

	(void)state;
	ctp_noise_add_rep(n, rep);
	assert_false(ctp_noise_beyond(n, &rep->pairs[0].key, CTM_majflt)); /* nothing to judge by */
	ctp_noise_add_idle(n, rest);
	assert_false(ctp_noise_beyond(n, &rep->pairs[0].key, CTM_minflt));
	assert_true(ctp_noise_beyond(n, &rep->pairs[0].key, CTM_majflt));
	ctp_noise_add_rep(n, rest);
	assert_false(ctp_noise_beyond(n, &rep->pairs[0].key, CTM_majflt));
	ctp_noise_free(n);
	ctp_diff_free(rep);
	ctp_diff_free(rest);
	ctp_free(a);
	ctp_free(b);
	ctp_free(idle);
}

static void hosts(void **state)
{
	struct ctp_snapshot *a = fixture_snapshot("every.json"),
			    *b = fixture_snapshot("every-b.json");
	struct ctp_host_changes c = {0};
	cleanup_str struct str s = STR_INIT;

	(void)state;
	ctp_host_changes(a, b, &c);
	ctp_host_changes_text(&c, 2, &s);
	assert_string_equal(str_get(&s), "sched_ext enabled " CTP_ARROW " disabled, "
					 "sched_tunables.sched_a 1 " CTP_ARROW " 2, and 1 more");
	ctp_host_changes_release(&c);
	ctp_free(a);
	ctp_free(b);
}

/* ---- words ---------------------------------------------------------------------------------- */

static void words(void **state)
{
	static const struct {
		int (*parse)(struct ctp_view *, const char *, struct err *);
		const char *spec, *says; /* NULL = good */
	} rows[] = {
		{ctp_view_sections, " Primary , SCHED-EXT", NULL},
		{ctp_view_sections, " ", NULL},
		{ctp_view_sections, "primary,,derived", "empty"},
		{ctp_view_sections, "primary,primary", "twice"},
		{ctp_view_sections, "prim", "unknown section \"prim\""},
		{ctp_view_metrics, "run_time_ns, avg_wait_ns", NULL},
		{ctp_view_metrics, "Run_time_ns", "unknown metric"},
		{ctp_view_metrics, "nice,nice", "twice"},
		{ctp_view_columns, "Group,%,ARROW", NULL},
		{ctp_view_columns, "arrow,baseline", "cannot stand beside"},
		{ctp_view_columns, "value", "no column \"value\""},
		{ctp_view_columns, "sort-by", "unknown column"},
		{ctp_view_sort, "", NULL},
		{ctp_view_sort, " ", "empty entry"},
		{ctp_view_sort, "run_time_ns : ASC , minflt", NULL},
		{ctp_view_sort, "run_time_ns:up", "neither asc nor desc"},
		{ctp_view_sort, "policy", "is a word"},
		{ctp_view_sort, "minflt,minflt:asc", "twice"},
		{ctp_view_sort, "wait_sum [non-ext]", "unknown metric"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ctp_view v = {0};
		struct err e = ERR_INIT;
		int rc = rows[i].parse(&v, rows[i].spec, &e);

		if (!rows[i].says && rc)
			fail_msg("'%s': %s", rows[i].spec, e.msg);
		if (rows[i].says && (!rc || !strstr(e.msg, rows[i].says)))
			fail_msg("'%s' says '%s'", rows[i].spec, e.msg);
	}
}

/* Every row of the registry is told apart and explained. */
static void registry(void **state)
{
	(void)state;
	for (int m = 0; m < CTP_NMETRICS; m++) {
		const struct ctp_metric_row *row = &ctp_metrics[m];

		assert_int_equal(ctp_metric_find(row->name, strlen(row->name)), m);
		assert_true(strlen(row->help) > 3);
		assert_true(m < CTP_NPRIMARY ? row->ninputs == 0 : row->ninputs >= 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools_are_groups),
		cmocka_unit_test(a_lone_name_is_a_pattern_when_both_have_it),
		cmocka_unit_test(rules),
		cmocka_unit_test(lists_that_differ),
		cmocka_unit_test(absent_is_not_zero),
		cmocka_unit_test(changes),
		cmocka_unit_test(default_order),
		cmocka_unit_test(the_first_are_the_first),
		cmocka_unit_test(absolute_orders),
		cmocka_unit_test(what_the_living_did),
		cmocka_unit_test(sort_by_named_metrics),
		cmocka_unit_test(renamed_cgroups_are_paired),
		cmocka_unit_test(few_kinds_are_no_evidence),
		cmocka_unit_test(unlike_cgroups_are_not_paired),
		cmocka_unit_test(cgroups_fold),
		cmocka_unit_test(flattened_cgroups),
		cmocka_unit_test(tightened_cgroups),
		cmocka_unit_test(more_of_cgroups),
		cmocka_unit_test(survivors),
		cmocka_unit_test(selections),
		cmocka_unit_test(noise),
		cmocka_unit_test(hosts),
		cmocka_unit_test(words),
		cmocka_unit_test(registry),
	};

	return cmocka_run_group_tests_name("ctprof_compare", tests, NULL, NULL);
}
