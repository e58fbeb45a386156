/* What the files of the JSON export share. */
#pragma once

#include "probes/ctprof/export.h"

/* Keys of the sections that are no metrics; d == NULL: of one snapshot. */
void ctp_json_secondary(struct json_out *j, struct ctp_groups *g, const struct ctp_diff *d,
	const struct ctp_view *v);
