/* The cache entry that a guest boots stays while the guest lives, whoever cleans and whoever is
 * killed. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/json_in.h"
#include "src/base/spawn.h"
#include "src/kernels/cache_lock.h"
#include "tests/lib/kernel_fixture.h"
#include "tests/lib/lockers.h"
#include "tests/lib/patience.h"
#include "tests/lib/vm.h"
#include "vmm/kernel_store.h"

#define KEY "6.99.0-tarball-x86_64-kc00000000"

/* A cache with the tests' kernel as if it had been built. */
struct cache {
	char *root, *modules;
	char *temp; /* TMPDIR of a run */
};

static void copy(const char *from, const char *root, const char *name)
{
	cleanup_free char *to = file_join(root, name);
	cleanup_str struct str bytes = STR_INIT;

	assert_int_equal(file_read(from, 1 << 30, &bytes, NULL), 0);
	fixture_text(root, name, "");
	assert_int_equal(file_replace(to, bytes.s, bytes.len, 0644, NULL), 0);
}

static int make_cache(void **state)
{
	struct cache *c = xcalloc(1, sizeof(*c));
	struct kernel k;

	(void)vm_guest_options();
	assert_int_equal(vm_test_kernel(&k, NULL), 0);
	c->root = fixture_dir();
	c->temp = fixture_dir();
	c->modules = xstrdup(k.modules);
	copy(k.image, c->root, KEY "/bzImage");
	fixture_text(c->root, KEY "/metadata.json",
		"{\"version\": \"6.99.0\", \"source\": {\"type\": \"tarball\"}, \"arch\": "
		"\"x86_64\", \"image_name\": \"bzImage\", \"built_at\": \"2025-01-01T00:00:00Z\", "
		"\"has_vmlinux\": false, \"vmlinux_stripped\": false}");
	setenv("KTSTR_CACHE_DIR", c->root, 1);
	kernel_release(&k);
	*state = c;
	return 0;
}

static int remove_cache(void **state)
{
	struct cache *c = *state;

	fixture_remove(c->root);
	fixture_remove(c->temp);
	free(c->modules);
	free(c);
	return 0;
}

static void start(const struct cache *c, struct vm_running *r)
{
	cleanup_strv struct strv argv = STRV_INIT;

	vm_command(&argv, "--exec", "echo ready; sleep 1000", "--kernel", KEY, "--modules",
		c->modules, NULL);
	vm_start_argv(r, &argv, -1, PATIENCE_S);
}

/* What `ktstr` says on both streams. */
static void ask(struct str *said, const char *const *words)
{
	const char *argv[8] = {vm_program()};
	cleanup_str struct str errs = STR_INIT;

	for (size_t i = 0; words[i]; i++)
		argv[i + 1] = words[i];
	spawn_capture(&(struct spawn){.argv = argv}, 1 << 20, said, &errs, NULL);
	str_append(said, str_get(&errs), errs.len);
}

static bool entry_stands(const struct cache *c)
{
	cleanup_free char *image = file_join(c->root, KEY "/bzImage");

	return file_exists(image);
}

static void clean(struct str *said)
{
	ask(said, (const char *const[]){"kernel", "clean", "--yes", NULL});
}

/* The guest's process is who holds it, also for `ktstr locks`. */
static void check_holder(pid_t pid)
{
	cleanup_str struct str said = STR_INIT;
	const struct json *row;
	struct json *all;

	ask(&said, (const char *const[]){"locks", "--json", NULL});
	all = json_parse(str_get(&said), said.len, NULL);
	assert_non_null(all);
	row = json_at(json_get(all, "cache"), 0);
	assert_string_equal(json_get_text(row, "cache_key", ""), KEY);
	row = json_at(json_get(row, "holders"), 0);
	assert_int_equal((pid_t)json_get_uint(row, "pid", 0), pid);
	assert_non_null(strstr(json_get_text(row, "cmdline", ""), "ktstr __vm"));
	json_free(all);
}

static void check_held(const struct cache *c, pid_t pid)
{
	cleanup_free char *holder = xasprintf("holders: pid=%d cmd=ktstr __vm", (int)pid);
	cleanup_str struct str said = STR_INIT;

	check_holder(pid);
	clean(&said);
	assert_non_null(strstr(str_get(&said), "kernel clean: skipped: " KEY " is in use"));
	assert_non_null(strstr(str_get(&said), holder));
	assert_non_null(strstr(str_get(&said), "removed 0 cached kernel(s)."));
	assert_true(entry_stands(c));
}

/* Free once the engine has gone, which the death of its client or its host process brings about. */
static void wait_until_free(const struct cache *c)
{
	const struct cache_lock wish = {
		.root = c->root,
		.key = KEY,
		.mode = LOCKFILE_EXCLUSIVE,
		.waiting = "",
		.limit_ns = PATIENCE_S * NS_PER_SEC,
	};
	int fd = cache_lock_take(&wish, NULL);

	assert_true(fd >= 0);
	close(fd);
}

static void check_released(const struct cache *c)
{
	cleanup_str struct str said = STR_INIT;

	wait_until_free(c);
	clean(&said);
	assert_non_null(strstr(str_get(&said), "removed 1 cached kernel(s)."));
	assert_false(entry_stands(c));
}

