/* ktstr --batch --json: one object a frame, its panes as their commands print them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/json_in.h"
#include "src/base/mem.h"
#include "src/base/spawn.h"

static void capture(struct str *out, const char *const *args)
{
	const char *argv[16] = {getenv("KTSTR") ? getenv("KTSTR") : "./ktstr"};
	const struct spawn s = {.argv = argv};
	struct err e = ERR_INIT;

	for (int i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	assert_int_equal(spawn_capture(&s, 1 << 24, out, NULL, &e), 0);
}

/* The array of a key as text that can be compared. */
static void numbers(const struct json *object, const char *key, struct str *out)
{
	const struct json *list = json_get(object, key);

	assert_true(json_size(list) > 0);
	for (size_t i = 0; i < json_size(list); i++)
		str_printf(out, "%llu ", (unsigned long long)json_uint(json_at(list, i), 0));
}

static void check_frame(const char *line, uint64_t frame, const struct json *topo)
{
	cleanup_str struct str size = STR_INIT, have = STR_INIT, want = STR_INIT;
	struct err e = ERR_INIT;
	struct json *f = json_parse(line, strlen(line), &e);
	const struct json *pane, *screen;
	bool seen = false;

	assert_non_null(f);
	assert_int_equal(json_get_uint(f, "frame", 0), frame);
	assert_int_equal(strlen(json_get_text(f, "time", "")), strlen("2024-01-01T00:00:00Z"));
	numbers(f, "size", &size);
	assert_string_equal(str_get(&size), "80 24 ");
	screen = json_get(f, "screen");
	assert_int_equal(json_size(screen), 24);
	for (size_t i = 0; i < json_size(screen); i++)
		seen |= strstr(json_text(json_at(screen, i), ""), "LLC 0") != NULL;
	assert_true(seen);
	pane = json_get(json_get(f, "panes"), "topo");
	assert_string_equal(
		json_get_text(pane, "notation", "a"), json_get_text(topo, "notation", "b"));
	numbers(pane, "online", &have);
	numbers(topo, "online", &want);
	assert_string_equal(str_get(&have), str_get(&want));
	assert_int_equal(json_size(json_get(pane, "caches")), json_size(json_get(topo, "caches")));
	json_free(f);
}

static void test_frames(void **state)
{
	static const char *const batch[] = {
		"--batch", "--json", "-n", "3", "-d", "100ms", "--size", "80x24", NULL};
	static const char *const topo_args[] = {"topo", "--json", NULL};
	cleanup_str struct str frames = STR_INIT, text = STR_INIT;
	struct err e = ERR_INIT;
	struct json *topo;
	uint64_t n = 0;
	char *save = NULL;

	(void)state;
	capture(&frames, batch);
	capture(&text, topo_args);
	topo = json_parse(str_get(&text), text.len, &e);
	assert_non_null(topo);
	for (char *line = strtok_r(frames.s, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		check_frame(line, ++n, topo);
	assert_int_equal(n, 3);
	json_free(topo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
