/* init's configuration file: records lie in the buffer, in order, and put together again they are
 * it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/str.h"
#include "vmm/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	cleanup_str struct str again = STR_INIT;
	struct conf_record r;
	size_t at = 0;
	int got;

	while ((got = conf_next((const char *)bytes, n, &at, &r)) > 0) {
		if (!r.key_len || memchr(r.key, '=', r.key_len))
			abort();
		if (conf_number(&r, 65535, 80) > 65535)
			abort();
		str_append(&again, r.key, r.key_len);
		str_addc(&again, '=');
		str_append(&again, r.value, r.value_len);
		str_addc(&again, '\0');
	}
	if (got == 0 && (again.len < n || again.len > n + 1 || (n && memcmp(again.s, bytes, n))))
		abort();
	return 0;
}
