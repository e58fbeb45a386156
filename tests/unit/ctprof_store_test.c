/* Snapshot files: every key at a value of its own, there and back; hostile and broken files. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probes/ctprof/build.h"
#include "probes/ctprof/store.h"
#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/zst.h"

static char dir[] = "/tmp/ktstr-store-XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return file_remove_tree(dir, NULL);
}

static char *in_dir(const char *name)
{
	return file_join(dir, name);
}

/* A value for field f of thread i that no other has. */
static uint64_t some(int f, unsigned i)
{
	switch (ctp_fields[f].type) {
	case CTP_U64:
		return UINT64_MAX - (uint64_t)f - 1000ULL * i;
	case CTP_U32:
		return UINT32_MAX - (uint32_t)f - 1000 * i;
	case CTP_I32:
		return (uint64_t)(int64_t)(INT32_MIN + f + (int)i);
	case CTP_BOOL:
		return (f + i) % 2;
	case CTP_CHAR:
		return i ? 0x1f600 : 'R';
	default:
		return 0;
	}
}

static void fill_beside(struct ctp_builder *b, struct ctp_thread *t, int f, unsigned i)
{
	const struct ctp_pair pairs[] = {{"Pss", UINT64_MAX - i}, {"Rss", i}};
	const struct ctp_run runs[] = {{0, 3}, {5, 5}, {1000 + i, 1001 + i}};
	cleanup_free char *text = xasprintf("%s \"\\\n\t\x01 %u \xc3\xa9", ctp_fields[f].key, i);

	if (ctp_fields[f].type == CTP_STR)
		t->v[f] = ctp_build_str(b, text, strlen(text));
	else if (ctp_fields[f].type == CTP_CPUS)
		t->v[f] = ctp_build_cpus(b, runs, i ? ARRAY_LEN(runs) : 0);
	else if (ctp_fields[f].type == CTP_MAP)
		t->v[f] = ctp_build_map(b, pairs, i ? ARRAY_LEN(pairs) : 0);
}

static void add_thread(struct ctp_builder *b, unsigned i)
{
	struct ctp_thread *t = ctp_build_thread(b);
	uint8_t why[CTP_NFIELDS] = {0};

	for (int f = 0; f < CTP_NFIELDS; f++) {
		t->v[f] = some(f, i);
		fill_beside(b, t, f, i);
		if (i % 3 == 1 && f % 5 == 4)
			why[f] = (uint8_t)(1 + f / 5 % (CTP_NWHYS - 1));
	}
	t->absence = ctp_build_absence(b, why);
}

static void add_cgroup(struct ctp_builder *b, const char *path, unsigned i)
{
	const struct ctp_pair pairs[] = {{"anon", 1 + i}, {"file", UINT64_MAX}};
	struct ctp_cgroup *c = ctp_build_cgroup(b, path, strlen(path));

	c->usage_usec = 10 + i;
	c->nr_throttled = 11;
	c->throttled_usec = 12;
	c->max_quota_us = (struct ctp_opt){i, 50000};
	c->max_period_us = 99999;
	c->weight = (struct ctp_opt){true, 100};
	c->weight_nice = (struct ctp_opt){true, (uint64_t)-20LL};
	c->memory_current = 13;
	c->memory_low = (struct ctp_opt){true, UINT64_MAX};
	c->memory_stat = ctp_build_pairs(b, pairs, ARRAY_LEN(pairs));
	c->pids_current = (struct ctp_opt){true, 14};
	c->psi.r[CTP_PSI_IRQ].full = (struct ctp_psi_half){1, 2, 10099, 3};
}

static void add_host(struct ctp_builder *b)
{
	const struct ctp_text_pair tunables[] = {{"sched_a", "1"}, {"sched_b", "x y"}};
	struct ctp_host *h = ctp_build_host(b);

	h->cpu_model = "A CPU";
	h->total_memory_kib = (struct ctp_opt){true, 123};
	h->sched_tunables = ctp_build_texts(b, tunables, ARRAY_LEN(tunables));
	h->kernel_release = "6.1";
	h->task_delayacct = "on";
}

static struct ctp_snapshot *full(unsigned nthreads)
{
	struct ctp_builder *b = ctp_builder_new();
	struct ctp_sched_ext *x;

