/*
 * The main job, on a pseudo-terminal: the dashboard over this machine, a guest booted from it,
 * typed into and read off the screen, and everything gone afterwards. With SCREENSHOTS=DIR the
 * pictures of the README are drawn there.
 */
#include <ctype.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "tests/lib/replay.h"
#include "tests/lib/skip.h"
#include "tests/lib/tui.h"
#include "tests/lib/vm.h"

enum { UUID = 36 };

/* The dashboard with what makes every guest take the tests' kernel; `mark` is in the environment of
 * all that it starts. */
static struct tui *start_with(int rows, int cols, const char *mark, const char *const *args)
{
	cleanup_free char *mark_env = xasprintf("KTSTR_TEST_MARK=%s", mark);
	cleanup_free char *kernel_env = NULL;
	const char *env[] = {mark_env, NULL, NULL};
	struct kernel k;
	struct err e = ERR_INIT;

	(void)vm_guest_options(); /* skips where nothing boots */
	assert_int_equal(vm_test_kernel(&k, &e), 0);
	kernel_env = xasprintf("KTSTR_KERNEL=%s", k.image);
	kernel_release(&k);
	env[1] = kernel_env;
	return tui_start(
		&(struct tui_options){.rows = rows, .cols = cols, .args = args, .env = env});
}

static struct tui *start(int rows, int cols, const char *mark)
{
	static const char *const none[] = {NULL};

	return start_with(rows, cols, mark, none);
}

/* The boot dialog as it stands; the new pane has the focus in input mode. */
static void boot(struct tui *t, const char *topology)
{
	tui_expect(t, "LLC 0");
	tui_keys(t, "n");
	tui_expect(t, "New guest");
	if (topology) {
		tui_keys(t, "Tab C-u");
		tui_type(t, topology);
	}
	tui_keys(t, "Enter");
	tui_expect(t, "INPUT");
	tui_expect(t, "/ #");
}

static void leave(struct tui *t, const char *mark)
{
	tui_keys(t, "C-] o q");
	tui_expect(t, "Quit ktstr?");
	tui_keys(t, "y");
	assert_int_equal(tui_wait(t), 0);
	tui_free(t);
	assert_true(vm_wait_processes(mark, 20));
}

/* The boot_id that the guest prints between these words. */
static void guest_id(struct tui *t, const char *word, char out[UUID + 1])
{
	cleanup_free char *command =
		xasprintf("echo %s=$(cat /proc/sys/kernel/random/boot_id).\r", word);
	cleanup_free char *head = xasprintf("%s=", word);
	int row;

	tui_type(t, command);
	/* The answer ends in a full stop behind a digit; the command's echo has a bracket there. */
	for (;;) {
		const char *hit;

		for (row = tui_rows(t) - 1; row >= 0; row--) {
			hit = strstr(tui_line(t, row), head);
			if (hit && strlen(hit) >= strlen(head) + UUID + 1 &&
				hit[strlen(head) + UUID] == '.') {
				memcpy(out, hit + strlen(head), UUID);
				out[UUID] = 0;
				return;
			}
		}
		tui_next_frame(t);
	}
}

