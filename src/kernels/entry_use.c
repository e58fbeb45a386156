#include "src/kernels/entry_use.h"

#include <fts.h>
#include <sys/stat.h>
#include <time.h>

#include "src/base/mem.h"
#include "src/base/units.h"

enum { BLOCK = 512 }; /* st_blocks counts these */

static uint64_t bytes_below(const char *dir)
{
	cleanup_free char *path = xstrdup(dir);
	char *const roots[] = {path, NULL};
	FTS *f = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const FTSENT *n;
	uint64_t sum = 0;

	while (f && (n = fts_read(f)))
		if (n->fts_info == FTS_F || n->fts_info == FTS_D)
			sum += (uint64_t)n->fts_statp->st_blocks * BLOCK;
	if (f)
		fts_close(f);
	return sum;
}

void entry_use_read(const char *dir, const char *image, struct entry_use *out)
{
	struct stat st;

	*out = (struct entry_use){.bytes = bytes_below(dir)};
	if (image && !stat(image, &st))
		out->used_at = (uint64_t)(st.st_atime > st.st_mtime ? st.st_atime : st.st_mtime);
}

void entry_use_format(const struct entry_use *use, struct str *size, struct str *used)
{
	time_t t = (time_t)use->used_at;
	char day[16];
	struct tm tm;

	units_bytes(size, use->bytes);
	if (use->used_at && gmtime_r(&t, &tm) && strftime(day, sizeof(day), "%Y-%m-%d", &tm))
		str_add(used, day);
	else
		str_addc(used, '-');
}
