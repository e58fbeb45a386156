#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/crc32.h"
#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/kernels/cache_lock.h"
#include "src/kernels/kconfig.h"
#include "src/kernels/resolve.h"
#include "tests/lib/kernel_fixture.h"

#define HASH "abd40422"

/* A ground of its own: host/ is the machine, work/sub the current folder, cache/ the cache. */
struct ground {
	char *dir, *host, *work, *cache;
	struct place place;
	struct fixture_report r;
	struct kernel k;
	struct err e;
	int rc;
};

static int make_ground(void **state)
{
	struct ground *g = xcalloc(1, sizeof(*g));

	g->dir = fixture_dir();
	g->host = file_join(g->dir, "host");
	g->work = file_join(g->dir, "work/sub");
	g->cache = file_join(g->dir, "cache");
	fixture_mkdir(g->work, ".");
	fixture_mkdir(g->host, ".");
	g->place = (struct place){.prefix = g->host,
		.cwd = g->work,
		.release = "6.1.0-host",
		.cache_dir = g->cache,
		.home = "/nohome"};
	fixture_report_init(&g->r);
	/* no package manager anywhere: nothing here may reach for the network */
	setenv("PATH", g->host, 1);
	*state = g;
	return 0;
}

static void forget(struct ground *g)
{
	kernel_release(&g->k);
	fixture_report_release(&g->r);
	fixture_report_init(&g->r);
	err_clear(&g->e);
}

static int remove_ground(void **state)
{
	struct ground *g = *state;

	forget(g);
	fixture_remove(g->dir);
	free(g->host);
	free(g->work);
	free(g->cache);
	free(g);
	return 0;
}

static int resolve(struct ground *g, const char *id, const char *modules)
{
	forget(g);
	g->rc = resolve_at(&g->place, &(struct kernel_wish){.id = id, .modules = modules},
		&g->r.report, &g->k, &g->e);
	return g->rc;
}

/* `image` is relative to the ground. */
static void expect(struct ground *g, const char *id, const char *image, const char *origin)
{
	if (resolve(g, id, NULL))
		fail_msg("%s: %s", id ? id : "automatic", g->e.msg);
	assert_true(str_starts(g->k.image, g->dir));
	if (!str_ends(g->k.image, image))
		fail_msg("%s: %s", id ? id : "automatic", g->k.image);
	assert_string_equal(g->k.origin, origin);
}

static void expect_error(struct ground *g, const char *id, const char *words, const char *hint)
{
	if (resolve(g, id, NULL) >= 0)
		fail_msg("'%s' was taken: %s", id, g->k.image);
	if (!strstr(g->e.msg, words))
		fail_msg("'%s': '%s' lacks '%s'", id ? id : "automatic", g->e.msg, words);
	if (hint && !strstr(g->e.hint, hint))
		fail_msg("'%s': hint '%s' lacks '%s'", id ? id : "automatic", g->e.hint, hint);
	assert_null(g->k.image);
	assert_null(g->k.origin);
}

static void entry_of(struct ground *g, const char *key, const char *release, const char *built_at,
	const char *hash, const char *version)
{
	cleanup_free char *metadata = xasprintf("%s/metadata.json", key);
	cleanup_free char *image = xasprintf("%s/bzImage", key);
	cleanup_free char *text =
		xasprintf("{\"version\": %s, \"source\": {\"type\": \"tarball\"}, \"arch\": "
			  "\"x86_64\", \"image_name\": \"bzImage\", \"built_at\": \"%s\", "
			  "\"ktstr_kconfig_hash\": %s, \"has_vmlinux\": false, "
			  "\"vmlinux_stripped\": false}",
			version, built_at, hash);

	fixture_text(g->cache, metadata, text);
	fixture_image(g->cache, image, release);
}

static void entry(struct ground *g, const char *key, const char *release, const char *built_at)
{
	entry_of(g, key, release, built_at, "null", "null");
}

/* ---- identifiers ---------------------------------------------------------------------------- */

