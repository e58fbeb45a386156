/* The published list of releases, and what is picked from it; the published sums. */
#include <stdint.h>
#include <stdlib.h>

#include "src/kernels/releases.h"
#include "src/kernels/sums.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kver six = {.major = 6, .dots = 0, .rc = KVER_MAX};
	struct strv active = STRV_INIT;
	struct releases l;
	struct err e = ERR_INIT;
	char sum[SHA256_HEX + 1];
	char *text = malloc(size + 1);

	for (size_t i = 0; i < size; i++)
		text[i] = (char)data[i];
	text[size] = '\0';
	if (releases_parse(text, size, &l, &e) == 0) {
		(void)releases_latest(&l);
		(void)releases_of_series(&l, &six);
		releases_active(&l, &active);
		releases_release(&l);
	}
	(void)sums_find(text, size, "linux-6.1.tar.xz", sum);
	strv_release(&active);
	free(text);
	return 0;
}
