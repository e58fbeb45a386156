#include "vmm/conlog.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/utf8.h"

/* Control sequences (ESC [ ... final byte) are not worth quoting: firmware colours its text. */
static void strip_csi(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == 0x1b && s[1] == '[') {
			s += 2;
			while (*s && (*s < '@' || *s > '~'))
				s++;
			s += *s != 0;
		} else {
			*to++ = *s++;
		}
	}
	*to = 0;
}

/* A line as it may be shown: cut, without control characters. */
static char *quote(const char *line)
{
	struct str out = STR_INIT;
	size_t n = strlen(line);

	utf8_sanitize(&out, line, n < CONLOG_QUOTE ? n : CONLOG_QUOTE, false);
	return str_steal(&out);
}

static void replace(char **slot, const char *line)
{
	free(*slot);
	*slot = quote(line);
}

static void end_line(struct conlog *l)
{
	char *text;

	l->line[l->len] = 0;
	l->len = 0;
	strip_csi(l->line);
	text = str_trim(l->line);
	if (!*text)
		return;
	if (!l->panic && (strstr(text, "Kernel panic - not syncing") ||
				 strstr(text, "Attempted to kill init")))
		replace(&l->panic, text);
	if (strstr(text, "memory allocation of") || strstr(text, "Out of memory"))
		replace(&l->memory, text);
	replace(&l->lines[l->next], text);
	l->next = (l->next + 1) % CONLOG_LINES;
}

void conlog_feed(struct conlog *l, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			end_line(l);
		else if (l->len < CONLOG_LINE)
			l->line[l->len++] = bytes[i] ? bytes[i] : ' ';
	}
}

void conlog_last(const struct conlog *l, unsigned max, struct strv *out)
{
	char rest[CONLOG_LINE + 1];
	unsigned n = 0;

	memcpy(rest, l->line, l->len);
	rest[l->len] = 0;
	strip_csi(rest);
	if (*str_trim(rest) && max)
		max--;
	else
		rest[0] = 0;
	while (n < max && n < CONLOG_LINES &&
		l->lines[(l->next + CONLOG_LINES - n - 1) % CONLOG_LINES])
		n++;
	for (; n; n--)
		strv_push(out, l->lines[(l->next + CONLOG_LINES - n) % CONLOG_LINES]);
	if (rest[0])
		strv_take(out, quote(str_trim(rest)));
}

const char *conlog_newest(const struct conlog *l)
{
	return l->lines[(l->next + CONLOG_LINES - 1) % CONLOG_LINES];
}

void conlog_release(struct conlog *l)
{
	for (unsigned i = 0; i < CONLOG_LINES; i++)
		free(l->lines[i]);
	free(l->panic);
	free(l->memory);
	*l = (struct conlog){0};
}
