#include "vmm/qemu/tsc.h"

#include <stdint.h>
#include <time.h>

#include "src/base/clock.h"

#if defined(__x86_64__)

/* Beyond what any processor has, a measurement has gone wrong. */
enum { TRIES = 8, LEAST_KHZ = 100000, MOST_KHZ = 10000000 };

struct moment {
	uint64_t ns, ticks;
};

/* Both clocks at once: of some tries, the one that was interrupted least. */
static struct moment read_both(void)
{
	uint64_t best = UINT64_MAX;
	struct moment m = {0, 0};

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = clock_mono_ns(), ticks = __builtin_ia32_rdtsc();
		uint64_t took = clock_mono_ns() - before;

		if (took < best) {
			best = took;
			m = (struct moment){before + took / 2, ticks};
		}
	}
	return m;
}

unsigned qemu_tsc_khz(void)
{
	const struct timespec window = {.tv_nsec = 2 * NS_PER_MS};
	struct moment from = read_both(), to;
	uint64_t khz;

	nanosleep(&window, NULL);
	to = read_both();
	if (to.ns <= from.ns || to.ticks <= from.ticks)
		return 0;
	khz = (to.ticks - from.ticks) * (NS_PER_SEC / 1000) / (to.ns - from.ns);
	return khz >= LEAST_KHZ && khz <= MOST_KHZ ? (unsigned)khz : 0;
}

#else

unsigned qemu_tsc_khz(void)
{
	return 0;
}

#endif
