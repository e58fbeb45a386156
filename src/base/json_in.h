/*
 * Reading small JSON documents (configuration, metadata, release lists) as a tree. Numbers are
 * doubles: exact up to 2^53 only, which is why snapshots do not pass through here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"

struct json; /* a node of a tree */

/* Parses n bytes, depth and size bounded; the error gives the offset. Free the root with
 * json_free(). */
struct json *json_parse(const char *text, size_t n, struct err *e);
void json_free(struct json *root);

/* Everything below borrows from the tree; a missing or differently typed node gives the fallback.
 */
const struct json *json_get(const struct json *object, const char *key); /* NULL when missing */
size_t json_size(const struct json *array);				 /* 0 unless an array */
const struct json *json_at(const struct json *array, size_t i);		 /* NULL beyond the end */
/* The i-th member of an object and its key (borrowed); NULL beyond the end. */
const struct json *json_member(const struct json *object, size_t i, const char **key);
bool json_is_object(const struct json *v);
bool json_is_null(const struct json *v);
const char *json_text(const struct json *v, const char *fallback);
uint64_t json_uint(const struct json *v, uint64_t fallback);
bool json_flag(const struct json *v, bool fallback);
const char *json_get_text(const struct json *object, const char *key, const char *fallback);
uint64_t json_get_uint(const struct json *object, const char *key, uint64_t fallback);
bool json_get_flag(const struct json *object, const char *key, bool fallback);

/* Writes a node, with all below it, as the next value. Whole numbers beyond 2^53 are written as
 * what the tree has of them. */
struct json_out;
void json_copy(const struct json *v, struct json_out *j);
/* Writes the members of an object into the object that is being written. */
void json_copy_members(const struct json *object, struct json_out *j);
