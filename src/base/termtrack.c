#include "src/base/termtrack.h"

#include <string.h>

enum { GROUND, ESCAPE, CSI, SKIP_ONE, STRING, STRING_ESCAPE };
enum { ESC = 0x1b, BEL = 0x07, CAN = 0x18, SUB = 0x1a, PARAM_MAX = 100000 };

/*
 * What may be left behind. DEC private modes: set by `CSI ? mode h`, reset by `l`; `wrong` is the
 * state that has to be undone. The order is that of undoing: leave the alternate screen first.
 */
struct mode {
	unsigned mode; /* DEC private mode, 0 = recognised by other means (below) */
	bool wrong;
	const char *undo;
};

static const struct mode modes[] = {
	{1049, true, "\033[?1049l"},   /* alternate screen, cursor saved */
	{1047, true, "\033[?1047l"},   /* alternate screen */
	{47, true, "\033[?47l"},       /* the same, old */
	{6, true, "\033[?6l"},	       /* origin mode */
	{7, false, "\033[?7h"},	       /* automatic wrap */
	{25, false, "\033[?25h"},      /* cursor shown */
	{1, true, "\033[?1l"},	       /* application cursor keys */
	{5, true, "\033[?5l"},	       /* reverse video */
	{9, true, "\033[?9l"},	       /* mouse, X10 */
	{1000, true, "\033[?1000l"},   /* mouse, buttons */
	{1002, true, "\033[?1002l"},   /* mouse, dragging */
	{1003, true, "\033[?1003l"},   /* mouse, every motion */
	{1005, true, "\033[?1005l"},   /* mouse reports as UTF-8 */
	{1006, true, "\033[?1006l"},   /* mouse reports, SGR */
	{1015, true, "\033[?1015l"},   /* mouse reports, urxvt */
	{1004, true, "\033[?1004l"},   /* focus reports */
	{2004, true, "\033[?2004l"},   /* bracketed paste */
	{2026, true, "\033[?2026l"},   /* synchronised output */
	{0, true, "\033>"},	       /* KEYPAD */
	{0, true, "\0337\033[r\0338"}, /* REGION; resetting it homes the cursor, hence save, restore
					*/
	{0, true, "\033[4l"},	       /* INSERT */
	{0, true, "\033[0 q"},	       /* SHAPE of the cursor */
	{0, true, "\033[>4m"},	       /* KEYS: xterm's modifyOtherKeys */
};
enum { KEYPAD = 18, REGION, INSERT, SHAPE, KEYS };
_Static_assert(sizeof(modes) / sizeof(modes[0]) == KEYS + 1, "the named rows are the last five");

static void set(struct termtrack *t, unsigned row, bool on)
{
	if (on)
		t->on |= 1u << row;
	else
		t->on &= ~(1u << row);
}

static void private_mode(struct termtrack *t, unsigned mode, bool high)
{
	for (unsigned i = 0; i < KEYPAD; i++)
		if (modes[i].mode == mode)
			set(t, i, high == modes[i].wrong);
}

static bool has_param(const struct termtrack *t, unsigned v)
{
	for (unsigned i = 0; i < t->nparams; i++)
		if (t->params[i] == v)
			return true;
	return false;
}

/* The end of a control sequence. */
static void final(struct termtrack *t, char c)
{
	if (t->private == '?' && (c == 'h' || c == 'l')) {
		for (unsigned i = 0; i < t->nparams; i++)
			private_mode(t, t->params[i], c == 'h');
	} else if (t->private == 0 && !t->space && (c == 'h' || c == 'l') && has_param(t, 4)) {
		set(t, INSERT, c == 'h');
	} else if (t->private == 0 && !t->space && c == 'r') {
		set(t, REGION, t->nparams && (t->params[0] > 1 || t->nparams > 1));
	} else if (t->private == 0 && t->space && c == 'q') {
		set(t, SHAPE, t->nparams && t->params[0]);
	} else if (t->private == '>' && c == 'm') {
		set(t, KEYS, t->nparams > 1 && t->params[0] == 4 && t->params[1]);
	} else if (t->private == '!' && c == 'p') {
		t->on &= 1u << 0 | 1u << 1 | 1u << 2; /* soft reset: the screen stays */
	}
}

static void begin_csi(struct termtrack *t)
{
	t->state = CSI;
	t->private = 0;
	t->space = false;
	t->nparams = 0;
	memset(t->params, 0, sizeof(t->params));
}

static void csi(struct termtrack *t, char c)
{
	if (c >= '0' && c <= '9') {
		unsigned *p;

		if (!t->nparams)
			t->nparams = 1;
		p = &t->params[t->nparams - 1];
		if (*p < PARAM_MAX)
			*p = *p * 10 + (unsigned)(c - '0');
	} else if (c == ';' || c == ':') {
		if (!t->nparams)
			t->nparams = 1;
		if (t->nparams < TERMTRACK_PARAMS)
			t->nparams++;
	} else if (c >= '<' && c <= '?') {
		t->private = c;
	} else if (c == ' ') {
		t->space = true;
	} else if (c >= '!' && c <= '/') {
		t->private = c;
	} else if (c >= '@' && c <= '~') {
		final(t, c);
		t->state = GROUND;
	}
}

static void escape(struct termtrack *t, char c)
{
	t->state = GROUND;
	if (c == '[')
		begin_csi(t);
	else if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_')
		t->state = STRING;
	else if (c == '(' || c == ')' || c == '*' || c == '+' || c == '#' || c == '%' || c == ' ')
		t->state = SKIP_ONE;
	else if (c == 'c')
		t->on = 0; /* full reset */
	else if (c == '=' || c == '>')
		set(t, KEYPAD, c == '=');
}

static void step(struct termtrack *t, char c)
{
	if (t->state == STRING || t->state == STRING_ESCAPE) {
		if (c == BEL || c == CAN || c == SUB || (t->state == STRING_ESCAPE && c == '\\'))
			t->state = GROUND;
		else
			t->state = c == ESC ? STRING_ESCAPE : STRING;
	} else if (c == ESC) {
		t->state = ESCAPE;
	} else if (c == CAN || c == SUB) {
		t->state = GROUND;
	} else if (t->state == ESCAPE) {
		escape(t, c);
	} else if (t->state == CSI) {
		csi(t, c);
	} else {
		t->state = GROUND;
	}
}

bool termtrack_feed(struct termtrack *t, const char *bytes, size_t n)
{
	uint32_t before = t->on;
	const char *end = bytes + n;

	while (bytes < end) {
		/* Plain text, the bulk of it, is skipped in one go. */
		if (t->state == GROUND) {
			bytes = memchr(bytes, ESC, (size_t)(end - bytes));
			if (!bytes)
				break;
		}
		step(t, *bytes++);
	}
	return t->on != before;
}

void termtrack_undo(const struct termtrack *t, struct str *out)
{
	/* ends a sequence or string that was cut off */
	if (t->state != GROUND)
		str_add(out, "\030");
	for (unsigned i = 0; i <= KEYS; i++)
		if (t->on & 1u << i)
			str_add(out, modes[i].undo);
	str_add(out, "\017\033(B\033[0m");
}
