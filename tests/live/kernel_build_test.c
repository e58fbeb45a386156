/*
 * `ktstr kernel build` as a person calls it: versions from a mirror on loopback, trees, git
 * repositories, all of them in miniature; interrupted, raced, forced.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/spawn.h"
#include "src/kernels/kconfig.h"
#include "src/kernels/resolve.h"
#include "tests/lib/httpd.h"
#include "tests/lib/kernel_fixture.h"
#include "tests/lib/mini_tree.h"

#define COMMIT "cccccccccccccccccccccccccccccccccccccccc"

struct ground {
	char *dir, *cache;
	struct str archive, sums; /* linux-6.12.9.tar.xz */
	struct str snapshot;	  /* of v6.5.3 */
	struct httpd_page pages[8];
	struct httpd *server;
	struct str out, errs; /* of the last run */
};

static void shell(struct ground *g, const char *command)
{
	cleanup_free char *line = xasprintf("cd '%s' && { %s; } >/dev/null", g->dir, command);

	assert_int_equal(system(line), 0);
}

static void read_into(struct ground *g, const char *name, struct str *out)
{
	cleanup_free char *path = file_join(g->dir, name);
	struct err e = ERR_INIT;

	str_clear(out);
	assert_int_equal(file_read(path, 64 << 20, out, &e), 0);
}

/* A mirror with one version, and the list that names it. */
static void make_mirror(struct ground *g)
{
	cleanup_free char *tree = file_join(g->dir, "linux-6.12.9");

	mini_tree(tree, "6.12.9");
	shell(g,
		"tar cJf linux-6.12.9.tar.xz linux-6.12.9 && sha256sum linux-6.12.9.tar.xz > sums; "
		"rm -r linux-6.12.9");
	read_into(g, "linux-6.12.9.tar.xz", &g->archive);
	read_into(g, "sums", &g->sums);
	free(take_ptr(tree));
	tree = file_join(g->dir, "linux-" COMMIT);
	mini_tree(tree, "6.5.3");
	shell(g, "tar czf snapshot.tar.gz linux-" COMMIT "; rm -r linux-" COMMIT);
	read_into(g, "snapshot.tar.gz", &g->snapshot);
	g->pages[0] = (struct httpd_page){
		.path = "/v6.x/linux-6.12.9.tar.xz", .body = g->archive.s, .size = g->archive.len};
	g->pages[1] = (struct httpd_page){.path = "/v6.x/sha256sums.asc", .body = g->sums.s};
	g->pages[2] = (struct httpd_page){.path = "/releases.json",
		.body = "{\"releases\":[{\"moniker\":\"stable\",\"version\":\"6.12.9\"},"
			"{\"moniker\":\"longterm\",\"version\":\"6.6.1\"}]}"};
	/* the repository of stable releases, as git's simplest server shows it */
	g->pages[3] = (struct httpd_page){.path = "/stable/info/refs?service=git-upload-pack",
		.type = "text/plain",
		.body = COMMIT "\trefs/tags/v6.5.3\n" COMMIT "\trefs/tags/v6.5.2\n" COMMIT
			       "\trefs/tags/v6.5-rc7\n"};
	g->pages[4] = (struct httpd_page){.path = "/stable/archive/" COMMIT ".tar.gz",
		.body = g->snapshot.s,
		.size = g->snapshot.len};
	g->server = httpd_start(g->pages);
}

static void set_url(struct ground *g, const char *name, const char *path)
{
	cleanup_free char *url = httpd_url(g->server, path);

	setenv(name, url, 1);
}

static int set_up(void **state)
{
	struct ground *g = xcalloc(1, sizeof(*g));

	g->dir = fixture_dir();
	g->cache = file_join(g->dir, "cache");
	make_mirror(g);
	setenv("KTSTR_CACHE_DIR", g->cache, 1);
	setenv("KTSTR_LOCK_DIR", g->dir, 1);
	setenv("no_proxy", "127.0.0.1", 1);
	set_url(g, "KTSTR_KERNEL_MIRROR", "");
	set_url(g, "KTSTR_RELEASES_URL", "/releases.json");
	set_url(g, "KTSTR_STABLE_TREE", "/stable");
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct ground *g = *state;

	httpd_stop(g->server);
	fixture_remove(g->dir);
	free(g->cache);
	str_release(&g->archive);
	str_release(&g->sums);
	str_release(&g->snapshot);
	str_release(&g->out);
	str_release(&g->errs);
	free(g);
	return 0;
}

