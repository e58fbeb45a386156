#include "ui/vt_filter.h"

#include <string.h>

#include "src/base/utf8.h"

enum { CAN = 0x18, SUB = 0x1a, ESC = 0x1b, BEL = 0x07, DEL = 0x7f };

struct feed {
	struct vt_filter *f;
	const struct vt_sink *sink;
	void *user;
};

static const char replacement[] = UTF8_REPLACEMENT;

/* Bytes 0x20 to 0x7e at the beginning of p; eight at a time. */
static size_t ascii_run(const char *p, size_t n)
{
	const uint64_t ones = 0x0101010101010101ULL, high = ones * 0x80;
	size_t i = 0;

	while (i + 8 <= n) {
		uint64_t v, below, del;

		memcpy(&v, p + i, 8);
		below = (v - ones * 0x20) & ~v;
		del = ((v ^ ones * 0x7f) - ones) & ~(v ^ ones * 0x7f);
		if ((v | below | del) & high)
			break;
		i += 8;
	}
	while (i < n && p[i] >= 0x20 && p[i] < 0x7f)
		i++;
	return i;
}

static bool char_allowed(uint32_t cp)
{
	return cp >= 0xa0 && cp != 0xfffe && cp != 0xffff;
}

static void text(struct feed *x, const char *p, size_t n)
{
	if (n)
		x->sink->text(x->user, p, n);
}

static void bad_char(struct feed *x)
{
	if (x->f->state == VT_GROUND)
		text(x, replacement, sizeof(replacement) - 1);
}

/* ---- one byte outside the ground state ------------------------------------------------------ */

static void start_csi(struct vt_filter *f)
{
	f->state = VT_CSI_LEADER;
	f->bad = false;
	f->csi = (struct vt_csi){0};
}

static void start_string(struct vt_filter *f, char kind)
{
	f->state = VT_STRING;
	f->esc_in_string = false;
	f->string_kind = kind;
	f->nstring = 0;
}

static void start_escape(struct vt_filter *f)
{
	f->state = VT_ESC;
	f->bad = false;
	f->nesc = 0;
}

static void escape_byte(struct feed *x, unsigned char c)
{
	struct vt_filter *f = x->f;

	if (!f->nesc && c == '[') {
		start_csi(f);
		return;
	}
	/* OSC, DCS; SOS, PM, APC and the title string of screen(1) are read and dropped. */
	if (!f->nesc && strchr("]PX^_k", c)) {
		start_string(f, (char)c);
		return;
	}
	if (f->nesc == VT_ESC_MAX || c >= 0x80)
		f->bad = true;
	else
		f->esc[f->nesc++] = (char)c;
	if (c >= 0x20 && c < 0x30)
		return;
	f->state = VT_GROUND;
	if (!f->bad)
		x->sink->escape(x->user, f->esc, f->nesc);
}

static void csi_digit(struct vt_filter *f, unsigned char c)
{
	int *a;

	if (f->csi.nargs > VT_CSI_ARGS)
		return;
	a = &f->csi.arg[f->csi.nargs - 1];
	if (*a < 0)
		*a = 0;
	*a = *a * 10 + (c - '0');
	if (*a > VT_CSI_VALUE)
		*a = VT_CSI_VALUE;
}

/* Arguments beyond the last place are counted and left out. */
static void csi_next_arg(struct vt_filter *f)
{
	if (f->csi.nargs <= VT_CSI_ARGS)
		f->csi.nargs++;
	if (f->csi.nargs <= VT_CSI_ARGS)
		f->csi.arg[f->csi.nargs - 1] = -1;
}

static void csi_end(struct feed *x, unsigned char c)
{
	struct vt_filter *f = x->f;

	f->state = VT_GROUND;
	if (c < 0x40 || c > 0x7e || f->bad)
		return;
	if (f->csi.nargs > VT_CSI_ARGS)
		f->csi.nargs = VT_CSI_ARGS;
	f->csi.more[f->csi.nargs - 1] = false;
	f->csi.final = (char)c;
	x->sink->csi(x->user, &f->csi);
}

static void csi_intermed(struct feed *x, unsigned char c)
{
	struct vt_filter *f = x->f;

	if (c < 0x20 || c > 0x2f) {
		csi_end(x, c);
		return;
	}
	f->state = VT_CSI_INTERMED;
	if (f->csi.intermed)
		f->bad = true;
	f->csi.intermed = (char)c;
}

static void csi_byte(struct feed *x, unsigned char c)
{
	struct vt_filter *f = x->f;

	if (f->state == VT_CSI_LEADER && c >= 0x3c && c <= 0x3f) {
		if (f->csi.leader)
			f->bad = true;
		f->csi.leader = (char)c;
		return;
	}
	if (f->state == VT_CSI_LEADER) {
		f->state = VT_CSI_PARAM;
		csi_next_arg(f);
	}
	if (f->state == VT_CSI_PARAM && c >= '0' && c <= '9') {
		csi_digit(f, c);
	} else if (f->state == VT_CSI_PARAM && (c == ';' || c == ':')) {
		if (c == ':' && f->csi.nargs <= VT_CSI_ARGS)
			f->csi.more[f->csi.nargs - 1] = true;
		csi_next_arg(f);
	} else {
		csi_intermed(x, c);
	}
}

