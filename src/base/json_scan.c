#include "src/base/json_scan.h"

#include <string.h>

#include "src/base/utf8.h"

static int hex4(const char *s)
{
	int v = 0;

	for (int k = 0; k < 4; k++) {
		char c = s[k];
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;

		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

/* "\u...." at s, perhaps followed by the other half of a pair. Returns the bytes read, 0 = wrong.
 */
static size_t unicode_escape(const char *s, char *to, size_t *len)
{
	int hi = hex4(s + 2), lo;
	uint32_t cp;

	if (hi < 0)
		return 0;
	cp = (uint32_t)hi;
	if (cp >= 0xd800 && cp < 0xdc00 && s[6] == '\\' && s[7] == 'u') {
		lo = hex4(s + 8);
		if (lo >= 0xdc00 && lo < 0xe000) {
			cp = 0x10000 + ((cp - 0xd800) << 10) + ((uint32_t)lo - 0xdc00);
			*len = (size_t)utf8_encode(cp, to);
			return 12;
		}
	}
	if (cp >= 0xd800 && cp < 0xe000) /* half a pair is no character */
		cp = 0xfffd;
	*len = (size_t)utf8_encode(cp, to);
	return 6;
}

size_t json_escape(const char *s, char *to, size_t *len)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (s[1] == 'u')
		return unicode_escape(s, to, len);
	found = s[1] ? strchr(names, s[1]) : NULL;
	if (!found)
		return 0;
	*to = values[found - names];
	*len = 1;
	return 2;
}

size_t json_digits(const char *s)
{
	size_t n = 0;

	while (s[n] >= '0' && s[n] <= '9')
		n++;
	return n;
}

ssize_t json_fraction(const char *s)
{
	size_t n = 0, d;

	if (s[n] == '.') {
		d = json_digits(s + n + 1);
		if (!d)
			return -1;
		n += 1 + d;
	}
	if (s[n] == 'e' || s[n] == 'E') {
		n++;
		if (s[n] == '+' || s[n] == '-')
			n++;
		d = json_digits(s + n);
		if (!d)
			return -1;
		n += d;
	}
	return (ssize_t)n;
}

bool json_integer(const char *s, size_t n, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t k = 0; k < n; k++) {
		unsigned d = (unsigned)(s[k] - '0');

		if (n >= 20 && (v > UINT64_MAX / 10 || v * 10 > UINT64_MAX - d))
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}
