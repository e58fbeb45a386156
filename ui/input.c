#include "ui/input.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"

enum {
	ESC = 0x1b,
	SEQUENCE_MAX = 64, /* bytes; anything longer is not a key */
	PARAMS_MAX = 4,
};

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

/* What a try at the buffer's beginning gave. */
enum match {
	MATCH_NONE, /* not such a sequence */
	MATCH_MORE, /* perhaps, with more bytes */
	MATCH_KEY,  /* a key, of *len bytes */
	MATCH_SKIP, /* something known that is no key, of *len bytes */
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
	if (!len || len > SEQUENCE_MAX || (len == 1 && (unsigned char)sequence[0] >= ' '))
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

/* ---- CSI and SS3 ----------------------------------------------------------------------------- */

struct csi {
	char prefix, final;
	int param[PARAMS_MAX]; /* 0 = not given */
	int nparams;
};

/* "ESC [" params final. `s` is after the bracket. */
static enum match parse_csi(const char *s, size_t n, struct csi *c, size_t *len)
{
	size_t i = 0;

	*c = (struct csi){0};
	if (i < n && s[i] >= '<' && s[i] <= '?')
		c->prefix = s[i++];
	for (; i < n && i < SEQUENCE_MAX; i++) {
		if (s[i] >= '0' && s[i] <= '9') {
			int *p = &c->param[c->nparams < PARAMS_MAX ? c->nparams : PARAMS_MAX - 1];

			if (*p < 100000)
				*p = *p * 10 + (s[i] - '0');
		} else if (s[i] == ';' || s[i] == ':') {
			c->nparams++;
		} else if (s[i] >= 0x40 && s[i] <= 0x7e) {
			c->final = s[i];
			c->nparams++;
			*len = i + 1;
			return MATCH_KEY;
		} else if (s[i] < 0x20 || s[i] > 0x2f) {
			return MATCH_NONE;
		}
	}
	return i < SEQUENCE_MAX ? MATCH_MORE : MATCH_NONE;
}

/* xterm: 1 + bits of shift, alt, control. */
static unsigned mods_of(int param)
{
	return param > 1 ? (unsigned)(param - 1) & (UI_SHIFT | UI_ALT | UI_CTRL) : 0;
}

static enum ui_fn letter_fn(char c)
{
	static const struct {
		char c;
		enum ui_fn fn;
	} map[] = {{'A', UI_FN_UP}, {'B', UI_FN_DOWN}, {'C', UI_FN_RIGHT}, {'D', UI_FN_LEFT},
		{'H', UI_FN_HOME}, {'F', UI_FN_END}, {'P', UI_FN_F1}, {'Q', UI_FN_F1 + 1},
		{'R', UI_FN_F1 + 2}, {'S', UI_FN_F1 + 3}, {'M', UI_FN_ENTER}};

	for (size_t i = 0; i < ARRAY_LEN(map); i++)
		if (map[i].c == c)
			return map[i].fn;
	return UI_FN_NONE;
}

static enum ui_fn tilde_fn(int n)
{
	static const struct {
		int n;
		enum ui_fn fn;
	} map[] = {{1, UI_FN_HOME}, {2, UI_FN_INS}, {3, UI_FN_DEL}, {4, UI_FN_END}, {5, UI_FN_PGUP},
		{6, UI_FN_PGDN}, {7, UI_FN_HOME}, {8, UI_FN_END}};

