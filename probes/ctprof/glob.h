/*
 * The patterns of --cgroup-flatten, matched against a whole path (spec 6.1): `?` one character, `*`
 * any run, slashes included, `[abc]` `[a-z]` `[!...]` one of or none of, a component `**` any
 * number of whole components. Nothing else is special. Time is pattern times path, whatever the
 * pattern.
 */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"

struct ctp_glob;

/* NULL with a sentence when the pattern is none. */
struct ctp_glob *ctp_glob_new(const char *pattern, struct err *e);
void ctp_glob_free(struct ctp_glob *g);
bool ctp_glob_matches(const struct ctp_glob *g, const char *path);
