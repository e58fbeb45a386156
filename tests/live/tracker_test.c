/* Descriptors are read again only where something speaks for a change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <cmocka.h>

#include "probes/locks/tracker.h"
#include "src/base/clock.h"
#include "src/base/file.h"
#include "tests/lib/lockers.h"
#include "tests/lib/skip.h"

struct fixture {
	char folder[64];
	char *path;
	struct sysroot *host;
	struct tracker *t;
	struct lock_id id;
	uint64_t now;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct mounts *m;

	strcpy(f->folder, "/tmp/ktstr-tracker-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	f->path = lockfile_cpu(f->folder, 0);
	close(lockfile_open(f->path, NULL));
	f->host = sysroot_open(NULL, NULL);
	f->t = tracker_new(f->host);
	f->now = NS_PER_SEC;
	m = mounts_read(f->host, NULL);
	if (lock_id_of(m, f->path, &f->id, NULL))
		return -1;
	mounts_free(m);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	tracker_free(f->t);
	sysroot_close(f->host);
	free(f->path);
	(void)file_remove_tree(f->folder, NULL);
	free(f);
	return 0;
}

/* How many hold it now; what was read for that in *descriptors. */
static size_t look(struct fixture *f, unsigned *descriptors)
{
	struct flocks *all = tracker_read(f->t, &f->id, 1, f->now, NULL);
	const struct lock_state *s;
	size_t n;

	assert_non_null(all);
	s = flocks_of(all, &f->id);
	n = s ? s->nholders : 0;
	*descriptors = all->descriptors;
	flocks_free(all);
	return n;
}

static void a_change_of_the_table_is_seen_at_once(void **state)
{
	struct fixture *f = *state;
	unsigned first, n;
	struct locker l;

	assert_int_equal(look(f, &first), 0);
	assert_true(first > 10);
	l = locker_flock(f->path, LOCK_EX);
	assert_int_equal(look(f, &n), 1);
	locker_end(&l);
	assert_int_equal(look(f, &n), 0);
}

static void a_fork_is_seen_after_five_seconds(void **state)
{
	struct fixture *f = *state;
	struct locker l = locker_fork_later(f->path, LOCK_EX);
	unsigned n;

	assert_int_equal(look(f, &n), 1);
	locker_fork(&l);
	f->now += NS_PER_SEC;
	assert_int_equal(look(f, &n), 1); /* nothing has told */
	f->now += TRACKER_RESCAN_S * NS_PER_SEC;
	assert_int_equal(look(f, &n), 2);
	locker_end(&l);
}

static void a_poke_is_heard(void **state)
{
	struct fixture *f = *state;
	struct locker l = locker_fork_later(f->path, LOCK_EX);
	unsigned n;

	assert_int_equal(look(f, &n), 1);
	locker_fork(&l);
	tracker_poke(f->t);
	assert_int_equal(look(f, &n), 2);
	locker_end(&l);
}

/* Since 6.2 the kernel tells how many descriptors a process has: who has as many as before is not
 * read again. */
static void what_is_old_is_not_read_again(void **state)
{
	struct fixture *f = *state;
	struct locker l = locker_flock(f->path, LOCK_EX);
	unsigned first, again;

	assert_int_equal(look(f, &first), 1);
	f->now += TRACKER_RESCAN_S * NS_PER_SEC;
	assert_int_equal(look(f, &again), 1);
	locker_end(&l);
	if (again >= first)
		skip_because("an older kernel, or a very busy machine");
	assert_true(again < first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_change_of_the_table_is_seen_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_fork_is_seen_after_five_seconds, setup, teardown),
		cmocka_unit_test_setup_teardown(a_poke_is_heard, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_old_is_not_read_again, setup, teardown),
	};

	return cmocka_run_group_tests_name("tracker", tests, NULL, NULL);
}
