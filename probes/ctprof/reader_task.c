/* What each source says about a task. */
#include "probes/ctprof/reader_priv.h"

#include <errno.h>

enum { PF_KTHREAD = 0x00200000 }; /* include/linux/sched.h */

static void set(struct ctp_record *rec, int f, bool has, uint64_t v)
{
	if (!has)
		return;
	rec->v[f] = v;
	rec->why[f] = CTP_PRESENT;
}

static const char *policy_text(struct ctp_reader *r, int64_t policy)
{
	const char *name = ctp_policy_name(policy);

	if (name || r->rec.why[CTP_policy] != CTP_PRESENT)
		return name;
	snprintf(r->policy, sizeof(r->policy), "SCHED_UNKNOWN(%lld)", (long long)policy);
	return r->policy;
}

void ctp_task_stat(
	struct ctp_reader *r, const struct ctp_proc *p, uint32_t tid, struct ctp_stat *stat)
{
	struct ctp_record *rec = &r->rec;
	struct scan s;
	int rc = ctp_slurp_file(r, p->task, tid, CTP_FILE_STAT, &s);

	*stat = (struct ctp_stat){.policy = -1};
	if (rc < 0)
		ctp_lack(rec, CTP_FROM_STAT, ctp_why_of(rc));
	else
		ctp_parse_stat(s, rec, stat);
	ctp_copy_text(r->comm, sizeof(r->comm), stat->comm);
	rec->text[CTP_comm] = r->comm;
	rec->text[CTP_policy] = policy_text(r, stat->policy);
	if (tid != p->tgid)
		rec->v[CTP_nr_threads] = 0;
}

static void read_sched(struct ctp_reader *r, const struct ctp_proc *p, uint32_t tid, int64_t policy)
{
	struct ctp_record *rec = &r->rec;
	struct scan s;
	int rc = ctp_slurp_file(r, p->task, tid, CTP_FILE_SCHED, &s);

	r->runtime = (struct ctp_opt){0};
	if (rc < 0)
		ctp_lack(rec, CTP_FROM_SCHED, ctp_why_of(rc));
	else
		r->negative = ctp_parse_sched(s, &r->plan, rec, &r->runtime);
	if (rec->why[CTP_fair_slice_ns] == CTP_NO_CFG && !ctp_policy_is_fair(policy))
		rec->why[CTP_fair_slice_ns] = CTP_NO_APPL;
}

/* kernel/delayacct.c fills these three from where schedstat takes them. */
static bool schedstat_from_taskstats(struct ctp_reader *r, const struct taskstats_reply *reply)
{
	struct ctp_record *rec = &r->rec;

	if (!reply || reply->rc < 0 || strcmp(r->shared->accounting.delayacct, "config_off") == 0 ||
		reply->v[TASKSTATS_CPU_COUNT] == 0)
		return false;
	set(rec, CTP_run_time_ns, true, reply->v[TASKSTATS_RUN_TIME]);
	set(rec, CTP_wait_time_ns, true, reply->v[TASKSTATS_CPU_TOTAL]);
	set(rec, CTP_timeslices, true, reply->v[TASKSTATS_CPU_COUNT]);
	return true;
}

/* A kernel that could keep these counters but was not told to says "0 0 0" of every task, also of
 * those that have been switched away from. */
static bool is_dead(const struct ctp_record *rec)
{
	return rec->v[CTP_run_time_ns] == 0 && rec->v[CTP_wait_time_ns] == 0 &&
	       rec->v[CTP_timeslices] == 0 &&
	       (rec->v[CTP_voluntary_csw] || rec->v[CTP_nonvoluntary_csw]);
}

static void read_schedstat(struct ctp_reader *r, const struct ctp_proc *p, uint32_t tid)
{
	struct scan s;
	int rc = ctp_slurp_file(r, p->task, tid, CTP_FILE_SCHEDSTAT, &s);

	if (rc < 0)
		ctp_lack(&r->rec, CTP_FROM_SCHEDSTAT, ctp_why_of(rc));
	else
		ctp_parse_schedstat(s, &r->rec);
	if (rc == 0 && is_dead(&r->rec))
		ctp_lack(&r->rec, CTP_FROM_SCHEDSTAT, CTP_NO_CFG);
	/* `sched` has the first of the three as well */
	if (r->rec.why[CTP_run_time_ns] == CTP_NO_CFG)
		set(&r->rec, CTP_run_time_ns, r->runtime.has, r->runtime.v);
}

static void read_io(struct ctp_reader *r, const struct ctp_proc *p, uint32_t tid)
{
	struct scan s;
	int rc = ctp_slurp_file(r, p->task, tid, CTP_FILE_IO, &s);

	if (rc < 0)
		ctp_lack(&r->rec, CTP_FROM_IO, ctp_why_of(rc));
	else
		ctp_parse_io(s, &r->rec);
}

/* What `status` knows too, where the cheaper source of it has failed. */
static void read_status(struct ctp_reader *r, const struct ctp_proc *p, uint32_t tid, bool affinity)
{
	struct ctp_record *rec = &r->rec;
	struct ctp_status status;
	struct scan s;

	if (ctp_slurp_file(r, p->task, tid, CTP_FILE_STATUS, &s) < 0)
		return;
	ctp_parse_status(s, &status);
	if (rec->why[CTP_voluntary_csw])
		set(rec, CTP_voluntary_csw, status.has_voluntary, status.voluntary);
	if (rec->why[CTP_nonvoluntary_csw])
		set(rec, CTP_nonvoluntary_csw, status.has_nonvoluntary, status.nonvoluntary);
	if (affinity && ctp_affinity_list(&r->affinity, status.cpus_allowed) == 0) {
		rec->cpus = r->affinity.cpus;
		rec->why[CTP_cpu_affinity] = CTP_PRESENT;
	}
}

