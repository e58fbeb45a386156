#include "ui/input_sequence.h"

#include "src/base/mem.h"

enum { PARAMS_MAX = 4 };

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
	for (; i < n && i < INPUT_SEQUENCE_MAX; i++) {
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
	return i < INPUT_SEQUENCE_MAX ? MATCH_MORE : MATCH_NONE;
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

enum match match_csi(const char *s, size_t n, struct ui_key *out, size_t *len)
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
	if (!c.prefix && c.final == '~' && c.param[0] == 200)
		return MATCH_PASTE;
	return csi_key(&c, out) ? MATCH_KEY : MATCH_SKIP;
}

enum match match_ss3(const char *s, size_t n, struct ui_key *out, size_t *len)
{
	if (n < 3)
		return MATCH_MORE;
	*len = 3;
	*out = ui_key_fn(letter_fn(s[2]), 0);
	return out->fn != UI_FN_NONE ? MATCH_KEY : MATCH_NONE;
}
