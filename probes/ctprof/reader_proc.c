/* Processes: their tasks, and whether any of them is wanted. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <unistd.h>

#include "probes/ctprof/reader_priv.h"

static bool matches(const struct strv *patterns, const char *text, int flags)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (fnmatch(patterns->v[i], text, flags) == 0)
			return true;
	return false;
}

static bool filters(const struct strv *patterns)
{
	return patterns && patterns->n;
}

/* Names are as they are; of paths, what is below a match matches. */
bool ctp_comm_wanted(const struct ctp_reader *r, const char *comm)
{
	return !filters(r->shared->o->comms) || matches(r->shared->o->comms, comm, 0);
}

bool ctp_cgroup_wanted(const struct ctp_reader *r, const char *path)
{
	return !filters(r->shared->o->cgroups) ||
	       matches(r->shared->o->cgroups, path, FNM_LEADING_DIR);
}

void ctp_proc_comm(struct ctp_reader *r, struct ctp_proc *p)
{
	struct scan s;
	int rc;

	if (p->has_comm)
		return;
	rc = ctp_slurp(r, p->task, "../comm", &s);
	if (rc == 0)
		scan_trim(&s);
	ctp_copy_text(p->comm, sizeof(p->comm), rc == 0 ? s : (struct scan){0});
	p->comm_why = rc == 0 ? CTP_PRESENT : ctp_why_of(rc);
	p->has_comm = true;
}

/* The next number among names in a directory's buffer. */
static bool is_number(const char *name, uint32_t *out)
{
	struct scan s = {name, name + strlen(name)};
	uint64_t v;

	if (!scan_whole_u64(s, &v) || v == 0 || v > INT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void ctp_sort_numbers(struct ctp_tids *t)
{
	size_t n = 0;

	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), by_number);
	for (size_t i = 0; i < t->n; i++)
		if (i == 0 || t->v[i] != t->v[n - 1])
			t->v[n++] = t->v[i];
	t->n = n;
}

int ctp_list_numbers(int dir, char *buf, size_t size, struct ctp_tids *out)
{
	size_t first = out->n;
	bool sorted = true;
	ssize_t n;

	while ((n = getdents64(dir, buf, size)) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *d = (const struct dirent64 *)(buf + at);
			uint32_t number;

			at += d->d_reclen;
			if (!is_number(d->d_name, &number))
				continue;
			sorted &= out->n == first || out->v[out->n - 1] < number;
			vec_push(out, number);
		}
	if (!sorted)
		qsort(out->v + first, out->n - first, sizeof(*out->v), by_number);
	return n < 0 ? -errno : 0;
}

int ctp_proc_open(struct ctp_reader *r, uint32_t tgid, struct ctp_proc *p, struct ctp_tids *tids)
{
	char path[32];
	int rc;

	*p = (struct ctp_proc){.tgid = tgid};
	p->task = openat(r->shared->proc, ctp_path_of(tgid, "task", path),
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->task < 0)
		return -errno;
	rc = ctp_list_numbers(p->task, r->buf, CTP_BUFFER, tids);
	if (rc < 0)
		ctp_proc_close(p);
	return rc;
}

void ctp_proc_close(struct ctp_proc *p)
{
	close(p->task);
	free(p->cgroup);
	p->cgroup = NULL;
}

static uint8_t why_not(enum jemalloc_fail fail, bool denied)
{
	return denied ? CTP_NO_PERM : fail == JEMALLOC_PID_MISSING ? CTP_NO_TASK : CTP_NO_APPL;
}

void ctp_proc_probe(struct ctp_reader *r, struct ctp_proc *p)
{
	enum jemalloc_fail fail;
	bool denied;

	p->jemalloc_why = CTP_NO_ASK;
	if (p->tgid == (uint32_t)getpid()) /* nobody can stop itself and go on */
		p->jemalloc_why = CTP_NO_APPL;
	else
		r->tally.tgids_walked++;
	if (!r->shared->jemalloc || p->jemalloc_why == CTP_NO_APPL)
		return;
	fail = jemalloc_attach(
		r->shared->jemalloc, r->shared->proc, p->tgid, &p->jemalloc, &denied);
	r->tally.jemalloc[fail]++;
	p->has_jemalloc = fail == JEMALLOC_OK;
	r->tally.jemalloc_detected += p->has_jemalloc;
	p->jemalloc_why = why_not(fail, denied);
}

bool ctp_proc_wanted(struct ctp_reader *r, struct ctp_proc *p)
{
	memset(r->failed, 0, sizeof(r->failed));
	p->cgroup_why = ctp_slurp_cgroup(r, r->shared->proc, p->tgid, r->cgroup, sizeof(r->cgroup));
	p->cgroup = xstrdup(r->cgroup);
	p->apart = ctp_cgroups_threaded(r->shared->cgroups, p->cgroup);
	if (!p->apart && !ctp_cgroup_wanted(r, p->cgroup))
		return false;
	if (filters(r->shared->o->comms)) {
		ctp_proc_comm(r, p);
		p->comm_matches = ctp_comm_wanted(r, p->comm);
	} else {
		p->comm_matches = true;
	}
	return true;
}
