/* The guest's share of this host: what its shape asks of the reservation, and what the reservation
 * means for the engine. */
#pragma once

#include "src/reserve/reserve.h"
#include "vmm/vmctl.h"

/* Refuses what this host can never give; cheap. */
int share_check(const struct vm_config *c, struct err *e);
/* Performance mode's wishes that this host may not grant, as sentences: huge pages (the memory is
 * rounded up to whole ones where there are enough), quiet. */
void share_check_pages(const struct vm_config *c, const struct sysroot *r, uint32_t *memory_mib,
	struct vm_placement *p, struct strv *notes);
void share_check_load(const struct vm_config *c, const struct sysroot *r, struct strv *notes);
/* Reserves, waiting as long as the configuration says. The placement owns the locks; warnings and
 * what is known for people stay in the reservation. */
int share_take(const struct vm_config *c, const struct reserve_context *cx, struct reservation *out,
	struct vm_placement *placement, struct err *e);
