#include "src/base/utf8.h"

#include <string.h>
#include <wchar.h>

int utf8_decode(const char *s, size_t n, uint32_t *cp)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char lo = 0x80, hi = 0xbf;
	uint32_t v;
	int len;

	if (!n)
		return 0;
	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return -1;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	v = p[0] & (0x7f >> len);
	/* Table 3-7 of the Unicode standard: the second byte's range excludes overlong forms,
	 * surrogates and values past U+10FFFF. */
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	for (int i = 1; i < len; i++) {
		if ((size_t)i >= n)
			return 0;
		if (p[i] < lo || p[i] > hi)
			return -1;
		lo = 0x80;
		hi = 0xbf;
		v = v << 6 | (p[i] & 0x3f);
	}
	*cp = v;
	return len;
}

bool utf8_valid(const char *s, size_t n)
{
	uint32_t cp;

	while (n) {
		int k = utf8_decode(s, n, &cp);

		if (k <= 0)
			return false;
		s += k;
		n -= (size_t)k;
	}
	return true;
}

int utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		cp = 0xfffd;
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

int utf8_char_width(uint32_t cp)
{
	int w;

	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return 0;
	if (cp < 0x300)
		return 1;
	w = wcwidth((wchar_t)cp);
	return w < 0 ? 1 : w;
}

/* Eight bytes are all printable ASCII. A byte below ' ' borrows and DEL carries into its high bit;
 * what they do to their neighbours does not matter then. */
static bool all_plain(const char *s)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t v;

	memcpy(&v, s, sizeof(v));
	return !((v | (v - each * ' ') | (v + each)) & each * 0x80);
}

/* Bytes of printable ASCII at the front: nearly all text there is. */
static size_t plain_run(const char *s, size_t n)
{
	size_t i = 0;

	while (n - i >= sizeof(uint64_t) && all_plain(s + i))
		i += sizeof(uint64_t);
	while (i < n && s[i] >= ' ' && s[i] < 0x7f)
		i++;
	return i;
}

size_t utf8_width(const char *s)
{
	size_t n = strlen(s), width = 0, plain;

	while (n) {
		uint32_t cp;
		int len;

		plain = plain_run(s, n);
		s += plain;
		n -= plain;
		width += plain;
		if (!n)
			break;
		len = utf8_decode(s, n, &cp);
		if (len <= 0) {
			len = 1;
			width++;
		} else {
			width += (size_t)utf8_char_width(cp);
		}
		s += len;
		n -= (size_t)len;
	}
	return width;
}

void utf8_sanitize(struct str *out, const char *s, size_t n, bool keep_nl)
{
	size_t plain;

	while (n) {
		uint32_t cp;
		int len;

		plain = plain_run(s, n);
		str_append(out, s, plain);
		s += plain;
		n -= plain;
		if (!n)
			break;
		len = utf8_decode(s, n, &cp);

		if (len <= 0) {
			str_add(out, UTF8_REPLACEMENT);
			len = 1;
		} else if (keep_nl && (cp == '\n' || cp == '\t')) {
			str_addc(out, (char)cp);
		} else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0)) {
			str_addc(out, '?');
		} else {
			str_append(out, s, (size_t)len);
		}
		s += len;
		n -= (size_t)len;
	}
}
