/* Key names, key tables, the text field and the prompt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ui/field.h"
#include "ui/prompt.h"

static struct ui_key key(const char *name)
{
	struct ui_key k;

	assert_true(ui_key_parse(name, strlen(name), &k));
	return k;
}

static void test_names(void **state)
{
	static const char *const names[] = {"q", "/", "[", "Space", "Enter", "Esc", "S-Tab", "C-l",
		"C-]", "M-x", "C-M-S-Up", "F1", "F12", "PgDn", "C-Space", "\xc3\xa9", "-", "C--"};
	static const char *const bad[] = {"", "Entr", "C-", "qq", "F13", "X-a", "\x01", "\xff"};
	struct ui_key k;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		cleanup_str struct str name = STR_INIT;

		k = key(names[i]);
		ui_key_name(&k, &name);
		assert_string_equal(str_get(&name), names[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(ui_key_parse(bad[i], strlen(bad[i]), &k));
}

static void test_table(void **state)
{
	static const struct key_row rows[] = {
		{.keys = "n", .need = UI_SEARCHING, .action = 1},
		{.keys = "n N", .action = 2},
		{.keys = "Up C-p k", .action = 3},
	};
	static const struct key_table t = {.rows = rows, .n = ARRAY_LEN(rows)};
	struct ui_key k = key("n");

	(void)state;
	assert_int_equal(keymap_find(&t, &k, UI_SEARCHING)->action, 1);
	assert_int_equal(keymap_find(&t, &k, 0)->action, 2);
	k = key("C-p");
	assert_int_equal(keymap_find(&t, &k, 0)->action, 3);
	k = key("C-k");
	assert_null(keymap_find(&t, &k, 0));
	assert_null(keymap_find(NULL, &k, 0));
	k = (struct ui_key){.kind = UI_KEY_MOUSE};
	assert_null(keymap_find(&t, &k, ~0u));
}

static void press(struct field *f, const char *names)
{
	while (*names) {
		size_t n = strcspn(names, " ");
		struct ui_key k;

		assert_true(ui_key_parse(names, n, &k));
		field_key(f, &k);
		names += n + (names[n] == ' ');
	}
}

static void test_field(void **state)
{
	struct field f = {0};
	struct ui_key k = {.kind = UI_KEY_PASTE, .text = "two\x1b words\nlost", .size = 15};

	(void)state;
	press(&f, "a b \xc3\xa9 d");
	assert_string_equal(str_get(&f.text), "ab\xc3\xa9"
					      "d");
	press(&f, "Left Backspace");
	assert_string_equal(str_get(&f.text), "abd");
	press(&f, "C-a x C-e y Home Del");
	assert_string_equal(str_get(&f.text), "abdy");
	press(&f, "C-e Space o n e Space C-w");
	assert_string_equal(str_get(&f.text), "abdy ");
	assert_int_equal(field_key(&f, &k), FIELD_CHANGED);
	assert_string_equal(str_get(&f.text), "abdy two? words");
	press(&f, "C-u");
	assert_string_equal(str_get(&f.text), "");
	press(&f, "Backspace Del Left C-w C-k");
	assert_string_equal(str_get(&f.text), "");
	k = key("Enter");
	assert_int_equal(field_key(&f, &k), FIELD_IGNORED);
	for (int i = 0; i < 2 * FIELD_MAX; i++)
		press(&f, "z");
	assert_int_equal(f.text.len, FIELD_MAX);
	field_release(&f);
}

static void test_field_scrolls(void **state)
{
	cleanup_str struct str line = STR_INIT;
	struct field f = {0};
	struct canvas c;

	(void)state;
	canvas_init(&c, 1, 12);
	field_set(&f, "0123456789abcdef");
	field_draw(&f, view_of(&c), 0, 1, 6, (struct ui_style){0}, true);
	canvas_line(&c, 0, &line);
	assert_string_equal(str_get(&line), " bcdef");
	assert_int_equal(c.cursor_col, 6);
	field_draw(&f, view_of(&c), 0, 1, 0, (struct ui_style){0}, true);
	field_release(&f);
	canvas_release(&c);
}

static void say(struct prompt *p, const char *text)
{
	for (; *text; text++) {
		struct ui_key k = ui_key_char((unsigned char)*text, 0);

		assert_int_equal(prompt_key(p, &k), PROMPT_CHANGED);
	}
}

static enum prompt_result hit(struct prompt *p, const char *name)
{
	struct ui_key k = key(name);

	return prompt_key(p, &k);
}

static void test_prompt_history(void **state)
{
	struct prompt p = {0};

	(void)state;
	prompt_start(&p, PROMPT_SEARCH, "");
	say(&p, "one");
	assert_int_equal(hit(&p, "Enter"), PROMPT_ACCEPTED);
	assert_int_equal(p.kind, PROMPT_NONE);
	prompt_start(&p, PROMPT_SEARCH, "");
	say(&p, "two");
	hit(&p, "Enter");
	prompt_start(&p, PROMPT_SEARCH, "");
	say(&p, "dra");
	assert_int_equal(hit(&p, "Up"), PROMPT_CHANGED);
	assert_string_equal(str_get(&p.field.text), "two");
	hit(&p, "Up");
	assert_int_equal(hit(&p, "Up"), PROMPT_GOES_ON);
	assert_string_equal(str_get(&p.field.text), "one");
	hit(&p, "Down");
	hit(&p, "Down");
	assert_string_equal(str_get(&p.field.text), "dra");
	assert_int_equal(hit(&p, "Esc"), PROMPT_CANCELLED);
	prompt_start(&p, PROMPT_DELAY, "1s");
	assert_int_equal(hit(&p, "Up"), PROMPT_GOES_ON);
	for (int i = 0; i < 200; i++) {
		char text[2] = {(char)('a' + i % 26), 0};

		prompt_start(&p, PROMPT_SEARCH, text);
		hit(&p, "Enter");
	}
	assert_true(p.history[PROMPT_SEARCH].n <= 50);
	prompt_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_field_scrolls),
		cmocka_unit_test(test_prompt_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
