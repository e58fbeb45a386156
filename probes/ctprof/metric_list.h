/* The vocabulary of a profile: tags, sections, metrics (spec 1.7). */
#pragma once

#include "probes/ctprof/metrics.h"
#include "src/base/json_out.h"

/* `here` is a thread that was just captured on this machine, to tell what it can measure; NULL =
 * not asked. */
void ctp_metric_list_text(const struct ctp_thread *here, bool colour, struct str *out);
void ctp_metric_list_json(const struct ctp_thread *here, struct json_out *j);
