/* The locks pane over real locks of this machine. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "probes/locks/lockfiles.h"
#include "src/base/file.h"
#include "tests/lib/lockers.h"
#include "tests/lib/tui.h"

struct fixture {
	char folder[64];
	char *env, *llc;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	strcpy(f->folder, "/tmp/ktstr-pane-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	f->env = xasprintf("KTSTR_LOCK_DIR=%s", f->folder);
	f->llc = lockfile_llc(f->folder, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	(void)file_remove_tree(f->folder, NULL);
	free(f->env);
	free(f->llc);
	free(f);
	return 0;
}

static struct tui *start(const struct fixture *f)
{
	const char *const env[] = {f->env, NULL};
	static const char *const args[] = {"--delay", "100ms", NULL};
	struct tui *t =
		tui_start(&(struct tui_options){.rows = 30, .cols = 98, .args = args, .env = env});

	tui_keys(t, "2");
	return t;
}

static void expect_pid(struct tui *t, pid_t pid, const char *after)
{
	char text[64];

	snprintf(text, sizeof(text), "%d%s", (int)pid, after);
	tui_expect(t, text);
}

static void a_lock_comes_is_waited_for_and_goes(void **state)
{
	struct fixture *f = *state;
	struct tui *t = start(f);
	struct locker l, w;

	tui_expect(t, "nobody holds a lock");
	l = locker_flock(f->llc, LOCK_SH);
	expect_pid(t, l.pid, " acquired SH");
	tui_expect(t, "Locks SH1");
	w = locker_waiting(f->llc, LOCK_EX);
	expect_pid(t, w.pid, " waiting");
	tui_expect(t, "on llc 0 EX <- ");
	locker_end(&l);
	expect_pid(t, w.pid, " acquired EX after ");
	tui_expect(t, "(blocked by ");
	locker_end(&w);
	tui_expect(t, "nobody holds a lock");
	tui_quit(t);
}

static void a_signal_is_asked_for_and_sent(void **state)
{
	struct fixture *f = *state;
	struct locker l = locker_flock(f->llc, LOCK_EX);
	struct tui *t = start(f);
	int status;

	expect_pid(t, l.pid, "");
	tui_keys(t, "K");
	tui_expect(t, "leave it alone");
	tui_keys(t, "Enter"); /* the safe answer */
	tui_expect_not(t, "leave it alone");
	assert_int_equal(waitpid(l.child, &status, WNOHANG), 0);
	tui_keys(t, "K t");
	tui_expect(t, "SIGTERM sent");
	assert_int_equal(waitpid(l.child, &status, 0), l.child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	l.child = -1;
	tui_expect(t, "nobody holds a lock");
	locker_end(&l);
	tui_quit(t);
}

static void its_cpus_are_shown(void **state)
{
	struct fixture *f = *state;
	struct locker l = locker_flock(f->llc, LOCK_EX);
	struct tui *t = start(f);

	expect_pid(t, l.pid, "");
	tui_keys(t, "t");
	tui_expect(t, "[1 Topo]");
	tui_expect(t, " lock ");
	expect_pid(t, l.pid, "");
	tui_quit(t);
	locker_end(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_lock_comes_is_waited_for_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_signal_is_asked_for_and_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(its_cpus_are_shown, setup, teardown),
	};

	return cmocka_run_group_tests_name("locks pane", tests, NULL, NULL);
}