static void files_are_taken(void **state)
{
	struct ground *g = *state;
	cleanup_free char *absolute = file_join(g->work, "a/vmlinuz");
	cleanup_str struct str elf = STR_INIT;
	cleanup_free char *vmlinux = file_join(g->work, "vmlinux");

	fixture_image(g->work, "a/vmlinuz", "6.2");
	expect(g, "./a/vmlinuz", "work/sub/./a/vmlinuz", "--kernel");
	assert_string_equal(g->k.release, "6.2");
	assert_int_equal(g->k.init_size, 0x3378000);
	assert_null(g->k.modules);
	assert_true(fixture_noted(&g->r, "no module tree found for kernel 6.2"));
	expect(g, absolute, "work/sub/a/vmlinuz", "--kernel");
	fixture_vmlinux(&elf, "6.3");
	fixture_write(vmlinux, elf.s, elf.len);
	expect(g, "./vmlinux", "vmlinux", "--kernel");
	assert_string_equal(g->k.release, "6.3");
	assert_int_equal(g->k.init_size, 0);
}

static void bad_files_are_named(void **state)
{
	struct ground *g = *state;

	fixture_text(g->work, "text", "hello\n");
	expect_error(g, "./text", "it is a text file", NULL);
	expect_error(g, "./gone", "kernel path not found: ./gone", NULL);
	expect_error(g, "./text/below", "kernel path not found: ./text/below", NULL);
	expect_error(g, "", "identifier is empty", "`distro`");
	expect_error(g, "~/x", "kernel path not found: /nohome/x", NULL);
}

static void trees_give_their_image(void **state)
{
	struct ground *g = *state;

	fixture_mkdir(g->work, "t");
	expect_error(g, "./t", "no kernel image found in ./t (not a kernel source tree", NULL);
	fixture_text(g->work, "t/Makefile", "");
	fixture_text(g->work, "t/Kconfig", "");
	expect_error(
		g, "./t", "no kernel image found in ./t: the tree is not built", "make -C ./t");
	{
		cleanup_str struct str elf = STR_INIT;
		cleanup_free char *path = file_join(g->work, "t/vmlinux");

		fixture_vmlinux(&elf, "6.2");
		fixture_write(path, elf.s, elf.len);
	}
	expect(g, "./t", "t/vmlinux", "--kernel");
	fixture_image(g->work, "t/bzImage", "6.2");
	expect(g, "./t", "t/bzImage", "--kernel");
	fixture_image(g->work, "t/arch/x86/boot/bzImage", "6.2");
	expect(g, "./t", "t/arch/x86/boot/bzImage", "--kernel");
	expect(g, "t/", "t/arch/x86/boot/bzImage", "--kernel");
}

static void keys_name_entries(void **state)
{
	struct ground *g = *state;

	expect_error(g, "mine", "cache key mine not found. Run `ktstr kernel list`",
		"a kernel is named by");
	entry(g, "mine", "6.2", "2025-01-01T00:00:00Z");
	entry(g, ".distro/6.1.0-5-amd64", "6.1.0-5-amd64", "2025-01-01T00:00:00Z");
	expect(g, "mine", "cache/mine/bzImage", "cache entry mine");
	expect(g, "6.1.0-5-amd64", "cache/.distro/6.1.0-5-amd64/bzImage",
		"cache entry 6.1.0-5-amd64");
	expect_error(g, "other", "cache key other not found", "cached: mine, 6.1.0-5-amd64");
	fixture_mkdir(g->work, "linux");
	expect_error(g, "linux", "cache key linux not found", "is written ./linux");
	fixture_text(g->cache, "bad/metadata.json", "{");
	expect_error(g, "bad", "cache entry bad is corrupt: metadata.json truncated",
		"`ktstr kernel clean --corrupt-only` removes");
	fixture_text(g->cache, "mine/bzImage", "hello");
	expect_error(g, "mine", "a text file", NULL);
	expect_error(g, "a..b", "it holds '..'", NULL);
}

/* An entry under a stale fragment is no automatic choice, but a name is a name. */
static void stale_entries_can_be_named(void **state)
{
	struct ground *g = *state;

	entry_of(g, "theirs", "6.2", "2025-01-01T00:00:00Z", "\"" HASH "\"", "\"6.2.0\"");
	expect(g, "theirs", "cache/theirs/bzImage", "cache entry theirs");
}

