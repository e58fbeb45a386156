/* /proc/<tgid>/task/<tid>/stat, as proc(5) numbers its fields. */
#include "probes/ctprof/procfs.h"

/* The last field that any row takes. */
enum { LAST = 41, FLAGS = 9, STARTED = 22, POLICY = 41 };

/* Row + 1 of each field, 0 = nobody's. */
#define STAT_ROW_WALK(key, number)
#define STAT_ROW_STAT(key, number) [number] = CTP_##key + 1,
#define STAT_ROW_SCHED(key, number)
#define STAT_ROW_SCHEDSTAT(key, number)
#define STAT_ROW_IO(key, number)
#define STAT_ROW_CGROUP(key, number)
#define STAT_ROW_SMAPS(key, number)
#define STAT_ROW_AFFINITY(key, number)
#define STAT_ROW_TASKSTATS(key, number)
#define STAT_ROW_JEMALLOC(key, number)
#define STAT_ROW_FLAG(key, number)
static const uint8_t rows[LAST + 1] = {
#define FIELD(key, TYPE, SOURCE, word, number, ...) STAT_ROW_##SOURCE(key, number)
#include "probes/ctprof/fields.def"
};

const char *ctp_policy_name(int64_t policy)
{
	static const char *const names[] = {
		"SCHED_OTHER",
		"SCHED_FIFO",
		"SCHED_RR",
		"SCHED_BATCH",
		NULL,
		"SCHED_IDLE",
		"SCHED_DEADLINE",
		"SCHED_EXT",
	};

	return policy >= 0 && policy < (int64_t)ARRAY_LEN(names) ? names[policy] : NULL;
}

bool ctp_policy_is_fair(int64_t policy)
{
	return policy == 0 || policy == 3 || policy == 7;
}

static bool in_range(enum ctp_type type, int64_t v)
{
	return type == CTP_I32 ? v >= INT32_MIN && v <= INT32_MAX : v >= 0 && v <= UINT32_MAX;
}

/* One word into the row that wants it; false when it is not what the row takes. */
static bool take(struct scan word, int row, struct ctp_record *r)
{
	int64_t v;

	switch (ctp_fields[row].type) {
	case CTP_CHAR:
		r->v[row] = (unsigned char)*word.p;
		return *word.p > ' ' && *word.p < 127;
	case CTP_U64:
		return scan_u64(&word, &r->v[row]) && word.p == word.end;
	default:
		if (!scan_i64(&word, &v) || word.p != word.end ||
			!in_range(ctp_fields[row].type, v))
			return false;
		r->v[row] = (uint64_t)v;
		return true;
	}
}

static void field(struct scan word, int number, struct ctp_record *r, struct ctp_stat *out)
{
	int row = rows[number] - 1;
	bool ok;

	if (number == FLAGS)
		scan_u64(&word, &out->flags);
	if (row < 0)
		return;
	if (number == POLICY) {
		if (scan_i64(&word, &out->policy))
			r->why[row] = CTP_PRESENT;
		return;
	}
	ok = take(word, row, r);
	if (!ok)
		return;
	r->why[row] = CTP_PRESENT;
	if (number == STARTED)
		out->started = true;
}

/* The name may hold anything, parentheses and line ends too: it ends at the last one. */
static bool comm(struct scan *s, struct ctp_record *r, struct ctp_stat *out)
{
	const char *open = s->p == s->end ? NULL : memchr(s->p, '(', (size_t)(s->end - s->p));
	const char *close = s->p == s->end ? NULL : memrchr(s->p, ')', (size_t)(s->end - s->p));

	if (!open || !close || close < open)
		return false;
	out->comm = (struct scan){open + 1, close};
	scan_trim(&out->comm);
	r->why[CTP_comm] = CTP_PRESENT;
	s->p = close + 1;
	return true;
}

void ctp_parse_stat(struct scan s, struct ctp_record *r, struct ctp_stat *out)
{
	*out = (struct ctp_stat){.policy = -1};
	for (int number = 1; number <= LAST; number++)
		if (rows[number]) {
			r->why[rows[number] - 1] = CTP_NO_CFG;
			r->v[rows[number] - 1] = rows[number] - 1 == CTP_state ? '~' : 0;
		}
	if (!comm(&s, r, out))
		return;
	for (int number = 3; number <= LAST; number++) {
		struct scan word = scan_word(&s);

		if (word.p == word.end)
			return;
		field(word, number, r, out);
	}
}