/* Runs `ktstr kernel build WORDS` in the folder; its exit status. */
static int build(struct ground *g, const char *words)
{
	cleanup_free char *line = xasprintf("exec \"$KTSTR\" kernel build %s", words);
	const char *const argv[] = {"sh", "-c", line, NULL};
	struct err e = ERR_INIT;

	str_clear(&g->out);
	str_clear(&g->errs);
	return spawn_capture(
		&(struct spawn){.argv = argv, .cwd = g->dir}, 1 << 20, &g->out, &g->errs, &e);
}

static void said(struct ground *g, const char *words)
{
	if (g->errs.len && strstr(g->errs.s, words))
		return;
	print_message("# not said: %s\n# it said: %s\n", words, str_get(&g->errs));
	fail();
}

static bool there(struct ground *g, const char *name)
{
	cleanup_free char *path = file_join(g->cache, name);

	return file_exists(path);
}

/* The key of a version on a base. */
static char *key_of(const char *stem, enum kconfig_base base)
{
	char hash[KCONFIG_HASH + 1];

	kconfig_hash(base, hash);
	return xasprintf("%s-x86_64-kc%s", stem, hash);
}

static bool cached(struct ground *g, const char *stem, const char *file)
{
	cleanup_free char *key = key_of(stem, KCONFIG_SLIM);
	cleanup_free char *path = xasprintf("%s/%s", key, file);

	return there(g, path);
}

/* Nothing half-done beside the entries. */
static void expect_tidy(struct ground *g)
{
	DIR *d = opendir(g->cache);
	struct dirent *entry;

	assert_non_null(d);
	while ((entry = readdir(d)))
		assert_false(str_starts(entry->d_name, ".tmp-"));
	closedir(d);
}

static void a_version_is_fetched_built_and_stored(void **state)
{
	struct ground *g = *state;
	cleanup_free char *key = key_of("6.12.9-tarball", KCONFIG_SLIM);
	cleanup_free char *metadata = xasprintf("cache/%s/metadata.json", key);
	cleanup_str struct str text = STR_INIT;

	assert_int_equal(build(g, "6.12.9"), 0);
	said(g, "downloading http://127.0.0.1:");
	said(g, "sha256 verified (");
	said(g, "extracting tarball (xz)");
	said(g, "✓ Kernel cached: ");
	said(g, key);
	assert_true(cached(g, "6.12.9-tarball", "bzImage"));
	/* by this a guest knows that its console is built in */
	assert_true(cached(g, "6.12.9-tarball", "lib/modules/6.12.9/modules.builtin"));
	read_into(g, metadata, &text);
	assert_non_null(strstr(text.s, "\"version\": \"6.12.9\""));
	assert_non_null(strstr(text.s, "\"type\": \"tarball\""));
	assert_false(there(g, ".downloads/linux-6.12.9.tar.xz"));
	expect_tidy(g);
	/* the series and the latest are the same, and there already */
	assert_int_equal(build(g, "6.12"), 0);
	said(g, "latest 6.12.x kernel: 6.12.9");
	said(g, "cached kernel found: ");
	assert_int_equal(build(g, ""), 0);
	said(g, "latest stable kernel: 6.12.9");
	assert_int_equal(build(g, "--kernel 6.12.9 --force"), 0);
	said(g, "✓ Kernel cached: ");
}

static void modules_are_stored_beside_the_image(void **state)
{
	struct ground *g = *state;
	cleanup_free char *tree = file_join(g->dir, "linux");

	mini_tree(tree, "6.15.0");
	fixture_text(tree, "modules.src", "drivers/net/veth.ko\n");
	shell(g, "cd linux && git init -q . && git add -A && "
		 "git -c user.name=t -c user.email=t@localhost commit -qm one");
	assert_int_equal(build(g, "--source linux"), 0);
	shell(g, "cd cache/local-*/lib/modules/6.15.0 && test -s kernel/drivers/net/veth.ko && "
		 "test -s modules.builtin && test ! -L build");
	expect_tidy(g);
}