static void whole_symbols_are_remarked_on(void **state)
{
	struct ground *g = *state;

	entry(g, "mine", "6.2", "2025-01-01T00:00:00Z");
	expect(g, "mine", "cache/mine/bzImage", "cache entry mine");
	assert_false(fixture_noted(&g->r, "using unstripped vmlinux"));
	fixture_text(g->cache, "mine/metadata.json",
		"{\"source\": {\"type\": \"tarball\"}, \"arch\": \"x86_64\", \"image_name\": "
		"\"bzImage\", \"built_at\": \"2025-01-01T00:00:00Z\", \"has_vmlinux\": true, "
		"\"vmlinux_stripped\": false}");
	expect(g, "mine", "cache/mine/bzImage", "cache entry mine");
	assert_int_equal(fixture_noted(&g->r, "using unstripped vmlinux of cache entry mine"), 1);
	expect(g, NULL, "cache/mine/bzImage", "cache entry mine");
	assert_int_equal(fixture_noted(&g->r, "using unstripped vmlinux of cache entry mine"), 1);
}

/* The list of releases, as if it had been fetched a moment ago. */
static void keep_releases(struct ground *g)
{
	static const char url[] = "http://127.0.0.1:1/releases.json";
	cleanup_free char *path =
		xasprintf(".downloads/releases-%08x.json", crc32_ieee(url, strlen(url)));

	g->place.releases_url = url;
	fixture_text(g->cache, path,
		"{\"releases\":[{\"moniker\":\"stable\",\"version\":\"6.14.1\"},"
		"{\"moniker\":\"longterm\",\"version\":\"6.12.9\"}]}");
}

/* A version is what a plain build of it left, whatever else of that version there is. */
static void versions_name_what_was_built(void **state)
{
	struct ground *g = *state;
	char ours[KCONFIG_HASH + 1];
	cleanup_free char *hash = NULL;

	kconfig_hash(KCONFIG_SLIM, ours);
	hash = xasprintf("\"%s\"", ours);
	entry_of(g, "stale", "6.12.9", "2025-03-01T00:00:00Z", "\"" HASH "\"", "\"6.12.9\"");
	expect_error(g, "6.12.9", "kernels are not built from here", NULL);
	entry_of(g, "new", "6.12.9", "2025-01-01T00:00:00Z", hash, "\"6.12.9\"");
	entry_of(g, "old", "6.12.8", "2025-02-01T00:00:00Z", hash, "\"6.12.8\"");
	expect(g, "6.12.9", "cache/new/bzImage", "cache entry new");
	expect(g, "6.12.8", "cache/old/bzImage", "cache entry old");
	/* a series is its newest release, where that is known */
	keep_releases(g);
	expect(g, "6.12", "cache/new/bzImage", "cache entry new");
	entry_of(g, "newest", "6.14.0", "2024-01-01T00:00:00Z", hash, "\"6.14.0\"");
	expect_error(g, "6.14", "kernels are not built from here", NULL);
	expect(g, "6.14.0", "cache/newest/bzImage", "cache entry newest");
	g->place.kernel = "6.12.8";
	expect(g, NULL, "cache/old/bzImage", "cache entry old");
	g->place.kernel = "6.12";
	expect(g, NULL, "cache/new/bzImage", "cache entry new");
}

static void what_cannot_be_served_says_so(void **state)
{
	struct ground *g = *state;

	fixture_text(g->work, "x.rpm", "");
	/* without a program of its own nothing is built */
	expect_error(
		g, "6.14.7", "kernel build 6.14.7: kernels are not built from here", "`distro`");
	keep_releases(g);
	expect_error(g, "6.12..6.14", "6.12..6.14 stands for 2: 6.12.9, 6.14.1", "kernel build");
	expect_error(g, "6.12..6.13", "kernel build 6.12.9: kernels are not built from here", NULL);
	expect_error(g, "6.14..6.12", "inverted kernel range", "Swap the endpoints");
	expect_error(g, "git+https://h/r#tag=v6", "kernels are not built from here", "`distro`");
	expect_error(g, "git+https://h/r", "the ref kind must be explicit", NULL);
	expect_error(g, "./x.rpm", "x.rpm' is damaged or not in a known format", NULL);
	expect_error(g, "x.pkg.tar.zst", "only .deb and .rpm files are unpacked", "--modules");
	expect_error(g, "fedora-44", "only this machine's own kernel is fetched: `distro`",
		"name the file: ./linux-image-VERSION.deb");
	expect_error(g, "./gone.deb", "kernel path not found: ./gone.deb", NULL);
}

