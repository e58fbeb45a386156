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
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/kernels/cache_lock.h"
#include "src/kernels/store.h"
#include "tests/lib/kernel_fixture.h"

/* The number of a process that is surely dead: it was ours and was waited for. */
static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

static char *text_of(const char *root, const char *path)
{
	cleanup_free char *full = file_join(root, path);
	cleanup_str struct str text = STR_INIT;

	assert_int_equal(file_read(full, 1000, &text, NULL), 0);
	return str_steal(&text);
}

static bool has(const char *root, const char *path)
{
	cleanup_free char *full = file_join(root, path);

	return file_exists(full);
}

static void entries_take_their_place_at_once(void **state)
{
	char *dir = fixture_dir();
	cleanup_free char *root = file_join(dir, "a/b"), *text = NULL, *staging = NULL;
	struct kstore s;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(kstore_begin(root, "x", &s, &e), 0);
	staging = xstrdup(s.dir);
	fixture_text(s.dir, "entry/file", "new");
	assert_int_equal(kstore_commit(&s, "entry", ".distro", "6.1", &e), 0);
	kstore_end(&s);
	assert_false(file_exists(staging));
	text = text_of(root, ".distro/6.1/file");
	assert_string_equal(text, "new");
	fixture_remove(dir);
}

static void old_entries_are_exchanged(void **state)
{
	char *root = fixture_dir();
	cleanup_free char *text = NULL;
	struct kstore s;

	(void)state;
	fixture_text(root, "key/file", "old");
	fixture_text(root, "key/other", "old");
	assert_int_equal(kstore_begin(root, "x", &s, NULL), 0);
	fixture_text(s.dir, "entry/file", "new");
	assert_int_equal(kstore_commit(&s, "entry", "", "key", NULL), 0);
	kstore_end(&s);
	text = text_of(root, "key/file");
	assert_string_equal(text, "new");
	assert_false(has(root, "key/other"));
	fixture_remove(root);
}

static void ended_without_commit_nothing_stays(void **state)
{
	char *root = fixture_dir();
	struct kstore s;

	(void)state;
	fixture_text(root, "key/file", "old");
	assert_int_equal(kstore_begin(root, "x", &s, NULL), 0);
	fixture_text(s.dir, "entry/file", "new");
	kstore_end(&s);
	{
		cleanup_free char *gone = xasprintf(".tmp-x-%d", getpid());

		assert_false(has(root, gone));
	}
	assert_true(has(root, "key/file"));
	fixture_remove(root);
}

static void staging_of_the_dead_is_swept(void **state)
{
	char *root = fixture_dir();
	cleanup_free char *stale = xasprintf(".tmp-key-with-dashes-%d", dead_pid());
	cleanup_free char *locked = xasprintf(".tmp-other-%d", dead_pid());
	cleanup_free char *living = xasprintf(".tmp-distro-%d", getppid());
	cleanup_free char *own = xasprintf(".tmp-x-%d", getpid());
	cleanup_free char *path = file_join(root, locked);
	cleanup_close int fd = -1;
	struct kstore s;

	(void)state;
	fixture_text(root, ".tmp-odd", "a name without number");
	fixture_text(root, ".tmp-x-12y/f", "");
	{
		const char *const folders[] = {stale, locked, living, own};

		for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
			cleanup_free char *file = file_join(folders[i], "deep/file");

			fixture_text(root, file, "left over");
		}
	}
	/* somebody in another world of process numbers works there */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(kstore_begin(root, "x", &s, NULL), 0);
	assert_false(has(root, stale));
	assert_true(has(root, locked));
	assert_true(has(root, living));
	assert_true(has(root, ".tmp-odd"));
	assert_true(has(root, ".tmp-x-12y/f"));
	{
		cleanup_free char *deep = file_join(own, "deep");

		assert_false(has(root, deep)); /* our own number's leftover was emptied */
	}
	kstore_end(&s);
	fixture_remove(root);
}

