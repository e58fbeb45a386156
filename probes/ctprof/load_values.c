/* Values of the snapshot file, and the objects that are rows of shape.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/load.h"
#include "src/base/utf8.h"

int ctp_load_next(struct ctp_loader *l)
{
	return json_pull(&l->json, l->e);
}

int ctp_load_mismatch(struct ctp_loader *l, const char *want, int event)
{
	if (event < 0)
		return event;
	return err_set(l->e, EBADMSG, "%s is expected, but there is %s before byte %llu", want,
		json_event_name(event), (unsigned long long)json_pull_offset(&l->json));
}

int ctp_load_u64(struct ctp_loader *l, uint64_t max, uint64_t *out)
{
	int event = ctp_load_next(l);

	if (event != JSON_UINT || l->json.u > max)
		return event == JSON_UINT
			       ? err_set(l->e, EBADMSG, "%llu is more than %llu",
					 (unsigned long long)l->json.u, (unsigned long long)max)
			       : ctp_load_mismatch(l, "an unsigned integer", event);
	*out = l->json.u;
	return 0;
}

int ctp_load_i64(struct ctp_loader *l, int64_t min, int64_t max, uint64_t *out)
{
	int event = ctp_load_next(l);

	if (event == JSON_UINT && l->json.u <= (uint64_t)max) {
		*out = l->json.u;
		return 0;
	}
	if (event == JSON_INT && l->json.i >= min) {
		*out = (uint64_t)l->json.i;
		return 0;
	}
	if (event == JSON_UINT || event == JSON_INT)
		return err_set(l->e, EBADMSG, "a number between %lld and %lld is expected",
			(long long)min, (long long)max);
	return ctp_load_mismatch(l, "an integer", event);
}

int ctp_load_bool(struct ctp_loader *l, uint64_t *out)
{
	int event = ctp_load_next(l);

	if (event != JSON_TRUE && event != JSON_FALSE)
		return ctp_load_mismatch(l, "true or false", event);
	*out = event == JSON_TRUE;
	return 0;
}

/* Zero bytes are characters to JSON and ends to C. */
static void without_zeros(struct ctp_loader *l, const char **s, size_t *n)
{
	if (*n == 0 || !memchr(*s, 0, *n))
		return;
	str_clear(&l->text);
	for (size_t i = 0; i < *n; i++) {
		if ((*s)[i])
			str_addc(&l->text, (*s)[i]);
		else
			str_add(&l->text, UTF8_REPLACEMENT);
	}
	*s = l->text.s;
	*n = l->text.len;
}

uint32_t ctp_load_str(struct ctp_loader *l)
{
	const char *s = l->json.s;
	size_t n = l->json.n;

	without_zeros(l, &s, &n);
	return ctp_build_str(l->b, s, n);
}

const char *ctp_load_string(struct ctp_loader *l)
{
	const char *s = l->json.s;
	size_t n = l->json.n;

	without_zeros(l, &s, &n);
	return ctp_build_text(l->b, s, n);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct ctp_pair *)a)->key, ((const struct ctp_pair *)b)->key);
}

static int too_many(struct ctp_loader *l)
{
	return err_set(l->e, EBADMSG, "an object with more than %d keys before byte %llu",
		CTP_MAP_MAX, (unsigned long long)json_pull_offset(&l->json));
}

/* A JSON object keeps no order and could name a key twice; the model is in order and does not. */
static int sort_pairs(struct ctp_loader *l)
{
	struct ctp_pair *v = l->pairs.v;

	if (l->pairs.n)
		qsort(v, l->pairs.n, sizeof(*v), by_key);
	for (size_t i = 1; i < l->pairs.n; i++)
		if (v[i].key == v[i - 1].key) /* texts are kept once */
			return err_set(l->e, EBADMSG,
				"the key '%.64s' stands twice before byte %llu", v[i].key,
				(unsigned long long)json_pull_offset(&l->json));
	return 0;
}

int ctp_load_map(struct ctp_loader *l, struct ctp_map *out)
{
	int event = ctp_load_next(l), rc;

	l->pairs.n = 0;
	if (event != JSON_OBJECT)
		return ctp_load_mismatch(l, "an object", event);
	while ((event = ctp_load_next(l)) == JSON_KEY) {
		const char *key = ctp_load_string(l);
		uint64_t v;

		rc = ctp_load_u64(l, UINT64_MAX, &v);
		if (rc < 0)
			return err_prefix(l->e, "%.64s", key);
		if (l->pairs.n == CTP_MAP_MAX)
			return too_many(l);
		vec_push(&l->pairs, (struct ctp_pair){key, v});
	}
	if (event < 0)
		return event;
	rc = sort_pairs(l);
	if (rc < 0)
		return rc;
	*out = ctp_build_pairs(l->b, l->pairs.v, l->pairs.n);
	return 0;
}

