/* Names of a comparison, each kept once: two are equal when their pointers are. */
#pragma once

#include "probes/ctprof/group.h"

struct ctp_name {
	size_t threads; /* counted by whoever groups */
	char s[];
};

struct ctp_namer *ctp_namer_new(const struct ctp_naming *naming, struct strv *warnings);
void ctp_namer_free(struct ctp_namer *n);
struct ctp_name *ctp_namer_literal(struct ctp_namer *n, const char *name);
struct ctp_name *ctp_namer_pattern(struct ctp_namer *n, const char *name);
/* Before the first name is asked for: a cgroup that is there, where the naming is tight. */
void ctp_namer_learn(struct ctp_namer *n, const char *path);
/* Flattened, then normalised unless the naming says literal. */
struct ctp_name *ctp_namer_cgroup(struct ctp_namer *n, const char *path);
