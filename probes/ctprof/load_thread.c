/* One thread of a snapshot file. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "probes/ctprof/load.h"
#include "src/base/utf8.h"

/* Keys come in the order of the rows from every writer that is known: the next one is tried first.
 */
static int find(int next, const char *key, size_t n)
{
	return next < CTP_NFIELDS && ctp_field_is(next, key, n) ? next : ctp_field_find(key, n);
}

/* CPUs that are not in order: sort them out through a set. */
static int out_of_order(struct ctp_loader *l, uint32_t cpu)
{
	int event;

	cpuset_clear(&l->cpus);
	for (size_t i = 0; i < l->runs.n; i++)
		for (uint32_t c = l->runs.v[i].lo; c <= l->runs.v[i].hi; c++)
			cpuset_add(&l->cpus, c);
	cpuset_add(&l->cpus, cpu);
	while ((event = ctp_load_next(l)) == JSON_UINT && l->json.u < CPUSET_MAX)
		cpuset_add(&l->cpus, (unsigned)l->json.u);
	if (event != JSON_ARRAY_END)
		return ctp_load_mismatch(l, "a CPU number", event);
	l->runs.n = 0;
	cpuset_foreach (c, &l->cpus) {
		uint32_t at = (uint32_t)c;

		if (l->runs.n && l->runs.v[l->runs.n - 1].hi + 1 == at)
			l->runs.v[l->runs.n - 1].hi = at;
		else
			vec_push(&l->runs, (struct ctp_run){at, at});
	}
	return 0;
}

static int load_cpus(struct ctp_loader *l, uint64_t *out)
{
	int event = ctp_load_next(l), rc = 0;

	l->runs.n = 0;
	if (event != JSON_ARRAY)
		return ctp_load_mismatch(l, "an array", event);
	while ((event = ctp_load_next(l)) == JSON_UINT && l->json.u < CPUSET_MAX) {
		uint32_t cpu = (uint32_t)l->json.u;
		size_t n = l->runs.n;

		if (n && cpu == l->runs.v[n - 1].hi + 1) {
			l->runs.v[n - 1].hi = cpu;
		} else if (n && cpu <= l->runs.v[n - 1].hi) {
			rc = out_of_order(l, cpu);
			event = JSON_ARRAY_END;
			break;
		} else {
			vec_push(&l->runs, (struct ctp_run){cpu, cpu});
		}
	}
	if (event != JSON_ARRAY_END)
		return ctp_load_mismatch(l, "a CPU number", event);
	*out = ctp_build_cpus(l->b, l->runs.v, l->runs.n);
	return rc;
}

static int load_smaps(struct ctp_loader *l, uint64_t *out)
{
	struct ctp_map map;
	int rc = ctp_load_map(l, &map);

	if (rc == 0)
		*out = ctp_build_keep_map(l->b, map);
	return rc;
}

static int load_char(struct ctp_loader *l, uint64_t *out)
{
	int event = ctp_load_next(l);
	uint32_t cp;

	if (event != JSON_STRING || l->json.n == 0 ||
		utf8_decode(l->json.s, l->json.n, &cp) != (int)l->json.n)
		return ctp_load_mismatch(l, "a string of one character", event);
	*out = cp ? cp : '~';
	return 0;
}

static int load_str(struct ctp_loader *l, uint64_t *out)
{
	int event = ctp_load_next(l);

	if (event != JSON_STRING)
		return ctp_load_mismatch(l, "a string", event);
	*out = ctp_load_str(l);
	return 0;
}

static int load_value(struct ctp_loader *l, enum ctp_type type, uint64_t *out)
{
	switch (type) {
	case CTP_U64:
		return ctp_load_u64(l, UINT64_MAX, out);
	case CTP_U32:
		return ctp_load_u64(l, UINT32_MAX, out);
	case CTP_I32:
		return ctp_load_i64(l, INT32_MIN, INT32_MAX, out);
	case CTP_BOOL:
		return ctp_load_bool(l, out);
	case CTP_CHAR:
		return load_char(l, out);
	case CTP_STR:
		return load_str(l, out);
	case CTP_CPUS:
		return load_cpus(l, out);
	case CTP_MAP:
		break;
	}
	return load_smaps(l, out);
}

static int find_why(const char *word, size_t n)
{
	for (int w = CTP_PRESENT + 1; w < CTP_NWHYS; w++)
		if (strlen(ctp_why_word(w)) == n && memcmp(ctp_why_word(w), word, n) == 0)
			return w;
	return -1;
}

/* The keys of one reason. A reason that is not known is one all the same: the value is absent. */
static int load_why(struct ctp_loader *l, int w, uint8_t *why)
{
	int event = ctp_load_next(l), next = 0;

	if (event != JSON_ARRAY)
		return ctp_load_mismatch(l, "an array", event);
	while ((event = ctp_load_next(l)) == JSON_STRING) {
		int f = -1;

		for (int k = next; f < 0 && k < CTP_NFIELDS; k++) /* they too are in order */
			f = ctp_field_is(k, l->json.s, l->json.n) ? k : -1;
		if (f < 0)
			f = ctp_field_find(l->json.s, l->json.n);
		if (f < 0)
			continue;
		why[f] = (uint8_t)(w < 0 ? CTP_NO_APPL : w);
		next = f + 1;
	}
	return event == JSON_ARRAY_END ? 0 : ctp_load_mismatch(l, "the name of a key", event);
}

static int load_absence(struct ctp_loader *l, struct ctp_thread *t)
{
	uint8_t why[CTP_NFIELDS] = {0};
	int event = ctp_load_next(l);

	if (event != JSON_OBJECT)
		return ctp_load_mismatch(l, "an object", event);
	while ((event = ctp_load_next(l)) == JSON_KEY) {
		int rc = load_why(l, find_why(l->json.s, l->json.n), why);

		if (rc < 0)
			return rc;
	}
	t->absence = ctp_build_absence(l->b, why);
	return event < 0 ? event : 0;
}

static bool is_absent_key(const struct ctp_loader *l)
{
	return l->json.n == 6 && memcmp(l->json.s, "absent", 6) == 0;
}

int ctp_load_thread(struct ctp_loader *l)
{
	struct ctp_thread *t = ctp_build_thread(l->b);
	int event, next = 0;

	while ((event = ctp_load_next(l)) == JSON_KEY) {
		int f = find(next, l->json.s, l->json.n), rc;

		if (f >= 0) {
			rc = load_value(l, ctp_fields[f].type, &t->v[f]);
			next = f + 1;
		} else if (is_absent_key(l)) {
			rc = load_absence(l, t);
		} else {
			rc = json_pull_skip(&l->json, ctp_load_next(l), l->e);
		}
		if (rc < 0)
			return f >= 0 ? err_prefix(l->e, "%s", ctp_fields[f].key) : rc;
	}
	return event < 0 ? event : 0;
}
