/* Time, which a test may freeze. */
#pragma once

#include <stdint.h>

#define NS_PER_SEC 1000000000ULL
#define NS_PER_MS  1000000ULL

/* CLOCK_MONOTONIC in nanoseconds; never frozen: timers and measurements rest on it. */
uint64_t clock_mono_ns(void);
/* CPU time that this process has used, in nanoseconds; never frozen. */
uint64_t clock_cpu_ns(void);
/* CLOCK_REALTIME in nanoseconds since the epoch; what is shown to a person. Returns the value of
 * the environment variable KTSTR_TEST_NOW (seconds) instead where that is set. */
uint64_t clock_real_ns(void);