	for (size_t i = 0; i < ARRAY_LEN(map); i++)
		if (map[i].n == n)
			return map[i].fn;
	/* The VT220 left gaps between its blocks of function keys. */
	if (n >= 11 && n <= 15)
		return (enum ui_fn)(UI_FN_F1 + n - 11);
	if (n >= 17 && n <= 21)
		return (enum ui_fn)(UI_FN_F1 + n - 12);
	if (n == 23 || n == 24)
		return (enum ui_fn)(UI_FN_F1 + n - 13);
	return UI_FN_NONE;
}

static bool mouse_key(int code, int col, int row, bool press, struct ui_key *out)
{
	*out = (struct ui_key){.kind = UI_KEY_MOUSE, .row = row - 1, .col = col - 1};
	out->mods = (code & 4 ? UI_SHIFT : 0) | (code & 8 ? UI_ALT : 0) | (code & 16 ? UI_CTRL : 0);
	if (code < 0 || row < 1 || col < 1)
		return false;
	if (code & 64) {
		out->mouse = code & 1 ? UI_WHEEL_DOWN : UI_WHEEL_UP;
		return press && !(code & 2);
	}
	out->button = (code & 3) + 1;
	out->mouse = code & 32 ? UI_MOUSE_DRAG : press ? UI_MOUSE_PRESS : UI_MOUSE_RELEASE;
	return !(code & 128) && (out->button < 4 || !(code & 32));
}

/* CSI code ; mods u, and CSI 27 ; mods ; code ~ */
static bool char_key(int code, int mods, struct ui_key *out)
{
	switch (code) {
	case 13:
		*out = ui_key_fn(UI_FN_ENTER, mods_of(mods));
		return true;
	case 9:
		*out = ui_key_fn(UI_FN_TAB, mods_of(mods));
		return true;
	case 27:
		*out = ui_key_fn(UI_FN_ESC, mods_of(mods));
		return true;
	case 127:
		*out = ui_key_fn(UI_FN_BACKSPACE, mods_of(mods));
		return true;
	default:
		*out = ui_key_char((uint32_t)code, mods_of(mods));
		return code >= ' ' && code < 0x7f;
	}
}

static bool csi_key(const struct csi *c, struct ui_key *out)
{
	enum ui_fn fn;

	if (c->prefix == '<' && (c->final == 'M' || c->final == 'm'))
		return mouse_key(c->param[0], c->param[1], c->param[2], c->final == 'M', out);
	if (c->prefix)
		return false;
	if (c->final == 'Z') {
		*out = ui_key_fn(UI_FN_TAB, UI_SHIFT | mods_of(c->param[1]));
		return true;
	}
	if (c->final == 'u')
		return char_key(c->param[0], c->param[1], out);
	if (c->final == '~' && c->param[0] == 27)
		return char_key(c->param[2], c->param[1], out);
	fn = c->final == '~' ? tilde_fn(c->param[0]) : letter_fn(c->final);
	*out = ui_key_fn(fn, mods_of(c->param[1]));
	return fn != UI_FN_NONE && fn != UI_FN_ENTER;
}

/* The X10 form: three bytes after "ESC [ M", each with 32 added. */
static enum match match_x10(const char *s, size_t n, struct ui_key *out, size_t *len)
{
	int code;

	if (n < 6)
		return MATCH_MORE;
	*len = 6;
	code = (unsigned char)s[3] - 32;
	return mouse_key(code, (unsigned char)s[4] - 32, (unsigned char)s[5] - 32, (code & 3) != 3,
		       out)
		       ? MATCH_KEY
		       : MATCH_SKIP;
}

static enum match match_csi(
	struct input *in, const char *s, size_t n, struct ui_key *out, size_t *len)
{
	struct csi c;
	enum match m;

	if (n >= 3 && s[2] == 'M')
		return match_x10(s, n, out, len);
	if (n >= 3 && s[2] == '[') { /* the Linux console's F1 to F5 */
		*len = 4;
		if (n < 4)
			return MATCH_MORE;
		*out = ui_key_fn((enum ui_fn)(UI_FN_F1 + (s[3] - 'A')), 0);
		return s[3] >= 'A' && s[3] <= 'E' ? MATCH_KEY : MATCH_SKIP;
	}
	m = parse_csi(s + 2, n - 2, &c, len);
	*len += 2;
	if (m != MATCH_KEY)
		return m;
	if (!c.prefix && c.final == '~' && c.param[0] == 200) {
		in->pasting = true;
		str_clear(&in->paste);
		return MATCH_SKIP;
	}
	return csi_key(&c, out) ? MATCH_KEY : MATCH_SKIP;
}

static enum match match_ss3(const char *s, size_t n, struct ui_key *out, size_t *len)
{
	if (n < 3)
		return MATCH_MORE;
	*len = 3;
	*out = ui_key_fn(letter_fn(s[2]), 0);
	return out->fn != UI_FN_NONE ? MATCH_KEY : MATCH_NONE;
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

static enum match match_escape(
	struct input *in, const char *s, size_t n, struct ui_key *out, size_t *len)
{
	enum match m = MATCH_NONE;

	if (n < 2)
		return MATCH_MORE;
	if (s[1] == '[')
		m = match_csi(in, s, n, out, len);
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
	e = s[0] == ESC ? match_escape(in, s, n, out, &longer) : match_char(s, n, out, &longer);
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

bool input_next(struct input *in, struct ui_key *out)
{
	if (in->paste_out) {
		in->paste_out = false;
		str_clear(&in->paste);
	}
	while (in->at < in->buf.len) {
		size_t len = 0;
		enum match m;

		if (in->pasting) {
			bool was = in->at < in->buf.len;
			size_t before = in->at;

			if (paste_more(in, out))
				return true;
			if (was && in->at == before)
				return false;
			continue;
		}
		*out = (struct ui_key){0};
		m = match_any(in, out, &len);
		if (m == MATCH_MORE)
			return false;
		take(in, len);
		if (m == MATCH_KEY)
			return true;
	}
	return false;
}
