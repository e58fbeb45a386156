/* /proc/locks: whatever it says, states come out in order, each process once a lock. */
#include <stdint.h>
#include <stdlib.h>

#include "probes/locks/holders_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_state(const struct lock_state *s)
{
	for (size_t i = 0; i < s->nholders; i++)
		for (size_t k = 0; k < i; k++)
			if (s->holders[i].pid == s->holders[k].pid)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flock_lines lines = {{0}};
	struct flocks *f;

	flock_lines_parse((const char *)data, size, &lines);
	f = flocks_build(&lines, NULL);
	for (size_t i = 0; i < f->n; i++) {
		check_state(&f->v[i]);
		if (i && lock_id_compare(&f->v[i - 1].id, &f->v[i].id) >= 0)
			abort();
		if (flocks_of(f, &f->v[i].id) != &f->v[i])
			abort();
	}
	for (size_t i = 0; i < lines.list.n; i++)
		if (lines.list.v[i].pid < 0 || !flocks_of(f, &lines.list.v[i].id))
			abort();
	flocks_free(f);
	free(lines.list.v);
	return 0;
}
