/*
 * Streaming JSON writer. Integers are written exactly, strings are made valid UTF-8 (bad bytes
 * become U+FFFD), pretty form is two spaces deep with "key": value, empty containers are [] and {}.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/str.h"

struct json_out {
	struct str *out; /* borrowed */
	bool pretty;
	unsigned depth;
	bool comma; /* the next element is preceded by one */
	bool after_key;
};

void json_init(struct json_out *j, struct str *out, bool pretty);
void json_object(struct json_out *j);
void json_object_end(struct json_out *j);
void json_array(struct json_out *j);
void json_array_end(struct json_out *j);
/* Before every value in an object. */
void json_key(struct json_out *j, const char *key);
void json_str(struct json_out *j, const char *s); /* NULL writes null */
void json_strn(struct json_out *j, const char *s, size_t n);
void json_u64(struct json_out *j, uint64_t v);
void json_i64(struct json_out *j, int64_t v);
void json_real(struct json_out *j, double v); /* not finite: null */
void json_bool(struct json_out *j, bool v);
void json_null(struct json_out *j);
/* key and value in one go */
void json_key_str(struct json_out *j, const char *key, const char *s);
void json_key_u64(struct json_out *j, const char *key, uint64_t v);
void json_key_bool(struct json_out *j, const char *key, bool v);
void json_key_null(struct json_out *j, const char *key);
