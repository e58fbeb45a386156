#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/cli/words.h"
#include "vmm/vmctl.h"

static void put(const char *dir, const char *name, const char *text)
{
	cleanup_free char *path = file_join(dir, name);

	assert_int_equal(file_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(file_replace(path, text, strlen(text), 0644, NULL), 0);
}

static bool begins(const struct strv *words, const char *start)
{
	for (size_t i = 0; i < words->n; i++)
		if (str_starts(words->v[i], start))
			return true;
	return false;
}

/* Valid entries with what they are, nothing of a corrupt one, and no word without a cache. */
static void kernels_are_those_of_the_cache(void **state)
{
	static const char metadata[] =
		"{\"version\": \"6.12.1\", \"source\": {\"type\": \"tarball\"}, \"arch\": "
		"\"x86_64\", "
		"\"image_name\": \"bzImage\", \"config_hash\": null, \"built_at\": "
		"\"2025-01-01T00:00:00Z\", \"ktstr_kconfig_hash\": null, "
		"\"extra_kconfig_hash\": null, \"has_vmlinux\": false, \"vmlinux_stripped\": "
		"false, "
		"\"source_vmlinux_size\": null, \"source_vmlinux_mtime_secs\": null}";
	char dir[] = "/tmp/ktstr-words-XXXXXX";
	cleanup_strv struct strv before = STRV_INIT, words = STRV_INIT;

	(void)state;
	assert_non_null(mkdtemp(dir));
	cleanup_free char *good = file_join(dir, "6.12.1-tarball-x86_64-kc0");
	cleanup_free char *bad = file_join(dir, "broken");
	setenv("KTSTR_CACHE_DIR", dir, 1);
	words_kernels(&before);
	assert_int_equal(before.n, 1);
	assert_true(str_starts(before.v[0], "distro\t"));
	put(good, "metadata.json", metadata);
	put(good, "bzImage", "x");
	put(bad, "metadata.json", "{");
	words_kernels(&words);
	assert_true(begins(&words, "6.12.1-tarball-x86_64-kc0\tLinux 6.12.1, tarball"));
	assert_false(begins(&words, "broken"));
	assert_int_equal(words.n, 2);
	file_remove_tree(dir, NULL);
	unsetenv("KTSTR_CACHE_DIR");
}

static void topologies_are_shapes(void **state)
{
	cleanup_strv struct strv words = STRV_INIT;

	(void)state;
	words_topologies(&words);
	assert_in_range(words.n, 2, 3);
	for (size_t i = 0; i < words.n; i++) {
		cleanup_free char *word = xstrndup(words.v[i], strcspn(words.v[i], "\t"));
		struct vm_topology t;
		struct err e = ERR_INIT;

		assert_non_null(strchr(words.v[i], '\t'));
		if (strcmp(word, "host") != 0)
			assert_int_equal(vm_topology_parse(word, &t, &e), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernels_are_those_of_the_cache),
		cmocka_unit_test(topologies_are_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
