/*
 * Numbers of a profile as people read them: a value climbs to the largest step that it reaches, and
 * the unit stands at the number (spec section 4.4). printf's own rounding, half to even on the
 * exact binary value, is the specified one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "probes/ctprof/snapshot.h"
#include "src/base/str.h"

enum ctp_ladder {
	CTP_LADDER_TEXT, /* numbers without steps: ranges, CPU counts */
	CTP_LADDER_COUNT,
	CTP_LADDER_NS,
	CTP_LADDER_US,
	CTP_LADDER_BYTES,
	CTP_LADDER_TICKS,
	CTP_LADDERS,
};

#define CTP_ARROW  "\xe2\x86\x92" /* U+2192 */
#define CTP_ABSENT "-"

/* The unit of a number that has not climbed: "ns", "B", "" for counts. */
const char *ctp_ladder_unit(enum ctp_ladder l);

/* All of these append one cell. */
void ctp_cell_u64(struct str *out, uint64_t v, enum ctp_ladder l); /* "999ns", "1.500us" */
void ctp_cell_delta(struct str *out, double v, enum ctp_ladder l); /* "+0ns", "-0.500" */
void ctp_cell_pct(struct str *out, double fraction);		   /* "+250.0%" */
void ctp_cell_real(struct str *out, double v, enum ctp_ladder l);  /* "250.00ns" */
void ctp_cell_real_delta(struct str *out, double v, enum ctp_ladder l);
void ctp_cell_ratio(struct str *out, double v);	      /* "0.874" */
void ctp_cell_ratio_delta(struct str *out, double v); /* "+0.100" */

/* "A -> B (+D)" as the secondary tables have it; "A -> -" and "-> B" when a side lacks it. */
void ctp_cell_change(struct str *out, struct ctp_opt a, struct ctp_opt b, enum ctp_ladder l);
/* A share in hundredths of a percent: "12.34%", and its change "12.34% -> 12.50% (+0.16%)". */
void ctp_cell_centi(struct str *out, unsigned v);
void ctp_cell_centi_change(struct str *out, unsigned a, unsigned b);