static void a_range_goes_on_behind_a_failure(void **state)
{
	struct ground *g = *state;

	assert_int_equal(build(g, "--kernel 6.6..6.12"), 1);
	said(g, "[1/2] kernel build 6.6.1");
	said(g, "version 6.6.1 not found");
	said(g, "[2/2] kernel build 6.12.9");
	said(g, "kernel build range 6.6..6.12: 1/2 version(s) failed: 6.6.1");
	assert_true(cached(g, "6.12.9-tarball", "bzImage"));
	assert_int_equal(build(g, "--kernel 5.1..5.2"), 1);
	said(g, "kernel range 5.1..5.2 expanded to 0 stable releases");
}

static void a_wrong_sum_ends_it(void **state)
{
	struct ground *g = *state;

	g->sums.s[0] = g->sums.s[0] == '0' ? '1' : '0';
	httpd_stop(g->server);
	g->server = httpd_start(g->pages);
	set_url(g, "KTSTR_KERNEL_MIRROR", "");
	assert_int_equal(build(g, "6.12.9"), 1);
	said(g, "sha256 mismatch for http://");
	assert_false(cached(g, "6.12.9-tarball", "bzImage"));
	assert_int_equal(build(g, "6.12.9 --skip-sha256"), 0);
	said(g, "--skip-sha256: bypassing checksum verification");
	assert_int_equal(build(g, "6.12.9 --skip-sha256 --strict"), 2);
}

static void a_tree_is_built_in_place(void **state)
{
	struct ground *g = *state;
	cleanup_free char *tree = file_join(g->dir, "mine");

	mini_tree(tree, "6.13.1");
	assert_int_equal(build(g, "--source mine"), 0);
	said(g, "skipping cache: not a git repository");
	said(g, "/mine/arch/x86/boot/bzImage");
	shell(g, "rm -rf mine/arch mine/vmlinux mine/.config; cd mine; "
		 "printf '%s\\n' .config .config.new vmlinux arch calls absent "
		 "compile_commands.json > .gitignore; git init -q .; git add -A; "
		 "git -c user.name=t -c user.email=t@localhost commit -qm one");
	assert_int_equal(build(g, "--kernel ./mine"), 0);
	said(g, "✓ Kernel cached: local-");
	assert_int_equal(build(g, "--kernel ./mine"), 0);
	assert_true(file_exists(tree));
	shell(g, "echo x >> mine/Kconfig");
	assert_int_equal(build(g, "--source ./mine/"), 0);
	said(g, "skipping cache: the tree has uncommitted changes");
	expect_tidy(g);
}

static void a_git_source_is_fetched(void **state)
{
	struct ground *g = *state;
	cleanup_free char *tree = file_join(g->dir, "repo");

	mini_tree(tree, "6.14.2");
	shell(g, "cd repo; git init -q -b main .; git add -A; "
		 "git -c user.name=t -c user.email=t@localhost commit -qm one; git tag v6.14.2");
	assert_int_equal(build(g, "--kernel \"git+file://$PWD/repo#tag=v6.14.2\""), 0);
	said(g, "✓ Kernel cached: v6.14.2-git-");
	assert_int_equal(build(g, "--git \"file://$PWD/repo\" --ref main"), 0);
	said(g, "✓ Kernel cached: main-git-");
	assert_int_equal(build(g, "--git \"file://$PWD/repo\" --ref main"), 0);
	said(g, "cached; skipping fetch");
	assert_int_equal(build(g, "--git \"file://$PWD/repo\" --ref nowhere"), 1);
	said(g, "has no branch nowhere");
	expect_tidy(g);
	/* what comes out has to be a kernel, or nothing would know it in the cache */
	shell(g, "cd repo; echo garbage > image.src; "
		 "git -c user.name=t -c user.email=t@localhost commit -qam two");
	assert_int_equal(build(g, "--git \"file://$PWD/repo\" --ref main"), 1);
	said(g, "kernel build: the kernel was built, and could not be stored: '");
	said(g, "bzImage' is not a kernel image: it is a text file");
	assert_null(strstr(strstr(g->errs.s, "could not be stored: '") + 1, "could not be stored"));
	expect_tidy(g);
}