static bool is_uuid(const char *s)
{
	for (int i = 0; i < UUID; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-'
							    : !isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

/* A command beside the shell reads the same id. */
static bool boot_id_by_command(struct tui *t, const char *id)
{
	bool same = false;

	tui_keys(t, "C-] x");
	tui_expect(t, "Run in VM#1");
	tui_type(t, "cat /proc/sys/kernel/random/boot_id\r");
	tui_expect(t, "status 0");
	for (int row = 0; row < tui_rows(t); row++) {
		const char *hit = strstr(tui_line(t, row), "Run in VM#1");

		/* the command's row, its status, its output */
		if (hit && row + 3 < tui_rows(t))
			same = strstr(tui_line(t, row + 3), id) != NULL;
	}
	tui_keys(t, "Esc");
	tui_expect_not(t, "Run in VM#1");
	return same;
}

static void test_boot_and_type(void **state)
{
	struct tui *t = start(24, 80, "dash-type");
	cleanup_str struct str host = STR_INIT;
	char first[UUID + 1], second[UUID + 1];
	struct err e = ERR_INIT;

	(void)state;
	boot(t, NULL);
	guest_id(t, "first", first);
	guest_id(t, "second", second);
	assert_true(is_uuid(first));
	assert_string_equal(first, second);
	assert_true(boot_id_by_command(t, first));
	assert_int_equal(file_read("/proc/sys/kernel/random/boot_id", 4096, &host, &e), 0);
	assert_true(strncmp(first, host.s, UUID) != 0);
	/* Staying is the safe answer. */
	tui_keys(t, "C-] o q");
	tui_expect(t, "Quit ktstr?");
	tui_keys(t, "Enter");
	tui_expect_not(t, "Quit ktstr?");
	tui_keys(t, "Enter");
	tui_expect(t, "INPUT");
	leave(t, "dash-type");
}

/* Keys that mean something to the dashboard reach the guest in input mode. */
static void test_keys_reach_the_guest(void **state)
{
	struct tui *t = start(24, 80, "dash-keys");

	(void)state;
	boot(t, NULL);
	tui_type(t, "echo q?/nzw12 | tr q? QQ\r");
	tui_expect(t, "QQ/nzw12");
	tui_type(t, "sh -c 'echo as$((1))leep; exec sleep 1000'\r");
	tui_expect(t, "as1leep");
	/* The guest's terminal throws typed-ahead text away with a signal, then shows the key. */
	tui_type(t, "\x03");
	tui_expect(t, "^C");
	tui_type(t, "echo in$((40+2))terrupted\r");
	tui_expect(t, "in42terrupted");
	tui_type(t, "sh -c 'echo re$((1))ady; exec cat'\r");
	tui_expect(t, "re1ady");
	tui_type(t, "\x1a");
	tui_expect(t, "^Z");
	tui_type(t, "echo stop$((1+1))ped\r");
	tui_expect(t, "stop2ped");
	leave(t, "dash-keys");
}

static void test_size_follows(void **state)
{
	struct tui *t = start(24, 80, "dash-size");

	(void)state;
	boot(t, NULL);
	tui_type(t, "stty size\r");
	tui_expect(t, "21 80");
	tui_resize(t, 50, 150); /* the guest below the others, with all columns */
	/* The new size arrives a moment after the last change. */
	tui_type(t, "until stty size | grep -q 148; do :; done; stty size; echo wi$((1))de\r");
	tui_expect(t, "wi1de");
	tui_resize(t, 5, 30);
	tui_resize(t, 24, 80);
	tui_type(t, "until stty size | grep -q '21 80'; do :; done; echo na$((1))rrow\r");
	tui_expect(t, "na1rrow");
	tui_resize(t, 1, 1);
	tui_resize(t, 24, 80);
	leave(t, "dash-size");
}

static void test_signal_takes_guests_along(void **state)
{
	struct tui *t = start(24, 80, "dash-term");
	struct termios now;

	(void)state;
	boot(t, NULL);
	kill(tui_pid(t), SIGTERM);
	assert_int_equal(tui_wait(t), 128 + SIGTERM);
	tui_modes(t, &now);
	assert_int_equal(now.c_lflag, tui_modes_before(t)->c_lflag);
	tui_free(t);
	assert_true(vm_wait_processes("dash-term", 20));
}

/* A crash takes guests along too: their parent's death is their end. */
static void test_crash_takes_guests_along(void **state)
{
	struct tui *t = start(24, 80, "dash-kill");

	(void)state;
	boot(t, NULL);
	kill(tui_pid(t), SIGKILL);
	assert_int_equal(tui_wait(t), 128 + SIGKILL);
	tui_free(t);
	assert_true(vm_wait_processes("dash-kill", 20));
}

/* The dashboard's child is the guest's process, and that one's child the engine. */
static pid_t guest_process(struct tui *t)
{
	return vm_child_of(tui_pid(t));
}

static pid_t engine_process(struct tui *t)
{
	return vm_child_of(guest_process(t));
}

/* A process of a guest is killed: its pane says so, the others go on, and nothing is left. */
static void killed_under_it(const char *mark, pid_t (*whom)(struct tui *t), const char *why)
{
	struct tui *t = start(24, 80, mark);
	struct termios now;

	boot(t, NULL);
	kill(whom(t), SIGKILL);
	tui_expect(t, "The guest has ended");
	tui_expect(t, why);
	tui_keys(t, "1");
	tui_expect(t, "view:grid");
	tui_keys(t, "v");
	tui_expect_not(t, "view:grid");
	tui_keys(t, "2 ?");
	tui_expect(t, "Help: Locks");
	tui_keys(t, "Esc");
	tui_expect_not(t, "Help: Locks");
	tui_keys(t, "q"); /* nothing runs: no question */
	assert_int_equal(tui_wait(t), 0);
	tui_modes(t, &now);
	assert_true(pty_same_settings(&now, tui_modes_before(t)));
	tui_free(t);
	assert_true(vm_wait_processes(mark, 20));
}

static void test_engine_is_killed(void **state)
{
	(void)state;
	killed_under_it("dash-engine", engine_process, "killed by signal 9");
}

static void test_guest_process_is_killed(void **state)
{
	(void)state;
	killed_under_it(
		"dash-vm", guest_process, "the VM's process was killed by signal 9 (Killed)");
}

static unsigned load_of(unsigned cpu)
{
	static const unsigned few[] = {98, 3, 0, 41, 0, 67, 12, 0, 1, 0, 22, 88};

	return cpu % 32 < 12 ? few[cpu % 12] : 0;
}

/* A guest beside a machine of our own making, so that the pictures are the same everywhere. */
static void test_pictures(void **state)
{
	struct replay *r;
	const char *args[] = {"--sysroot", NULL, NULL};
	struct tui *t;

	(void)state;
	if (!getenv("SCREENSHOTS"))
		skip_because("only make screenshots draws them");
	r = replay_new("tests/golden/topo/epyc.machine");
	args[1] = r->machine->dir;
	t = start_with(40, 120, "dash-pictures", args);
	replay_feed(r, load_of);
	tui_expect(t, "LLC 0");
	replay_feed(r, load_of);
	tui_expect(t, " 98 ");
	tui_keys(t, "b");
	tui_expect(t, "New guest");
	tui_screenshot(t, "boot-dialog-120x40");
	tui_keys(t, "Esc");
	boot(t, "2,4,2,2");
	tui_type(t, "clear; lscpu -e; uname -a\r");
	tui_expect(t, "GNU/Linux");
	tui_screenshot(t, "guest-120x40");
	tui_keys(t, "C-] o q");
	tui_expect(t, "Quit ktstr?");
	tui_screenshot(t, "quit-120x40");
	tui_keys(t, "n");
	tui_resize(t, 24, 80);
	tui_keys(t, "Enter");
	tui_expect(t, "INPUT");
	tui_screenshot(t, "guest-80x24");
	leave(t, "dash-pictures");
	replay_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot_and_type),
		cmocka_unit_test(test_keys_reach_the_guest),
		cmocka_unit_test(test_size_follows),
		cmocka_unit_test(test_signal_takes_guests_along),
		cmocka_unit_test(test_crash_takes_guests_along),
		cmocka_unit_test(test_engine_is_killed),
		cmocka_unit_test(test_guest_process_is_killed),
		cmocka_unit_test(test_pictures),
	};

	cmocka_set_test_filter(getenv("ONLY_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