static void packages_are_taken_from_files(void **state)
{
	struct ground *g = *state;
	cleanup_free char *path = file_join(g->work, "linux-image.deb");

	fixture_kernel_deb(path, "linux-image-6.1.0-9", "6.1.99-1", "6.1.0-9", 1000, NULL);
	expect(g, "linux-image.deb", "cache/.distro/6.1.0-9/bzImage", "package linux-image.deb");
	assert_string_equal(g->k.release, "6.1.0-9");
	assert_true(str_ends(g->k.modules, "cache/.distro/6.1.0-9/lib/modules/6.1.0-9"));
	assert_true(fixture_noted(&g->r, "unpacking linux-image.deb"));
	expect(g, "./linux-image.deb", "cache/.distro/6.1.0-9/bzImage", "package linux-image.deb");
	assert_int_equal(g->r.notes.n, 0);
}

/* ---- module trees --------------------------------------------------------------------------- */

static void module_folders_can_be_named(void **state)
{
	struct ground *g = *state;

	fixture_image(g->work, "vmlinuz", "6.2");
	fixture_text(g->work, "tree/kernel/x.ko", "");
	assert_int_equal(resolve(g, "./vmlinuz", "tree"), 0);
	assert_true(str_ends(g->k.modules, "work/sub/tree"));
	assert_int_equal(g->r.notes.n, 0);
	fixture_mkdir(g->work, "empty");
	assert_int_equal(resolve(g, "./vmlinuz", "empty"), -EINVAL);
	assert_non_null(strstr(g->e.msg, "'empty' holds no kernel modules"));
	assert_null(g->k.image);
	assert_int_equal(resolve(g, "./vmlinuz", "gone"), -ENOENT);
}

/* ---- the automatic chain -------------------------------------------------------------------- */

static void the_chain_goes_in_order(void **state)
{
	struct ground *g = *state;

	expect_error(g, NULL, "no kernel found on this machine", "a kernel is named by");
	entry(g, ".distro/6.1.0-p", "6.1.0-p", "2025-01-01T00:00:00Z");
	expect(g, NULL, "cache/.distro/6.1.0-p/bzImage", "distribution package");
	fixture_image(g->host, "boot/vmlinuz", "6.1.0-any");
	expect(g, NULL, "host/boot/vmlinuz", "/boot/vmlinuz");
	fixture_image(g->host, "boot/vmlinuz-6.1.0-host", "6.1.0-host");
	expect(g, NULL, "host/boot/vmlinuz-6.1.0-host", "/boot/vmlinuz-6.1.0-host");
	fixture_image(g->host, "lib/modules/6.1.0-host/vmlinuz", "6.1.0-host");
	expect(g, NULL, "host/lib/modules/6.1.0-host/vmlinuz", "/lib/modules/6.1.0-host/vmlinuz");
	fixture_text(g->host, "lib/modules/6.1.0-host/build/Makefile", "");
	expect(g, NULL, "host/lib/modules/6.1.0-host/vmlinuz", "/lib/modules/6.1.0-host/vmlinuz");
	fixture_image(g->host, "lib/modules/6.1.0-host/build/arch/x86/boot/bzImage", "6.1.0-host");
	expect(g, NULL, "build/arch/x86/boot/bzImage", "build tree of the running kernel");
	fixture_image(g->dir, "work/linux/arch/x86/boot/bzImage", "6.3");
	expect(g, NULL, "work/sub/../linux/arch/x86/boot/bzImage", "build tree ../linux");
	fixture_image(g->work, "linux/arch/x86/boot/bzImage", "6.4");
	expect(g, NULL, "work/sub/./linux/arch/x86/boot/bzImage", "build tree ./linux");
	entry(g, "old", "6.5", "2024-01-01T00:00:00Z");
	expect(g, NULL, "cache/old/bzImage", "cache entry old");
	entry(g, "new", "6.6", "2025-01-01T00:00:00Z");
	expect(g, NULL, "cache/new/bzImage", "cache entry new");
	g->place.kernel = "./linux";
	expect(g, NULL, "work/sub/./linux/arch/x86/boot/bzImage", "KTSTR_KERNEL");
}

