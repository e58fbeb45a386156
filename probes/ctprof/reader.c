#include "probes/ctprof/reader_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/clock.h"

struct ctp_reader *ctp_reader_new(const struct ctp_shared *shared)
{
	struct ctp_reader *r = xcalloc(1, sizeof(*r));

	r->shared = shared;
	r->buf = xmalloc(CTP_BUFFER);
	if (shared->live)
		r->taskstats = taskstats_new(&r->taskstats_error);
	return r;
}

void ctp_reader_free(struct ctp_reader *r)
{
	if (!r)
		return;
	taskstats_free(r->taskstats);
	ctp_thread_writer_release(&r->writer);
	ctp_affinity_release(&r->affinity);
	free(r->buf);
	free(r);
}

const struct ctp_tally *ctp_reader_tally(struct ctp_reader *r)
{
	struct timespec now;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0)
		r->tally.cpu_ns = (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
	return &r->tally;
}

const struct err *ctp_reader_taskstats_error(const struct ctp_reader *r)
{
	return r->taskstats_error.code ? &r->taskstats_error : NULL;
}

/* The leader's name is its process's. */
static void take_comm(struct ctp_reader *r, struct ctp_proc *p, uint32_t tid)
{
	if (!p->has_comm && tid == p->tgid && r->rec.why[CTP_comm] == CTP_PRESENT) {
		memcpy(p->comm, r->comm, sizeof(p->comm));
		p->comm_why = CTP_PRESENT;
		p->has_comm = true;
	}
	ctp_proc_comm(r, p);
	r->rec.text[CTP_pcomm] = p->comm;
	r->rec.why[CTP_pcomm] = p->comm_why;
}

static void count_reply(struct ctp_taskstats_summary *t, int rc)
{
	if (rc == 0)
		t->ok_count++;
	else if (rc == -EPERM)
		t->eperm_count++;
	else if (rc == -ESRCH)
		t->esrch_count++;
	else
		t->other_err_count++;
}

/* A task that ended while it was read leaves nothing but its number. */
static bool is_ghost(const struct ctp_reader *r)
{
	return r->comm[0] == '\0' && r->rec.v[CTP_start_time_clock_ticks] == 0;
}

static void count_failures(struct ctp_reader *r)
{
	for (int f = 0; f < CTP_NFILES; f++)
		r->tally.failures[f] += r->failed[f];
	r->tally.denied += r->denied;
	r->tally.negative += r->negative;
}

/* True when the record is one to be written. */
static bool read_task(
	struct ctp_reader *r, struct ctp_proc *p, uint32_t tid, const struct taskstats_reply *reply)
{
	struct ctp_record *rec = &r->rec;
	struct ctp_stat stat;

	memset(r->failed, 0, sizeof(r->failed));
	r->denied = r->negative = 0;
	rec->v[CTP_tid] = tid;
	rec->v[CTP_tgid] = p->tgid;
	ctp_task_stat(r, p, tid, &stat);
	take_comm(r, p, tid);
	if (!p->comm_matches && !ctp_comm_wanted(r, r->comm))
		return false;
	ctp_task_cgroup(r, p, tid);
	if (p->apart && !ctp_cgroup_wanted(r, rec->text[CTP_cgroup]))
		return false;
	r->tally.tids_walked++;
	ctp_task_rest(r, p, tid, &stat, reply);
	if (is_ghost(r))
		return false;
	count_failures(r);
	return true;
}

/* Threads of one process are mostly in one cgroup: the lock is taken when it changes. */
static void note_cgroup(struct ctp_reader *r)
{
	const char *path = r->rec.text[CTP_cgroup];

	if (*path == '\0' || strcmp(path, r->noted) == 0)
		return;
	snprintf(r->noted, sizeof(r->noted), "%s", path);
	ctp_cgroups_note(r->shared->cgroups, path);
}

void ctp_read_tasks(
	struct ctp_reader *r, struct ctp_proc *p, const uint32_t *tids, size_t n, struct str *out)
{
	if (r->tally.first_ns == 0)
		r->tally.first_ns = clock_mono_ns();
	if (r->taskstats)
		taskstats_ask(r->taskstats, tids, n, r->replies);
	for (size_t i = 0; i < n; i++) {
		uint64_t walked = r->tally.tids_walked;
		const struct taskstats_reply *reply = r->taskstats ? &r->replies[i] : NULL;
		bool wanted = read_task(r, p, tids[i], reply);

		if (reply && r->tally.tids_walked != walked)
			count_reply(&r->tally.taskstats, reply->rc);
		if (!wanted)
			continue;
		note_cgroup(r);
		ctp_task_taskstats(r, reply);
		ctp_write_thread(&r->writer, &r->rec, out);
		str_addc(out, ',');
		r->tally.threads++;
	}
	r->tally.last_ns = clock_mono_ns();
}
