#include "probes/ctprof/select.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/parse.h"

static size_t size_of(const struct strv *l)
{
	return l ? l->n : 0;
}

bool ctp_selection_is_all(const struct ctp_selection *s)
{
	return !size_of(s->pids) && !size_of(s->comms) && !size_of(s->cgroups);
}

static bool any_matches(const struct strv *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (fnmatch(patterns->v[i], name, 0) == 0)
			return true;
	return false;
}

/* The path itself, or one above it. */
static bool cgroup_matches(const struct strv *patterns, const char *path)
{
	cleanup_free char *up = xstrdup(path);

	for (;;) {
		char *slash;

		if (any_matches(patterns, *up ? up : "/"))
			return true;
		slash = strrchr(up, '/');
		if (!*up || !slash)
			return false;
		*slash = '\0';
	}
}

/* Answers by number of a string, since few are distinct. */
enum answer { NOT_ASKED, NO, YES };
struct wanted {
	const struct ctp_selection *s;
	uint32_t *pids;
	uint8_t *comm, *cgroup;
};

static bool comm_wanted(struct wanted *w, const struct ctp_snapshot *snap, uint64_t number)
{
	if (w->comm[number] == NOT_ASKED)
		w->comm[number] = any_matches(w->s->comms, snap->strings[number]) ? YES : NO;
	return w->comm[number] == YES;
}

static bool cgroup_wanted(struct wanted *w, const struct ctp_snapshot *snap, uint64_t number)
{
	if (w->cgroup[number] == NOT_ASKED)
		w->cgroup[number] = cgroup_matches(w->s->cgroups, snap->strings[number]) ? YES : NO;
	return w->cgroup[number] == YES;
}

static bool pid_wanted(const struct wanted *w, uint64_t tgid)
{
	for (size_t i = 0; i < size_of(w->s->pids); i++)
		if (w->pids[i] == tgid)
			return true;
	return false;
}

static bool wanted(struct wanted *w, const struct ctp_snapshot *snap, const struct ctp_thread *t)
{
	if (size_of(w->s->pids) && !pid_wanted(w, t->v[CTP_tgid]))
		return false;
	if (size_of(w->s->comms) && !comm_wanted(w, snap, t->v[CTP_comm]) &&
		!comm_wanted(w, snap, t->v[CTP_pcomm]))
		return false;
	return !size_of(w->s->cgroups) || cgroup_wanted(w, snap, t->v[CTP_cgroup]);
}

static int parse_pids(const struct strv *pids, uint32_t *out, struct err *e)
{
	for (size_t i = 0; i < size_of(pids); i++) {
		int rc = parse_u32(pids->v[i], &out[i], e);

		if (rc)
			return err_prefix(e, "--pid \"%s\"", pids->v[i]);
	}
	return 0;
}

bool *ctp_select(const struct ctp_snapshot *snap, const struct ctp_selection *s, struct err *e)
{
	cleanup_free uint32_t *pids = xcalloc(size_of(s->pids) + 1, sizeof(*pids));
	cleanup_free uint8_t *comm = xcalloc(snap->nstrings + 1, 1);
	cleanup_free uint8_t *cgroup = xcalloc(snap->nstrings + 1, 1);
	struct wanted w = {s, pids, comm, cgroup};
	bool *keep;

	if (parse_pids(s->pids, pids, e))
		return NULL;
	keep = xcalloc(snap->nthreads + 1, sizeof(*keep));
	for (size_t i = 0; i < snap->nthreads; i++)
		keep[i] = wanted(&w, snap, ctp_thread_at(snap, i));
	return keep;
}

/* ---- those on both sides --------------------------------------------------------------------- */

struct entry {
	const struct ctp_thread *t;
	size_t number;
};

static int by_identity(const void *a, const void *b)
{
	static const enum ctp_field fields[] = {CTP_tgid, CTP_tid, CTP_start_time_clock_ticks};
	const struct ctp_thread *x = ((const struct entry *)a)->t,
				*y = ((const struct entry *)b)->t;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (x->v[fields[i]] != y->v[fields[i]])
			return x->v[fields[i]] < y->v[fields[i]] ? -1 : 1;
	return 0;
}

static struct entry *sorted(const struct ctp_snapshot *s, const bool *keep, size_t *n)
{
	struct entry *v = xcalloc(s->nthreads + 1, sizeof(*v));

	*n = 0;
	for (size_t i = 0; i < s->nthreads; i++)
		if (!keep || keep[i])
			v[(*n)++] = (struct entry){ctp_thread_at(s, i), i};
	qsort(v, *n, sizeof(*v), by_identity);
	return v;
}

void ctp_select_survivors(const struct ctp_snapshot *a, const struct ctp_snapshot *b, bool *keep[2])
{
	size_t na, nb, i = 0, k = 0;
	cleanup_free struct entry *x = sorted(a, keep[0], &na), *y = sorted(b, keep[1], &nb);

	free(keep[0]);
	free(keep[1]);
	keep[0] = xcalloc(a->nthreads + 1, sizeof(bool));
	keep[1] = xcalloc(b->nthreads + 1, sizeof(bool));
	while (i < na && k < nb) {
		int by = by_identity(&x[i], &y[k]);

		if (by == 0)
			keep[0][x[i].number] = keep[1][y[k].number] = true;
		i += by <= 0;
		k += by >= 0;
	}
}