static void useless_candidates_are_skipped_aloud(void **state)
{
	struct ground *g = *state;
	char hash[KCONFIG_HASH + 1], quoted[KCONFIG_HASH + 3];

	entry(g, "mine", "6.2", "2025-01-01T00:00:00Z");
	fixture_text(g->cache, "mine/bzImage", "hello");
	fixture_text(g->cache, "cut/metadata.json", "{");
	entry_of(g, "stale", "6.2", "2026-01-01T00:00:00Z", "\"" HASH "\"", "null");
	fixture_text(g->work, "linux/arch/x86/boot/bzImage", "hello");
	fixture_text(g->host, "boot/vmlinuz-6.1.0-host", "\x1f\x8b gzip");
	fixture_image(g->host, "boot/vmlinuz", "6.1.0-any");
	expect(g, NULL, "host/boot/vmlinuz", "/boot/vmlinuz");
	assert_true(fixture_noted(&g->r, "mine/bzImage' is not a kernel image: it is a text file"));
	assert_true(fixture_noted(&g->r, "linux/arch/x86/boot/bzImage' is not a kernel image"));
	assert_true(fixture_noted(
		&g->r, "vmlinuz-6.1.0-host' is not a kernel image: it is a gzip file"));
	assert_false(fixture_noted(&g->r, "stale"));
	/* one of the program's own configuration counts */
	kconfig_hash(KCONFIG_SLIM, hash);
	snprintf(quoted, sizeof(quoted), "\"%s\"", hash);
	entry_of(g, "ours", "6.2", "2026-01-01T00:00:00Z", quoted, "null");
	expect(g, NULL, "cache/ours/bzImage", "cache entry ours");
}

static void unreadable_host_images_are_skipped_aloud(void **state)
{
	struct ground *g = *state;
	cleanup_free char *path = file_join(g->host, "boot/vmlinuz-6.1.0-host");
	bool root = geteuid() == 0;

	fixture_image(g->host, "boot/vmlinuz-6.1.0-host", "6.1.0-host");
	fixture_image(g->host, "boot/vmlinuz", "6.1.0-any");
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(chmod(g->dir, 0755), 0);
	if (root)
		assert_int_equal(seteuid(65534), 0); /* root may read everything */
	expect(g, NULL, "host/boot/vmlinuz", "/boot/vmlinuz");
	assert_true(fixture_noted(&g->r, "Permission denied"));
	expect_error(
		g, "../../host/boot/vmlinuz-6.1.0-host", "Permission denied", "make it readable");
	if (root)
		assert_int_equal(seteuid(0), 0);
}

static void the_variable_names_any_kind(void **state)
{
	struct ground *g = *state;
	cleanup_free char *deb = file_join(g->work, "k.deb");

	entry(g, "mine", "6.2", "2025-01-01T00:00:00Z");
	fixture_image(g->work, "img", "6.2");
	fixture_kernel_deb(deb, "linux-image-6.1.0-9", "6.1.99-1", "6.1.0-9", 1000, NULL);
	g->place.kernel = " mine \n";
	expect(g, NULL, "cache/mine/bzImage", "cache entry mine");
	g->place.kernel = "./img";
	expect(g, NULL, "work/sub/./img", "KTSTR_KERNEL");
	g->place.kernel = "k.deb";
	expect(g, NULL, "cache/.distro/6.1.0-9/bzImage", "KTSTR_KERNEL");
	g->place.kernel = "  ";
	expect(g, NULL, "cache/mine/bzImage", "cache entry mine");
	/* an identifier beats the variable */
	expect(g, "./img", "work/sub/./img", "--kernel");
}

static void the_variable_is_never_replaced_by_another_entry(void **state)
{
	struct ground *g = *state;

	entry(g, "mine", "6.2", "2025-01-01T00:00:00Z");
	fixture_image(g->host, "boot/vmlinuz", "6.1.0-any");
	g->place.kernel = "gone";
	expect(g, NULL, "host/boot/vmlinuz", "/boot/vmlinuz");
	assert_true(fixture_noted(&g->r, "KTSTR_KERNEL=gone is not in the kernel cache"));
	g->place.kernel = "6.14.2";
	expect(g, NULL, "host/boot/vmlinuz", "/boot/vmlinuz");
	assert_true(fixture_noted(&g->r, "KTSTR_KERNEL=6.14.2 is not in the kernel cache"));
}

