/* A profile as text, table by table (spec 4.7 to 4.9 and 7). */
#pragma once

#include "probes/ctprof/diff.h"
#include "probes/ctprof/view.h"
#include "src/base/str.h"

struct ctp_noise;

struct ctp_text_options {
	const struct ctp_view *view;
	bool colour;
	int wrap;		       /* columns of the terminal, 0 = never wrap */
	int fit;		       /* leave out the last columns beyond this, 0 = never */
	const char *path[CTP_SIDES];   /* as lists of unmatched groups name the snapshots */
	const struct ctp_noise *noise; /* for CTP_COL_NOISE; NULL = not measured */
};

void ctp_text_compare(const struct ctp_diff *d, const struct ctp_text_options *o, struct str *out);
/* What threads that the candidate has did since the baseline was taken, a line for each group, most
 * time first: those that stayed by what they added, those that came by all they have. limit 0 =
 * all, width 0 = all columns. Nothing where nothing was done. */
void ctp_text_alive(
	const struct ctp_diff *d, bool colour, int width, uint64_t limit, struct str *out);
void ctp_text_show(struct ctp_groups *g, const struct ctp_text_options *o, struct str *out);
/* "cgroup / pcomm / comm" of a key, as one line. */
void ctp_key_text(const struct ctp_key *k, enum ctp_axis axis, struct str *out);
