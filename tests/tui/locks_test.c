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

/* A command whose hold was seen from beginning to end tells how long the next may last. */
static void who_waits_hears_how_long(void **state)
{
	struct fixture *f = *state;
	struct tui *t = start(f);
	struct locker l, w;

	tui_expect(t, "nobody holds a lock");
	l = locker_flock(f->llc, LOCK_EX);
	expect_pid(t, l.pid, " acquired EX");
	locker_end(&l);
	tui_expect(t, " released EX");
	l = locker_flock(f->llc, LOCK_EX);
	expect_pid(t, l.pid, " acquired EX");
	w = locker_waiting(f->llc, LOCK_EX);
	tui_expect(t, "on llc 0 EX <- ");
	tui_expect(t, "of 1 past hold of that command");
	locker_end(&l);
	locker_end(&w);
	tui_quit(t);
}

static struct locker hold_cpu(const struct fixture *f, unsigned cpu, int op)
{
	cleanup_free char *path = lockfile_cpu(f->folder, cpu);

	return locker_flock(path, op);
}

static void words_are_let_through(void **state)
{
	struct fixture *f = *state;
	struct locker a = hold_cpu(f, 0, LOCK_EX), b = hold_cpu(f, 1, LOCK_SH);
	struct tui *t = start(f);

	expect_pid(t, a.pid, "");
	tui_keys(t, "\\");
	tui_type(t, "mode:SH");
	tui_keys(t, "Enter");
	tui_expect(t, "filter:mode:SH");
	expect_pid(t, b.pid, "");
	tui_expect_not(t, "  EX  ");
	tui_keys(t, "F4 C-u");
	tui_type(t, "!mode:re:x|!mode:sh");
	tui_keys(t, "Enter");
	tui_expect(t, "nothing passes the filter");
	tui_keys(t, "\\ C-u");
	tui_type(t, "re:(");
	tui_keys(t, "Enter");
	tui_expect(t, "is no regular expression");
	tui_keys(t, "\\ C-u Enter");
	expect_pid(t, a.pid, "");
	expect_pid(t, b.pid, "");
	locker_end(&a);
	locker_end(&b);
	tui_quit(t);
}

static int row_of(struct tui *t, const char *text)
{
	int row = -1, col;

	return tui_find(t, text, &row, &col) ? row : -1;
}

static void columns_sort_the_locks(void **state)
{
	struct fixture *f = *state;
	struct locker a = hold_cpu(f, 0, LOCK_SH), b = hold_cpu(f, 1, LOCK_EX);
	struct tui *t = start(f);

	expect_pid(t, b.pid, "");
	assert_true(row_of(t, "cpu   0") < row_of(t, "cpu   1"));
	tui_keys(t, "I");
	tui_expect(t, "sort:lock down");
	assert_true(row_of(t, "cpu   0") > row_of(t, "cpu   1"));
	tui_keys(t, "> >");
	tui_expect(t, "sort:mode");
	assert_true(row_of(t, "cpu   0") > row_of(t, "cpu   1"));
	tui_keys(t, "F6");
	tui_expect(t, "as it is");
	tui_type(t, "p");
	tui_expect(t, "sort:pid");
	assert_true((a.pid < b.pid) == (row_of(t, "cpu   0") < row_of(t, "cpu   1")));
	tui_keys(t, "< < <");
	tui_expect_not(t, "sort:");
	locker_end(&a);
	locker_end(&b);
	tui_quit(t);
}

/* Into a file of this name, which then has this. */
static void expect_export(
	struct tui *t, const struct fixture *f, const char *name, const char *want)
{
	cleanup_free char *path = file_join(f->folder, name);
	cleanup_str struct str got = STR_INIT;
	struct err e = ERR_INIT;

	tui_keys(t, "e C-u");
	tui_type(t, path);
	tui_keys(t, "Enter");
	tui_expect(t, "wrote ");
	assert_int_equal(file_read(path, 1 << 20, &got, &e), 0);
	if (!strstr(str_get(&got), want))
		fail_msg("%s lacks %s:\n%s", name, want, str_get(&got));
	assert_null(strstr(str_get(&got), "ktstr-cpu-1.lock")); /* filtered */
}