static void mistakes_in_the_variable_end_it(void **state)
{
	static const struct {
		const char *value, *words;
	} rows[] = {
		{"./empty", "'./empty' does not contain a kernel image"},
		{"./gone", "kernel path not found: ./gone"},
		{"6.12..6.14", "multi-kernel specs (ranges, git sources) are not supported in "
			       "env-var form"},
		{"6.14..6.12", "inverted kernel range"},
		{"git+u#tag=v6", "multi-kernel specs"},
		{"git+u", "the ref kind must be explicit"},
		{"x.rpm", "kernel path not found: x.rpm"},
		{"x.pkg.tar.zst", "only .deb and .rpm files are unpacked"},
		{"a..b", "it holds '..'"},
	};
	struct ground *g = *state;

	fixture_mkdir(g->work, "empty");
	fixture_image(g->host, "boot/vmlinuz", "6.1.0-any");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		g->place.kernel = rows[i].value;
		expect_error(g, NULL, rows[i].words, NULL);
		assert_true(str_starts(g->e.msg, "KTSTR_KERNEL"));
	}
	g->place.cache_dir = NULL;
	g->place.home = NULL;
	g->place.kernel = "6.14.2";
	expect_error(g, NULL, "requires cache access", NULL);
}

/* Without a cache everything else still works. */
static void a_missing_home_spares_the_host(void **state)
{
	struct ground *g = *state;

	g->place.cache_dir = NULL;
	g->place.home = NULL;
	expect_error(g, NULL, "HOME is unset; cannot resolve cache directory", NULL);
	expect_error(g, "distro", "HOME is unset", NULL);
	expect_error(g, "key", "HOME is unset", NULL);
	fixture_image(g->host, "boot/vmlinuz", "6.1.0-any");
	expect(g, NULL, "host/boot/vmlinuz", "/boot/vmlinuz");
}

static void other_systems_get_their_own_advice(void **state)
{
	static const struct {
		const char *release, *hint;
	} rows[] = {
		{"NAME=\"Fedora Linux\"\nID=fedora\n", "dnf install kernel-core"},
		{"ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf install kernel-core"},
		{"ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n", "zypper install"},
		{"ID=arch\n", "pacman -S linux"},
		{"ID=alpine\n", "apk add linux-virt"},
		{"ID=archaic\n", "your distribution's kernel package"},
		{"", "your distribution's kernel package"},
	};
	struct ground *g = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		fixture_text(g->host, "etc/os-release", rows[i].release);
		expect_error(g, "distro", "this machine has no apt-get", rows[i].hint);
	}
}

/* ---- fetching ------------------------------------------------------------------------------- */

/* A program that builds as `ktstr kernel build` does: it says how far it is and what it made. */
static void make_builder(struct ground *g, const char *last_line)
{
	cleanup_free char *path = file_join(g->dir, "builder");
	cleanup_free char *text =
		xasprintf("#!/bin/sh\necho \"$*\" >'%s/called'\n"
			  "echo 'ktstr: progress 7 9 building the kernel: a.o' >&2\n"
			  "echo 'ktstr: %s' >&2\n",
			g->dir, last_line);

	fixture_text(g->dir, "builder", text);
	assert_int_equal(chmod(path, 0755), 0);
}

static void expect_built(struct ground *g, const char *fetch)
{
	cleanup_free char *program = file_join(g->dir, "builder");
	cleanup_free char *called = file_join(g->dir, "called");
	cleanup_str struct str text = STR_INIT;

	forget(g);
	g->place.program = program;
	if (resolve_at(
		    &g->place, &(struct kernel_wish){.fetch = fetch}, &g->r.report, &g->k, &g->e))
		fail_msg("%s", g->e.msg);
	g->place.program = NULL;
	assert_true(str_ends(g->k.image, "/built"));
	assert_string_equal(g->k.origin, "kernel build");
	assert_int_equal(file_read(called, 1000, &text, NULL), 0);
	assert_string_equal(text.s, "kernel build --color=never --progress-lines\n");
	assert_true(fixture_noted(&g->r, "no kernel found, downloading latest stable"));
}

static int fetch(struct ground *g, const char *program, const char *fetch)
{
	forget(g);
	g->place.program = program;
	g->rc = resolve_at(
		&g->place, &(struct kernel_wish){.fetch = fetch}, &g->r.report, &g->k, &g->e);
	g->place.program = NULL;
	return g->rc;
}

