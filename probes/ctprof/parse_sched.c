/*
 * /proc/<tgid>/task/<tid>/sched, kernel/sched/debug.c: "name   :   value" lines. What precedes the
 * last dot of a name tells where the kernel keeps the value, which has changed over time.
 */
#include "probes/ctprof/procfs.h"

/* What a line is for: a row of fields.def, what rows are made of, or nothing. */
enum { NOTHING = CTP_NFIELDS, SLEEP_SUM, BLOCK_SUM, RUNTIME };

bool ctp_parse_dotted(struct scan s, uint64_t *ns, bool *negative)
{
	uint64_t ms, fraction = 0;
	const char *dot = s.p == s.end ? NULL : memchr(s.p, '.', (size_t)(s.end - s.p));

	*negative = s.p < s.end && (*s.p == '-' || (dot && dot + 1 < s.end && dot[1] == '-'));
	if (*negative)
		return false;
	if (!dot)
		return scan_u64(&s, ns) && s.p == s.end;
	if (!scan_u64(&s, &ms) || s.p != dot)
		return false;
	s.p = dot + 1;
	for (int digit = 0; digit < 6; digit++) {
		unsigned d = 0;

		if (s.p < s.end && (*s.p < '0' || *s.p > '9'))
			return false;
		if (s.p < s.end)
			d = (unsigned)(*s.p++ - '0');
		fraction = fraction * 10 + d;
	}
	return !__builtin_mul_overflow(ms, 1000000ULL, ns) &&
	       !__builtin_add_overflow(*ns, fraction, ns);
}

/* The row that a line of this name is for. */
static uint8_t find_target(struct scan name)
{
	const char *dot = memrchr(name.p, '.', (size_t)(name.end - name.p));

	if (!scan_is(&name, "ext.enabled") && dot)
		name.p = dot + 1;
	for (int f = 0; f < CTP_NFIELDS; f++) {
		if (ctp_fields[f].source != CTP_FROM_SCHED || !scan_is(&name, ctp_fields[f].word))
			continue;
		if (f == CTP_voluntary_sleep_ns)
			return SLEEP_SUM;
		return f == CTP_block_sum ? BLOCK_SUM : (uint8_t)f;
	}
	return scan_is(&name, "sum_exec_runtime") ? RUNTIME : NOTHING;
}

struct parse {
	struct ctp_record *r;
	struct ctp_opt slept, blocked, runtime;
	unsigned negative;
};

static bool dotted(struct parse *p, struct scan value, uint64_t *ns)
{
	bool negative, ok = ctp_parse_dotted(value, ns, &negative);

	p->negative += negative;
	return ok;
}

static bool plain(struct scan value, enum ctp_type type, uint64_t *out)
{
	int64_t v;

	if (type != CTP_BOOL)
		return scan_whole_u64(value, out);
	if (!scan_i64(&value, &v) || value.p != value.end)
		return false;
	*out = v != 0;
	return true;
}

static void take(struct parse *p, uint8_t target, struct scan value)
{
	const struct ctp_field_row *row;
	uint64_t v;

	scan_trim(&value);
	if (target > NOTHING) {
		struct ctp_opt *part = target == SLEEP_SUM   ? &p->slept
				       : target == BLOCK_SUM ? &p->blocked
							     : &p->runtime;

		part->has = dotted(p, value, &part->v);
		return;
	}
	row = &ctp_fields[target];
	if (row->form == CTP_DOTTED ? dotted(p, value, &v) : plain(value, row->type, &v)) {
		p->r->v[target] = v;
		p->r->why[target] = CTP_PRESENT;
	}
}

static void finish(struct parse *p)
{
	if (p->blocked.has) {
		p->r->v[CTP_block_sum] = p->blocked.v;
		p->r->why[CTP_block_sum] = CTP_PRESENT;
	}
	if (!p->blocked.has || !p->slept.has)
		return;
	p->r->v[CTP_voluntary_sleep_ns] = p->slept.v > p->blocked.v ? p->slept.v - p->blocked.v : 0;
	p->r->why[CTP_voluntary_sleep_ns] = CTP_PRESENT;
}

/* Looks the name up and keeps it for the line of the same number in the next file. */
static uint8_t learn(struct scan line, const char *colon, struct ctp_sched_plan *plan, size_t i)
{
	struct scan name = {line.p, colon};
	size_t n = (size_t)(colon + 1 - line.p);
	uint8_t target;

	scan_trim(&name);
	target = name.p == name.end ? NOTHING : find_target(name);
	if (i < CTP_SCHED_LINES && n <= CTP_SCHED_KEY) {
		plan->line[i].n = (uint8_t)n;
		plan->line[i].target = target;
		memcpy(plan->line[i].raw, line.p, n);
	}
	return target;
}

static void line(struct parse *p, struct scan s, struct ctp_sched_plan *plan, size_t i)
{
	size_t n = i < CTP_SCHED_LINES ? plan->line[i].n : 0;
	const char *colon;
	uint8_t target;

	if (n && (size_t)(s.end - s.p) >= n && memcmp(s.p, plan->line[i].raw, n) == 0) {
		target = plan->line[i].target;
		colon = s.p + n - 1;
	} else {
		colon = s.p == s.end ? NULL : memchr(s.p, ':', (size_t)(s.end - s.p));
		if (!colon)
			return;
		target = learn(s, colon, plan, i);
	}
	if (target != NOTHING)
		take(p, target, (struct scan){colon + 1, s.end});
}

unsigned ctp_parse_sched(
	struct scan s, struct ctp_sched_plan *plan, struct ctp_record *r, struct ctp_opt *runtime)
{
	struct parse p = {.r = r};
	struct scan l;

	for (int f = 0; f < CTP_NFIELDS; f++)
		if (ctp_fields[f].source == CTP_FROM_SCHED) {
			r->v[f] = 0;
			r->why[f] = CTP_NO_CFG;
		}
	for (size_t i = 0; scan_line(&s, &l); i++)
		line(&p, l, plan, i);
	finish(&p);
	*runtime = p.runtime;
	return p.negative;
}