static void string_end(struct feed *x)
{
	struct vt_filter *f = x->f;

	f->state = VT_GROUND;
	if (f->string_kind == ']')
		x->sink->osc(x->user, f->string, f->nstring);
	else if (f->string_kind == 'P')
		x->sink->dcs(x->user, f->string, f->nstring);
}

static void string_bytes(struct vt_filter *f, const char *p, size_t n)
{
	if (n > VT_STRING_MAX - f->nstring)
		n = VT_STRING_MAX - f->nstring;
	memcpy(f->string + f->nstring, p, n);
	f->nstring += n;
}

/* A whole character (or a bad byte as U+FFFD) outside the ground state. */
static void other_char(struct feed *x, const char *p, size_t n)
{
	struct vt_filter *f = x->f;
	unsigned char c = (unsigned char)*p;

	if (f->state == VT_STRING && f->esc_in_string) {
		if (c == '\\') {
			string_end(x);
			return;
		}
		start_escape(f);
	}
	switch (f->state) {
	case VT_ESC:
		escape_byte(x, c);
		break;
	case VT_CSI_LEADER:
	case VT_CSI_PARAM:
	case VT_CSI_INTERMED:
		csi_byte(x, c);
		break;
	case VT_STRING:
		string_bytes(f, p, n);
		break;
	case VT_GROUND:
		break;
	}
}

/* ---- control characters act in any state, as in the hardware -------------------------------- */

static void control(struct feed *x, unsigned char c)
{
	struct vt_filter *f = x->f;

	switch (c) {
	case 0:
	case DEL:
		break;
	case CAN:
	case SUB:
		f->state = VT_GROUND;
		break;
	case ESC:
		if (f->state == VT_STRING)
			f->esc_in_string = true;
		else
			start_escape(f);
		break;
	case BEL:
		if (f->state == VT_STRING && !f->esc_in_string) {
			string_end(x);
			break;
		}
		/* fallthrough */
	default:
		x->sink->control(x->user, c);
		break;
	}
}

/* ---- characters ----------------------------------------------------------------------------- */

/* What one U+FFFD stands for: a byte that begins nothing, or the beginning of a character that does
 * not go on; the same however the bytes were cut. */
static size_t bad_length(const char *p, size_t n)
{
	size_t k = 1;
	uint32_t cp;

	while (k < n && utf8_decode(p, k + 1, &cp) == 0)
		k++;
	return k;
}

/* The bytes of one multi-byte character at p; returns how many were used, 0 = more are needed. */
static size_t wide_char(struct feed *x, const char *p, size_t n)
{
	uint32_t cp = 0;
	int len = utf8_decode(p, n, &cp);

	if (!len)
		return 0;
	if (len < 0 || !char_allowed(cp)) {
		if (x->f->state == VT_GROUND)
			bad_char(x);
		else
			other_char(x, replacement, sizeof(replacement) - 1);
		return len < 0 ? bad_length(p, n) : (size_t)len;
	}
	if (x->f->state == VT_GROUND)
		text(x, p, (size_t)len);
	else
		other_char(x, p, (size_t)len);
	return (size_t)len;
}

/* Printable text in the ground state; returns how much of it there is. */
static size_t ground_text(struct feed *x, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		uint32_t cp = 0;
		int len;

		i += ascii_run(p + i, n - i);
		if (i == n || !(p[i] & 0x80))
			break;
		len = utf8_decode(p + i, n - i, &cp);
		if (len <= 0 || !char_allowed(cp))
			break;
		i += (size_t)len;
	}
	text(x, p, i);
	return i;
}

/* Continues the character whose beginning is kept. */
static size_t continue_part(struct feed *x, char next)
{
	struct vt_filter *f = x->f;
	uint32_t cp;

	f->part[f->npart] = next;
	if (utf8_decode(f->part, f->npart + 1, &cp) < 0) {
		f->npart = 0; /* the beginning is bad, what follows it is looked at anew */
		wide_char(x, replacement, sizeof(replacement) - 1);
		return 0;
	}
	f->npart++;
	if (wide_char(x, f->part, f->npart))
		f->npart = 0;
	return 1;
}

void vt_filter_feed(
	struct vt_filter *f, const void *bytes, size_t n, const struct vt_sink *sink, void *user)
{
	struct feed x = {f, sink, user};
	const char *p = bytes, *end = p + n;

	while (p < end) {
		unsigned char c = (unsigned char)*p;
		size_t used;

		if (f->npart) {
			p += continue_part(&x, *p);
			continue;
		}
		if (f->state == VT_GROUND && c >= 0x20 && c != DEL) {
			used = ground_text(&x, p, (size_t)(end - p));
			p += used;
			if (used)
				continue;
		}
		if (c < 0x20 || c == DEL) {
			control(&x, c);
			p++;
		} else if (c < 0x80) {
			other_char(&x, p++, 1);
		} else {
			used = wide_char(&x, p, (size_t)(end - p));
			if (!used) {
				memcpy(f->part, p, (size_t)(end - p));
				f->npart = (size_t)(end - p);
				return;
			}
			p += used;
		}
	}
}
