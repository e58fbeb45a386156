/* Adding up the threads of a group; for group.c. */
#pragma once

#include "probes/ctprof/group.h"

/* n threads from members[side][first]; lives in the groups' arena. */
struct ctp_sums *ctp_sums_of(struct ctp_groups *g, unsigned side, size_t first, size_t n);
