/*
 * The guest pane before real guests: what the screen shows is what the guest says by another way,
 * its disk; full-screen programs, history and search, several guests, a panic.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "tests/lib/tui.h"
#include "tests/lib/vm.h"

enum { UUID = 36, DISK = 16 << 20 };

static struct tui *start(int rows, int cols, const char *mark)
{
	cleanup_free char *mark_env = xasprintf("KTSTR_TEST_MARK=%s", mark);
	cleanup_free char *kernel_env = NULL;
	/* several guests at once, on hosts with one CPU too */
	const char *env[] = {mark_env, NULL, "KTSTR_NO_PERF_MODE=1", NULL};
	struct kernel k;
	struct err e = ERR_INIT;
	struct tui *t;

	(void)vm_guest_options(); /* skips where nothing boots */
	assert_int_equal(vm_test_kernel(&k, &e), 0);
	kernel_env = xasprintf("KTSTR_KERNEL=%s", k.image);
	kernel_release(&k);
	env[1] = kernel_env;
	t = tui_start(&(struct tui_options){.rows = rows, .cols = cols, .env = env});
	tui_expect(t, "LLC 0");
	return t;
}

static void boot(struct tui *t, const char *disk)
{
	tui_keys(t, "n");
	tui_expect(t, "New guest");
	if (disk) {
		for (int row, col; !tui_find(t, "> Disk", &row, &col);)
			tui_keys(t, "Down");
		tui_type(t, disk);
	}
	tui_keys(t, "Enter");
	tui_expect(t, "INPUT");
	tui_expect(t, "/ #");
}

/* C-] o, q, y: a clean terminal, and nothing is left of the guests. */
static void leave(struct tui *t, const char *mark)
{
	struct termios now;

	tui_keys(t, "C-] o q");
	tui_expect(t, "Quit ktstr?");
	tui_keys(t, "y");
	assert_int_equal(tui_wait(t), 0);
	tui_modes(t, &now);
	assert_true(pty_same_settings(&now, tui_modes_before(t)));
	tui_free(t);
	assert_true(vm_wait_processes(mark, 20));
}

/* The rest of the line behind the last `word` on the screen, n characters of it; waits for it. */
static void read_behind(struct tui *t, const char *word, char *out, size_t n)
{
	for (;;) {
		for (int row = tui_rows(t) - 1; row >= 0; row--) {
			const char *hit = strstr(tui_line(t, row), word);

			if (!hit || strlen(hit) < strlen(word) + n || hit[strlen(word)] == '$')
				continue;
			memcpy(out, hit + strlen(word), n);
			out[n] = 0;
			return;
		}
		tui_next_frame(t);
	}
}

/* ---- the guest's disk, as the host has it --------------------------------------------------- */

static bool is_disk(const char *path, char *id)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool found = false;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size == DISK)
		found = pread(fd, id, UUID, 0) == UUID;
	close(fd);
	id[UUID] = 0;
	return found;
}

