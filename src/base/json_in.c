#include "src/base/json_in.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "src/base/json_out.h"
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

const struct json *json_member(const struct json *object, size_t i, const char **key)
{
	const cJSON *v = cJSON_IsObject(node(object)) && i <= INT_MAX
				 ? cJSON_GetArrayItem(node(object), (int)i)
				 : NULL;

	if (v)
		*key = v->string;
	return (const struct json *)v;
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

static void copy_number(double d, struct json_out *j)
{
	if (d != floor(d) || fabs(d) > 9007199254740992.0)
		json_real(j, d);
	else
		json_i64(j, (int64_t)d);
}

void json_copy_members(const struct json *object, struct json_out *j)
{
	const cJSON *v;

	for (v = object ? node(object)->child : NULL; v; v = v->next) {
		json_key(j, v->string);
		json_copy((const struct json *)v, j);
	}
}

static void copy_array(const cJSON *array, struct json_out *j)
{
	const cJSON *v;

	json_array(j);
	for (v = array ? array->child : NULL; v; v = v->next)
		json_copy((const struct json *)v, j);
	json_array_end(j);
}

/* As deep as json_parse() lets a document be. */
void json_copy(const struct json *v, struct json_out *j)
{
	const cJSON *n = node(v);

	if (cJSON_IsObject(n)) {
		json_object(j);
		json_copy_members(v, j);
		json_object_end(j);
	} else if (cJSON_IsArray(n)) {
		copy_array(n, j);
	} else if (cJSON_IsString(n)) {
		json_str(j, cJSON_GetStringValue((cJSON *)v));
	} else if (cJSON_IsNumber(n)) {
		copy_number(n->valuedouble, j);
	} else if (cJSON_IsBool(n)) {
		json_bool(j, cJSON_IsTrue(n));
	} else {
		json_null(j);
	}
}
