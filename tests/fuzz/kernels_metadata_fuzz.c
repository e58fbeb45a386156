/* metadata.json of cache entries: what is read is written and read again as the same; what is not,
 * is classified, and the classes agree with the scanner. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/kernels/json_fault.h"
#include "src/kernels/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct metadata *m)
{
	cleanup_str struct str text = STR_INIT, second = STR_INIT;
	struct metadata back;
	struct metadata_fault f;

	metadata_write(m, &text);
	if (metadata_parse(text.s, text.len, &back, &f))
		abort();
	metadata_write(&back, &second);
	if (strcmp(text.s, second.s) != 0)
		abort();
	metadata_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct metadata m;
	struct metadata_fault f = {0};

	if (metadata_parse((const char *)data, size, &m, &f) == 0) {
		again(&m);
		metadata_release(&m);
	} else if (!f.kind || !str_starts(f.reason, "metadata.json ")) {
		abort();
	}
	json_fault((const char *)data, size);
	return 0;
}
