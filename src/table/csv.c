/* Tables as comma separated values (RFC 4180). */
#include <string.h>

#include "src/table/table.h"

void csv_field(struct str *out, const char *text)
{
	if (!strpbrk(text, ",\"\n\r")) {
		str_add(out, text);
		return;
	}
	str_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			str_addc(out, '"');
		str_addc(out, *text);
	}
	str_addc(out, '"');
}

static void add_row(const struct table *t, const void *row, struct arena *a, struct str *out)
{
	cleanup_str struct str text = STR_INIT;

	for (size_t c = 0; c < t->ncolumns; c++) {
		struct cell cell = t->columns[c].get(row, a);

		str_clear(&text);
		if (cell.kind == CELL_BYTES) /* programs read this */
			cell.kind = CELL_U64;
		if (cell.kind != CELL_ABSENT)
			cell_format(&cell, &text);
		str_add(out, c ? "," : "");
		csv_field(out, str_get(&text));
	}
	str_addc(out, '\n');
}

void table_csv(const struct table *t, struct str *out)
{
	struct arena *a = arena_new();

	for (size_t c = 0; c < t->ncolumns; c++) {
		str_add(out, c ? "," : "");
		csv_field(out, t->columns[c].id);
	}
	str_addc(out, '\n');
	for (size_t r = 0; r < t->nrows; r++)
		add_row(t, t->rows[r], a, out);
	arena_free(a);
}