static void at_last_something_is_fetched(void **state)
{
	struct ground *g = *state;
	cleanup_free char *program = file_join(g->dir, "builder");
	cleanup_free char *line = xasprintf("image: %s/built", g->dir);

	make_builder(g, line);
	fixture_image(g->dir, "built", "6.17.9");
	/* there is no package manager here: whoever did not choose gets the latest stable */
	expect_built(g, NULL);
	assert_true(fixture_noted(&g->r, "this machine has no apt-get"));
	expect_built(g, "stable");
	assert_false(fixture_noted(&g->r, "apt-get"));
	g->place.fetch = "stable";
	expect_built(g, NULL);
	/* the option is stronger than the variable */
	assert_true(fetch(g, program, "distro") < 0);
	assert_non_null(strstr(g->e.msg, "this machine has no apt-get"));
	assert_non_null(strstr(g->e.hint, "--fetch stable"));
	g->place.fetch = "nothing";
	assert_int_equal(fetch(g, program, NULL), -EINVAL);
	assert_string_equal(g->e.msg, "KTSTR_FETCH: 'nothing' is neither distro nor stable");
	assert_int_equal(fetch(g, program, "x"), -EINVAL);
	assert_non_null(strstr(g->e.msg, "--fetch: 'x'"));
	g->place.fetch = "";
	expect_built(g, NULL);
	/* what is at hand goes before */
	fixture_image(g->host, "boot/vmlinuz", "6.1.0-any");
	assert_int_equal(fetch(g, program, "stable"), 0);
	assert_true(str_ends(g->k.image, "host/boot/vmlinuz"));
}

/* Nothing is downloaded that could not be kept, and no way out is named that just failed. */
static void no_cache_means_no_fetching(void **state)
{
	static const char *const ways[] = {NULL, "distro", "stable"};
	struct ground *g = *state;
	cleanup_free char *program = file_join(g->dir, "builder");
	cleanup_free char *cache = file_join(g->dir, "file/cache");

	make_builder(g, "image: nowhere");
	fixture_text(g->dir, "file", "");
	g->place.cache_dir = cache;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		assert_true(fetch(g, program, ways[i]) < 0);
		assert_non_null(strstr(g->e.msg, "none fetched: kernel cache: "));
		assert_true(str_starts(g->e.hint, "KTSTR_CACHE_DIR=DIR"));
		assert_null(strstr(g->e.hint, "--fetch"));
		assert_false(fixture_noted(&g->r, "downloading latest stable"));
	}
}

static void what_failed_is_no_way_out(void **state)
{
	struct ground *g = *state;
	cleanup_free char *program = file_join(g->dir, "builder");

	make_builder(g, "kernel build: no stable kernel anywhere");
	assert_int_equal(fetch(g, program, NULL), -EIO);
	assert_null(strstr(g->e.hint, "--fetch stable"));
}

static void a_build_tells_how_far_it_is(void **state)
{
	struct ground *g = *state;
	cleanup_free char *program = file_join(g->dir, "builder");

	make_builder(g, "kernel build: no stable kernel anywhere");
	assert_int_equal(fetch(g, program, "stable"), -EIO);
	assert_non_null(strstr(g->e.msg, "none fetched: no stable kernel anywhere"));
	assert_string_equal(g->r.what, "building the kernel: a.o");
	assert_int_equal(g->r.done, 7);
	assert_int_equal(g->r.total, 9);
	assert_false(fixture_noted(&g->r, "progress"));
}

static void paths_are_absolute(void **state)
{
	struct ground *g = *state;
	cleanup_free char *here = getcwd(NULL, 0);

	fixture_image(g->work, "img", "6.2");
	fixture_text(g->work, "tree/kernel/x.ko", "");
	g->place.cwd = "";
	assert_int_equal(chdir(g->work), 0);
	assert_int_equal(resolve(g, "./img", "tree"), 0);
	assert_int_equal(chdir(here), 0);
	assert_true(str_starts(g->k.image, g->dir));
	assert_true(str_starts(g->k.modules, g->dir));
	assert_true(file_exists(g->k.image));
}

/* ---- the reader's lock ---------------------------------------------------------------------- */

static bool can_lock(struct ground *g, const char *key, int how)
{
	cleanup_free char *path = cache_lock_path(g->cache, key);
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 || flock(fd, how | LOCK_NB) == 0;
}

/* Shared with other readers, in the way of who would replace or remove the entry; over with the
 * kernel. */
static void expect_held(struct ground *g, const char *id, const char *key)
{
	if (resolve(g, id, NULL))
		fail_msg("%s: %s", id ? id : "automatic", g->e.msg);
	assert_true(can_lock(g, key, LOCK_SH));
	assert_false(can_lock(g, key, LOCK_EX));
	forget(g);
	assert_true(can_lock(g, key, LOCK_EX));
}

