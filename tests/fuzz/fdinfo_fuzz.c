/* /proc/PID/fdinfo/FD: its lock lines are lines of the table, and none of them waits. */
#include <stdint.h>
#include <stdlib.h>

#include "probes/locks/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flock_lines lines = {{0}};

	flock_fdinfo_parse((const char *)data, size, &lines);
	for (size_t i = 0; i < lines.list.n; i++)
		if (lines.list.v[i].waits || lines.list.v[i].pid < 0)
			abort();
	free(lines.list.v);
	return 0;
}
