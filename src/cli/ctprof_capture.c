/* One capture as a command does it: options, progress, signals, and what is said afterwards. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/parse.h"
#include "src/cli/ctprof.h"
#include "src/cli/progress.h"
#include "src/cli/term.h"

struct watch {
	struct progress bar;
	sigset_t old, set;
	atomic_bool cancel;
};

static void draw(const struct str *text)
{
	file_write_fd(STDERR_FILENO, str_get(text), text->len);
}

/* The signals are blocked in every thread: one that waits is taken here, a tenth of a second after
 * it came at most. */
static void on_progress(void *ctx, const struct ctp_progress *p)
{
	const struct timespec now = {0};
	struct watch *w = ctx;
	cleanup_str struct str text = STR_INIT;

	if (sigtimedwait(&w->set, NULL, &now) > 0)
		atomic_store(&w->cancel, true);
	progress_update(&w->bar, clock_mono_ns(), "reading threads", p->done, p->total, &text);
	draw(&text);
}

static void begin(struct watch *w, const struct cli_context *cx)
{
	/* A capture takes a second: without a terminal there is nobody to tell how far it is. */
	w->bar.kind = term_progress(cx) ? PROGRESS_BAR : PROGRESS_NONE;
	w->bar.unit = "processes";
	w->bar.width = term_width(STDERR_FILENO, 80);
	sigemptyset(&w->set);
	sigaddset(&w->set, SIGINT);
	sigaddset(&w->set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &w->set, &w->old);
}

static void end(struct watch *w)
{
	cleanup_str struct str text = STR_INIT;

	progress_end(&w->bar, &text);
	draw(&text);
	progress_release(&w->bar);
	pthread_sigmask(SIG_SETMASK, &w->old, NULL);
}

static int parse_pids(const struct strv *texts, uint32_t **pids, struct err *e)
{
	*pids = xcalloc(texts->n, sizeof(**pids));
	for (size_t i = 0; i < texts->n; i++) {
		int rc = parse_u32(texts->v[i], &(*pids)[i], e);

		if (rc < 0)
			return err_prefix(e, "option '--pid'");
	}
	return 0;
}

int ctprof_capture(const struct ctprof_capture_values *v, const char *path,
	struct ctp_snapshot **snapshot, struct ctp_result *result, const struct cli_context *cx,
	struct err *e)
{
	struct sysroot *root = sysroot_open(NULL, e);
	cleanup_free uint32_t *pids = NULL;
	struct watch w = {0};
	struct ctp_capture_opts o = {
		.root = root,
		.npids = v->pids.n,
		.comms = &v->comms,
		.cgroups = &v->cgroups,
		.no_smaps = v->no_smaps,
		.no_jemalloc = v->no_jemalloc,
		.workers = v->workers.v,
		.progress = on_progress,
		.ctx = &w,
		.cancel = &w.cancel,
	};
	int rc = root ? parse_pids(&v->pids, &pids, e) : -EINVAL;

	*result = (struct ctp_result){0};
	if (rc == 0) {
		o.pids = pids;
		begin(&w, cx);
		if (path)
			rc = ctp_capture_file(&o, path, result, e);
		else if (!(*snapshot = ctp_capture(&o, result, e)))
			rc = -e->code;
		end(&w);
	}
	sysroot_close(root);
	return rc;
}

static void say_probe(const struct ctp_probe_summary *p, const struct cli_context *cx)
{
	cleanup_str struct str line = STR_INIT;

	str_printf(&line,
		"ctprof probe: %llu tgids walked, %llu jemalloc detected, %llu probed OK, %llu "
		"failed",
		(unsigned long long)p->tgids_walked, (unsigned long long)p->jemalloc_detected,
		(unsigned long long)p->probed_ok, (unsigned long long)p->failed);
	if (p->failed && p->dominant_failure)
		str_printf(&line, " (dominant: %s%s)", p->dominant_failure,
			p->privilege_dominant ? "; hint: re-run as root, or sudo setcap "
						"cap_sys_ptrace+eip $(which ktstr), or set "
						"kernel.yama.ptrace_scope=0"
					      : "");
	cli_note(cx, "%s", line.s);
}

static void say_parse(const struct ctp_result *r, const struct cli_context *cx)
{
	const struct ctp_parse_summary *p = &r->parse;
	cleanup_str struct str line = STR_INIT;

	str_printf(&line, "ctprof parse: %llu tids walked, %llu read failures",
		(unsigned long long)p->tids_walked, (unsigned long long)p->read_failures);
	if (p->negative_dotted_values)
		str_printf(&line, ", %llu negative-dotted values",
			(unsigned long long)p->negative_dotted_values);
	if (p->dominant_read_failure)
		str_printf(&line, " (dominant: %s)", p->dominant_read_failure);
	/* What is merely not permitted has nothing to do with how the kernel was built. */
	if (p->kernel_config_dominant && 2 * r->denied < p->read_failures)
		str_add(&line, "; hint: schedstat / io need CONFIG_SCHED_INFO and "
			       "CONFIG_TASK_IO_ACCOUNTING");
	cli_note(cx, "%s", line.s);
}

void ctprof_say_result(const struct ctp_result *r, const struct cli_context *cx)
{
	say_probe(&r->probe, cx);
	say_parse(r, cx);
	ctprof_say_missing(r, cx);
}

void ctprof_say_missing(const struct ctp_result *r, const struct cli_context *cx)
{
	for (size_t i = 0; i < r->missing.n; i++)
		cli_note(cx, "%s", r->missing.v[i]);
}
