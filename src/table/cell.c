#include "src/table/cell.h"

#include <string.h>

#include "src/base/units.h"
#include "src/base/utf8.h"

/* Line by line, so that a newline parts lines and nothing else that is foreign passes. */
static void format_lines(const char *text, struct str *out)
{
	for (;;) {
		const char *end = strchrnul(text, '\n');

		utf8_sanitize(out, text, (size_t)(end - text), false);
		if (!*end)
			return;
		str_addc(out, '\n');
		text = end + 1;
	}
}

/* Most cells of a long table are numbers: printf(3) would be most of the work. */
static void format_number(uint64_t v, struct str *out)
{
	char digits[20];
	size_t n = sizeof(digits);

	do
		digits[--n] = (char)('0' + v % 10);
	while (v /= 10);
	str_append(out, digits + n, sizeof(digits) - n);
}

void cell_format(const struct cell *c, struct str *out)
{
	switch (c->kind) {
	case CELL_ABSENT:
		str_addc(out, '-');
		break;
	case CELL_U64:
		format_number(c->u64, out);
		break;
	case CELL_I64:
		str_printf(out, "%lld", (long long)c->i64);
		break;
	case CELL_REAL:
		str_printf(out, "%.2f", c->real);
		break;
	case CELL_BOOL:
		str_add(out, c->yes ? "yes" : "no");
		break;
	case CELL_TEXT:
		format_lines(c->text ? c->text : "", out);
		break;
	case CELL_BYTES:
		units_bytes(out, c->u64);
		break;
	case CELL_SET:
		cpuset_format(c->set, out);
		break;
	case CELL_LIST:
		for (size_t i = 0; i < c->list.n; i++)
			str_printf(out, i ? " %u" : "%u", c->list.v[i]);
		break;
	}
}

/* One line even where everything else is pretty: a machine's CPUs, one a line, help nobody. */
static void numbers_json(const struct cell *c, struct json_out *j)
{
	bool pretty = j->pretty;

	json_array(j);
	j->pretty = false;
	if (c->kind == CELL_SET) {
		cpuset_foreach (n, c->set)
			json_u64(j, (uint64_t)n);
	} else {
		for (size_t i = 0; i < c->list.n; i++)
			json_u64(j, c->list.v[i]);
	}
	json_array_end(j);
	j->pretty = pretty;
}

void cell_json(const struct cell *c, struct json_out *j)
{
	switch (c->kind) {
	case CELL_ABSENT:
		json_null(j);
		break;
	case CELL_U64:
	case CELL_BYTES:
		json_u64(j, c->u64);
		break;
	case CELL_I64:
		json_i64(j, c->i64);
		break;
	case CELL_REAL:
		json_real(j, c->real);
		break;
	case CELL_BOOL:
		json_bool(j, c->yes);
		break;
	case CELL_TEXT:
		json_str(j, c->text);
		break;
	case CELL_SET:
	case CELL_LIST:
		numbers_json(c, j);
		break;
	}
}
