/*
 * The real thing: this machine's package manager fetches the distribution's kernel into a cache of
 * the test's own. Skipped where there is no apt, where it has no package lists, and without a
 * network.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/kernels/apt.h"
#include "src/kernels/cache.h"
#include "src/kernels/modtree.h"
#include "src/kernels/resolve.h"
#include "tests/lib/kernel_fixture.h"
#include "tests/lib/skip.h"

static bool has_lists(void)
{
	const struct apt a = {.dir = "/nonexistent"};
	struct apt_plan plan;

	if (apt_present("", NULL) || apt_find_kernel(&a, &plan, NULL))
		return false;
	apt_plan_release(&plan);
	return true;
}

static bool no_network(const struct err *e)
{
	static const char *const words[] = {"Could not resolve", "Could not connect",
		"Temporary failure", "Network is unreachable"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(e->msg, words[i]))
			return true;
	return false;
}

static void the_distributions_kernel_is_fetched(void **state)
{
	char *dir = fixture_dir();
	cleanup_free char *cache = file_join(dir, "cache");
	const struct place p = {.prefix = dir, .cwd = dir, .release = "none", .cache_dir = cache};
	struct err e = ERR_INIT;
	struct fixture_report r;
	struct kcache entries;
	struct kernel k;
	bool possible = has_lists();
	int rc = 0;

	(void)state;
	fixture_report_init(&r);
	if (possible)
		rc = resolve_at(&p, &(struct kernel_wish){.id = "distro"}, &r.report, &k, &e);
	if (!possible || (rc && no_network(&e))) {
		fixture_remove(dir);
		skip_because("%s", possible ? "no network" : "no package lists");
	}
	if (rc)
		fail_msg("%s (%s)", e.msg, e.hint);
	assert_non_null(k.release);
	assert_true(k.init_size > 1 << 20);
	assert_true(str_starts(k.image, cache));
	assert_true(str_starts(k.modules, cache));
	assert_true(modtree_holds_modules(k.modules));
	assert_true(fixture_noted(&r, "fetching the distribution's kernel linux-image-"));
	assert_int_equal(kcache_scan(cache, true, &entries, &e), 0);
	assert_int_equal(entries.entries.n, 1);
	assert_string_equal(entries.entries.v[0].key, k.release);
	assert_int_equal(entries.entries.v[0].meta.source, METADATA_PACKAGE);
	kcache_release(&entries);
	kernel_release(&k);
	/* and now it is there */
	fixture_report_release(&r);
	assert_int_equal(resolve_at(&p, &(struct kernel_wish){0}, &r.report, &k, &e), 0);
	assert_int_equal(r.notes.n, 0);
	kernel_release(&k);
	fixture_report_release(&r);
	fixture_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_distributions_kernel_is_fetched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
