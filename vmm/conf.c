#include "vmm/conf.h"

#include <string.h>

int conf_next(const char *bytes, size_t n, size_t *at, struct conf_record *out)
{
	const char *record = bytes + *at, *end, *eq;
	size_t left = n - *at;

	if (!left)
		return 0;
	end = memchr(record, 0, left);
	if (!end)
		end = record + left;
	eq = memchr(record, '=', (size_t)(end - record));
	if (!eq || eq == record)
		return -1;
	*out = (struct conf_record){
		.key = record,
		.key_len = (size_t)(eq - record),
		.value = eq + 1,
		.value_len = (size_t)(end - eq - 1),
	};
	*at = (size_t)(end - bytes) + (end < bytes + n);
	return 1;
}

int conf_is(const struct conf_record *r, const char *key)
{
	return strlen(key) == r->key_len && memcmp(key, r->key, r->key_len) == 0;
}

unsigned conf_number(const struct conf_record *r, unsigned max, unsigned fallback)
{
	unsigned v = 0;

	for (size_t i = 0; i < r->value_len; i++) {
		if (r->value[i] < '0' || r->value[i] > '9' || v > max / 10)
			return fallback;
		v = v * 10 + (unsigned)(r->value[i] - '0');
	}
	return v >= 1 && v <= max ? v : fallback;
}
