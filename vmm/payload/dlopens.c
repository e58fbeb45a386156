#include "vmm/payload/dlopens.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/json_in.h"

/* Far above anything seen: systemd's own library has 6 KiB of notes and some 40 lists. */
enum {
	NOTES_MAX = 64 << 10, /* bytes, of the whole file */
	LISTS_MAX = 256,
	NAMES_MAX = 16,
	NOTE_TYPE = 0x407c0c0a,
};

static void add_list(struct dlopens *out, const struct json *one)
{
	const struct json *names = json_get(one, "soname");
	struct strv list = STRV_INIT;

	/* what a package of it would not install either: large, or seldom used */
	if (strcmp(json_get_text(one, "priority", ""), "suggested") == 0)
		return;

	for (size_t i = 0; i < NAMES_MAX; i++) {
		const char *s = json_text(json_at(names, i), "");

		if (*s && strlen(s) < PATH_MAX)
			strv_push(&list, s);
	}
	if (list.n)
		vec_push(&out->any, list);
}

static void add_text(struct dlopens *out, const char *text, size_t n)
{
	struct json *root = json_parse(text, strnlen(text, n), NULL);

	/* What is no list counts as well: json_at() walks to its element each time. */
	for (size_t i = 0; i < LISTS_MAX && out->any.n < LISTS_MAX; i++)
		add_list(out, json_at(root, i));
	json_free(root);
}

static uint64_t padded(uint64_t n, size_t align)
{
	return (n + align - 1) / align * align;
}

/* The length of the note at the start of these bytes, 0 when it does not lie in them. */
static size_t add_note(struct dlopens *out, const struct obj_notes *p)
{
	struct {
		uint32_t name_size, text_size, type;
	} head;
	uint64_t text, end;

	if (p->n < sizeof(head))
		return 0;
	memcpy(&head, p->bytes, sizeof(head));
	text = padded(sizeof(head) + (uint64_t)head.name_size, p->align);
	end = text + head.text_size;
	if (end > p->n)
		return 0;
	if (head.type == NOTE_TYPE && head.name_size == sizeof("FDO") &&
		memcmp(p->bytes + sizeof(head), "FDO", sizeof("FDO")) == 0)
		add_text(out, p->bytes + text, head.text_size);
	end = padded(end, p->align);
	return end < p->n ? (size_t)end : p->n;
}

void dlopens_read(struct obj *o, struct dlopens *out)
{
	size_t left = NOTES_MAX, at = 0, n;
	struct obj_notes piece;

	*out = (struct dlopens){0};
	while (obj_notes(o, &at, left, &piece)) {
		left -= piece.n;
		for (; (n = add_note(out, &piece)); piece.n -= n)
			piece.bytes += n;
	}
}

void dlopens_release(struct dlopens *d)
{
	for (size_t i = 0; i < d->any.n; i++)
		strv_release(&d->any.v[i]);
	free(d->any.v);
	*d = (struct dlopens){0};
}
