/* Snapshots of tests, and the comparison of text with what a file expects. */
#pragma once

#include "probes/ctprof/store.h"
#include "src/base/str.h"

/* A JSON text below tests/golden/contract; ends the program when it is none. */
struct ctp_snapshot *fixture_snapshot(const char *name);
struct ctp_snapshot *ctprof_fixture_text(const char *json);
/* Whether `got` is what tests/golden/contract/NAME holds; UPDATE=1 rewrites that. Says where not.
 */
bool fixture_matches(const char *name, const struct str *got);