static void impossible_roots_are_named(void **state)
{
	char *dir = fixture_dir();
	cleanup_free char *file = file_join(dir, "file"), *root = file_join(file, "cache");
	struct kstore s;
	struct err e = ERR_INIT;

	(void)state;
	fixture_text(dir, "file", "");
	assert_true(kstore_begin(root, "x", &s, &e) < 0);
	assert_non_null(strstr(e.msg, "kernel cache"));
	assert_non_null(strstr(e.msg, file));
	assert_non_null(strstr(e.hint, "KTSTR_CACHE_DIR=DIR"));
	kstore_end(&s);
	fixture_remove(dir);
}

/* ---- locks ---------------------------------------------------------------------------------- */

static void locks_exclude(void **state)
{
	char *root = fixture_dir();
	struct fixture_report r;
	struct err e = ERR_INIT;
	int fd, other;

	(void)state;
	fixture_report_init(&r);
	fd = cache_lock_work(root, "distro", "waiting", &r.report, &e);
	assert_true(fd >= 0);
	assert_int_equal(r.notes.n, 0);
	{
		cleanup_free char *path = file_join(root, ".locks/distro.lock");

		other = open(path, O_RDWR | O_CLOEXEC);
		assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
		close(fd);
		assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
		close(other);
	}
	fixture_report_release(&r);
	fixture_remove(root);
}

static bool stop(void *user, const char *what, uint64_t done, uint64_t total)
{
	(void)done;
	(void)total;
	return strcmp(what, user) == 0;
}

static void waiting_can_be_cancelled(void **state)
{
	char *root = fixture_dir();
	const struct kernel_report report = {.user = (char[]){"waiting"}, .progress = stop};
	struct err e = ERR_INIT;
	int fd = cache_lock_work(root, "k", "w", NULL, NULL);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(cache_lock_work(root, "k", "w", &report, &e), -ECANCELED);
	close(fd);
	fixture_remove(root);
}

/* Nobody waits for ever where a limit was given, and who was waited for has a name. */
static void waiting_may_have_a_limit(void **state)
{
	char *root = fixture_dir();
	cleanup_free char *holder = xasprintf("holders: pid=%d cmd=", (int)getpid());
	struct fixture_report r;
	const struct cache_lock wish = {
		.root = root,
		.key = "k",
		.mode = LOCKFILE_SHARED,
		.waiting = "w",
		.limit_ns = NS_PER_MS,
		.report = &r.report,
	};
	struct err e = ERR_INIT;
	int fd = cache_lock_work(root, "k", "w", NULL, NULL);

	(void)state;
	assert_true(fd >= 0);
	fixture_report_init(&r);
	assert_int_equal(cache_lock_take(&wish, &e), -ETIMEDOUT);
	assert_non_null(
		strstr(e.msg, "flock LOCK_SH on cache entry k timed out after 1ms (lockfile "));
	assert_non_null(strstr(e.msg, ".locks/k.lock, holders: pid="));
	assert_non_null(strstr(e.msg, holder));
	assert_int_equal(r.notes.n, 1);
	assert_true(str_starts(r.notes.v[0], "w (holders: pid="));
	assert_non_null(strstr(r.notes.v[0], holder));
	fixture_report_release(&r);
	close(fd);
	fixture_remove(root);
}

static void without_locks_life_goes_on(void **state)
{
	char *root = fixture_dir();

	(void)state;
	fixture_text(root, ".locks", "a file in the way");
	assert_int_equal(cache_lock_work(root, "k", "w", NULL, NULL), -1);
	fixture_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_take_their_place_at_once),
		cmocka_unit_test(old_entries_are_exchanged),
		cmocka_unit_test(ended_without_commit_nothing_stays),
		cmocka_unit_test(staging_of_the_dead_is_swept),
		cmocka_unit_test(impossible_roots_are_named),
		cmocka_unit_test(locks_exclude),
		cmocka_unit_test(waiting_can_be_cancelled),
		cmocka_unit_test(waiting_may_have_a_limit),
		cmocka_unit_test(without_locks_life_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
