#include "src/base/json_in.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "src/base/str.h"

enum { TEXT_MAX = 64 * 1024 * 1024 };

/* struct json is cJSON under another name, so that the library stays in this file. */
static const cJSON *node(const struct json *v)
{
	return (const cJSON *)v;
}

struct json *json_parse(const char *text, size_t n, struct err *e)
{
	const char *end = NULL;
	cJSON *root;

	if (n > TEXT_MAX) {
		err_set(e, EFBIG, "JSON document of %zu bytes is larger than %d", n, TEXT_MAX);
		return NULL;
	}
	root = cJSON_ParseWithLengthOpts(text, n, &end, 0);
	while (root && end && end < text + n && strchr(" \t\r\n", *end) && *end)
		end++;
	if (root && end && end < text + n && *end) {
		cJSON_Delete(root);
		root = NULL;
	}
	if (!root)
		err_set(e, EINVAL, "malformed JSON at byte %zu", end ? (size_t)(end - text) : 0);
	return (struct json *)root;
}

void json_free(struct json *root)
{
	cJSON_Delete((cJSON *)root);
}

const struct json *json_get(const struct json *object, const char *key)
{
	return (const struct json *)cJSON_GetObjectItemCaseSensitive(node(object), key);
}

size_t json_size(const struct json *array)
{
	return cJSON_IsArray(node(array)) ? (size_t)cJSON_GetArraySize(node(array)) : 0;
}

const struct json *json_at(const struct json *array, size_t i)
{
	return i < json_size(array) ? (const struct json *)cJSON_GetArrayItem(node(array), (int)i)
				    : NULL;
}

bool json_is_object(const struct json *v)
{
	return cJSON_IsObject(node(v));
}

bool json_is_null(const struct json *v)
{
	return cJSON_IsNull(node(v));
}

const char *json_text(const struct json *v, const char *fallback)
{
	const char *s = cJSON_IsString(node(v)) ? cJSON_GetStringValue((cJSON *)v) : NULL;

	return s ? s : fallback;
}

uint64_t json_uint(const struct json *v, uint64_t fallback)
{
	double d;

	if (!cJSON_IsNumber(node(v)))
		return fallback;
	d = node(v)->valuedouble;
	if (d < 0 || d > 9007199254740992.0)
		return fallback;
	return (uint64_t)d;
}

bool json_flag(const struct json *v, bool fallback)
{
	return cJSON_IsBool(node(v)) ? cJSON_IsTrue(node(v)) : fallback;
}

const char *json_get_text(const struct json *object, const char *key, const char *fallback)
{
	return json_text(json_get(object, key), fallback);
}

uint64_t json_get_uint(const struct json *object, const char *key, uint64_t fallback)
{
	return json_uint(json_get(object, key), fallback);
}

bool json_get_flag(const struct json *object, const char *key, bool fallback)
{
	return json_flag(json_get(object, key), fallback);
}
