/* Between the files of this folder: what is said about a reservation. */
#pragma once

#include "src/reserve/reserve.h"

/* Several lines for people: mode, LLCs, CPUs, nodes, locks, and who holds what besides. h may be
 * NULL where nothing is reserved. */
void reserve_describe(const struct reservation *r, const struct reserve_host *h, struct str *out);
/* Adds the warnings of spec/host 3.4: several nodes, fewer CPUs than vCPUs. */
void reserve_warn(const struct reserve_request *q, const struct reserve_host *h, unsigned vcpus,
	struct reservation *r);
/* The sentence of a share that others have, after so many attempts; -EBUSY. */
int reserve_busy_error(const struct reserve_request *q, const struct reserve_host *h,
	unsigned target, unsigned vcpus, unsigned attempts, struct err *e);
