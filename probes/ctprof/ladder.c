#include "probes/ctprof/ladder.h"

#include <math.h>

struct step {
	double from;
	const char *unit;
};

enum { STEPS = 4 };

/* The largest step first; unused ones stay zero. */
static const struct {
	struct step steps[STEPS];
	const char *unit;
} ladders[CTP_LADDERS] = {
	[CTP_LADDER_TEXT] = {.unit = ""},
	[CTP_LADDER_COUNT] = {{{1e9, "G"}, {1e6, "M"}, {1e3, "K"}}, ""},
	[CTP_LADDER_NS] = {{{1e9, "s"}, {1e6, "ms"}, {1e3, "\xc2\xb5s"}}, "ns"},
	[CTP_LADDER_US] = {{{1e6, "s"}, {1e3, "ms"}}, "\xc2\xb5s"},
	[CTP_LADDER_BYTES] = {{{0x1p40, "TiB"}, {0x1p30, "GiB"}, {0x1p20, "MiB"}, {0x1p10, "KiB"}},
		"B"},
	[CTP_LADDER_TICKS] = {{{1e6, "Mticks"}, {1e3, "Kticks"}}, "ticks"},
};

const char *ctp_ladder_unit(enum ctp_ladder l)
{
	return ladders[l].unit;
}

/* The step that v reaches, NULL = none. The number itself decides, not what rounding makes of it.
 */
static const struct step *step_of(double v, enum ctp_ladder l)
{
	for (int i = 0; i < STEPS && ladders[l].steps[i].unit; i++)
		if (fabs(v) >= ladders[l].steps[i].from)
			return &ladders[l].steps[i];
	return NULL;
}

void ctp_cell_u64(struct str *out, uint64_t v, enum ctp_ladder l)
{
	const struct step *s = step_of((double)v, l);

	if (s)
		str_printf(out, "%.3f%s", (double)v / s->from, s->unit);
	else
		str_printf(out, "%llu%s", (unsigned long long)v, ladders[l].unit);
}

void ctp_cell_delta(struct str *out, double v, enum ctp_ladder l)
{
	const struct step *s = step_of(v, l);

	if (s)
		str_printf(out, "%+.3f%s", v / s->from, s->unit);
	else
		str_printf(out, "%+.*f%s", v == trunc(v) ? 0 : 3, v, ladders[l].unit);
}

void ctp_cell_pct(struct str *out, double fraction)
{
	str_printf(out, "%+.1f%%", fraction * 100);
}

void ctp_cell_real(struct str *out, double v, enum ctp_ladder l)
{
	const struct step *s = step_of(v, l);

	if (s)
		str_printf(out, "%.3f%s", v / s->from, s->unit);
	else
		str_printf(out, "%.2f%s", v, ladders[l].unit);
}

void ctp_cell_real_delta(struct str *out, double v, enum ctp_ladder l)
{
	const struct step *s = step_of(v, l);

	if (s)
		str_printf(out, "%+.3f%s", v / s->from, s->unit);
	else
		str_printf(out, "%+.2f%s", v, ladders[l].unit);
}

void ctp_cell_ratio(struct str *out, double v)
{
	str_printf(out, "%.3f", v);
}

void ctp_cell_ratio_delta(struct str *out, double v)
{
	str_printf(out, "%+.3f", v);
}

static void side(struct str *out, struct ctp_opt v, enum ctp_ladder l)
{
	if (v.has)
		ctp_cell_u64(out, v.v, l);
	else
		str_add(out, CTP_ABSENT);
}

void ctp_cell_change(struct str *out, struct ctp_opt a, struct ctp_opt b, enum ctp_ladder l)
{
	side(out, a, l);
	if (!a.has && !b.has)
		return;
	str_add(out, " " CTP_ARROW " ");
	side(out, b, l);
	if (!a.has || !b.has)
		return;
	str_add(out, " (");
	/* Subtracted as integers: two large values may differ by less than a double can tell. */
	ctp_cell_delta(out, b.v >= a.v ? (double)(b.v - a.v) : -(double)(a.v - b.v), l);
	str_addc(out, ')');
}

void ctp_cell_centi(struct str *out, unsigned v)
{
	str_printf(out, "%u.%02u%%", v / 100, v % 100);
}

void ctp_cell_centi_change(struct str *out, unsigned a, unsigned b)
{
	unsigned by = b >= a ? b - a : a - b;

	ctp_cell_centi(out, a);
	str_add(out, " " CTP_ARROW " ");
	ctp_cell_centi(out, b);
	str_printf(out, " (%c%u.%02u%%)", b >= a ? '+' : '-', by / 100, by % 100);
}
