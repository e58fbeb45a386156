/* From a terminal's bytes to keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/str.h"
#include "ui/input.h"

static void describe(const struct ui_key *k, struct str *out)
{
	static const char *const mice[] = {"press", "release", "drag", "wheelup", "wheeldown"};

	if (out->len)
		str_addc(out, ' ');
	if (k->kind == UI_KEY_MOUSE)
		str_printf(out, "%s%d@%d,%d%s", mice[k->mouse], k->button, k->row, k->col,
			k->mods & UI_CTRL ? "+C" : "");
	else if (k->kind == UI_KEY_PASTE)
		str_printf(out, "paste(%.*s)", (int)k->size, k->text);
	else
		ui_key_name(k, out);
}

/* All keys of these bytes, fed in pieces of `step`, the last flushed as after a silence. */
static char *keys_of(const char *bytes, size_t n, size_t step)
{
	struct input *in = input_new();
	struct str out = STR_INIT;
	struct ui_key k;

	str_add(&out, "");
	for (size_t i = 0; i < n; i += step) {
		input_feed(in, bytes + i, n - i < step ? n - i : step);
		while (input_next(in, &k))
			describe(&k, &out);
	}
	for (int i = 0; input_pending(in) && i < 100; i++) {
		input_flush(in);
		while (input_next(in, &k))
			describe(&k, &out);
	}
	assert_false(input_pending(in));
	assert_int_equal(input_taken(in), n);
	input_free(in);
	return str_steal(&out);
}

static void check_n(const char *bytes, size_t n, const char *want)
{
	for (size_t step = 1; step <= n; step++) {
		char *have = keys_of(bytes, n, step);

		assert_string_equal(have, want);
		free(have);
	}
}

static void check(const char *bytes, const char *want)
{
	check_n(bytes, strlen(bytes), want);
}

static void test_characters(void **state)
{
	(void)state;
	check("aZ /~", "a Z Space / ~");
	check("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", "\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80");
	check("\r\n\t\x7f\x08", "Enter C-j Tab Backspace C-h");
	check("\x01\x0c\x1a\x1c\x1d\x1e\x1f", "C-a C-l C-z C-\\ C-] C-^ C-_");
	check_n("\0", 1, "C-Space");
	check("a\xff\xfe"
	      "b",
		"a b");
	check("a\xc2\x85"
	      "b",
		"a b"); /* C1 controls are nobody's key */
}

static void test_functions(void **state)
{
	(void)state;
	check("\033[A\033[B\033[C\033[D\033OA\033OD", "Up Down Right Left Up Left");
	check("\033[H\033[F\033OH\033[1~\033[4~\033[7~\033[8~", "Home End Home Home End Home End");
	check("\033[2~\033[3~\033[5~\033[6~\033[Z", "Ins Del PgUp PgDn S-Tab");
	check("\033OP\033OS\033[11~\033[15~\033[17~\033[21~\033[23~\033[24~",
		"F1 F4 F1 F5 F6 F10 F11 F12");
	check("\033[[A\033[[E", "F1 F5");
	check("\033[1;5A\033[1;2D\033[5;3~\033[1;8C", "C-Up S-Left M-PgUp C-M-S-Right");
	check("\033[13;5u\033[97;5u\033[27;5;13~", "C-Enter C-a C-Enter");
}

static void test_escape(void **state)
{
	(void)state;
	check("\033", "Esc");
	check("\033x", "M-x");
	check("\033\xc3\xa9", "M-\xc3\xa9");
	check("\033\r", "M-Enter");
	check("\033[", "Esc [");
	check("\033O", "Esc O");
	check("\033[12", "Esc [ 1 2");
	/* Known forms that are no keys vanish whole. */
	check("a\033[?1;2c\033[I\033[0nb", "a b");
}

static void test_two_escapes(void **state)
{
	struct input *in = input_new();
	struct ui_key k;

	(void)state;
	input_feed(in, "\033\033", 2);
	assert_true(input_next(in, &k));
	assert_int_equal(k.fn, UI_FN_ESC);
	assert_int_equal(k.mods, 0);
	assert_false(input_next(in, &k));
	assert_true(input_pending(in));
	input_flush(in);
	assert_true(input_next(in, &k));
	assert_int_equal(k.fn, UI_FN_ESC);
	input_free(in);
}

static void test_mouse(void **state)
{
	(void)state;
	check("\033[<0;10;5M\033[<0;10;5m\033[<2;1;1M", "press1@4,9 release1@4,9 press3@0,0");
	check("\033[<32;3;4M\033[<64;1;2M\033[<65;1;2M\033[<80;1;2M",
		"drag1@3,2 wheelup0@1,0 wheeldown0@1,0 wheelup0@1,0+C");
	check("\033[M !!\033[M#!!\033[M`!!", "press1@0,0 release4@0,0 wheelup0@0,0");
	check_n("\033[M\0\0\0\033[<64;0;1Mq", 17, "q");
	check("\033[<35;3;4M\033[<0;0;0Mq", "q"); /* motion without a button; nowhere */
}

static void test_paste(void **state)
{
	(void)state;
	check("a\033[200~hello\nworld\033[201~b", "a paste(hello\nworld) b");
	check("\033[200~\033[A\x03\033[201\033[201~", "paste(\033[A\x03\033[201)");
	check("\033[200~\033[201~x", "paste() x");
}

static void test_long_paste_comes_in_pieces(void **state)
{
	struct input *in = input_new();
	size_t n = INPUT_PASTE_MAX + 1000, got = 0, pieces = 0;
	char *big = malloc(n);
	struct ui_key k;

	(void)state;
	memset(big, 'x', n);
	input_feed(in, "\033[200~", 6);
	input_feed(in, big, n);
	input_feed(in, "\033[201~q", 7);
	while (input_next(in, &k)) {
		if (k.kind != UI_KEY_PASTE)
			break;
		got += k.size;
		pieces++;
	}
	assert_int_equal(got, n);
	assert_int_equal(pieces, 2);
	assert_int_equal(k.cp, 'q');
	free(big);
	input_free(in);
}

static void test_learned(void **state)
{
	struct input *in = input_new();
	struct ui_key k;

	(void)state;
	input_learn(in, "\033[[5~", UI_FN_PGUP, 0);
	input_learn(in, "\b", UI_FN_BACKSPACE, 0);
	input_learn(in, "\033[d", UI_FN_LEFT, UI_SHIFT);
	input_learn(in, "q", UI_FN_F1, 0); /* refused */
	input_learn(in, "", UI_FN_F1, 0);
	input_feed(in, "\033[[5~\b\033[dq", 10);
	assert_true(input_next(in, &k) && ui_is_fn(&k, UI_FN_PGUP));
	assert_true(input_next(in, &k) && ui_is_fn(&k, UI_FN_BACKSPACE));
	assert_true(input_next(in, &k) && k.fn == UI_FN_LEFT && k.mods == UI_SHIFT);
	assert_true(input_next(in, &k) && ui_is_char(&k, 'q', 0));
	assert_false(input_next(in, &k));
	input_free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_two_escapes),
		cmocka_unit_test(test_mouse),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_long_paste_comes_in_pieces),
		cmocka_unit_test(test_learned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
