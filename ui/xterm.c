#include "ui/xterm.h"

#include <stdint.h>

/* Terminals take about 100 KB of such a sequence and drop it whole when it is longer. */
enum { COPY_MAX = 75000 };

void xterm_reports(struct str *out, bool mouse, bool paste, bool on)
{
	if (paste)
		str_add(out, on ? "\033[?2004h" : "\033[?2004l");
	if (mouse)
		str_add(out, on ? "\033[?1000h\033[?1002h\033[?1006h"
				: "\033[?1006l\033[?1002l\033[?1000l");
}

/* RFC 4648, 4. */
static void add_base64(struct str *out, const char *s, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)s[i] << 16;

		v |= i + 1 < n ? (uint32_t)(unsigned char)s[i + 1] << 8 : 0;
		v |= i + 2 < n ? (unsigned char)s[i + 2] : 0;
		str_addc(out, digits[v >> 18]);
		str_addc(out, digits[v >> 12 & 63]);
		str_addc(out, i + 1 < n ? digits[v >> 6 & 63] : '=');
		str_addc(out, i + 2 < n ? digits[v & 63] : '=');
	}
}

void xterm_copy(struct str *out, const char *utf8, size_t n)
{
	str_add(out, "\033]52;c;");
	add_base64(out, utf8, n > COPY_MAX ? COPY_MAX : n);
	str_add(out, "\a");
}
