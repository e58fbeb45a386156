/*
 * Two snapshots of any content, one JSON text behind the other parted by a zero byte, compared and
 * shown by every axis: the text is whole lines without escapes, JSON and CSV end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/export.h"
#include "probes/ctprof/store.h"
#include "probes/ctprof/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct str *text)
{
	if (text->len && (text->s[text->len - 1] != '\n' || memchr(text->s, '\033', text->len) ||
				 memchr(text->s, '\0', text->len)))
		abort();
}

static void compare(const struct ctp_snapshot *a, const struct ctp_snapshot *b, enum ctp_axis axis)
{
	struct ctp_naming naming = {.axis = axis};
	struct ctp_view v = {
		.limit = 20, .nsort = axis == CTP_BY_COMM, .sort = {{CTM_minflt, true}}};
	struct ctp_text_options o = {.view = &v, .wrap = axis == CTP_BY_PCOMM ? 40 : 0};
	struct ctp_export x = {.view = &v};
	cleanup_str struct str text = STR_INIT, json = STR_INIT, csv = STR_INIT;
	struct ctp_diff *d = ctp_diff(a, b, &naming);
	struct json_out j;

	ctp_view_format(&v, CTP_FORMAT_ARROW);
	ctp_view_add_column(&v, CTP_COL_RATE);
	ctp_view_add_column(&v, CTP_COL_CHURN);
	ctp_text_compare(d, &o, &text);
	check(&text);
	json_init(&j, &json, false);
	ctp_json_compare(d, &x, &j);
	ctp_csv_compare(d, &x, &csv);
	ctp_diff_free(d);
}

static void show(const struct ctp_snapshot *s, enum ctp_axis axis)
{
	struct ctp_naming naming = {.axis = axis};
	struct ctp_view v = {.show = true};
	struct ctp_text_options o = {.view = &v};
	cleanup_str struct str text = STR_INIT;
	struct strv warnings = STRV_INIT;
	struct ctp_groups *g = ctp_group(s, NULL, &naming, &warnings);

	ctp_view_format(&v, CTP_FORMAT_ARROW);
	ctp_text_show(g, &o, &text);
	check(&text);
	ctp_groups_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0, size) : NULL;
	struct err e = ERR_INIT;
	struct ctp_snapshot *a, *b = NULL;

	if (!end || size > 64 * 1024)
		return 0;
	a = ctp_load_text((const char *)data, (size_t)(end - data), "a", &e);
	if (a)
		b = ctp_load_text((const char *)end + 1, size - (size_t)(end + 1 - data), "b", &e);
	for (int axis = 0; a && b && axis < CTP_NAXES; axis++) {
		compare(a, b, (enum ctp_axis)axis);
		show(a, (enum ctp_axis)axis);
	}
	ctp_free(a);
	ctp_free(b);
	return 0;
}