	ctp_build_top(b)->captured_at_unix_ns = UINT64_MAX - 7;
	ctp_build_top(b)->psi.r[CTP_PSI_CPU].some = (struct ctp_psi_half){65535, 1, 2, UINT64_MAX};
	for (unsigned i = 0; i < nthreads; i++)
		add_thread(b, i);
	add_cgroup(b, "/z", 1);
	add_cgroup(b, "/a \"quoted\"", 0);
	add_host(b);
	*ctp_build_probe_summary(b) = (struct ctp_probe_summary){
		.tgids_walked = 5, .dominant_failure = "ptrace-seize", .privilege_dominant = true};
	*ctp_build_parse_summary(b) = (struct ctp_parse_summary){.tids_walked = 6};
	*ctp_build_taskstats_summary(b) = (struct ctp_taskstats_summary){1, 2, 3, 4};
	x = ctp_build_sched_ext(b);
	x->state = "enabled";
	x->enable_seq = 9;
	*ctp_build_cost(b) = (struct ctp_cost){.wall_ns = 1, .workers = 2, .filtered = true};
	return ctp_build_finish(b);
}

static void same_beside(const struct ctp_snapshot *a, const struct ctp_thread *x,
	const struct ctp_snapshot *b, const struct ctp_thread *y, int f)
{
	if (ctp_fields[f].type == CTP_STR) {
		assert_string_equal(ctp_str(a, x, f), ctp_str(b, y, f));
	} else if (ctp_fields[f].type == CTP_CPUS) {
		const struct ctp_cpus *p = ctp_cpus(a, x, f), *q = ctp_cpus(b, y, f);

		assert_int_equal(p->count, q->count);
		assert_int_equal(p->nruns, q->nruns);
		for (uint32_t i = 0; i < p->nruns; i++)
			assert_memory_equal(&p->runs[i], &q->runs[i], sizeof(p->runs[i]));
	} else {
		const struct ctp_map *p = ctp_map(a, x, f), *q = ctp_map(b, y, f);

		assert_int_equal(p->n, q->n);
		for (uint32_t i = 0; i < p->n; i++) {
			assert_string_equal(p->pairs[i].key, q->pairs[i].key);
			assert_true(p->pairs[i].v == q->pairs[i].v);
		}
	}
}

static void same_thread(const struct ctp_snapshot *a, const struct ctp_snapshot *b, size_t i)
{
	const struct ctp_thread *x = ctp_thread_at(a, i), *y = ctp_thread_at(b, i);

	for (int f = 0; f < CTP_NFIELDS; f++) {
		assert_int_equal(ctp_why(x, f), ctp_why(y, f));
		assert_int_equal(ctp_has(x, f), ctp_why(x, f) == CTP_PRESENT);
		assert_int_equal(ctp_has(y, f), ctp_has(x, f));
		if (ctp_fields[f].type == CTP_STR || ctp_fields[f].type == CTP_CPUS ||
			ctp_fields[f].type == CTP_MAP)
			same_beside(a, x, b, y, f);
		else
			assert_true(x->v[f] == y->v[f]);
	}
}

static void same_rest(const struct ctp_snapshot *a, const struct ctp_snapshot *b)
{
	assert_true(a->captured_at_unix_ns == b->captured_at_unix_ns);
	assert_memory_equal(&a->psi, &b->psi, sizeof(a->psi));
	assert_int_equal(a->ncgroups, b->ncgroups);
	for (size_t i = 0; i < a->ncgroups; i++) {
		const struct ctp_cgroup *c = &a->cgroups[i], *d = &b->cgroups[i];

		assert_string_equal(c->path, d->path);
		assert_int_equal(c->usage_usec, d->usage_usec);
		assert_int_equal(c->max_quota_us.has, d->max_quota_us.has);
		assert_true(c->weight_nice.v == d->weight_nice.v);
		assert_true(d->memory_low.has && d->memory_low.v == UINT64_MAX);
		assert_false(d->memory_high.has);
		assert_int_equal(d->memory_stat.n, 2);
		assert_true(d->memory_stat.pairs[1].v == UINT64_MAX);
		assert_memory_equal(&c->psi, &d->psi, sizeof(c->psi));
	}
	assert_string_equal(b->host->cpu_model, "A CPU");
	assert_null(b->host->cpu_vendor);
	assert_true(b->host->sched_tunables.present && b->host->sched_tunables.n == 2);
	assert_string_equal(b->host->sched_tunables.pairs[1].text, "x y");
	assert_false(b->host->cpufreq_governor.present);
	assert_string_equal(b->probe_summary->dominant_failure, "ptrace-seize");
	assert_true(b->probe_summary->privilege_dominant);
	assert_null(b->parse_summary->dominant_read_failure);
	assert_int_equal(b->taskstats_summary->other_err_count, 4);
	assert_string_equal(b->sched_ext->state, "enabled");
	assert_true(b->cost->filtered && b->cost->workers == 2);
}