/* What stands at the beginning of the disk of the process that has one open. */
static bool disk_of(const char *pid, char *id)
{
	cleanup_free char *fds = xasprintf("/proc/%s/fd", pid);
	DIR *dir = opendir(fds);
	struct dirent *d;
	bool found = false;

	while (dir && !found && (d = readdir(dir))) {
		cleanup_free char *path = file_join(fds, d->d_name);

		found = isdigit((unsigned char)d->d_name[0]) && is_disk(path, id);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Whether the process carries the test's mark: a guest of this test. */
static bool is_ours(const char *pid, const char *mark)
{
	cleanup_free char *path = xasprintf("/proc/%s/environ", pid);
	cleanup_free char *want = xasprintf("KTSTR_TEST_MARK=%s", mark);
	cleanup_str struct str env = STR_INIT;
	struct err e = ERR_INIT;

	if (file_read(path, 1 << 20, &env, &e))
		return false;
	for (size_t i = 0; i < env.len; i += strlen(env.s + i) + 1)
		if (!strcmp(env.s + i, want))
			return true;
	return false;
}

static bool find_disk(const char *mark, char *id)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	bool found = false;

	while (!found && (d = readdir(proc)))
		found = isdigit((unsigned char)d->d_name[0]) && is_ours(d->d_name, mark) &&
			disk_of(d->d_name, id);
	closedir(proc);
	return found;
}

static void test_boot_id_by_pane_and_disk(void **state)
{
	struct tui *t = start(24, 80, "pane-disk");
	char shown[UUID + 1], written[UUID + 1] = "";

	(void)state;
	boot(t, "16mib");
	tui_type(t, "cat /proc/sys/kernel/random/boot_id > /tmp/id\r");
	tui_type(t, "echo sho$((1))wn=$(cat /tmp/id).\r");
	read_behind(t, "sho1wn=", shown, UUID);
	tui_type(t, "dd if=/tmp/id of=/dev/vda bs=512 conv=sync,fsync && echo on$((1))disk\r");
	tui_expect(t, "on1disk");
	assert_true(find_disk("pane-disk", written));
	assert_string_equal(shown, written);
	leave(t, "pane-disk");
}

/* ---- programs of all kinds ------------------------------------------------------------------ */

static void test_full_screen_programs(void **state)
{
	struct tui *t = start(24, 80, "pane-vi");

	(void)state;
	boot(t, NULL);
	tui_type(t, "echo be$((1))fore; vi /tmp/note\r");

	tui_type(t, "ityped into vi");
	tui_expect(t, "typed into vi");
	tui_expect(t, "~");
	tui_resize(t, 30, 70);
	tui_keys(t, "Esc");
	tui_expect(
		t, "- /tmp/note"); /* vi has taken the Esc for itself, not for a key's beginning */
	tui_type(t, ":wq\r");
	tui_expect(t, "be1fore");
	tui_expect_not(t, "~");
	tui_type(t, "cat /tmp/note\r");
	tui_expect(t, "typed into vi");
	leave(t, "pane-vi");
}

static void test_history(void **state)
{
	struct tui *t = start(24, 80, "pane-history");

	(void)state;
	boot(t, NULL);
	tui_type(t, "i=0; while [ $i -lt 300 ]; do echo line-$i-x; i=$((i+1)); done\r");
	tui_expect(t, "line-299-x");
	tui_keys(t, "C-] /");
	tui_type(t, "LINE-77-X");
	tui_keys(t, "C-u");
	tui_type(t, "line-77-x");
	tui_expect(t, "line-77-x");
	tui_expect(t, "rows back");
	tui_keys(t, "Enter v V y");
	/* "line-77-x" for the terminal's clipboard, in base 64 */
	assert_non_null(strstr(str_get(tui_output(t)), "bGluZS03Ny14"));
	tui_expect(t, "copied 1 line");
	tui_keys(t, "Enter");
	tui_expect(t, "line-299-x");
	tui_type(t, "echo go$((1))es on\r");
	tui_expect(t, "go1es on");
	leave(t, "pane-history");
}

static void test_two_guests(void **state)
{
	struct tui *t = start(40, 120, "pane-two");
	char first[UUID + 1], second[UUID + 1];

	(void)state;
	boot(t, NULL);
	tui_type(t, "echo one$((1))=$(cat /proc/sys/kernel/random/boot_id).\r");
	read_behind(t, "one1=", first, UUID);
	tui_keys(t, "C-] o");
	boot(t, NULL);
	tui_expect(t, "VM#2");
	tui_expect_not(t, first);
	tui_type(t, "echo two$((1))=$(cat /proc/sys/kernel/random/boot_id).\r");
	read_behind(t, "two1=", second, UUID);
	assert_string_not_equal(first, second);
	tui_keys(t, "C-] 4");
	tui_expect(t, first);
	tui_expect_not(t, second);
	tui_keys(t, "C-] o q");
	tui_expect(t, "2 guests are running");
	tui_keys(t, "n Enter");
	leave(t, "pane-two");
}

static void test_panic_is_told(void **state)
{
	struct tui *t = start(24, 80, "pane-panic");

	(void)state;
	boot(t, NULL);
	tui_type(t, "echo last wo$((1))rds; echo c > /proc/sysrq-trigger\r");
	tui_expect(t, "The guest has ended");
	tui_expect(t, "panic");
	tui_expect(t, "last wo1rds");
	tui_expect(t, "VM#1 6.");
	tui_keys(t, "Enter");
	tui_expect(t, "LLC 0");
	tui_expect_not(t, "VM#1");
	tui_keys(t, "q"); /* nothing runs: no question */
	assert_int_equal(tui_wait(t), 0);
	tui_free(t);
	assert_true(vm_wait_processes("pane-panic", 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot_id_by_pane_and_disk),
		cmocka_unit_test(test_full_screen_programs),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_two_guests),
		cmocka_unit_test(test_panic_is_told),
	};

	cmocka_set_test_filter(getenv("ONLY_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
