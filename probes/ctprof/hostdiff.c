#include "probes/ctprof/hostdiff.h"

#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/ladder.h"
#include "probes/ctprof/shape.h"

/* Takes the quotes of a JSON string away. */
static char *plain(struct str *json)
{
	char *text = str_steal(json);
	size_t n = strlen(text);

	if (n >= 2 && text[0] == '"') {
		memmove(text, text + 1, n - 2);
		text[n - 2] = '\0';
	}
	if (!*text || strcmp(text, "null") == 0) {
		free(text);
		return xstrdup(CTP_ABSENT);
	}
	return text;
}

/* Takes both texts. */
static void compare(struct ctp_host_changes *out, const char *key, char *a, char *b)
{
	if (strcmp(a, b) != 0) {
		vec_push(&out->v, (struct ctp_host_change){xstrdup(key), {a, b}});
		return;
	}
	free(a);
	free(b);
}

static char *value(const struct shape_row *row, const struct ctp_host *h)
{
	cleanup_str struct str text = STR_INIT;
	struct json_out j;

	json_init(&j, &text, false);
	ctp_write_value(&j, row, (const char *)h + row->offset);
	return plain(&text);
}

static const char *find(const struct ctp_text_map *m, const char *key)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (strcmp(m->pairs[i].key, key) == 0)
			return m->pairs[i].text;
	return NULL;
}

/* Entries of `a` that b has otherwise or not; of `b` only those that a lacks. */
static void compare_maps(struct ctp_host_changes *out, const char *key,
	const struct ctp_text_map *a, const struct ctp_text_map *b)
{
	for (uint32_t i = 0; i < a->n; i++) {
		cleanup_free char *name = xasprintf("%s.%s", key, a->pairs[i].key);
		const char *other = find(b, a->pairs[i].key);

		compare(out, name, xstrdup(a->pairs[i].text), xstrdup(other ? other : CTP_ABSENT));
	}
	for (uint32_t i = 0; i < b->n; i++) {
		cleanup_free char *name = xasprintf("%s.%s", key, b->pairs[i].key);

		if (!find(a, b->pairs[i].key))
			compare(out, name, xstrdup(CTP_ABSENT), xstrdup(b->pairs[i].text));
	}
}

static const char *state_of(const struct ctp_snapshot *s)
{
	return s->sched_ext && s->sched_ext->state && *s->sched_ext->state ? s->sched_ext->state
									   : CTP_ABSENT;
}

void ctp_host_changes(
	const struct ctp_snapshot *a, const struct ctp_snapshot *b, struct ctp_host_changes *out)
{
	compare(out, "sched_ext", xstrdup(state_of(a)), xstrdup(state_of(b)));
	for (size_t i = 0; a->host && b->host && i < ctp_shape_host.n; i++) {
		const struct shape_row *row = &ctp_shape_host.rows[i];

		/* How much is free changes all the time. */
		if (strcmp(row->key, "hugepages_free") == 0)
			continue;
		if (row->kind == SHAPE_TEXTS || row->kind == SHAPE_TEXTS_N)
			compare_maps(out, row->key,
				(const void *)((const char *)a->host + row->offset),
				(const void *)((const char *)b->host + row->offset));
		else
			compare(out, row->key, value(row, a->host), value(row, b->host));
	}
}

void ctp_host_changes_release(struct ctp_host_changes *c)
{
	for (size_t i = 0; i < c->v.n; i++) {
		free(c->v.v[i].key);
		free(c->v.v[i].side[0]);
		free(c->v.v[i].side[1]);
	}
	free(c->v.v);
	*c = (struct ctp_host_changes){0};
}

void ctp_host_changes_text(const struct ctp_host_changes *c, size_t most, struct str *out)
{
	for (size_t i = 0; i < c->v.n && i < most; i++)
		str_printf(out, "%s%s %s " CTP_ARROW " %s", i ? ", " : "", c->v.v[i].key,
			c->v.v[i].side[0], c->v.v[i].side[1]);
	if (c->v.n > most)
		str_printf(out, ", and %zu more", c->v.n - most);
}
