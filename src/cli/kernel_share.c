#include "src/cli/kernel_share.h"

#include "src/kernels/report.h"

/* The watch notes the signal that ends us. A quarter of a second is not worth a word. */
static bool is_cancelled(void *user)
{
	const struct kernel_share *s = user;

	return s->q->wait_ns &&
	       report_progress(&s->w->report, "waiting for CPUs of this host", 0, 0);
}

static void note(void *user, const char *text)
{
	const struct kernel_share *s = user;

	report_note(&s->w->report, "%s", text);
}

static int reserve_and_confine(struct kernel_share *s, struct err *e)
{
	const struct reserve_context cx = {.user = s->w, .note = note, .cancelled = is_cancelled};
	cleanup_strv struct strv notes = STRV_INIT;
	int rc = reserve_acquire(s->q, &(struct reserve_shape){0}, &cx, &s->r, e);

	if (rc)
		return rc;
	s->reserved = true;
	kernel_watch_say_all(s->w->cx, &s->r.warnings);
	if (s->r.mode == RESERVE_NONE)
		return 0;
	reserve_confine(&s->r);
	rc = sandbox_enter(
		NULL, &s->r.plan.cpus, &s->r.plan.nodes, s->q->cap > 0, &s->sandbox, &notes, e);
	kernel_watch_say_all(s->w->cx, &notes);
	return rc;
}

/* The members of a range share it. */
int kernel_share_take(void *user, unsigned *jobs, struct err *e)
{
	struct kernel_share *s = user;
	int rc = s->reserved ? 0 : reserve_and_confine(s, e);

	*jobs = s->reserved ? reserve_jobs(&s->r) : 1;
	return rc;
}

void kernel_share_leave(struct kernel_share *s)
{
	cleanup_strv struct strv notes = STRV_INIT;

	sandbox_leave(s->sandbox, &notes);
	kernel_watch_say_all(s->w->cx, &notes);
	if (s->reserved)
		reservation_release(&s->r);
}
