#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/kernels/json_fault.h"
#include "src/kernels/metadata.h"
#include "tests/lib/kernel_fixture.h"

static const char whole[] =
	"{\"version\": \"6.14.2\", \"source\": {\"type\": \"git\", \"git_hash\": \"abc\", \"ref\": "
	"null},"
	" \"arch\": \"x86_64\", \"image_name\": \"bzImage\", \"config_hash\": null,"
	" \"built_at\": \"2025-01-01T00:00:00Z\", \"ktstr_kconfig_hash\": \"deadbeef\","
	" \"has_vmlinux\": true, \"vmlinux_stripped\": false, \"source_vmlinux_size\": 77,"
	" \"source_vmlinux_mtime_secs\": 1700000000, \"something_new\": [1, 2]}";

static void upstream_entries_are_read(void **state)
{
	struct metadata m;
	struct metadata_fault f;

	(void)state;
	assert_int_equal(metadata_parse(whole, strlen(whole), &m, &f), 0);
	assert_int_equal(m.source, METADATA_GIT);
	assert_string_equal(m.git_hash, "abc");
	assert_null(m.git_ref);
	assert_string_equal(m.version, "6.14.2");
	assert_string_equal(m.image_name, "bzImage");
	assert_string_equal(m.kconfig_hash, "deadbeef");
	assert_null(m.extra_kconfig_hash);
	assert_null(m.config_hash);
	assert_true(m.has_vmlinux);
	assert_false(m.vmlinux_stripped);
	assert_true(m.has_vmlinux_origin);
	assert_int_equal(m.vmlinux_size, 77);
	assert_int_equal(m.vmlinux_mtime, 1700000000);
	metadata_release(&m);
}

static void expect_fault(const char *text, const char *kind, const char *begin)
{
	struct metadata m;
	struct metadata_fault f = {0};

	assert_true(metadata_parse(text, strlen(text), &m, &f) < 0);
	if (strcmp(f.kind, kind) != 0 || !str_starts(f.reason, begin))
		fail_msg("%s: %s: %s", text, f.kind, f.reason);
}

/* `whole` with one piece of it exchanged. */
static void expect_drift(const char *piece, const char *by, const char *words)
{
	const char *at = strstr(whole, piece);
	cleanup_free char *text = NULL;
	struct metadata m;
	struct metadata_fault f = {0};

	assert_non_null(at);
	text = xasprintf("%.*s%s%s", (int)(at - whole), whole, by, at + strlen(piece));
	assert_true(metadata_parse(text, strlen(text), &m, &f) < 0);
	assert_string_equal(f.kind, "schema_drift");
	assert_true(str_starts(f.reason, "metadata.json schema drift: "));
	if (!strstr(f.reason, words))
		fail_msg("'%s' lacks '%s'", f.reason, words);
}

static void faults_are_classified(void **state)
{
	(void)state;
	expect_fault("{", "truncated", "metadata.json truncated: ");
	expect_fault("", "truncated", "metadata.json truncated: ");
	expect_fault("{\"arch\": \"x86", "truncated", "metadata.json truncated: ");
	expect_fault("{\"arch\": tru", "truncated", "metadata.json truncated: ");
	expect_fault("{\"arch\": \"x\",", "truncated", "metadata.json truncated: ");
	expect_fault("}", "malformed", "metadata.json malformed: ");
	expect_fault("{arch}", "malformed", "metadata.json malformed: ");
	expect_fault("{\"a\": 1} x", "malformed", "metadata.json malformed: ");
	expect_fault("{\"a\": nul}", "malformed", "metadata.json malformed: ");
	expect_fault("[]", "schema_drift", "metadata.json schema drift: ");
	expect_fault("{}", "schema_drift", "metadata.json schema drift: ");
}

static void drift_is_named(void **state)
{
	(void)state;
	expect_drift("\"arch\"", "\"archx\"", "`arch`");
	expect_drift("\"x86_64\"", "5", "not a string: `arch`");
	expect_drift("\"image_name\"", "\"x\"", "`image_name`");
	expect_drift("\"built_at\"", "\"x\"", "`built_at`");
	expect_drift("\"has_vmlinux\"", "\"x\"", "`has_vmlinux`");
	expect_drift("true", "1", "not a boolean: `has_vmlinux`");
	expect_drift("\"vmlinux_stripped\"", "\"x\"", "`vmlinux_stripped`");
	expect_drift("\"source\"", "\"x\"", "`source`");
	expect_drift("\"type\"", "\"x\"", "`source.type`");
	expect_drift("\"git\"", "\"svn\"", "`svn`");
	expect_drift("\"bzImage\"", "\"../../etc/passwd\"", "`image_name`");
	expect_drift("\"bzImage\"", "\"a/b\"", "`image_name`");
	expect_drift("\"bzImage\"", "\"\"", "`image_name`");
}

