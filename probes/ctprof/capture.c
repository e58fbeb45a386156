#include "probes/ctprof/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "probes/ctprof/sink.h"
#include "probes/ctprof/store.h"
#include "probes/ctprof/walk.h"
#include "src/base/clock.h"
#include "src/base/file.h"

struct capture {
	const struct ctp_capture_opts *o;
	struct ctp_shared shared;
	struct ctp_sink *sink;
	struct ctp_tids tgids;
	bool comma; /* owed since the last thread */
	struct ctp_result *result;
	uint64_t begun_ns, begun_cpu_ns;
};

void ctp_result_release(struct ctp_result *r)
{
	strv_release(&r->missing);
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t))
		return 0;
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static unsigned default_workers(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < CTP_WORKERS ? (unsigned)n : CTP_WORKERS;
}

/* A mistyped number is a mistake; a process that ends in a moment is not. */
static int take_pids(struct capture *c, struct err *e)
{
	for (size_t i = 0; i < c->o->npids; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u", (unsigned)c->o->pids[i]);
		if (faccessat(c->shared.proc, name, F_OK, 0))
			return err_set(e, ESRCH, "there is no process %s", name);
		vec_push(&c->tgids, c->o->pids[i]);
	}
	ctp_sort_numbers(&c->tgids);
	return 0;
}

static int list_processes(struct capture *c, struct err *e)
{
	char buf[16384] __attribute__((aligned(8)));
	int rc;

	if (c->o->npids)
		return take_pids(c, e);
	rc = ctp_list_numbers(c->shared.proc, buf, sizeof(buf), &c->tgids);
	return rc < 0 ? err_sys(e, rc, "cannot list the processes in /proc") : 0;
}

static void progress(struct capture *c, uint64_t done)
{
	const struct ctp_progress p = {
		.done = done, .total = c->tgids.n, .threads = c->result->threads};

	if (c->o->progress)
		c->o->progress(c->o->ctx, &p);
}

static void idle(void *ctx, uint64_t done)
{
	progress(ctx, done);
}

/* Objects that each have a comma behind them: the last one is kept back until another follows. */
static int take(void *ctx, const char *text, size_t n, uint64_t done, struct err *e)
{
	struct capture *c = ctx;
	int rc = 0;

	if (n) {
		if (c->comma)
			str_addc(ctp_sink_text(c->sink), ',');
		c->comma = true;
		rc = ctp_sink_write(c->sink, text, n - 1, e);
	}
	progress(c, done);
	return rc;
}

static const char *dominant_file(const struct ctp_tally *t)
{
	const char *name = NULL;
	uint64_t most = 0;

	for (int f = 0; f < CTP_NFILES; f++) /* in the order of their names */
		if (t->failures[f] > most) {
			most = t->failures[f];
			name = ctp_file_name(f);
		}
	return name;
}

static void sum_up_probes(const struct ctp_tally *t, struct ctp_probe_summary *p)
{
	uint64_t most = 0, ptrace = t->jemalloc[JEMALLOC_PTRACE_SEIZE] +
				    t->jemalloc[JEMALLOC_PTRACE_INTERRUPT];

	p->tgids_walked = t->tgids_walked;
	p->jemalloc_detected = t->jemalloc_detected;
	p->probed_ok = t->probed;
	for (int f = 0; f < JEMALLOC_NFAILS; f++) { /* in the order of their words */
		if (!jemalloc_fail_counts(f))
			continue;
		p->failed += t->jemalloc[f];
		if (t->jemalloc[f] > most) {
			most = t->jemalloc[f];
			p->dominant_failure = jemalloc_fail_word(f);
		}
	}
	p->privilege_dominant = p->failed && 2 * ptrace >= p->failed;
}

static void sum_up(struct capture *c, const struct ctp_walk_result *w)
{
	const struct ctp_tally *t = &w->tally;
	struct ctp_result *r = c->result;
	uint64_t config = t->failures[CTP_FILE_SCHEDSTAT] + t->failures[CTP_FILE_IO];

	r->threads = t->threads;
	sum_up_probes(t, &r->probe);
	r->parse.tids_walked = t->tids_walked;
	for (int f = 0; f < CTP_NFILES; f++)
		r->parse.read_failures += t->failures[f];
	r->parse.dominant_read_failure = dominant_file(t);
	r->parse.kernel_config_dominant =
		r->parse.read_failures && 2 * config >= r->parse.read_failures;
	r->parse.negative_dotted_values = t->negative;
	r->taskstats = t->taskstats;
	r->denied = t->denied;
	r->cost.skew_ns = t->last_ns - t->first_ns;
	r->cost.workers = w->workers;
	r->cost.cpu_ns = t->cpu_ns;
	r->cost.filtered = c->o->npids || (c->o->comms && c->o->comms->n) ||
			   (c->o->cgroups && c->o->cgroups->n);
}

