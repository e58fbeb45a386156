#include "tests/lib/smaps.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void smaps_flags(const void *at, char *out, size_t n)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[512];
	uint64_t from, to;
	bool in = false;

	if (!f)
		abort();
	*out = '\0';
	while (!*out && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &from, &to) == 2)
			in = (uintptr_t)at >= from && (uintptr_t)at < to;
		else if (in && !strncmp(line, "VmFlags:", 8))
			snprintf(out, n, "%s", line + 8);
	}
	fclose(f);
}
