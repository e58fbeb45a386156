#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/json_in.h"
#include "src/base/json_out.h"

static void write_sample(struct json_out *j)
{
	json_object(j);
	json_key_str(j, "text", "a\"\\\n\x01\xff");
	json_key_u64(j, "big", UINT64_MAX);
	json_key(j, "list");
	json_array(j);
	json_i64(j, -5);
	json_bool(j, true);
	json_null(j);
	json_real(j, NAN);
	json_array_end(j);
	json_key(j, "none");
	json_array(j);
	json_array_end(j);
	json_key(j, "empty");
	json_object(j);
	json_object_end(j);
	json_key_str(j, "absent", NULL);
	json_object_end(j);
}

static void pretty_form(void **state)
{
	cleanup_str struct str out = STR_INIT;
	struct json_out j;

	(void)state;
	json_init(&j, &out, true);
	write_sample(&j);
	assert_string_equal(str_get(&out), "{\n"
					   "  \"text\": \"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\",\n"
					   "  \"big\": 18446744073709551615,\n"
					   "  \"list\": [\n"
					   "    -5,\n"
					   "    true,\n"
					   "    null,\n"
					   "    null\n"
					   "  ],\n"
					   "  \"none\": [],\n"
					   "  \"empty\": {},\n"
					   "  \"absent\": null\n"
					   "}");
}

static void compact_form_is_read_back(void **state)
{
	cleanup_str struct str out = STR_INIT;
	struct json_out j;
	struct json *root;

	(void)state;
	json_init(&j, &out, false);
	write_sample(&j);
	assert_null(strchr(str_get(&out), '\n'));
	root = json_parse(str_get(&out), out.len, NULL);
	assert_non_null(root);
	assert_string_equal(json_get_text(root, "text", ""), "a\"\\\n\x01\xef\xbf\xbd");
	assert_int_equal(json_size(json_get(root, "list")), 4);
	assert_true(json_flag(json_at(json_get(root, "list"), 1), false));
	assert_true(json_is_null(json_get(root, "absent")));
	assert_null(json_at(json_get(root, "list"), 4));
	assert_int_equal(json_get_uint(root, "missing", 7), 7);
	json_free(root);
}

static void a_tree_is_written_as_it_was_read(void **state)
{
	static const char text[] =
		"{\"a\": [1, -2, 0.5, 9007199254740992, \"x\\n\"], \"b\": {\"c\": "
		"null, \"d\": true}, \"e\": []}";
	cleanup_str struct str out = STR_INIT, members = STR_INIT;
	struct json *root = json_parse(text, strlen(text), NULL);
	const char *key = NULL;
	struct json_out j;

	(void)state;
	json_init(&j, &out, false);
	json_copy(root, &j);
	assert_string_equal(str_get(&out), "{\"a\":[1,-2,0.5,9007199254740992,\"x\\n\"],\"b\":{"
					   "\"c\":null,\"d\":true},\"e\":[]}");
	json_init(&j, &members, false);
	json_object(&j);
	json_key_u64(&j, "first", 1);
	json_copy_members(json_get(root, "b"), &j);
	json_object_end(&j);
	assert_string_equal(str_get(&members), "{\"first\":1,\"c\":null,\"d\":true}");
	assert_ptr_equal(json_member(root, 2, &key), json_get(root, "e"));
	assert_string_equal(key, "e");
	assert_null(json_member(root, 3, &key));
	assert_null(json_member(json_get(root, "a"), 0, &key));
	json_free(root);
}

static void broken_documents_are_refused(void **state)
{
	static const char *const bad[] = {"", "{", "[1,]", "{\"a\":}", "1 2", "{} x", "nul"};
	char deep[8000];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_INIT;

		assert_null(json_parse(bad[i], strlen(bad[i]), &e));
		assert_non_null(strstr(e.msg, "malformed JSON at byte"));
	}
	memset(deep, '[', sizeof(deep));
	assert_null(json_parse(deep, sizeof(deep), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pretty_form),
		cmocka_unit_test(compact_form_is_read_back),
		cmocka_unit_test(a_tree_is_written_as_it_was_read),
		cmocka_unit_test(broken_documents_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
