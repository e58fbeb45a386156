/* A snapshot as JSON text: what loads can be written, and what was written loads as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/ctprof/sink.h"
#include "probes/ctprof/store.h"
#include "src/base/file.h"
#include "src/base/zst.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void text_of(const struct ctp_snapshot *s, struct str *out)
{
	ctp_write_head(s, out);
	ctp_write_threads(s, out);
	ctp_write_tail(s, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctp_snapshot *s = ctp_load_text((const char *)data, size, "fuzz", NULL), *again;
	cleanup_str struct str first = STR_INIT, second = STR_INIT;

	if (!s)
		return 0;
	text_of(s, &first);
	again = ctp_load_text(first.s, first.len, "again", NULL);
	if (!again)
		abort();
	text_of(again, &second);
	if (first.len != second.len || memcmp(first.s, second.s, first.len) != 0)
		abort();
	ctp_free(again);
	ctp_free(s);
	return 0;
}