static void what_is_shown_goes_into_files(void **state)
{
	struct fixture *f = *state;
	struct locker a = hold_cpu(f, 0, LOCK_EX), b = hold_cpu(f, 1, LOCK_SH);
	struct tui *t = start(f);
	char want[64];

	expect_pid(t, b.pid, "");
	tui_keys(t, "\\");
	tui_type(t, "mode:ex");
	tui_keys(t, "Enter");
	tui_expect_not(t, "  SH  ");
	snprintf(want, sizeof(want), " EX    %d ", (int)a.pid);
	expect_export(t, f, "out.txt", want);
	snprintf(want, sizeof(want), "\ncpu,0,0,EX,%d,", (int)a.pid);
	expect_export(t, f, "out.csv", want);
	snprintf(want, sizeof(want), "\"pid\": %d,", (int)a.pid);
	expect_export(t, f, "out.json", want);
	tui_keys(t, "e C-u Enter");
	tui_expect(t, "an export needs the name of a file");
	tui_keys(t, "y");
	snprintf(want, sizeof(want), "copied: cpu  0  0  EX  %d", (int)a.pid);
	tui_expect(t, want);
	assert_non_null(strstr(str_get(tui_output(t)), "\033]52;c;Y3B1ICAwICAwICBFWC"));
	locker_end(&a);
	locker_end(&b);
	tui_quit(t);
}

/* Where terminfo knows of no clipboard, a file has it as well. */
static void what_is_copied_is_not_lost(void **state)
{
	struct fixture *f = *state;
	cleanup_free char *home = xasprintf("XDG_STATE_HOME=%s", f->folder);
	cleanup_free char *path = file_join(f->folder, "ktstr/copied.txt");
	const char *const env[] = {f->env, home, NULL};
	struct locker l = hold_cpu(f, 0, LOCK_EX);
	struct tui *t = tui_start(
		&(struct tui_options){.rows = 30, .cols = 160, .env = env, .term = "linux"});
	cleanup_str struct str got = STR_INIT;
	struct err e = ERR_INIT;
	char want[64];

	tui_keys(t, "2");
	expect_pid(t, l.pid, "");
	tui_keys(t, "y");
	tui_expect(t, "/ktstr/copied.txt): cpu  0  0  EX  ");
	assert_int_equal(file_read(path, 1 << 16, &got, &e), 0);
	snprintf(want, sizeof(want), "cpu  0  0  EX  %d", (int)l.pid);
	assert_true(str_starts(str_get(&got), want));
	locker_end(&l);
	tui_quit(t);
}

/* The history has a filter of its own, and goes into files as it is shown. */
static void the_history_is_filtered_and_exported(void **state)
{
	struct fixture *f = *state;
	struct tui *t = start(f);
	struct locker a, b;
	char want[64];

	tui_expect(t, "nobody holds a lock");
	a = hold_cpu(f, 0, LOCK_EX);
	expect_pid(t, a.pid, " acquired EX");
	b = hold_cpu(f, 1, LOCK_SH);
	expect_pid(t, b.pid, " acquired SH");
	tui_keys(t, "H");
	tui_expect(t, "history, newest first");
	tui_keys(t, "\\");
	tui_type(t, "line:cpu 0  |pid:no");
	tui_keys(t, "Enter");
	tui_expect(t, "filter:line:cpu 0  |pid:no");
	tui_expect_not(t, " acquired SH");
	expect_pid(t, a.pid, " acquired EX");
	snprintf(want, sizeof(want), "cpu 0  %d acquired EX\n", (int)a.pid);
	expect_export(t, f, "history.txt", want);
	snprintf(want, sizeof(want), "Z,cpu,0,acquired,EX,%d,,\n", (int)a.pid);
	expect_export(t, f, "history.csv", want);
	snprintf(want, sizeof(want), "\"pid\": %d,", (int)a.pid);
	expect_export(t, f, "history.json", want);
	tui_keys(t, "\\ C-u");
	tui_type(t, "nothing like it");
	tui_keys(t, "Enter");
	tui_expect(t, "nothing passes the filter");
	tui_keys(t, "H"); /* the table has its own */
	expect_pid(t, b.pid, "");
	locker_end(&a);
	locker_end(&b);
	tui_quit(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_lock_comes_is_waited_for_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_signal_is_asked_for_and_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(its_cpus_are_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(who_waits_hears_how_long, setup, teardown),
		cmocka_unit_test_setup_teardown(words_are_let_through, setup, teardown),
		cmocka_unit_test_setup_teardown(columns_sort_the_locks, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_shown_goes_into_files, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_copied_is_not_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_history_is_filtered_and_exported, setup, teardown),
	};

	return cmocka_run_group_tests_name("locks pane", tests, NULL, NULL);
}
