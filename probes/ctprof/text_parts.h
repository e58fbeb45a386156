/* What the files of the text rendering share. */
#pragma once

#include "probes/ctprof/cells.h"
#include "probes/ctprof/cgfold.h"
#include "probes/ctprof/sheet.h"
#include "probes/ctprof/smaps.h"
#include "probes/ctprof/text.h"

/* The colour of a change: yellow up, magenta down. */
unsigned ctp_change_colour(const struct ctp_change *c);
/* One cell of a row, appended; its colour. Not of the group. */
unsigned ctp_column_cell(const struct ctp_diff *d, const struct ctp_noise *noise,
	enum ctp_column column, const struct ctp_matched *p, enum ctp_metric m, struct str *out);
/* Header cells of the view's columns. */
void ctp_grid_headers(
	struct ctp_grid *g, const struct ctp_view *v, enum ctp_axis axis, unsigned colour);
/* Adds a cell from a scratch string, and empties that. */
void ctp_grid_take(struct ctp_grid *g, unsigned colour, struct str *cell);

/* Lines of a tree of cgroups above rows of processes: headings for the segments of `path` that
 * `before` does not share; both may be "/" or empty. Each is a row of the grid. */
void ctp_tree_headings(struct ctp_grid *g, const char *before, const char *path);
/* The heading of a process below them. */
void ctp_tree_process(struct ctp_grid *g, const char *path, const char *process);
size_t ctp_tree_depth(const char *path);

/* Cgroup and host tables of one snapshot or two; d == NULL: one. */
void ctp_text_cgroups(
	struct ctp_sheet *s, struct ctp_groups *g, const struct ctp_view *v, bool compare);
void ctp_text_limits(struct ctp_sheet *s, const struct ctp_cgroup_pairs *p, bool compare);
void ctp_text_pressures(struct ctp_sheet *s, const struct ctp_cgroup_pairs *p, bool compare);
void ctp_text_host_pressure(
	struct ctp_sheet *s, const struct ctp_snapshot *a, const struct ctp_snapshot *b);
void ctp_text_sched_ext(
	struct ctp_sheet *s, const struct ctp_snapshot *a, const struct ctp_snapshot *b);
void ctp_text_smaps_show(struct ctp_sheet *s, struct ctp_groups *g);
void ctp_text_smaps_compare(
	struct ctp_sheet *s, const struct ctp_diff *d, const struct ctp_view *v);
void ctp_text_unmatched(
	struct ctp_sheet *s, const struct ctp_diff *d, const struct ctp_text_options *o);
void ctp_text_fudges(struct ctp_sheet *s, const struct ctp_diff *d);