/* Once, and with what helps: people capture as themselves first. */
static void say_missing(struct capture *c, const struct ctp_walk_result *w)
{
	struct ctp_result *r = c->result;
	struct strv *m = &r->missing;
	const struct ctp_taskstats_summary *t = &r->taskstats;

	if (c->shared.live && !w->has_taskstats && w->taskstats_error.code)
		strv_pushf(m, "no delay accounting: %s%s%s", w->taskstats_error.msg,
			*w->taskstats_error.hint ? "; " : "", w->taskstats_error.hint);
	else if (t->eperm_count)
		strv_pushf(m,
			"no delay accounting for %llu of %llu threads: taskstats needs "
			"CAP_NET_ADMIN (run as root)",
			(unsigned long long)t->eperm_count,
			(unsigned long long)r->parse.tids_walked);
	if (r->denied)
		strv_pushf(m,
			"I/O counters and memory maps of some threads are missing: %llu files may "
			"not "
			"be read%s",
			(unsigned long long)r->denied, geteuid() ? " (run as root)" : "");
}

static void add_failures(const struct ctp_tally *t, struct ctp_builder *b)
{
	struct ctp_pair pairs[CTP_NFILES];
	size_t n = 0;

	for (int f = 0; f < CTP_NFILES; f++)
		if (t->failures[f])
			pairs[n++] = (struct ctp_pair){ctp_file_name(f), t->failures[f]};
	ctp_build_parse_summary(b)->read_failures_by_file = ctp_build_pairs(b, pairs, n);
}

/* Everything behind the threads. */
static int write_tail(struct capture *c, const struct ctp_walk_result *w, struct err *e)
{
	struct ctp_builder *b = ctp_builder_new();
	struct ctp_result *r = c->result;
	struct ctp_snapshot *s;

	*ctp_build_probe_summary(b) = r->probe;
	*ctp_build_parse_summary(b) = r->parse;
	add_failures(&w->tally, b);
	*ctp_build_taskstats_summary(b) = r->taskstats;
	ctp_cgroups_read(c->shared.cgroups, b);
	ctp_read_pressure(c->o->root, "/proc/pressure", "", &ctp_build_top(b)->psi);
	ctp_read_sched_ext(c->o->root, b);
	r->cost.wall_ns = clock_mono_ns() - c->begun_ns;
	r->cost.cpu_ns += thread_cpu_ns() - c->begun_cpu_ns;
	*ctp_build_cost(b) = r->cost;
	s = ctp_build_finish(b);
	ctp_write_tail(s, ctp_sink_text(c->sink));
	ctp_free(s);
	return ctp_sink_end(c->sink, e);
}

static void write_head(struct capture *c)
{
	struct ctp_builder *b = ctp_builder_new();
	struct ctp_snapshot *s;

	ctp_build_top(b)->captured_at_unix_ns = clock_real_ns();
	ctp_read_host(c->o->root, &c->shared.accounting, b);
	s = ctp_build_finish(b);
	ctp_write_head(s, ctp_sink_text(c->sink));
	ctp_free(s);
}

static int walk(struct capture *c, struct err *e)
{
	struct ctp_walk_result result;
	struct ctp_walk_opts o = {
		.shared = &c->shared,
		.tgids = c->tgids.v,
		.ntgids = c->tgids.n,
		.workers = c->o->workers ? c->o->workers : default_workers(),
		.take = take,
		.idle = idle,
		.ctx = c,
	};
	int rc = ctp_walk(&o, &result, e);

	if (rc < 0)
		return rc;
	sum_up(c, &result);
	say_missing(c, &result);
	return write_tail(c, &result, e);
}

static int capture(const struct ctp_capture_opts *o, struct ctp_sink *sink,
	struct ctp_result *result, struct err *e)
{
	struct capture c = {.o = o, .sink = sink, .result = result, .begun_ns = clock_mono_ns()};
	cleanup_close int proc = sysroot_fd(o->root, "/proc");
	int rc;

	if (proc < 0)
		return err_sys(e, proc, "cannot open /proc");
	c.begun_cpu_ns = thread_cpu_ns();
	c.shared = (struct ctp_shared){
		.o = o,
		.proc = proc,
		.live = sysroot_is_host(o->root),
		.accounting = ctp_read_accounting(o->root),
		.cgroups = ctp_cgroups_new(o->root),
	};
	if (c.shared.live && !o->no_jemalloc)
		c.shared.jemalloc = jemalloc_cache_new();
	write_head(&c);
	rc = list_processes(&c, e);
	if (rc == 0)
		rc = walk(&c, e);
	ctp_cgroups_free(c.shared.cgroups);
	jemalloc_cache_free(c.shared.jemalloc);
	free(c.tgids.v);
	return rc;
}

int ctp_capture_file(const struct ctp_capture_opts *o, const char *path, struct ctp_result *result,
	struct err *e)
{
	struct err own = ERR_INIT;
	struct ctp_sink *sink;
	int rc;

	*result = (struct ctp_result){0};
	e = e ? e : &own;
	sink = ctp_sink_new(path, e);
	if (!sink)
		return -e->code;
	rc = capture(o, sink, result, e);
	ctp_sink_free(sink);
	return rc;
}

struct ctp_snapshot *ctp_capture(
	const struct ctp_capture_opts *o, struct ctp_result *result, struct err *e)
{
	cleanup_close int fd = file_memfd("ctprof");
	struct ctp_snapshot *s = NULL;
	struct ctp_sink *sink;

	*result = (struct ctp_result){0};
	if (fd < 0) {
		err_sys(e, fd, "cannot keep a snapshot in memory");
		return NULL;
	}
	sink = ctp_sink_new_fd(fd, e);
	if (sink && capture(o, sink, result, e) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		s = ctp_load_fd(fd, "memory", UINT64_MAX, e);
	ctp_sink_free(sink);
	return s;
}