/* What `shell --kernel` does with an identifier: the program builds what is not there. */
static void a_guest_gets_what_it_names(void **state)
{
	struct ground *g = *state;
	cleanup_free char *tree = file_join(g->dir, "unbuilt");
	const struct place p = {.prefix = g->dir,
		.cwd = g->dir,
		.release = "none",
		.cache_dir = g->cache,
		.program = getenv("KTSTR"),
		.releases_url = getenv("KTSTR_RELEASES_URL")};
	struct fixture_report r;
	struct kernel k = {0};
	struct err e = ERR_INIT;

	fixture_report_init(&r);
	assert_int_equal(resolve_at(&p, &(struct kernel_wish){.id = "6.12"}, &r.report, &k, &e), 0);
	assert_string_equal(k.release, "6.12.9");
	assert_string_equal(k.origin, "kernel build 6.12");
	assert_true(fixture_noted(&r, "latest 6.12.x kernel: 6.12.9"));
	kernel_release(&k);
	mini_tree(tree, "6.15.3");
	assert_int_equal(
		resolve_at(&p, &(struct kernel_wish){.id = "./unbuilt"}, &r.report, &k, &e), 0);
	assert_string_equal(k.release, "6.15.3");
	kernel_release(&k);
	assert_int_equal(
		resolve_at(&p, &(struct kernel_wish){.id = "6.6.1"}, &r.report, &k, &e), -EIO);
	assert_non_null(strstr(e.msg, "version 6.6.1 not found"));
	/* a range that is one kernel is as good as its name; one that is two is not */
	assert_int_equal(
		resolve_at(&p, &(struct kernel_wish){.id = "6.7..6.12"}, &r.report, &k, &e), 0);
	assert_string_equal(k.release, "6.12.9");
	kernel_release(&k);
	assert_int_equal(
		resolve_at(&p, &(struct kernel_wish){.id = "6.6..6.12"}, &r.report, &k, &e),
		-ENOTSUP);
	assert_non_null(strstr(e.msg, "6.6..6.12 stands for 2: 6.6.1, 6.12.9"));
	/* nothing named, nothing at hand */
	assert_int_equal(
		resolve_at(&p, &(struct kernel_wish){.fetch = "stable"}, &r.report, &k, &e), 0);
	assert_string_equal(k.release, "6.12.9");
	kernel_release(&k);
	fixture_report_release(&r);
}

/* What kernel.org has dropped, by version, by series and in a range. */
static void what_has_reached_its_end_is_built_from_the_stable_tree(void **state)
{
	struct ground *g = *state;

	assert_int_equal(build(g, "6.5.3"), 0);
	said(g, "6.5.3 not on http://127.0.0.1:");
	said(g, "extracting tarball (gzip)");
	assert_true(cached(g, "6.5.3-tarball", "bzImage"));
	assert_int_equal(build(g, "6.5"), 0);
	said(g, "latest 6.5.x kernel: 6.5.3");
	said(g, "cached kernel found: ");
	assert_int_equal(build(g, "--kernel 6.5..6.5.9"), 1);
	said(g, "expanded to 0 stable releases. Pass --include-eol");
	assert_int_equal(build(g, "--kernel 6.5..6.5.9 --include-eol"), 0);
	said(g, "[1/1] kernel build 6.5.3");
	assert_int_equal(build(g, "6.4"), 1);
	said(g, "latest 6.4.x kernel: 6.4");
	said(g, "version 6.4 not found");
	expect_tidy(g);
}

