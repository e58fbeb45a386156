#include "src/cli/kernel_share.h"

static int reserve_and_confine(struct kernel_share *s, struct err *e)
{
	const struct reserve_context cx = {.user = s->w, .note = s->w->report.note};
	cleanup_strv struct strv notes = STRV_INIT;
	int rc = reserve_acquire(s->q, &(struct reserve_shape){0}, &cx, &s->r, e);

	if (rc)
		return rc;
	s->reserved = true;
	kernel_watch_say_all(s->w->cx, &s->r.warnings);
	reserve_confine(&s->r);
	if (cpuset_count(&s->r.plan.cpus))
		rc = sandbox_enter(NULL, &s->r.plan.cpus, &s->r.plan.nodes, s->q->cap > 0,
			&s->sandbox, &notes, e);
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
