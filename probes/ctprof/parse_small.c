/* The short files of a task. */
#include "probes/ctprof/procfs.h"

#include <stdlib.h>

static void set(struct ctp_record *r, int f, bool ok, uint64_t v)
{
	r->v[f] = ok ? v : 0;
	r->why[f] = ok ? CTP_PRESENT : CTP_NO_CFG;
}

/* Time on a CPU, time waiting for one, how often: fs/proc/base.c proc_pid_schedstat(). */
void ctp_parse_schedstat(struct scan s, struct ctp_record *r)
{
	for (int f = 0; f < CTP_NFIELDS; f++) {
		uint64_t v = 0;
		bool ok;

		if (ctp_fields[f].source != CTP_FROM_SCHEDSTAT)
			continue;
		ok = scan_whole_u64(scan_word(&s), &v);
		set(r, f, ok, v);
	}
}

/* The kernel's lines come in the order of the rows: each is looked for from where the last was. */
void ctp_parse_io(struct scan s, struct ctp_record *r)
{
	struct scan line, key, value;
	int next = CTP_rchar;

	for (int f = CTP_rchar; f <= CTP_cancelled_write_bytes; f++)
		set(r, f, false, 0);
	while (scan_line(&s, &line)) {
		uint64_t v;

		if (!scan_pair(&line, &key, &value))
			continue;
		for (int f = CTP_rchar; f <= CTP_cancelled_write_bytes; f++, next++) {
			if (next > CTP_cancelled_write_bytes)
				next = CTP_rchar;
			if (!scan_is(&key, ctp_fields[next].word))
				continue;
			if (scan_whole_u64(value, &v))
				set(r, next, true, v);
			break;
		}
	}
}

struct scan ctp_parse_cgroup(struct scan s)
{
	struct scan line;

	while (scan_line(&s, &line)) {
		if (line.end - line.p < 3 || memcmp(line.p, "0::", 3) != 0)
			continue;
		line.p += 3;
		scan_trim(&line);
		return line;
	}
	return (struct scan){s.end, s.end};
}

void ctp_parse_status(struct scan s, struct ctp_status *out)
{
	struct scan line, key, value;

	*out = (struct ctp_status){0};
	while (scan_line(&s, &line)) {
		if (!scan_pair(&line, &key, &value))
			continue;
		if (scan_is(&key, "State"))
			out->state = value;
		else if (scan_is(&key, "Threads"))
			out->has_threads = scan_whole_u64(value, &out->threads);
		else if (scan_is(&key, "voluntary_ctxt_switches"))
			out->has_voluntary = scan_whole_u64(value, &out->voluntary);
		else if (scan_is(&key, "nonvoluntary_ctxt_switches"))
			out->has_nonvoluntary = scan_whole_u64(value, &out->nonvoluntary);
		else if (scan_is(&key, "Cpus_allowed_list"))
			out->cpus_allowed = value;
	}
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct ctp_pair *)a)->key, ((const struct ctp_pair *)b)->key);
}

/* The first line, "55d0c8a00000-7ffe12345000 ---p ... [rollup]", has blanks and a dash before its
 * first colon. */
static bool is_name(struct scan key)
{
	for (const char *p = key.p; p < key.end; p++)
		if (scan_blank(*p) || *p == '-' || *p == '\0')
			return false;
	return key.p < key.end;
}

static bool kib(struct scan value, uint64_t *out)
{
	struct scan unit;

	if (!scan_u64(&value, out))
		return false;
	unit = scan_word(&value);
	return scan_is(&unit, "kB");
}

/* Of names that stand twice, the last. */
static void fold(struct ctp_smaps *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < out->n; i++) {
		if (n && strcmp(out->pairs[n - 1].key, out->pairs[i].key) == 0)
			n--;
		out->pairs[n++] = out->pairs[i];
	}
	out->n = n;
}

void ctp_parse_smaps(struct scan s, struct ctp_smaps *out)
{
	struct scan line, key, value;
	size_t used = 0;

	out->n = 0;
	while (scan_line(&s, &line) && out->n < CTP_SMAPS_MAX) {
		size_t n;
		uint64_t v;

		if (!scan_pair(&line, &key, &value))
			continue;
		n = (size_t)(key.end - key.p);
		/* what precedes the colon is taken as it is: a blank there makes it no name */
		if (!is_name((struct scan){line.p, key.end}) || !kib(value, &v) ||
			used + n + 1 > sizeof(out->text))
			continue;
		memcpy(out->text + used, key.p, n);
		out->text[used + n] = '\0';
		out->pairs[out->n++] = (struct ctp_pair){out->text + used, v};
		used += n + 1;
	}
	if (out->n)
		qsort(out->pairs, out->n, sizeof(*out->pairs), by_key);
	fold(out);
}