/* Somebody has all LLCs of this host for himself, until free_llcs(). */
static void hold_llcs(struct ground *g)
{
	shell(g, "mkdir held && for n in 0 1 2 3 4 5 6 7; do : > held/ktstr-llc-$n.lock; done");
	setenv("KTSTR_LOCK_DIR", "held", 1);
	shell(g, "mkfifo ready; for f in held/*; do set -- \"$@\" flock -F \"$f\"; done; "
		 "\"$@\" sh -c 'echo > ready; exec sleep 100' & echo $! > holder; read x < ready");
}

static void free_llcs(struct ground *g)
{
	shell(g, "kill $(cat holder)");
	setenv("KTSTR_LOCK_DIR", g->dir, 1);
}

/* Nothing is built, and what the cache has is had. */
static void cpus_are_reserved_for_builds_only(void **state)
{
	struct ground *g = *state;
	cleanup_free char *tree = file_join(g->dir, "tree"), *made = file_join(tree, "vmlinux");

	mini_tree(tree, "6.14.2");
	assert_int_equal(build(g, "6.12.9"), 0);
	hold_llcs(g);
	assert_int_equal(build(g, "6.12.9"), 0);
	said(g, "cached kernel found: ");
	assert_int_equal(build(g, "--source tree"), 1);
	said(g, "could not reserve");
	said(g, "--wait 1m waits until they let go");
	assert_false(file_exists(made));
	/* neither locks nor a cgroup, and no word about those */
	setenv("KTSTR_BYPASS_LLC_LOCKS", "1", 1);
	assert_int_equal(build(g, "--source tree"), 0);
	assert_null(strstr(g->errs.s, "cgroup"));
	assert_true(file_exists(made));
	unsetenv("KTSTR_BYPASS_LLC_LOCKS");
	free_llcs(g);
}

static void the_share_of_a_build_is_shown(void **state)
{
	struct ground *g = *state;

	assert_int_equal(build(g, "6.12.9 --cpu-cap 1 --dry-run"), 0);
	assert_non_null(strstr(g->out.s, "mode:    budget: 1 CPUs, shared\n"));
	assert_non_null(strstr(g->out.s, "\nlocks:   SH "));
	assert_string_equal(str_get(&g->errs), "");
	assert_false(file_exists(g->cache));
	hold_llcs(g);
	assert_int_equal(build(g, "6.12.9 --dry-run"), 1);
	assert_non_null(strstr(g->out.s, "\nholders: LLC 0: pid="));
	said(g, "could not reserve");
	free_llcs(g);
}

/* The build says whom it waits for, and goes on when they let go; an interrupt ends the wait. */
static void a_build_waits_for_its_share(void **state)
{
	struct ground *g = *state;
	cleanup_free char *tree = file_join(g->dir, "tree");

	mini_tree(tree, "6.14.2");
	hold_llcs(g);
	assert_int_equal(build(g, "--source tree --wait 1ms"), 1);
	said(g, "waiting up to 1ms for CPUs of this host: LLC 0 busy: pid=");
	shell(g, "\"$KTSTR\" kernel build --source tree --wait 1h 2>said & pid=$!; "
		 "until grep -q 'waiting up to' said; do sleep 0.02; done; kill -INT $pid; "
		 "wait $pid; test $? = 130; grep -q cancelled said");
	shell(g, "\"$KTSTR\" kernel build --source tree --wait 1h 2>said & pid=$!; "
		 "until grep -q 'waiting up to' said; do sleep 0.02; done; test ! -e tree/vmlinux; "
		 "kill $(cat holder); wait $pid && test -e tree/vmlinux");
	setenv("KTSTR_LOCK_DIR", g->dir, 1);
}

