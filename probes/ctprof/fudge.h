/* Pairing cgroups that were renamed; for diff.c. */
#pragma once

#include "probes/ctprof/diff.h"

/* What a baseline group was joined with. */
struct ctp_join {
	const struct ctp_group *base;
	const struct ctp_group **cands;
	size_t ncands;
};
struct ctp_joins {
	VEC(struct ctp_join) v; /* cands are heap, arena takes no part */
};
/* Fills d->fudges; the joins by key of base. Release with ctp_joins_release(). */
void ctp_fudge(struct ctp_diff *d, struct ctp_joins *joins);
void ctp_joins_release(struct ctp_joins *joins);
