/*
 * What a profile must show, byte for byte: the files below tests/golden/contract were worked out
 * from the specification, not printed by this program. every.json has every key at a value of its
 * own; page-a.json and page-b.json reproduce the sample of the guide (page.expected). UPDATE=1
 * rewrites only those whose name ends in .golden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "probes/ctprof/export.h"
#include "probes/ctprof/text.h"
#include "src/base/file.h"
#include "tests/lib/ctprof_fixture.h"

/* Expectations of the contract itself are never rewritten. */
static bool holds(const char *name, const struct str *got)
{
	char *update = getenv("UPDATE");
	cleanup_free char *kept = update ? xstrdup(update) : NULL;
	bool good;

	unsetenv("UPDATE");
	good = fixture_matches(name, got);
	if (kept)
		setenv("UPDATE", kept, 1);
	return good;
}

static void show(const char *name, enum ctp_axis axis, uint64_t limit, struct str *out)
{
	struct ctp_naming naming = {.axis = axis};
	struct ctp_view v = {.show = true, .limit = limit};
	struct ctp_text_options o = {.view = &v};
	struct ctp_snapshot *s = fixture_snapshot(name);
	struct strv warnings = STRV_INIT;
	struct ctp_groups *g = ctp_group(s, NULL, &naming, &warnings);

	ctp_view_format(&v, CTP_FORMAT_ARROW);
	ctp_text_show(g, &o, out);
	ctp_groups_free(g);
	ctp_free(s);
	strv_release(&warnings);
}

static void compare(
	const char *a, const char *b, enum ctp_axis axis, uint64_t limit, struct str *out)
{
	struct ctp_naming naming = {.axis = axis};
	struct ctp_view v = {.limit = limit};
	struct ctp_text_options o = {.view = &v, .path = {a, b}};
	struct ctp_snapshot *x = fixture_snapshot(a), *y = fixture_snapshot(b);
	struct ctp_diff *d = ctp_diff(x, y, &naming);

	ctp_view_format(&v, CTP_FORMAT_ARROW);
	ctp_text_compare(d, &o, out);
	ctp_diff_free(d);
	ctp_free(x);
	ctp_free(y);
}

static void every_key_is_shown(void **state)
{
	cleanup_str struct str out = STR_INIT;

	(void)state;
	show("every.json", CTP_BY_PCOMM, 500, &out);
	assert_true(holds("every.show", &out));
}

static void cgroups_are_shown(void **state)
{
	cleanup_str struct str out = STR_INIT;

	(void)state;
	show("every.json", CTP_BY_CGROUP, 500, &out);
	assert_true(holds("every.show-cgroup", &out));
}

/* The guide's lines have lost the blanks at their ends. */
static void trimmed_lines(const struct str *text, size_t lines, struct str *out)
{
	const char *s = str_get(text);

	for (size_t i = 0; i < lines && *s; i++) {
		size_t n = strcspn(s, "\n"), keep = n;

		while (keep && s[keep - 1] == ' ')
			keep--;
		str_append(out, s, keep);
		str_addc(out, '\n');
		s += n + (s[n] == '\n');
	}
}

static void the_guides_sample(void **state)
{
	cleanup_str struct str out = STR_INIT, head = STR_INIT;

	(void)state;
	compare("page-a.json", "page-b.json", CTP_BY_ALL, 24, &out);
	trimmed_lines(&out, 8, &head);
	assert_true(holds("page.expected", &head));
}

/* Facts of the same sample further down, and how it ends. */
static void the_rest_of_the_sample(void **state)
{
	static const char *const rows[] = {
		"  11\xe2\x86\x92"
		"37    thread_count       11 \xe2\x86\x92 37",
		"87\xe2\x86\x92"
		"60    nonvoluntary_csw   22 \xe2\x86\x92 11              -11        "
		"-50.0%    95%",
		"-94.327K   -42.5%    95%",
		"\n user.slice ",
		"\n   user-{N}.slice ",
		"\n     session-{H}.scope ",
		"\n       ktstr ",
		"1        processor          9 \xe2\x86\x92 43               +34        +377.8%   "
		"0%",
		"6.850\xc2\xb5s \xe2\x86\x92 22.693\xc2\xb5s",
		"\n... 22 more lines truncated (use --limit 0 for unlimited)\n",
	};
	cleanup_str struct str out = STR_INIT;

	(void)state;
	compare("page-a.json", "page-b.json", CTP_BY_ALL, 24, &out);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strstr(str_get(&out), rows[i]))
			fail_msg("'%s' is not in\n%s", rows[i], str_get(&out));
}

/* Each axis and each section, of both commands: what was right once stays so. */
static void every_axis(void **state)
{
	(void)state;
	for (int a = 0; a < CTP_NAXES; a++) {
		cleanup_str struct str page = STR_INIT, every = STR_INIT, shown = STR_INIT;
		cleanup_free char *page_name = xasprintf("page.%s.golden", ctp_axis_names[a]);
		cleanup_free char *every_name = xasprintf("every.%s.golden", ctp_axis_names[a]);
		cleanup_free char *show_name = xasprintf("page.show-%s.golden", ctp_axis_names[a]);

		compare("page-a.json", "page-b.json", (enum ctp_axis)a, 40, &page);
		assert_true(fixture_matches(page_name, &page));
		compare("every.json", "every-b.json", (enum ctp_axis)a, 0, &every);
		assert_true(fixture_matches(every_name, &every));
		show("page-a.json", (enum ctp_axis)a, 30, &shown);
		assert_true(fixture_matches(show_name, &shown));
	}
}

static void exports(void **state)
{
	struct ctp_naming naming = {.axis = CTP_BY_CGROUP};
	struct ctp_view v = {0};
	struct ctp_export x = {.view = &v, .path = {"a", "b"}};
	struct ctp_snapshot *a = fixture_snapshot("every.json"),
			    *b = fixture_snapshot("every-b.json");
	struct ctp_diff *d = ctp_diff(a, b, &naming);
	cleanup_str struct str json = STR_INIT, csv = STR_INIT;
	struct json_out j;

	(void)state;
	json_init(&j, &json, true);
	ctp_json_compare(d, &x, &j);
	str_addc(&json, '\n');
	assert_true(fixture_matches("every.json.golden", &json));
	ctp_csv_compare(d, &x, &csv);
	assert_true(fixture_matches("every.csv.golden", &csv));
	ctp_diff_free(d);
	ctp_free(a);
	ctp_free(b);
}

/* A column of a table has the same width in all its lines, and no line has a foreign escape. */
static void text_is_clean(void **state)
{
	cleanup_str struct str out = STR_INIT;

	(void)state;
	compare("every.json", "every-b.json", CTP_BY_CGROUP, 0, &out);
	assert_null(memchr(out.s, '\033', out.len));
	assert_null(memchr(out.s, '\0', out.len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_shown),
		cmocka_unit_test(cgroups_are_shown),
		cmocka_unit_test(the_guides_sample),
		cmocka_unit_test(the_rest_of_the_sample),
		cmocka_unit_test(every_axis),
		cmocka_unit_test(exports),
		cmocka_unit_test(text_is_clean),
	};

	return cmocka_run_group_tests_name("ctprof_contract", tests, NULL, NULL);
}
