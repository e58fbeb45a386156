#include "src/cli/mdoc.h"

#include <ctype.h>
#include <string.h>

enum { WIDTH = 76 }; /* mandoc's lint wants input lines below 80 */

static const char *escape_of(char c)
{
	switch (c) {
	case '\\':
		return "\\e";
	case '-':
		return "\\-";
	case '\'':
		return "\\(aq";
	case '`':
		return "\\(ga";
	case '"':
		return "\\(dq";
	case '^':
		return "\\(ha";
	case '~':
		return "\\(ti";
	default:
		return NULL;
	}
}

/* A macro would take such a character, alone between blanks, for punctuation. */
static bool is_delimiter(const char *text, size_t i, size_t n)
{
	return strchr("([|.,;:?!)]", text[i]) && (i == 0 || text[i - 1] == ' ') &&
	       (i + 1 == n || text[i + 1] == ' ');
}

static void add_guarded(struct str *out, const char *text, size_t n, bool hyphens)
{
	if (n && (text[0] == '.' || text[0] == '\''))
		str_add(out, "\\&");
	for (size_t i = 0; i < n; i++) {
		if (is_delimiter(text, i, n))
			str_add(out, "\\&");
		const char *e = hyphens && text[i] == '-' ? NULL : escape_of(text[i]);

		if (e)
			str_add(out, e);
		else
			str_addc(out, text[i]);
	}
}

void mdoc_escape(struct str *out, const char *text, size_t n)
{
	add_guarded(out, text, n, false);
}

/* "run-time" has a hyphen; what is typed, --exec-timeout or -1, keeps what is on the keyboard. */
static bool has_hyphens(const char *word, size_t n)
{
	return isalpha((unsigned char)word[0]) && isalpha((unsigned char)word[n - 1]);
}

/* "word." or "word.)": the next one starts a line, so that roff sets the space between sentences.
 */
static bool ends_sentence(const char *word, size_t n)
{
	while (n && strchr(")\"'", word[n - 1]))
		n--;
	return n > 1 && strchr(".!?", word[n - 1]);
}

static void add_words(struct str *out, const char *text, size_t n)
{
	size_t column = 0;

	for (size_t i = 0, len; i < n; i += len) {
		cleanup_str struct str word = STR_INIT;

		i += strspn(text + i, " ");
		len = strcspn(text + i, " \n");
		if (!len)
			break;
		add_guarded(&word, text + i, len, has_hyphens(text + i, len));
		if (column && column + 1 + word.len > WIDTH) {
			str_addc(out, '\n');
			column = 0;
		}
		str_printf(out, "%s%s", column ? " " : "", str_get(&word));
		column += word.len + 1;
		if (ends_sentence(text + i, len)) {
			str_addc(out, '\n');
			column = 0;
		}
	}
	if (column)
		str_addc(out, '\n');
}

static const char *add_literal(struct str *out, const char *text)
{
	str_add(out, ".Bd -literal\n");
	while (*text == ' ') {
		size_t n = strcspn(text, "\n");

		mdoc_escape(out, text, n);
		str_addc(out, '\n');
		text += n + (text[n] == '\n');
	}
	str_add(out, ".Ed\n");
	return text;
}

void mdoc_text(struct str *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n == 0) {
			text += strspn(text, "\n");
			if (*text && *text != ' ')
				str_add(out, ".Pp\n");
		} else if (*text == ' ') {
			text = add_literal(out, text);
		} else {
			add_words(out, text, n);
			text += n + (text[n] == '\n');
		}
	}
}