static void test_round_trip(void **state)
{
	/* across the border of a chunk */
	struct ctp_snapshot *a = full(CTP_CHUNK + 3), *b;
	cleanup_free char *path = in_dir("trip");
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(ctp_save(a, path, &e), 0);
	b = ctp_load(path, 0, &e);
	assert_string_equal(e.msg, "");
	assert_non_null(b);
	assert_int_equal(b->nthreads, a->nthreads);
	for (size_t i = 0; i < a->nthreads; i++)
		same_thread(a, b, i);
	same_rest(a, b);
	assert_string_equal(b->cgroups[0].path, "/a \"quoted\"");
	ctp_free(a);
	ctp_free(b);
}

static void unpack(const char *path, struct str *out)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct zst_in *z = zst_in_new(fd, UINT64_MAX, NULL);
	char buf[4096];
	ssize_t n;

	while ((n = zst_in_read(z, buf, sizeof(buf), NULL)) > 0)
		str_append(out, buf, (size_t)n);
	assert_int_equal(n, 0);
	zst_in_free(z);
}

/* Byte for byte: what was written from a loaded file is that file. */
static void test_stable(void **state)
{
	struct ctp_snapshot *a = full(7), *b;
	cleanup_free char *one = in_dir("one"), *two = in_dir("two");
	cleanup_str struct str first = STR_INIT, second = STR_INIT;

	(void)state;
	assert_int_equal(ctp_save(a, one, NULL), 0);
	b = ctp_load(one, 0, NULL);
	assert_int_equal(ctp_save(b, two, NULL), 0);
	unpack(one, &first);
	unpack(two, &second);
	assert_string_equal(first.s, second.s);
	assert_true(
		str_starts(first.s, "{\"captured_at_unix_ns\":18446744073709551608,\"host\":{"));
	assert_non_null(strstr(first.s, "\"threads\":[{\"tid\":4294967295,\"tgid\":4294967294,"));
	assert_non_null(strstr(first.s, "},{\"tid\":4294966295,"));
	assert_non_null(strstr(first.s, "\"absent\":{\"cfg\":["));
	ctp_free(a);
	ctp_free(b);
}

static struct ctp_snapshot *load(const char *text, struct err *e)
{
	err_clear(e);
	return ctp_load_text(text, strlen(text), "x", e);
}

