/* Adding up the threads of a group; for group.c. */
#pragma once

#include "probes/ctprof/group.h"

/* n threads from members[side][first]; lives in the groups' arena. */
struct ctp_sums *ctp_sums_of(struct ctp_groups *g, unsigned side, size_t first, size_t n);
/* Adds; stops at 2^64 - 1. */
uint64_t ctp_saturate(uint64_t a, uint64_t b);
/* Sorts the tallies and finds the most frequent: the first, bytewise, of several. */
void ctp_settle_mode(struct ctp_mode *mode, struct ctp_tally *tallies, size_t n);