/* Whom a signal ends: 0 the client, 1 the guest's process, 2 the engine. */
static void ended(const struct cache *c, int whom, int signo)
{
	struct vm_running r;
	pid_t pids[3];

	start(c, &r);
	pids[0] = r.pid;
	pids[1] = vm_child_of(r.pid);
	pids[2] = vm_child_of(pids[1]);
	check_held(c, pids[1]);
	kill(pids[whom], signo);
	check_released(c);
	vm_finish(&r);
	vm_running_release(&r);
}

static void test_until_it_is_ended(void **state)
{
	ended(*state, 0, SIGTERM);
}

static void test_until_its_client_is_killed(void **state)
{
	ended(*state, 0, SIGKILL);
}

static void test_until_its_process_is_killed(void **state)
{
	ended(*state, 1, SIGKILL);
}

static void test_until_its_engine_is_killed(void **state)
{
	ended(*state, 2, SIGKILL);
}

/* ---- a client that is killed before its guest is there --------------------------------------- */

/* All files below the folders that a run may write to. */
static void list_files(const struct cache *c, struct strv *out)
{
	const char *const argv[] = {
		"find", c->root, c->temp, getenv("KTSTR_LOCK_DIR"), "!", "-type", "d", NULL};
	cleanup_str struct str said = STR_INIT;
	char *rest, *line;

	assert_int_equal(
		spawn_capture(&(struct spawn){.argv = argv}, 1 << 20, &said, NULL, NULL), 0);
	rest = said.s;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			strv_push(out, line);
}

/* Waits until nobody has it. */
static bool lock_gets_free(const char *path)
{
	cleanup_free char *limit = xasprintf("%d", PATIENCE_S);
	const char *const argv[] = {"flock", "-x", "-w", limit, path, "true", NULL};

	return spawn_wait(spawn_start(&(struct spawn){.argv = argv}, NULL)) == 0;
}

static void start_session(const struct cache *c, struct pty *p, const char *mark)
{
	cleanup_strv struct strv argv = STRV_INIT;

	vm_command(&argv, "--kernel", KEY, "--modules", c->modules, "--disk", "16mib", NULL);
	setenv("KTSTR_TEST_MARK", mark, 1);
	setenv("TMPDIR", c->temp, 1);
	pty_start(p, (const char *const *)argv.v, 24, 80, -1);
	unsetenv("TMPDIR");
	unsetenv("KTSTR_TEST_MARK");
}

/* The files of a run that ends well. */
static void list_usual(const struct cache *c, struct strv *out)
{
	struct pty p;

	start_session(c, &p, "entry-usual");
	assert_true(pty_expect(&p, "# "));
	pty_type(&p, "exit\n");
	assert_int_equal(pty_wait(&p), 0);
	pty_close(&p);
	list_files(c, out);
}

/* Every file is one of the usual, and no lock among them is held. */
static void check_left(const struct cache *c, const struct strv *usual)
{
	cleanup_strv struct strv files = STRV_INIT;

	list_files(c, &files);
	for (size_t i = 0; i < files.n; i++) {
		if (!strv_has(usual, files.v[i]))
			fail_msg("%s is left", files.v[i]);
		if (str_ends(files.v[i], ".lock"))
			assert_true(lock_gets_free(files.v[i]));
	}
}

/* Killed when it has said this; meanwhile the entry is ours where `held`. */
static void killed_at(const struct cache *c, const char *said, bool held)
{
	cleanup_free char *lock = cache_lock_path(c->root, KEY);
	cleanup_free char *unpacked = file_join(c->root, KERNEL_STORE_FOLDER);
	cleanup_strv struct strv usual = STRV_INIT;
	struct locker holder = {0};
	struct pty p;

	list_usual(c, &usual);
	file_remove_tree(unpacked, NULL); /* to be done again */
	if (held)
		holder = locker_flock(lock, LOCK_EX);
	start_session(c, &p, "entry-early");
	assert_true(pty_expect(&p, said));
	kill(p.pid, SIGKILL);
	assert_int_equal(pty_wait(&p), 128 + SIGKILL);
	assert_true(vm_wait_processes("entry-early", 20));
	if (held)
		locker_end(&holder);
	check_left(c, &usual);
	pty_close(&p);
}

static void test_killed_while_it_finds_the_kernel(void **state)
{
	killed_at(*state, "waiting for another ktstr", true);
}

static void test_killed_while_it_packs(void **state)
{
	killed_at(*state, "packing the initramfs", false);
}

static void test_killed_while_the_guest_boots(void **state)
{
	killed_at(*state, "booting Linux", false);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_cache, remove_cache)
	const struct CMUnitTest tests[] = {
		TEST(test_until_it_is_ended),
		TEST(test_until_its_client_is_killed),
		TEST(test_until_its_process_is_killed),
		TEST(test_until_its_engine_is_killed),
		TEST(test_killed_while_it_finds_the_kernel),
		TEST(test_killed_while_it_packs),
		TEST(test_killed_while_the_guest_boots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
