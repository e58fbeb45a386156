#include "ui/paragraph.h"

#include <string.h>

#include "src/base/utf8.h"

/* Bytes of the next line: up to a newline, or the last blank before the width is used up, or as
 * much of one long word as fits. */
static size_t line_length(const char *text, int width)
{
	size_t n = strcspn(text, "\n"), i = 0, blank = 0;
	int used = 0;

	while (i < n) {
		uint32_t cp = 0;
		int len = utf8_decode(text + i, n - i, &cp);

		if (text[i] == ' ' && i)
			blank = i;
		used += len > 0 ? utf8_char_width(cp) : 1;
		if (used > width && text[i] != ' ')
			return blank ? blank : i ? i : n;
		if (used > width)
			return blank;
		i += len > 0 ? (size_t)len : 1;
	}
	return n;
}

static const char *next_line(const char *text, size_t length)
{
	text += length;
	return text + (*text == ' ' || *text == '\n');
}

int paragraph_draw(struct view v, int row, int col, struct ui_style s, const char *text)
{
	int width = v.at.cols - col - 1;

	while (*text && row < v.at.rows && width > 0) {
		size_t n = line_length(text, width);
		cleanup_free char *line = xstrndup(text, n);

		view_field(v, row++, col, width, s, line);
		text = next_line(text, n);
	}
	return row;
}

int paragraph_rows(int width, const char *text)
{
	int rows = 0;

	while (*text && width > 0) {
		text = next_line(text, line_length(text, width));
		rows++;
	}
	return rows;
}