static void entries_are_held_while_in_use(void **state)
{
	struct ground *g = *state;
	cleanup_free char *folder = file_join(g->cache, "mine"), *link = file_join(g->work, "link");
	cleanup_free char *image = file_join(folder, "bzImage");

	entry(g, "mine", "6.2", "2025-01-01T00:00:00Z");
	entry(g, ".distro/6.1.0-5-amd64", "6.1.0-5-amd64", "2025-01-01T00:00:00Z");
	expect_held(g, "mine", "mine");
	expect_held(g, "6.1.0-5-amd64", "6.1.0-5-amd64");
	expect_held(g, NULL, "mine");
	/* whatever the name by which it was reached */
	expect_held(g, image, "mine");
	expect_held(g, folder, "mine");
	assert_int_equal(symlink(image, link), 0);
	expect_held(g, "./link", "mine");
	/* what does not lie in an entry has no lock */
	fixture_image(g->work, "vmlinuz", "6.2");
	assert_int_equal(resolve(g, "./vmlinuz", NULL), 0);
	assert_int_equal(g->k.lock, 0);
	fixture_image(g->cache, ".unpacked/bzImage", "6.2");
	free(take_ptr(folder));
	folder = file_join(g->cache, ".unpacked/bzImage");
	assert_int_equal(resolve(g, folder, NULL), 0);
	assert_int_equal(g->k.lock, 0);
	/* nor does what was refused */
	fixture_text(g->cache, "mine/bzImage", "hello");
	expect_error(g, "mine", "a text file", NULL);
	assert_true(can_lock(g, "mine", LOCK_EX));
}

static bool tired(void *user, const char *what, uint64_t done, uint64_t total)
{
	(void)user;
	(void)done;
	(void)total;
	return strcmp(what, "waiting") == 0;
}

static void who_writes_an_entry_is_waited_for(void **state)
{
	struct ground *g = *state;
	const struct kernel_wish wish = {.id = "mine"};
	struct kernel_report report = g->r.report;
	cleanup_free char *path = cache_lock_path(g->cache, "mine");
	int fd;

	entry(g, "mine", "6.2", "2025-01-01T00:00:00Z");
	fd = lockfile_acquire(path, LOCKFILE_EXCLUSIVE, NULL);
	assert_true(fd >= 0);
	report.progress = tired;
	forget(g);
	assert_int_equal(resolve_at(&g->place, &wish, &report, &g->k, &g->e), -ECANCELED);
	assert_true(fixture_noted(
		&g->r, "waiting for another ktstr that writes cache entry mine (holders: pid="));
	close(fd);
	assert_int_equal(resolve_at(&g->place, &wish, &report, &g->k, &g->e), 0);
}

static void reports_may_be_missing(void **state)
{
	struct ground *g = *state;

	fixture_image(g->work, "img", "6.2");
	assert_int_equal(
		resolve_at(&g->place, &(struct kernel_wish){.id = "./img"}, NULL, &g->k, NULL), 0);
	kernel_release(&g->k);
	assert_true(resolve_at(&g->place, &(struct kernel_wish){.id = "./gone"}, NULL, &g->k,
			    NULL) < 0);
	assert_true(resolve_at(&g->place, &(struct kernel_wish){0}, NULL, &g->k, NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_ground, remove_ground)
		TEST(files_are_taken),
		TEST(bad_files_are_named),
		TEST(trees_give_their_image),
		TEST(keys_name_entries),
		TEST(stale_entries_can_be_named),
		TEST(whole_symbols_are_remarked_on),
		TEST(versions_name_what_was_built),
		TEST(what_cannot_be_served_says_so),
		TEST(packages_are_taken_from_files),
		TEST(module_folders_can_be_named),
		TEST(the_chain_goes_in_order),
		TEST(useless_candidates_are_skipped_aloud),
		TEST(unreadable_host_images_are_skipped_aloud),
		TEST(the_variable_names_any_kind),
		TEST(the_variable_is_never_replaced_by_another_entry),
		TEST(mistakes_in_the_variable_end_it),
		TEST(a_missing_home_spares_the_host),
		TEST(other_systems_get_their_own_advice),
		TEST(at_last_something_is_fetched),
		TEST(no_cache_means_no_fetching),
		TEST(what_failed_is_no_way_out),
		TEST(a_build_tells_how_far_it_is),
		TEST(paths_are_absolute),
		TEST(entries_are_held_while_in_use),
		TEST(who_writes_an_entry_is_waited_for),
		TEST(reports_may_be_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
