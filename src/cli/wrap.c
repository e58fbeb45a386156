#include "src/cli/wrap.h"

#include <ctype.h>
#include <string.h>

#include "src/base/utf8.h"

struct line {
	struct str *out;
	unsigned indent, column, width;
	bool empty; /* nothing but indentation yet */
};

static void newline(struct line *l)
{
	str_addc(l->out, '\n');
	l->column = 0;
	l->empty = true;
}

static void add_word(struct line *l, const char *word, size_t n)
{
	cleanup_free char *copy = xstrndup(word, n);
	unsigned cells = (unsigned)utf8_width(copy);

	if (!l->empty && l->column + 1 + cells > l->width)
		newline(l);
	if (l->column < l->indent) {
		str_repeat(l->out, ' ', l->indent - l->column);
		l->column = l->indent;
	} else if (!l->empty) {
		str_addc(l->out, ' ');
		l->column++;
	}
	str_append(l->out, word, n);
	l->column += cells;
	l->empty = false;
}

static void add_literal(struct line *l, const char *text, size_t n)
{
	if (!l->empty)
		newline(l);
	str_repeat(l->out, ' ', l->indent);
	str_append(l->out, text, n);
	l->empty = false;
	newline(l);
}

void wrap(struct str *out, const char *text, unsigned indent, unsigned at, unsigned width)
{
	struct line l = {out, indent, at, width, true};

	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n == 0) { /* a blank line parts paragraphs */
			if (!l.empty)
				newline(&l);
			newline(&l);
		} else if (*text == ' ') {
			add_literal(&l, text, n);
		} else {
			for (size_t i = 0, word; i < n; i += word) {
				i += strspn(text + i, " ");
				word = strcspn(text + i, " \n");
				if (word)
					add_word(&l, text + i, word);
			}
		}
		text += n + (text[n] == '\n');
	}
	if (!l.empty)
		newline(&l);
}

void sentence(struct str *out, const char *help, const char *more)
{
	size_t at = out->len;

	str_printf(out, "%s.%s%s", help, more ? " " : "", more ? more : "");
	out->s[at] = (char)toupper((unsigned char)out->s[at]);
}
