#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/err.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"

static void strings_grow_and_are_handed_over(void **state)
{
	struct str b = STR_INIT;
	char *s;

	(void)state;
	assert_string_equal(str_get(&b), "");
	for (int i = 0; i < 1000; i++)
		str_printf(&b, "%d,", i % 10);
	assert_int_equal(b.len, 2000);
	str_append(&b, "\0x", 2);
	assert_int_equal(b.len, 2002);
	s = str_steal(&b);
	assert_int_equal(s[2001], 'x');
	assert_null(b.s);
	free(s);
}

static void the_nearest_name_is_suggested(void **state)
{
	static const char *const names[] = {
		"topology", "kernel", "exec", "exec-timeout", "json", "verbose"};

	(void)state;
	assert_string_equal(str_nearest("topolgy", names, ARRAY_LEN(names)), "topology");
	assert_string_equal(str_nearest("kernle", names, ARRAY_LEN(names)), "kernel");
	assert_string_equal(str_nearest("jsno", names, ARRAY_LEN(names)), "json");
	assert_string_equal(str_nearest("topo", names, ARRAY_LEN(names)), "topology");
	assert_null(str_nearest("frobnicate", names, ARRAY_LEN(names)));
	assert_null(str_nearest("zz", names, ARRAY_LEN(names)));
}

static void arenas_hold_what_is_put_in(void **state)
{
	struct arena *a = arena_new();
	char *first = arena_strdup(a, "first");

	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_string_equal(arena_printf(a, "%d", 42), "42");
	memset(arena_alloc(a, 1 << 20), 1, 1 << 20);
	assert_string_equal(first, "first");
	arena_free(a);
}

static void errors_carry_prefix_and_hint(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_sys(&e, 2, "cannot open '%s'", "x"), -2);
	assert_string_equal(e.msg, "cannot open 'x': No such file or directory");
	assert_int_equal(err_prefix(&e, "topo"), -2);
	assert_string_equal(e.msg, "topo: cannot open 'x': No such file or directory");
	err_hint(&e, "one");
	err_hint(&e, "two");
	assert_string_equal(e.hint, "one\ntwo");
	assert_int_equal(err_set(NULL, 5, "x"), -5);
}

static void long_errors_are_cut_not_overrun(void **state)
{
	char big[4096];
	struct err e = ERR_INIT;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_sys(&e, 5, "%s", big);
	err_prefix(&e, "%s", big);
	for (int i = 0; i < 4; i++)
		err_hint(&e, "%s", big);
	assert_true(strlen(e.msg) < sizeof(e.msg));
	assert_true(strlen(e.hint) < sizeof(e.hint));
}

static void utf8_is_strict(void **state)
{
	static const char *const bad[] = {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xff", "\xf8\x88\x80\x80\x80"};
	uint32_t cp;

	(void)state;
	assert_int_equal(utf8_decode("\xe2\x82\xac", 3, &cp), 3);
	assert_int_equal(cp, 0x20ac);
	assert_int_equal(utf8_decode("\xe2\x82", 2, &cp), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &cp), -1);
	for (cp = 1; cp < 0x110000; cp += 37) {
		uint32_t back;
		char out[4];
		int n = utf8_encode(cp, out);

		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		assert_int_equal(utf8_decode(out, (size_t)n, &back), n);
		assert_int_equal(back, cp);
	}
}

static void foreign_text_is_defanged(void **state)
{
	cleanup_str struct str out = STR_INIT;

	(void)state;
	utf8_sanitize(&out, "a\x1b[2J\n\xc2\x9b\xff", 9, false);
	assert_string_equal(str_get(&out), "a?[2J??" UTF8_REPLACEMENT);
	str_clear(&out);
	utf8_sanitize(&out, "a\tb\n", 4, true);
	assert_string_equal(str_get(&out), "a\tb\n");
}

/* Runs of plain text are taken several bytes at a time: every other byte, at every place, beside
 * the first and the last plain one. */
static void no_byte_hides_in_plain_text(void **state)
{
	(void)state;
	for (unsigned c = 1; c < 0x80; c++)
		for (size_t at = 0; at < 19; at++)
			for (const char *beside = " ~"; *beside; beside++) {
				cleanup_str struct str out = STR_INIT;
				bool plain = c >= ' ' && c < 0x7f;
				char text[20], want[20];

				memset(text, *beside, sizeof(text));
				text[at] = (char)c;
				text[19] = '\0';
				memcpy(want, text, sizeof(want));
				if (!plain)
					want[at] = '?';
				utf8_sanitize(&out, text, 19, false);
				assert_string_equal(str_get(&out), want);
				assert_int_equal(utf8_width(text), plain ? 19 : 18);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_grow_and_are_handed_over),
		cmocka_unit_test(the_nearest_name_is_suggested),
		cmocka_unit_test(arenas_hold_what_is_put_in),
		cmocka_unit_test(errors_carry_prefix_and_hint),
		cmocka_unit_test(long_errors_are_cut_not_overrun),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(foreign_text_is_defanged),
		cmocka_unit_test(no_byte_hides_in_plain_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