/* Somebody reads the entry all the time: the build does not wait for ever. */
static void readers_are_waited_for_a_while(void **state)
{
	struct ground *g = *state;
	cleanup_free char *key = key_of("6.12.9-tarball", KCONFIG_SLIM);
	cleanup_free char *line = xasprintf(
		"mkdir -p cache/.locks && mkfifo ready && { flock -s -F cache/.locks/%s.lock "
		"sh -c 'echo > ready; exec sleep 100' & echo $! > holder; read x < ready; }",
		key);

	shell(g, line);
	setenv("KTSTR_CACHE_STORE_LOCK_TIMEOUT", "200ms", 1);
	assert_int_equal(build(g, "6.12.9"), 1);
	said(g, "flock LOCK_EX on cache entry 6.12.9-tarball-");
	said(g, " timed out after 200ms (lockfile ");
	said(g, "cmd=sleep 100");
	shell(g, "kill $(cat holder)");
	setenv("KTSTR_CACHE_STORE_LOCK_TIMEOUT", "soon", 1);
	assert_int_equal(build(g, "6.12.9"), 0);
	said(g, "KTSTR_CACHE_STORE_LOCK_TIMEOUT=soon is no time to wait: it is 5m");
	unsetenv("KTSTR_CACHE_STORE_LOCK_TIMEOUT");
	expect_tidy(g);
}

static void options_change_the_key(void **state)
{
	struct ground *g = *state;
	cleanup_free char *key = key_of("6.12.9-tarball", KCONFIG_DEFCONFIG);

	fixture_text(g->dir, "extra", "CONFIG_PREEMPT=y\n");
	assert_int_equal(build(g, "6.12.9 --base defconfig --extra-kconfig extra"), 0);
	said(g, key);
	said(g, "-xkc");
	assert_int_equal(build(g, "6.12.9 --extra-kconfig nowhere"), 1);
	said(g, "--extra-kconfig");
	assert_int_equal(build(g, "--kernel some-key"), 2);
	said(g, "cache key: nothing to build");
}

/* Two at once: one builds, the other waits and finds it. */
static void two_builders_build_once(void **state)
{
	struct ground *g = *state;

	assert_int_equal(build(g, "6.12.9 2>other & \"$KTSTR\" kernel build 6.12.9; a=$?; wait $!; "
				  "exit $((a + $?))"),
		0);
	assert_true(cached(g, "6.12.9-tarball", "bzImage"));
	httpd_log(g->server, &g->out);
	assert_non_null(strstr(g->out.s, "GET /v6.x/linux-6.12.9.tar.xz\n"));
	assert_null(strstr(strstr(g->out.s, ".tar.xz\n") + 1, ".tar.xz\n"));
}

/* Whoever waits is told for whom, and that the other one has done the work. */
static void who_has_waited_builds_nothing(void **state)
{
	struct ground *g = *state;
	cleanup_free char *key = key_of("6.12.9-tarball", KCONFIG_SLIM);
	cleanup_free char *line = xasprintf(
		"mkfifo ready go && mv cache/%s aside && { flock -F cache/.locks/build-%s.lock "
		"sh -c 'echo > ready; read x < go' & read x < ready; } && "
		"{ \"$KTSTR\" kernel build 6.12.9 2>other & } && "
		"until grep -q waiting other; do sleep 0.02; done && mv aside cache/%s && "
		"echo > go && wait $!",
		key, key, key);

	assert_int_equal(build(g, "6.12.9"), 0);
	shell(g, line);
	read_into(g, "other", &g->errs);
	said(g, "waiting for another ktstr that builds 6.12.9 (holders: pid=");
	said(g, "cmd=sh -c echo > ready");
	said(g, "concurrent ktstr build populated cache slot ");
	expect_tidy(g);
}

/* Killed outright while make runs: nothing of it is taken for an entry, and the next one sweeps. */
static void a_killed_build_leaves_nothing(void **state)
{
	struct ground *g = *state;
	cleanup_free char *fifo = file_join(g->dir, "fifo");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	/* a make that says it is there, and stays */
	fixture_text(g->dir, "bin/make", "#!/bin/sh\necho there > \"$FIFO\"\nexec sleep 1000\n");
	shell(g, "chmod +x bin/make");
	setenv("FIFO", fifo, 1);
	shell(g, "PATH=\"$PWD/bin:$PATH\" \"$KTSTR\" kernel build 6.12.9 2>/dev/null & pid=$!; "
		 "read x < fifo; kill -9 $pid; wait $pid; true");
	assert_int_equal(build(g, "6.12.9"), 0);
	expect_tidy(g);
}

