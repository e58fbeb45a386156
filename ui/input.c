#include "ui/input.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "ui/input_sequence.h"

enum { ESC = 0x1b };

struct learned {
	char *sequence;
	size_t len;
	enum ui_fn fn;
	unsigned mods;
};

struct input {
	struct str buf;
	size_t at;    /* of buf, what is taken already */
	size_t taken; /* in all */
	bool flush;
	bool pasting;
	struct str paste; /* handed out or growing */
	bool paste_out;
	VEC(struct learned) learned;
};

struct input *input_new(void)
{
	return xcalloc(1, sizeof(struct input));
}

void input_free(struct input *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->learned.n; i++)
		free(in->learned.v[i].sequence);
	free(in->learned.v);
	str_release(&in->buf);
	str_release(&in->paste);
	free(in);
}

void input_learn(struct input *in, const char *sequence, enum ui_fn fn, unsigned mods)
{
	size_t len = strlen(sequence);

	/* One printable character stands for itself whatever terminfo thinks. */
	if (!len || len > INPUT_SEQUENCE_MAX || (len == 1 && (unsigned char)sequence[0] >= ' '))
		return;
	vec_push(&in->learned, (struct learned){xstrdup(sequence), len, fn, mods});
}

void input_feed(struct input *in, const void *bytes, size_t n)
{
	if (in->at == in->buf.len) {
		str_clear(&in->buf);
		in->at = 0;
	}
	str_append(&in->buf, bytes, n);
	in->flush = false;
}

bool input_pending(const struct input *in)
{
	return in->at < in->buf.len && !in->pasting;
}

void input_flush(struct input *in)
{
	in->flush = true;
}

size_t input_taken(const struct input *in)
{
	return in->taken;
}

static void take(struct input *in, size_t n)
{
	in->at += n;
	in->taken += n;
}

/* ---- learned --------------------------------------------------------------------------------- */

static enum match match_learned(
	const struct input *in, const char *s, size_t n, struct ui_key *out, size_t *len)
{
	bool more = false;

	*len = 0;
	for (size_t i = 0; i < in->learned.n; i++) {
		const struct learned *l = &in->learned.v[i];
		size_t same = n < l->len ? n : l->len;

		if (memcmp(s, l->sequence, same) != 0)
			continue;
		if (n < l->len) {
			more = true;
		} else if (l->len > *len) {
			*len = l->len;
			*out = ui_key_fn(l->fn, l->mods);
		}
	}
	return *len ? MATCH_KEY : more ? MATCH_MORE : MATCH_NONE;
}

/* ---- characters ------------------------------------------------------------------------------ */

static enum match match_char(const char *s, size_t n, struct ui_key *out, size_t *len)
{
	unsigned char c = (unsigned char)s[0];
	uint32_t cp;
	int got;

	*len = 1;
	if (c == '\r')
		*out = ui_key_fn(UI_FN_ENTER, 0);
	else if (c == '\t')
		*out = ui_key_fn(UI_FN_TAB, 0);
	else if (c == ESC)
		*out = ui_key_fn(UI_FN_ESC, 0);
	else if (c == 0x7f)
		*out = ui_key_fn(UI_FN_BACKSPACE, 0);
	else if (c == 0)
		*out = ui_key_char(' ', UI_CTRL);
	else if (c < 0x1b)
		*out = ui_key_char((uint32_t)c + 0x60, UI_CTRL);
	else if (c < 0x20)
		*out = ui_key_char((uint32_t)c + 0x40, UI_CTRL);
	if (c < 0x20 || c == 0x7f)
		return MATCH_KEY;
	got = utf8_decode(s, n, &cp);
	if (got == 0)
		return MATCH_MORE;
	if (got < 0 || (cp >= 0x80 && cp < 0xa0))
		return MATCH_SKIP;
	*len = (size_t)got;
	*out = ui_key_char(cp, 0);
	return MATCH_KEY;
}

static enum match match_escape(const char *s, size_t n, struct ui_key *out, size_t *len)
{
	enum match m = MATCH_NONE;

