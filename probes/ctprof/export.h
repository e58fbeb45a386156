/*
 * A profile for programs: the rows of a comparison or of one snapshot as JSON and as CSV, with
 * exact numbers in base units. Rows stand in the order of the tables; --limit does not cut them.
 */
#pragma once

#include "probes/ctprof/diff.h"
#include "probes/ctprof/noise.h"
#include "probes/ctprof/view.h"
#include "src/base/json_out.h"

struct ctp_exits;

struct ctp_export {
	const struct ctp_view *view;
	const char *path[CTP_SIDES];
	const struct ctp_noise *noise; /* NULL = not measured */
	const struct ctp_exits *exits; /* NULL = not told, or not asked for */
};

void ctp_json_compare(const struct ctp_diff *d, const struct ctp_export *x, struct json_out *j);
void ctp_json_show(struct ctp_groups *g, const struct ctp_export *x, struct json_out *j);
/* RFC 4180, lines end in \n; the first names the columns. */
void ctp_csv_compare(const struct ctp_diff *d, const struct ctp_export *x, struct str *out);
void ctp_csv_show(struct ctp_groups *g, const struct ctp_export *x, struct str *out);