/* The program that a build was started for is killed: the build puts away what it has begun. */
static void a_build_outlives_whom_it_is_for_only_to_tidy_up(void **state)
{
	struct ground *g = *state;
	cleanup_free char *fifo = file_join(g->dir, "fifo");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	fixture_text(g->dir, "bin/make", "#!/bin/sh\necho there > \"$FIFO\"\nexec sleep 1000\n");
	shell(g, "chmod +x bin/make");
	setenv("FIFO", fifo, 1);
	shell(g, "mkfifo said; cat said >/dev/null & reader=$!; "
		 "PATH=\"$PWD/bin:$PATH\" \"$KTSTR\" kernel build --progress-lines 6.12.9 2>said & "
		 "pid=$!; "
		 "read x < fifo; kill $reader 2>/dev/null; wait $reader; wait $pid; test $? = 143");
	expect_tidy(g);
}

static void an_interrupt_ends_it(void **state)
{
	struct ground *g = *state;
	cleanup_free char *fifo = file_join(g->dir, "fifo");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	fixture_text(g->dir, "bin/make", "#!/bin/sh\necho there > \"$FIFO\"\nexec sleep 1000\n");
	shell(g, "chmod +x bin/make");
	setenv("FIFO", fifo, 1);
	assert_int_equal(build(g, "--offline 6.12.9"), 1);
	said(g, "--offline");
	shell(g, "PATH=\"$PWD/bin:$PATH\" \"$KTSTR\" kernel build 6.12.9 2>said & pid=$!; "
		 "read x < fifo; kill -INT $pid; wait $pid; test $? = 130");
	expect_tidy(g);
	/* what was downloaded stays for the next one */
	assert_true(there(g, ".downloads/linux-6.12.9.tar.xz"));
	assert_int_equal(build(g, "--offline 6.12.9"), 0);
}

/* The measure of a build is the last whole one; what an interrupted one made counts, and what only
 * makes what changed has none. */
static void progress_has_a_measure(void **state)
{
	struct ground *g = *state;
	cleanup_free char *tree = file_join(g->dir, "tree"), *other = file_join(g->dir, "other");

	mini_tree(tree, "6.14.2");
	assert_int_equal(build(g, "--source tree"), 0);
	assert_null(strstr(g->errs.s, "building the kernel: 0 %"));
	assert_true(there(g, ".downloads/objects-slim"));
	assert_int_equal(build(g, "--source tree"), 0); /* vmlinux is there */
	assert_null(strstr(g->errs.s, " of 3 objects"));
	mini_tree(other, "6.14.2");
	fixture_text(other, "slow", "");
	shell(g, "\"$KTSTR\" kernel build --source other -v 2>said & pid=$!; "
		 "until grep -q core.o said; do sleep 0.02; done; kill -INT $pid; wait $pid; "
		 "test $? = 130; rm other/slow");
	assert_int_equal(build(g, "--source other"), 0);
	said(g, "building the kernel: 33 %, 1 of 3 objects");
	assert_int_equal(build(g, "--source other --clean"), 0);
	said(g, "building the kernel: 0 %, 0 of 4 objects");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_version_is_fetched_built_and_stored),
		TEST(modules_are_stored_beside_the_image),
		TEST(a_range_goes_on_behind_a_failure),
		TEST(a_wrong_sum_ends_it),
		TEST(a_tree_is_built_in_place),
		TEST(a_git_source_is_fetched),
		TEST(a_guest_gets_what_it_names),
		TEST(what_has_reached_its_end_is_built_from_the_stable_tree),
		TEST(progress_has_a_measure),
		TEST(cpus_are_reserved_for_builds_only),
		TEST(the_share_of_a_build_is_shown),
		TEST(a_build_waits_for_its_share),
		TEST(readers_are_waited_for_a_while),
		TEST(options_change_the_key),
		TEST(two_builders_build_once),
		TEST(who_has_waited_builds_nothing),
		TEST(a_killed_build_leaves_nothing),
		TEST(a_build_outlives_whom_it_is_for_only_to_tidy_up),
		TEST(an_interrupt_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
