/* Who holds a lock file, whatever way it is held; on this machine, with real processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <cmocka.h>

#include "probes/locks/holders.h"
#include "src/base/file.h"
#include "tests/lib/lockers.h"
#include "tests/lib/skip.h"

static char folder[64];
static char *path;
static struct sysroot *host;

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ktstr-holders-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	path = lockfile_llc(folder, 3);
	host = sysroot_open(NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(path);
	sysroot_close(host);
	return file_remove_tree(folder, NULL);
}

struct look {
	struct flocks *all;
	struct lock_state s; /* of `path`, empty when nobody holds it */
};

static struct look look(bool fdinfo)
{
	struct look l = {0};
	struct mounts *m = mounts_read(host, NULL);
	const struct lock_state *s;
	struct lock_id id;

	assert_non_null(m);
	assert_int_equal(lock_id_of(m, path, &id, NULL), 0);
	mounts_free(m);
	l.all = flocks_read(host, fdinfo, NULL);
	assert_non_null(l.all);
	s = flocks_of(l.all, &id);
	if (s)
		l.s = *s;
	return l;
}

static void a_holder_is_named_with_its_descriptor(void **state)
{
	struct locker x = locker_flock(path, LOCK_EX);
	struct look l = look(true);

	(void)state;
	assert_int_equal(l.s.nholders, 1);
	assert_int_equal(l.s.holders[0].pid, x.pid);
	assert_int_equal(l.s.holders[0].acquirer, x.pid);
	assert_int_equal(l.s.holders[0].mode, LOCKFILE_EXCLUSIVE);
	assert_true(l.s.holders[0].fd > 2 && l.s.holders[0].live);
	assert_false(l.s.stale);
	flocks_free(l.all);
	l = look(false);
	assert_int_equal(l.s.nholders, 1);
	assert_int_equal(l.s.holders[0].pid, x.pid);
	assert_true(l.s.holders[0].live);
	flocks_free(l.all);
	locker_end(&x);
	l = look(true);
	assert_int_equal(l.s.nholders, 0);
	flocks_free(l.all);
}

static void shared_holders_stand_in_the_kernels_order(void **state)
{
	struct locker a = locker_flock(path, LOCK_SH), b = locker_flock(path, LOCK_SH);
	struct look l = look(true);

	(void)state;
	assert_int_equal(l.s.nholders, 2);
	assert_true(l.s.holders[0].pid + l.s.holders[1].pid == a.pid + b.pid);
	assert_int_equal(l.s.holders[0].mode, LOCKFILE_SHARED);
	flocks_free(l.all);
	locker_end(&a);
	locker_end(&b);
}

static void who_inherited_is_named_when_the_caller_is_gone(void **state)
{
	struct locker x = locker_forked(path, LOCK_EX);
	struct look l = look(true);

	(void)state;
	assert_int_equal(l.s.nholders, 1);
	assert_int_equal(l.s.holders[0].pid, x.pid);
	assert_int_not_equal(x.pid, x.acquirer);
	assert_true(l.s.holders[0].live);
	assert_true(l.s.stale);
	flocks_free(l.all);
	/* /proc/locks alone has the dead one, or nothing. */
	l = look(false);
	assert_true(l.s.nholders == 0 ||
		    (l.s.holders[0].pid == x.acquirer && !l.s.holders[0].live && l.s.stale));
	flocks_free(l.all);
	locker_end(&x);
}

static void who_inherited_stands_behind_the_caller(void **state)
{
	struct locker x = locker_inherited(path, LOCK_SH);
	struct look l = look(true);

	(void)state;
	assert_int_equal(l.s.nholders, 2);
	assert_int_equal(l.s.holders[0].pid, x.acquirer);
	assert_int_equal(l.s.holders[1].pid, x.pid);
	assert_int_equal(l.s.holders[1].acquirer, x.acquirer);
	assert_false(l.s.stale);
	flocks_free(l.all);
	locker_end(&x);
}

static void a_pid_namespace_hides_nobody(void **state)
{
	struct locker x = locker_pid_namespace(path, LOCK_EX);
	struct look l;

	(void)state;
	if (x.pid < 0) {
		locker_end(&x);
		skip_because("needs the right to make pid namespaces");
	}
	l = look(true);
	assert_int_equal(l.s.nholders, 1);
	assert_int_equal(l.s.holders[0].pid, x.pid);
	flocks_free(l.all);
	locker_end(&x);
}

static void locks_of_fcntl_are_none_of_ours(void **state)
{
	struct locker a = locker_posix(path), b;
	struct look l = look(true);

	(void)state;
	assert_int_equal(l.s.nholders, 0);
	flocks_free(l.all);
	locker_end(&a);
	b = locker_ofd(path);
	assert_true(b.pid > 0);
	l = look(true);
	assert_int_equal(l.s.nholders, 0);
	flocks_free(l.all);
	locker_end(&b);
}

static void who_waits_is_no_holder(void **state)
{
	struct locker x = locker_flock(path, LOCK_SH), w = locker_waiting(path, LOCK_EX);
	struct look l = look(true);

	(void)state;
	assert_int_equal(l.s.nholders, 1);
	assert_int_equal(l.s.holders[0].pid, x.pid);
	assert_int_equal(l.s.nwaiters, 1);
	assert_int_equal(l.s.waiters[0].pid, w.pid);
	assert_int_equal(l.s.waiters[0].mode, LOCKFILE_EXCLUSIVE);
	flocks_free(l.all);
	locker_end(&x);
	locker_end(&w);
}

static void holders_are_told_as_text(void **state)
{
	struct locker x = locker_flock(path, LOCK_SH);
	struct look l = look(true);
	cleanup_str struct str text = STR_INIT;
	char head[64];

	(void)state;
	holders_text(host, &l.s, &text);
	snprintf(head, sizeof(head), "  pid=%d cmd=", (int)x.pid);
	assert_true(str_starts(str_get(&text), head));
	assert_true(text.len > strlen(head));
	str_clear(&text);
	holders_text(host, NULL, &text);
	assert_string_equal(str_get(&text), "<none recorded>");
	flocks_free(l.all);
	locker_end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_holder_is_named_with_its_descriptor),
		cmocka_unit_test(shared_holders_stand_in_the_kernels_order),
		cmocka_unit_test(who_inherited_is_named_when_the_caller_is_gone),
		cmocka_unit_test(who_inherited_stands_behind_the_caller),
		cmocka_unit_test(a_pid_namespace_hides_nobody),
		cmocka_unit_test(locks_of_fcntl_are_none_of_ours),
		cmocka_unit_test(who_waits_is_no_holder),
		cmocka_unit_test(holders_are_told_as_text),
	};

	return cmocka_run_group_tests_name("holders", tests, setup, teardown);
}
