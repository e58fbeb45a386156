#include "src/base/clock.h"

#include <stdlib.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t clock_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_cpu_ns(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t clock_real_ns(void)
{
	const char *frozen = getenv("KTSTR_TEST_NOW");

	if (frozen && *frozen)
		return strtoull(frozen, NULL, 10) * NS_PER_SEC;
	return read_clock(CLOCK_REALTIME);
}
