/* What a person types or pastes, where it becomes the same bytes on every terminal. */
#include "src/base/utf8.h"
#include "ui/vt_impl.h"

/* The byte that Ctrl makes of a character on a terminal; 0 = it is Ctrl-Space, -1 = none. */
static int control_byte(uint32_t cp)
{
	if (cp == ' ' || cp == '@' || cp == '2')
		return 0;
	if (cp == '?' || cp == '8')
		return 0x7f;
	if (cp == '/')
		return 0x1f;
	if (cp >= '3' && cp <= '7')
		return 0x1b + (int)cp - '3';
	if ((cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= '_'))
		return cp & 0x1f;
	return -1;
}

void vt_press_char(struct vt *vt, uint32_t cp, unsigned mods)
{
	char buf[8];
	size_t n = 0;
	int c = mods & VT_CTRL ? control_byte(cp) : -1;

	if (mods & VT_ALT)
		buf[n++] = 0x1b;
	if (c >= 0)
		buf[n++] = (char)c;
	else
		n += (size_t)utf8_encode(cp, buf + n);
	vt_say(vt, buf, n);
}

void vt_paste(struct vt *vt, const char *utf8, size_t n)
{
	cleanup_str struct str clean = STR_INIT;

	/* Without control characters: a paste cannot end its own brackets or press keys. */
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)utf8[i];

		if (c == '\n' && i && utf8[i - 1] == '\r')
			continue;
		if (c == '\n')
			c = '\r';
		if ((c >= 0x20 && c != 0x7f) || c == '\t' || c == '\r')
			str_addc(&clean, (char)c);
	}
	vt_engine_paste(vt, str_get(&clean), clean.len);
}