static void test_lenient(void **state)
{
	struct err e = ERR_INIT;
	struct ctp_snapshot *s =
		load(" {\"new\":[1,{\"a\":null}],\"threads\":[{},{\"utime_clock_ticks\":"
		     "18446744073709551615,"
		     "\"tid\":7,\"unheard\":[{}],\"nice\":-20,\"cpu_affinity\":[5,1,2,1],"
		     "\"comm\":\"a\\u0000b\\ud83d\\ude00\",\"absent\":{\"cfg\":[\"wait_sum\","
		     "\"nothing\"],"
		     "\"tomorrow\":[\"rchar\"]}}],\"host\":null,\"sched_ext\":{}} ",
			&e);
	const struct ctp_thread *t;

	(void)state;
	assert_string_equal(e.msg, "");
	assert_int_equal(s->nthreads, 2);
	t = ctp_thread_at(s, 0);
	assert_int_equal(t->v[CTP_state], '~');
	assert_string_equal(ctp_str(s, t, CTP_comm), "");
	assert_null(t->absence);
	t = ctp_thread_at(s, 1);
	assert_true(t->v[CTP_utime_clock_ticks] == UINT64_MAX);
	assert_int_equal((int64_t)t->v[CTP_nice], -20);
	assert_string_equal(ctp_str(s, t, CTP_comm), "a\xef\xbf\xbd"
						     "b\xf0\x9f\x98\x80");
	assert_int_equal(ctp_cpus(s, t, CTP_cpu_affinity)->count, 3);
	assert_int_equal(ctp_cpus(s, t, CTP_cpu_affinity)->runs[0].hi, 2);
	assert_int_equal(ctp_why(t, CTP_wait_sum), CTP_NO_CFG);
	assert_false(ctp_has(t, CTP_rchar));
	assert_true(ctp_has(t, CTP_wchar));
	assert_null(s->host);
	assert_string_equal(s->sched_ext->state, "");
	ctp_free(s);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "ends at byte 0"},
		{"[]", "no ctprof snapshot"},
		{"{}", "no ctprof snapshot"},
		{"{\"threads\":[]", "ends at byte 13"},
		{"{\"threads\":[]} x", "bad JSON at byte 15"},
		{"{\"threads\":{}}", "threads: an array is expected, but there is an object"},
		{"{\"threads\":[1]}", "a thread's object is expected, but there is a number"},
		{"{\"threads\":[{},{\"tid\":-1}]}", "threads: number 1: tid: an unsigned integer"},
		{"{\"threads\":[{\"tid\":4294967296}]}", "4294967296 is more than 4294967295"},
		{"{\"threads\":[{\"rchar\":18446744073709551616}]}", "there is a fraction"},
		{"{\"threads\":[{\"rchar\":1.0}]}", "rchar: an unsigned integer is expected"},
		{"{\"threads\":[{\"nice\":2147483648}]}", "between -2147483648 and 2147483647"},
		{"{\"threads\":[{\"state\":\"RS\"}]}", "a string of one character"},
		{"{\"threads\":[{\"comm\":null}]}", "comm: a string is expected"},
		{"{\"threads\":[{\"ext_enabled\":1}]}", "true or false"},
		{"{\"threads\":[{\"cpu_affinity\":[262144]}]}", "a CPU number"},
		{"{\"threads\":[{\"smaps_rollup_kib\":{\"a\":1,\"b\":1,\"a\":2}}]}",
			"'a' stands twice"},
		{"{\"threads\":[],\"host\":{\"online_cpus\":\"2\"}}",
			"host: online_cpus: a number"},
		{"{\"threads\":[],\"cgroup_stats\":{\"/x\":{\"cpu\":{\"weight\":true}}}}",
			"cgroup_stats: '/x': cpu: weight: a number or null is expected"},
		{"{\"threads\":[],\"psi\":{\"io\":{\"some\":{\"avg10\":65536}}}}",
			"more than 65535"},
		{"{\"threads\":[{\"absent\":[]}]}", "an object is expected, but there is an array"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;

		assert_null(load(rows[i].text, &e));
		assert_true(str_starts(e.msg, "cannot load snapshot 'x': "));
		if (!strstr(e.msg, rows[i].says))
			fail_msg("%s: %s", rows[i].text, e.msg);
	}
}

static void refuse_file(const char *path, uint64_t max, const char *says)
{
	struct err e = ERR_INIT;

	assert_null(ctp_load(path, max, &e));
	if (!strstr(e.msg, says))
		fail_msg("%s", e.msg);
	assert_non_null(strstr(e.msg, path));
}

/* Every proper beginning of a file is an error, and none brings the loader down. */
static void test_cut_off(void **state)
{
	struct ctp_snapshot *s = full(3);
	cleanup_free char *path = in_dir("whole"), *cut = in_dir("cut");
	cleanup_str struct str bytes = STR_INIT;

	(void)state;
	assert_int_equal(ctp_save(s, path, NULL), 0);
	ctp_free(s);
	assert_int_equal(file_read(path, SIZE_MAX, &bytes, NULL), 0);
	for (size_t n = 0; n < bytes.len; n += 1 + bytes.len / 97) {
		assert_int_equal(file_replace(cut, bytes.s, n, 0600, NULL), 0);
		refuse_file(cut, 0, n ? "cut off" : "it is empty");
	}
	bytes.s[bytes.len / 2] ^= 0x40;
	assert_int_equal(file_replace(cut, bytes.s, bytes.len, 0600, NULL), 0);
	refuse_file(cut, 0, "corrupt near byte");
	assert_int_equal(file_replace(cut, "{\"threads\":[]}", 14, 0600, NULL), 0);
	refuse_file(cut, 0, "it is not a zstd file");
	refuse_file(dir, 0, "is a directory");
	refuse_file("/nowhere/at/all", 0, "No such file");
}

