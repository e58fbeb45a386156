/* The guest's share of this host: what its shape asks of the reservation, and what the reservation
 * means for the engine. */
#pragma once

#include "src/reserve/reserve.h"
#include "vmm/vmctl.h"

/* Refuses what this host can never give; cheap. */
int share_check(const struct vm_config *c, struct err *e);
/* Reserves, waiting as long as the configuration says. The placement owns the locks; warnings and
 * what is known for people stay in the reservation. */
int share_take(const struct vm_config *c, const struct reserve_context *cx, struct reservation *out,
	struct vm_placement *placement, struct err *e);