	if (n < 2)
		return MATCH_MORE;
	if (s[1] == '[')
		m = match_csi(s, n, out, len);
	else if (s[1] == 'O')
		m = match_ss3(s, n, out, len);
	if (m != MATCH_NONE)
		return m;
	if (s[1] == ESC) /* the first one was a key of its own */
		return match_char(s, 1, out, len);
	m = match_char(s + 1, n - 1, out, len);
	*len += 1;
	out->mods |= UI_ALT;
	return m;
}

static enum match match_any(struct input *in, struct ui_key *out, size_t *len)
{
	const char *s = in->buf.s + in->at;
	size_t n = in->buf.len - in->at, longer = 0;
	enum match m = match_learned(in, s, n, out, len), e;

	if (m == MATCH_KEY)
		return m;
	e = s[0] == ESC ? match_escape(s, n, out, &longer) : match_char(s, n, out, &longer);
	*len = longer;
	/* Nothing longer will come: what may be the start of a sequence is an Esc, a stray byte. */
	if ((m == MATCH_MORE && e == MATCH_NONE) || e == MATCH_MORE || e == MATCH_NONE) {
		if (!in->flush)
			return MATCH_MORE;
		in->flush = false;
		m = match_char(s, 1, out, len);
		return m == MATCH_MORE ? MATCH_SKIP : m;
	}
	return e;
}

/* ---- paste ----------------------------------------------------------------------------------- */

static bool paste_key(struct input *in, struct ui_key *out)
{
	in->paste_out = true;
	*out = (struct ui_key){
		.kind = UI_KEY_PASTE, .text = str_get(&in->paste), .size = in->paste.len};
	return true;
}

/* Moves bytes to the paste until its end mark; true when a key is to be given out. */
static bool paste_more(struct input *in, struct ui_key *out)
{
	static const char end[] = "\033[201~";
	const char *s = in->buf.s + in->at, *hit;
	size_t n = in->buf.len - in->at, take_n = n, keep;

	hit = memmem(s, n, end, sizeof(end) - 1);
	if (hit)
		take_n = (size_t)(hit - s);
	else /* the mark may be cut in two */
		for (keep = sizeof(end) - 2; keep; keep--)
			if (keep <= n && !memcmp(s + n - keep, end, keep)) {
				take_n = n - keep;
				break;
			}
	if (in->paste.len + take_n > INPUT_PASTE_MAX) {
		take_n = INPUT_PASTE_MAX - in->paste.len;
		hit = NULL;
	}
	str_append(&in->paste, s, take_n);
	take(in, take_n);
	if (hit) {
		take(in, sizeof(end) - 1);
		in->pasting = false;
		return paste_key(in, out);
	}
	return in->paste.len >= INPUT_PASTE_MAX && paste_key(in, out);
}

/* More of a paste that has begun: it is given out, or nothing can be taken before more bytes come
 * (MATCH_MORE), or some was taken (MATCH_SKIP). */
static enum match match_paste(struct input *in, struct ui_key *out)
{
	size_t before = in->at;

	if (paste_more(in, out))
		return MATCH_KEY;
	return in->at == before ? MATCH_MORE : MATCH_SKIP;
}

static enum match match_sequence(struct input *in, struct ui_key *out)
{
	size_t len = 0;
	enum match m;

	*out = (struct ui_key){0};
	m = match_any(in, out, &len);
	if (m == MATCH_MORE)
		return m;
	take(in, len);
	if (m == MATCH_PASTE) {
		in->pasting = true;
		str_clear(&in->paste);
	}
	return m;
}

bool input_next(struct input *in, struct ui_key *out)
{
	if (in->paste_out) {
		in->paste_out = false;
		str_clear(&in->paste);
	}
	while (in->at < in->buf.len) {
		enum match m = in->pasting ? match_paste(in, out) : match_sequence(in, out);

		if (m == MATCH_KEY || m == MATCH_MORE)
			return m == MATCH_KEY;
	}
	return false;
}