static void what_is_written_is_read(void **state)
{
	struct metadata m = {
		.source = METADATA_PACKAGE,
		.manager = xstrdup("apt"),
		.version = xstrdup("6.1.192"),
		.arch = xstrdup("x86_64"),
		.image_name = xstrdup("bzImage"),
		.built_at = xstrdup("2026-01-02T03:04:05Z"),
	};
	struct metadata back;
	struct metadata_fault f;
	cleanup_str struct str text = STR_INIT;

	(void)state;
	vec_push(&m.packages, (struct metadata_package){xstrdup("linux-image-6"), xstrdup("6.1-2"),
				      26713492, 17, 999999999});
	metadata_write(&m, &text);
	assert_true(
		str_starts(str_get(&text), "{\n  \"version\": \"6.1.192\",\n  \"source\": {\n"));
	assert_non_null(strstr(str_get(&text), "\"config_hash\": null"));
	assert_int_equal(metadata_parse(str_get(&text), text.len, &back, &f), 0);
	assert_int_equal(back.source, METADATA_PACKAGE);
	assert_string_equal(back.manager, "apt");
	assert_string_equal(back.built_at, m.built_at);
	assert_int_equal(back.packages.n, 1);
	assert_string_equal(back.packages.v[0].name, "linux-image-6");
	assert_string_equal(back.packages.v[0].version, "6.1-2");
	assert_int_equal(back.packages.v[0].size, 26713492);
	assert_int_equal(back.packages.v[0].mtime_nsecs, 999999999);
	assert_false(back.has_vmlinux_origin);
	metadata_release(&m);
	metadata_release(&back);
}

static void every_source_is_written(void **state)
{
	static const char *const expected[] = {
		[METADATA_TARBALL] = "\"type\": \"tarball\"\n",
		[METADATA_GIT] =
			"\"type\": \"git\",\n    \"git_hash\": \"h\",\n    \"ref\": \"r\"\n",
		[METADATA_LOCAL] = "\"type\": \"local\",\n    \"source_tree_path\": \"/t\",\n    "
				   "\"git_hash\": \"h\"\n",
		[METADATA_PACKAGE] =
			"\"type\": \"package\",\n    \"manager\": \"m\",\n    \"packages\": []\n",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(expected); i++) {
		struct metadata m = {.source = (enum metadata_source)i,
			.git_hash = xstrdup("h"),
			.git_ref = xstrdup("r"),
			.tree = xstrdup("/t"),
			.manager = xstrdup("m")};
		cleanup_str struct str text = STR_INIT;

		metadata_write(&m, &text);
		assert_non_null(strstr(str_get(&text), expected[i]));
		assert_non_null(strstr(str_get(&text), metadata_source_name(m.source)));
		metadata_release(&m);
	}
}

/* A document that parses is a fault nowhere; all its beginnings are cut off, by the same scanner.
 */
static void every_beginning_is_cut(void **state)
{
	static const char text[] =
		"{\"a\\u00e9\": [1, -2.5e+3, true, false, null, \"x\\\"y\"], \"b\": {}}";

	(void)state;
	assert_int_equal(json_fault(text, strlen(text)), JSON_FAULT_NONE);
	for (size_t n = 0; n < strlen(text); n++)
		assert_int_equal(json_fault(text, n), JSON_FAULT_CUT);
}

static void syntax_faults_are_told_from_cuts(void **state)
{
	static const char *const bad[] = {"x", "{a", "[1 2", "{\"a\" 1", "[01x", "\"\\q",
		"\"\\u12g", "-x", "1.x", "1ex", "[,", "{,", "tRue", "\"\n\"", "{} {}", "[1,]",
		"{\"a\":1,}"};
	cleanup_str struct str deep = STR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (json_fault(bad[i], strlen(bad[i])) != JSON_FAULT_SYNTAX)
			fail_msg("'%s'", bad[i]);
	str_repeat(&deep, '[', 100000);
	assert_int_equal(json_fault(deep.s, deep.len), JSON_FAULT_SYNTAX);
}

static void missing_and_unreadable_files_differ(void **state)
{
	char *dir = fixture_dir();
	struct metadata m;
	struct metadata_fault f;

	(void)state;
	assert_true(metadata_read(dir, &m, &f) < 0);
	assert_string_equal(f.kind, "missing");
	assert_string_equal(f.reason, "metadata.json missing");
	fixture_mkdir(dir, "metadata.json");
	assert_true(metadata_read(dir, &m, &f) < 0);
	assert_string_equal(f.kind, "unreadable");
	assert_true(str_starts(f.reason, "metadata.json unreadable: "));
	fixture_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upstream_entries_are_read),
		cmocka_unit_test(faults_are_classified),
		cmocka_unit_test(drift_is_named),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(every_source_is_written),
		cmocka_unit_test(every_beginning_is_cut),
		cmocka_unit_test(syntax_faults_are_told_from_cuts),
		cmocka_unit_test(missing_and_unreadable_files_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