static void write_zst(const char *path, const char *text, size_t n)
{
	cleanup_close int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	struct zst_out *z = zst_out_new(fd, ZST_LEVEL, NULL);

	assert_int_equal(zst_out_write(z, text, n, NULL), 0);
	assert_int_equal(zst_out_end(z, NULL), 0);
	zst_out_free(z);
}

/* Exactly the bound is accepted, one byte more is not. */
static void test_bound(void **state)
{
	cleanup_str struct str text = STR_INIT;
	cleanup_free char *path = in_dir("bound");
	struct ctp_snapshot *s;

	(void)state;
	str_add(&text, "{\"threads\":[]}");
	str_repeat(&text, ' ', 100000);
	write_zst(path, text.s, text.len);
	s = ctp_load(path, text.len, NULL);
	assert_non_null(s);
	ctp_free(s);
	refuse_file(path, text.len - 1, "unpacks to more than 100013 bytes");
}

/* Three bytes of text are eight hundred of model: that has a bound too. */
static void test_bomb(void **state)
{
	cleanup_str struct str text = STR_INIT;
	cleanup_free char *path = in_dir("bomb");

	(void)state;
	str_add(&text, "{\"threads\":[{}");
	for (int i = 0; i < 100000; i++)
		str_add(&text, ",{}");
	str_add(&text, "]}");
	write_zst(path, text.s, text.len);
	refuse_file(path, 10000000, "describes more than fits into 10000000 bytes");
}

/* More different keys than any list of them began with: what grows must not leave them behind. */
static void test_many_keys(void **state)
{
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;
	struct ctp_snapshot *s;

	(void)state;
	str_add(&text, "{\"threads\":[{\"smaps_rollup_kib\":{");
	for (unsigned i = 0; i < 5000; i++)
		str_printf(&text, "%s\"key%u\":%u", i ? "," : "", i * 7919 % 5000, i);
	str_add(&text, "}}]}");
	s = load(text.s, &e);
	assert_string_equal(e.msg, "");
	assert_int_equal(s->maps[1].n, 5000);
	for (uint32_t i = 1; i < s->maps[1].n; i++)
		assert_true(strcmp(s->maps[1].pairs[i - 1].key, s->maps[1].pairs[i].key) < 0);
	ctp_free(s);
}

/* A failed write leaves what was there. */
static void test_atomic(void **state)
{
	struct ctp_snapshot *s = full(1);
	struct strv names = STRV_INIT;
	struct err e = ERR_INIT;
	cleanup_free char *sub = in_dir("sub");
	cleanup_free char *nowhere = in_dir("none/file");

	(void)state;
	assert_int_equal(file_mkdirs(sub, 0700, NULL), 0);
	assert_int_equal(ctp_save(s, sub, &e), -EISDIR);
	assert_int_equal(ctp_save(s, nowhere, &e), -ENOENT);
	assert_non_null(strstr(e.msg, nowhere));
	ctp_free(s);
	strv_release(&names);
}

/* The registry: names are unique and are found. */
static void test_rows(void **state)
{
	(void)state;
	for (int f = 0; f < CTP_NFIELDS; f++) {
		assert_int_equal(ctp_field_find(ctp_fields[f].key, ctp_fields[f].len), f);
		assert_int_equal(strlen(ctp_fields[f].key), ctp_fields[f].len);
		assert_true(ctp_fields[f].len <= 32);
	}
	assert_int_equal(CTP_NFIELDS, 98);
	assert_int_equal(ctp_field_find("tid\0x", 5), -1);
	assert_int_equal(ctp_field_find("ti", 2), -1);
	for (int g = 1; g < CTP_NGATES; g++)
		assert_true(strlen(ctp_gate_name(g)) > 0);
	for (int w = 1; w < CTP_NWHYS; w++)
		assert_true(strlen(ctp_why_word(w)) > 0 && strlen(ctp_why_text(w)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_stable),
		cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_atomic),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
