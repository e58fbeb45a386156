/* How the profile pane shows in tabs, borders and summaries, and what its keys need. */
#include <time.h>

#include "src/base/clock.h"
#include "src/base/units.h"
#include "ui/ct_keys.h"

static void clock_text(const struct ctp_snapshot *s, struct str *out)
{
	time_t at = (time_t)(s->captured_at_unix_ns / NS_PER_SEC);
	struct tm tm;
	char text[16];

	if (localtime_r(&at, &tm) && strftime(text, sizeof(text), "%H:%M:%S", &tm))
		str_add(out, text);
}

static void side_title(const struct ct_view *w, unsigned side, struct str *out)
{
	const struct ctp_snapshot *s = ct_snap(w, side);
	const char *name = s ? w->ring.v[w->side[side]].name : NULL;

	if (!s)
		return;
	str_add(out, side == CTP_BASE ? "  A " : "  B ");
	if (name)
		str_printf(out, "%s ", name);
	clock_text(s, out);
}

static void pair_title(const struct ct_view *w, struct str *out)
{
	const struct ctp_snapshot *a = ct_snap(w, CTP_BASE), *b = ct_snap(w, CTP_CAND);

	side_title(w, CTP_BASE, out);
	side_title(w, CTP_CAND, out);
	if (!w->diff)
		return;
	str_add(out, "  (");
	if (w->diff->window_ns > 0) {
		units_duration(out, (uint64_t)w->diff->window_ns);
		str_add(out, ", ");
	}
	str_printf(out, "%zu>%zu thr)", a->nthreads, b->nthreads);
}

static void foot(const struct ct_view *w, struct str *out)
{
	static const char *const orders[] = {"time", "|%|", "|delta|", "A", "B", "name"};
	static const char *const whichs[] = {"changed", "beyond noise", "all"};
	const char *section = "all";

	if (!w->diff)
		return;
	for (int s = 0; s < CTP_NSECTIONS; s++)
		if (w->view.sections == 1U << s)
			section = ctp_sections[s].name;
	if (w->view.sections & (w->view.sections - 1))
		section = "several";
	str_printf(out, "group:%s  sect:%s  sort:%s%s  rows:%s", ctp_axis_names[w->naming.axis],
		section, orders[w->order], w->inverted ? " up" : "", whichs[w->which]);
	if (w->view.some_metrics)
		str_add(out, "  some metrics");
	if (w->filter)
		str_printf(out, "  filter:%s", filter_text(w->filter));
	str_printf(out, "  %zu rows", w->nrows);
	if (w->noise)
		str_printf(out, ", %zu over noise", w->nbeyond);
}

void ct_status(const void *self, struct pane_status *out)
{
	const struct ct_view *w = self;

	str_add(&out->tab, w->job && w->work == CT_CAPTURE ? "Ctprof ..." : "Ctprof");
	if (w->nbeyond) {
		str_printf(&out->tab, " %zu", w->nbeyond);
		out->mark = '!';
	}
	str_add(&out->title, "Ctprof");
	pair_title(w, &out->title);
	foot(w, &out->foot);
	str_printf(&out->summary, "%zu snapshot%s", w->ring.n, w->ring.n == 1 ? "" : "s");
	if (w->diff)
		str_printf(&out->summary, "  %zu rows changed", w->nrows);
	if (w->diff)
		out->features |= HAS_PAIR | UI_CAN_FILTER | UI_CAN_EXPORT;
	if (w->ring.n > 2)
		out->features |= HAS_RING;
	out->features |= !w->job ? AT_REST : w->work == CT_CAPTURE ? CAPTURING : 0;
	if (w->cursor < w->lines.n && w->lines.v[w->cursor].kind <= CT_MORE)
		out->features |= ON_A_ROW;
}
