/* The tags of a git server, and what is left of them: versions within the range, ascending, one of
 * each series. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/kernels/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_strv struct strv got = STRV_INIT;
	struct kver before = {0};
	struct ident id;

	if (ident_parse("5.4..6.12", NULL, &id, NULL))
		abort();
	range_add_tags((const char *)data, size, &id, &got);
	range_newest(&got);
	for (size_t i = 0; i < got.n; i++) {
		struct kver v;

		if (!kver_parse(got.v[i], strlen(got.v[i]), &v) || v.rc != KVER_MAX || v.major < 5)
			abort();
		if (i && (kver_compare(&before, &v) >= 0 ||
				 (before.major == v.major && before.minor == v.minor)))
			abort();
		before = v;
	}
	ident_release(&id);
	return 0;
}