static int load_texts(struct ctp_loader *l, struct ctp_text_map *out)
{
	int event = ctp_load_next(l);

	l->texts.n = 0;
	if (event != JSON_OBJECT)
		return ctp_load_mismatch(l, "an object", event);
	while ((event = ctp_load_next(l)) == JSON_KEY) {
		const char *key = ctp_load_string(l);

		event = ctp_load_next(l);
		if (event != JSON_STRING)
			return ctp_load_mismatch(l, "a string", event);
		if (l->texts.n == CTP_MAP_MAX)
			return too_many(l);
		vec_push(&l->texts, (struct ctp_text_pair){key, ctp_load_string(l)});
	}
	if (event < 0)
		return event;
	*out = ctp_build_texts(l->b, l->texts.v, l->texts.n);
	return 0;
}

static int load_opt_text(struct ctp_loader *l, bool null, const char **out)
{
	int event = ctp_load_next(l);

	if (event == JSON_STRING)
		*out = ctp_load_string(l);
	else if (event != JSON_NULL || !null)
		return ctp_load_mismatch(l, null ? "a string or null" : "a string", event);
	return 0;
}

static int load_opt(struct ctp_loader *l, bool sign, struct ctp_opt *out)
{
	int event = ctp_load_next(l);

	*out = (struct ctp_opt){0};
	if (event == JSON_UINT)
		*out = (struct ctp_opt){true, l->json.u};
	else if (event == JSON_INT && sign)
		*out = (struct ctp_opt){true, (uint64_t)l->json.i};
	else if (event != JSON_NULL)
		return ctp_load_mismatch(l, "a number or null", event);
	return 0;
}

static int load_row(struct ctp_loader *l, const struct shape_row *row, void *base)
{
	void *at = (char *)base + row->offset;
	uint64_t v = 0;
	int rc = 0;

	switch (row->kind) {
	case SHAPE_U64:
		return ctp_load_u64(l, UINT64_MAX, at);
	case SHAPE_U32:
		rc = ctp_load_u64(l, UINT32_MAX, &v);
		*(uint32_t *)at = (uint32_t)v;
		return rc;
	case SHAPE_U16:
		rc = ctp_load_u64(l, UINT16_MAX, &v);
		*(uint16_t *)at = (uint16_t)v;
		return rc;
	case SHAPE_BOOL:
		rc = ctp_load_bool(l, &v);
		*(bool *)at = v;
		return rc;
	case SHAPE_OPT_U64:
	case SHAPE_OPT_I64:
		return load_opt(l, row->kind == SHAPE_OPT_I64, at);
	case SHAPE_TEXT:
	case SHAPE_OPT_TEXT:
		return load_opt_text(l, row->kind == SHAPE_OPT_TEXT, at);
	case SHAPE_MAP:
		return ctp_load_map(l, at);
	case SHAPE_TEXTS:
	case SHAPE_TEXTS_N:
		return load_texts(l, at);
	case SHAPE_OBJECT:
		break;
	}
	return ctp_load_shape(l, row->shape, at, ctp_load_next(l));
}

static const struct shape_row *find_row(const struct shape *shape, const char *key, size_t n)
{
	for (size_t i = 0; i < shape->n; i++)
		if (strlen(shape->rows[i].key) == n && memcmp(shape->rows[i].key, key, n) == 0)
			return &shape->rows[i];
	return NULL;
}

static void empty_texts(const struct shape *shape, void *base)
{
	for (size_t i = 0; i < shape->n; i++)
		if (shape->rows[i].kind == SHAPE_TEXT)
			*(const char **)((char *)base + shape->rows[i].offset) = "";
}

int ctp_load_shape(struct ctp_loader *l, const struct shape *shape, void *base, int event)
{
	if (event != JSON_OBJECT)
		return ctp_load_mismatch(l, "an object", event);
	empty_texts(shape, base);
	while ((event = ctp_load_next(l)) == JSON_KEY) {
		const struct shape_row *row = find_row(shape, l->json.s, l->json.n);
		int rc;

		if (!row) {
			rc = json_pull_skip(&l->json, ctp_load_next(l), l->e);
			if (rc < 0)
				return rc;
			continue;
		}
		rc = load_row(l, row, base);
		if (rc < 0)
			return err_prefix(l->e, "%s", row->key);
	}
	return event < 0 ? event : 0;
}
