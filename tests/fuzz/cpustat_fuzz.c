/* /proc/stat and /proc/schedstat: two readings, parted by a zero byte, and the shares between. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/hostinfo/cpustat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct cpu_uses *u)
{
	for (size_t i = 0; i < u->ncpus; i++) {
		const struct cpu_use *c = &u->cpus[i];

		if (!(c->busy >= 0) || !(c->iowait >= 0) || !(c->steal >= 0))
			abort();
		if (cpu_use_of(u, c->cpu) != c)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xmalloc(size + 2);
	struct cpustat *a, *b;
	const char *second;

	memcpy(text, data, size);
	text[size] = text[size + 1] = '\0';
	second = text + strlen(text) + 1;
	a = cpustat_parse(text, NULL);
	b = cpustat_parse(second > text + size ? "" : second, NULL);
	if (a)
		cpustat_parse_schedstat(a, text);
	if (a && b) {
		struct cpu_uses *u = cpustat_diff(a, b);

		check(u);
		cpu_uses_free(u);
	}
	cpustat_free(a);
	cpustat_free(b);
	return 0;
}
