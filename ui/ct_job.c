/* One thing at a time off the dashboard's thread: a capture, a file, a comparison. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "probes/ctprof/capture.h"
#include "probes/ctprof/store.h"
#include "src/base/loop.h"
#include "ui/ct_view.h"

/* Owned by the thread and the pane together; the last of the two to leave frees it. */
struct ct_job {
	atomic_uint refs;
	struct ct_order order;
	char *path;
	struct ct_result result; /* the pane's once the event has fired */
	atomic_ullong done, total, threads;
	atomic_bool cancel;
	pthread_t thread;
	int event;
	/* the pane's */
	struct loop *loop;
	struct loop_fd *source;
	void (*call)(void *user);
	void *user;
};

static void result_release(struct ct_result *r)
{
	ctp_free(r->snap);
	ctp_diff_free(r->diff);
	strv_release(&r->missing);
}

static void unref(struct ct_job *j)
{
	if (atomic_fetch_sub(&j->refs, 1) != 1)
		return;
	result_release(&j->result);
	close(j->event);
	free(j->path);
	free(j);
}

static void on_progress(void *ctx, const struct ctp_progress *p)
{
	struct ct_job *j = ctx;

	atomic_store(&j->done, p->done);
	atomic_store(&j->total, p->total);
	atomic_store(&j->threads, p->threads);
}

static void capture(struct ct_job *j)
{
	struct sysroot *root = sysroot_open(NULL, &j->result.e);
	struct ctp_capture_opts o = {
		.root = root, .progress = on_progress, .ctx = j, .cancel = &j->cancel};
	struct ctp_result r = {0};

	if (root)
		j->result.snap = ctp_capture(&o, &r, &j->result.e);
	strv_copy(&j->result.missing, &r.missing);
	ctp_result_release(&r);
	sysroot_close(root);
}

static void *work(void *arg)
{
	struct ct_job *j = arg;

	if (j->order.work == CT_CAPTURE)
		capture(j);
	else if (j->order.work == CT_LOAD)
		j->result.snap = ctp_load(j->path, 0, &j->result.e);
	else
		j->result.diff = ctp_diff(j->order.a, j->order.b, &j->order.naming);
	eventfd_write(j->event, 1);
	unref(j);
	return NULL;
}

/* Signals are the dashboard's own thread's. */
static int start_thread(struct ct_job *j)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&j->thread, NULL, work, j);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void on_event(void *user, int fd, uint32_t events)
{
	struct ct_job *j = user;

	(void)fd;
	(void)events;
	j->call(j->user);
}

struct ct_job *ct_job_start(const struct ct_order *o, struct loop *l, void (*done)(void *user),
	void *user, struct err *e)
{
	struct ct_job *j = xcalloc(1, sizeof(*j));
	int rc;

	*j = (struct ct_job){.order = *o,
		.path = o->path ? xstrdup(o->path) : NULL,
		.result = {.work = o->work},
		.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.loop = l,
		.call = done,
		.user = user};
	atomic_store(&j->refs, 2);
	j->source = j->event < 0 ? NULL : loop_add_fd(l, j->event, EPOLLIN, on_event, j, e);
	rc = !j->source ? EMFILE : start_thread(j);
	if (!rc)
		return j;
	err_sys(e, rc, "cannot work in the background");
	loop_del_fd(l, j->source);
	atomic_store(&j->refs, 1);
	unref(j);
	return NULL;
}

struct ct_result ct_job_take(struct ct_job *j)
{
	struct ct_result r;

	pthread_join(j->thread, NULL);
	r = j->result;
	j->result = (struct ct_result){.work = r.work};
	loop_del_fd(j->loop, j->source);
	unref(j);
	return r;
}

void ct_job_cancel(struct ct_job *j)
{
	atomic_store(&j->cancel, true);
}

void ct_job_abandon(struct ct_job *j)
{
	if (!j)
		return;
	ct_job_cancel(j);
	loop_del_fd(j->loop, j->source);
	if (j->order.work == CT_DIFF)
		pthread_join(j->thread, NULL);
	else
		pthread_detach(j->thread);
	unref(j);
}

void ct_job_progress(const struct ct_job *j, uint64_t *done, uint64_t *total, uint64_t *threads)
{
	*done = atomic_load(&j->done);
	*total = atomic_load(&j->total);
	*threads = atomic_load(&j->threads);
}