static void read_affinity(struct ctp_reader *r, uint32_t tid)
{
	int rc = r->shared->live ? ctp_affinity_ask(&r->affinity, tid) : -ENOSYS;

	r->rec.cpus = rc == 0 ? r->affinity.cpus : (struct ctp_cpus){0};
	r->rec.why[CTP_cpu_affinity] = rc == 0 ? CTP_PRESENT : ctp_why_of(rc);
}

static void read_smaps(
	struct ctp_reader *r, const struct ctp_proc *p, uint32_t tid, const struct ctp_stat *stat)
{
	struct ctp_record *rec = &r->rec;
	struct scan s;
	int rc;

	rec->map = (struct ctp_map){0};
	rec->why[CTP_smaps_rollup_kib] = CTP_PRESENT;
	if (tid != p->tgid)
		return;
	if (r->shared->o->no_smaps || (stat->flags & PF_KTHREAD)) {
		rec->why[CTP_smaps_rollup_kib] = r->shared->o->no_smaps ? CTP_NO_ASK : CTP_NO_APPL;
		return;
	}
	rc = ctp_slurp_file(r, p->task, tid, CTP_FILE_SMAPS, &s);
	if (rc < 0) {
		rec->why[CTP_smaps_rollup_kib] = ctp_why_of(rc);
		return;
	}
	ctp_parse_smaps(s, &r->smaps);
	rec->map = (struct ctp_map){r->smaps.n, r->smaps.pairs};
}

void ctp_task_cgroup(struct ctp_reader *r, const struct ctp_proc *p, uint32_t tid)
{
	struct ctp_record *rec = &r->rec;

	if (!p->apart || tid == p->tgid) {
		rec->text[CTP_cgroup] = p->cgroup;
		rec->why[CTP_cgroup] = p->cgroup_why;
		return;
	}
	rec->why[CTP_cgroup] = ctp_slurp_cgroup(r, p->task, tid, r->cgroup, sizeof(r->cgroup));
	rec->text[CTP_cgroup] = r->cgroup;
}

static uint64_t times_1024(uint64_t v)
{
	return v > UINT64_MAX / 1024 ? UINT64_MAX : v * 1024;
}

/* Whether the kernel fills this slot at all. */
static bool kept(const struct ctp_record *rec, int f)
{
	switch (ctp_fields[f].absent) {
	case CTP_CPU_DELAY:
		return rec->v[CTP_cpu_delay_active];
	case CTP_DELAY:
		return rec->v[CTP_delay_block_active];
	default:
		return rec->v[CTP_xacct_active];
	}
}

void ctp_task_taskstats(struct ctp_reader *r, const struct taskstats_reply *reply)
{
	const struct ctp_accounting *a = &r->shared->accounting;
	struct ctp_record *rec = &r->rec;
	bool ok = reply && reply->rc == 0;
	uint8_t why = !r->shared->live ? CTP_NO_ASK
		      : !reply	       ? CTP_NO_CFG
		      : ok	       ? CTP_PRESENT
				       : ctp_why_of(reply->rc);

	rec->v[CTP_taskstats_measured] = ok;
	rec->v[CTP_cpu_delay_active] = ok && strcmp(a->delayacct, "config_off") != 0;
	rec->v[CTP_delay_block_active] = ok && strcmp(a->delayacct, "on") == 0;
	rec->v[CTP_xacct_active] = ok && strcmp(a->xacct, "off") != 0;
	for (int f = CTP_cpu_delay_count; f <= CTP_hiwater_vm_bytes; f++) {
		int slot = ctp_fields[f].number;
		bool has = ok && (reply->has >> slot & 1);

		rec->v[f] = has ? reply->v[slot] : 0;
		if (ctp_fields[f].form == CTP_KIB)
			rec->v[f] = times_1024(rec->v[f]);
		rec->why[f] = ok && (!has || !kept(rec, f)) ? CTP_NO_CFG : why;
	}
}

/* The counters of jemalloc: the thread is stopped for it, so it is asked after all else. */
static void read_jemalloc(struct ctp_reader *r, const struct ctp_proc *p, uint32_t tid)
{
	struct ctp_record *rec = &r->rec;
	enum jemalloc_fail fail;
	uint64_t in = 0, out = 0;
	bool denied;

	rec->v[CTP_jemalloc_measured] = 0;
	ctp_lack(rec, CTP_FROM_JEMALLOC, p->jemalloc_why);
	if (!p->has_jemalloc)
		return;
	fail = jemalloc_read(tid, &p->jemalloc, &in, &out, &denied);
	if (fail == JEMALLOC_OK) {
		set(rec, CTP_allocated_bytes, true, in);
		set(rec, CTP_deallocated_bytes, true, out);
		rec->v[CTP_jemalloc_measured] = 1;
		r->tally.probed++;
	} else {
		ctp_lack(rec, CTP_FROM_JEMALLOC, denied ? CTP_NO_PERM : CTP_NO_TASK);
		r->tally.jemalloc[fail]++;
	}
}

void ctp_task_rest(struct ctp_reader *r, const struct ctp_proc *p, uint32_t tid,
	const struct ctp_stat *stat, const struct taskstats_reply *reply)
{
	const uint8_t *why = r->rec.why;

	read_sched(r, p, tid, stat->policy);
	if (!schedstat_from_taskstats(r, reply))
		read_schedstat(r, p, tid);
	read_io(r, p, tid);
	read_affinity(r, tid);
	if (why[CTP_voluntary_csw] == CTP_NO_CFG || why[CTP_cpu_affinity])
		read_status(r, p, tid, why[CTP_cpu_affinity]);
	read_smaps(r, p, tid, stat);
	read_jemalloc(r, p, tid);
}
