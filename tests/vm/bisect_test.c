/* `ktstr kernel bisect` over cached versions: what is tried, what is kept, what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/kernels/kconfig.h"
#include "tests/lib/kernel_fixture.h"
#include "tests/lib/vm.h"

/* An entry of the cache as a build leaves it, with this image; NULL = one that is none. */
static void entry(const char *cache, const char *version, const char *image)
{
	char hash[KCONFIG_HASH + 1];
	cleanup_free char *dir = NULL, *path = NULL, *text = NULL, *metadata = NULL;

	kconfig_hash(KCONFIG_SLIM, hash);
	dir = xasprintf("%s-tarball-x86_64-kc%s", version, hash);
	metadata = xasprintf("%s/metadata.json", dir);
	path = xasprintf("%s/%s/bzImage", cache, dir);
	text = xasprintf("{\"version\": \"%s\", \"source\": {\"type\": \"tarball\"}, \"arch\": "
			 "\"x86_64\", \"image_name\": \"bzImage\", \"built_at\": "
			 "\"2025-01-01T00:00:00Z\", \"ktstr_kconfig_hash\": \"%s\", "
			 "\"has_vmlinux\": false, \"vmlinux_stripped\": false}",
		version, hash);
	fixture_text(cache, metadata, text);
	if (image)
		assert_int_equal(symlink(image, path), 0);
	else
		fixture_write(path, "no kernel", 9);
}

static void bisect(struct vm_run *r, const char *command)
{
	const struct strv *guest = vm_guest_options();
	cleanup_strv struct strv argv = STRV_INIT;

	strv_push(&argv, vm_program());
	strv_push(&argv, "kernel");
	strv_push(&argv, "bisect");
	strv_push(&argv, "--good");
	strv_push(&argv, "6.1.1");
	strv_push(&argv, "--bad");
	strv_push(&argv, "6.1.6");
	/* all but the kernel, which the search names */
	for (size_t i = 0; i < guest->n; i++) {
		if (!strcmp(guest->v[i], "--kernel") && ++i)
			continue;
		strv_push(&argv, "--shell");
		strv_push(&argv, guest->v[i]);
	}
	strv_push(&argv, "--");
	strv_push(&argv, command);
	vm_run(r, &argv, NULL, 0);
}

static void the_first_bad_version(void **state)
{
	char *cache = fixture_dir();
	struct kernel k = {0};
	struct vm_run r;
	struct err e = ERR_INIT;

	(void)state;
	(void)vm_guest_options();
	assert_int_equal(vm_test_kernel(&k, &e), 0);
	setenv("KTSTR_CACHE_DIR", cache, 1);
	setenv("KTSTR_RELEASES_URL", "http://127.0.0.1:9/", 1);
	entry(cache, "6.1.1", k.image);
	entry(cache, "6.1.2", k.image);
	entry(cache, "6.1.3", NULL); /* cannot be judged */
	entry(cache, "6.1.4", k.image);
	entry(cache, "6.1.6", k.image);
	bisect(&r, "echo judged; exit 3");
	vm_check(&r, 0, "only cached kernels are searched", "kernel 6.1.3: skip", "judged",
		"kernel 6.1.2: bad (status 3", NULL);
	assert_non_null(strstr(r.out.s, "first bad: 6.1.2\n"));
	vm_run_release(&r);
	/* the same question again: nothing is booted */
	bisect(&r, "echo judged; exit 3");
	vm_check(&r, 0, NULL);
	assert_null(strstr(str_get(&r.errs), "judged"));
	assert_non_null(strstr(r.out.s, "first bad: 6.1.2\n"));
	vm_run_release(&r);
	kernel_release(&k);
	fixture_remove(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_first_bad_version)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
