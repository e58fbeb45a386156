#include "src/kernels/bisect.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/parse.h"

enum { STATUS_SKIP = 125, STATUS_NO_BOOT = 254 };

static const char *const words[] = {
	[BISECT_UNKNOWN] = "",
	[BISECT_GOOD] = "good",
	[BISECT_BAD] = "bad",
	[BISECT_SKIP] = "skip",
};

const char *bisect_word(enum verdict_kind v)
{
	return words[v];
}

void bisect_add(struct bisect *b, const char *id, const char *label)
{
	vec_push(&b->items, (struct bisect_item){
				    .id = xstrdup(id),
				    .label = xstrdup(label ? label : id),
				    .status = -1,
			    });
}

void bisect_release(struct bisect *b)
{
	for (size_t i = 0; i < b->items.n; i++) {
		free(b->items.v[i].id);
		free(b->items.v[i].label);
	}
	free(b->items.v);
	*b = (struct bisect){0};
}

/* The last good one and the first bad one behind it; the ends are what the person says they are. */
static void bounds(const struct bisect *b, size_t *good, size_t *bad)
{
	*good = 0;
	*bad = b->items.n ? b->items.n - 1 : 0;
	for (size_t i = 0; i < b->items.n; i++)
		if (i < *bad && b->items.v[i].verdict == BISECT_BAD)
			*bad = i;
	for (size_t i = 0; i < *bad; i++)
		if (b->items.v[i].verdict == BISECT_GOOD)
			*good = i;
}

bool bisect_next(const struct bisect *b, size_t *item)
{
	size_t good, bad, middle;

	bounds(b, &good, &bad);
	if (bad <= good + 1)
		return false;
	middle = good + (bad - good) / 2;
	for (size_t d = 0; d < bad - good; d++) {
		const size_t at[2] = {middle + d, middle - d};

		for (int side = 0; side < 2; side++) {
			if ((side && d > middle) || at[side] <= good || at[side] >= bad ||
				b->items.v[at[side]].verdict != BISECT_UNKNOWN)
				continue;
			*item = at[side];
			return true;
		}
	}
	return false;
}

void bisect_suspects(const struct bisect *b, size_t *from, size_t *to)
{
	size_t good;

	bounds(b, &good, to);
	*from = good + 1 < *to ? good + 1 : *to;
}

unsigned bisect_left(const struct bisect *b)
{
	size_t from, to, n;
	unsigned tries = 0;

	bisect_suspects(b, &from, &to);
	for (n = to - from + 1; n > 1; n = (n + 1) / 2)
		tries++;
	return tries;
}

enum verdict_kind bisect_judge(int status)
{
	if (status == 0)
		return BISECT_GOOD;
	return status < 0 || status == STATUS_SKIP || status == STATUS_NO_BOOT ? BISECT_SKIP
									       : BISECT_BAD;
}

/* ---- between two runs ----------------------------------------------------------------------- */

void bisect_write(const struct bisect *b, struct str *out)
{
	for (size_t i = 0; i < b->items.n; i++) {
		const struct bisect_item *item = &b->items.v[i];

		if (item->verdict != BISECT_UNKNOWN)
			str_printf(out, "%s %d %s\n", words[item->verdict], item->status, item->id);
	}
}

static struct bisect_item *find(struct bisect *b, const char *id)
{
	for (size_t i = 0; i < b->items.n; i++)
		if (strcmp(b->items.v[i].id, id) == 0)
			return &b->items.v[i];
	return NULL;
}

/* "VERDICT STATUS ID"; the line is cut up. */
static void read_line(struct bisect *b, char *line)
{
	char *status = strchr(line, ' '), *id = status ? strchr(status + 1, ' ') : NULL;
	struct bisect_item *item;
	uint32_t n = 0;

	if (!id)
		return;
	*status++ = *id++ = '\0';
	item = find(b, id);
	if (!item || (strcmp(status, "-1") != 0 && parse_u32(status, &n, NULL)))
		return;
	for (int v = BISECT_GOOD; v <= BISECT_SKIP; v++) {
		if (strcmp(line, words[v]) != 0)
			continue;
		item->verdict = (enum verdict_kind)v;
		item->status = *status == '-' ? -1 : (int)(n & 0xff);
	}
}

void bisect_read(struct bisect *b, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		cleanup_free char *line = xstrndup(text, n);

		read_line(b, line);
		text += n + (text[n] == '\n');
	}
}

size_t bisect_known(const struct bisect *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->items.n; i++)
		n += b->items.v[i].verdict != BISECT_UNKNOWN && b->items.v[i].status >= 0;
	return n;
}
