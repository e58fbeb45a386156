/* -i: what is named on the host runs in the guest (spec/vmm 1.5, 1.6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/spawn.h"
#include "tests/lib/skip.h"
#include "tests/lib/vm.h"

static void put(const char *dir, const char *name, const char *text, mode_t mode)
{
	cleanup_free char *path = file_join(dir, name);

	assert_int_equal(file_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(file_replace(path, text, strlen(text), mode, NULL), 0);
}

static void need(const char *program)
{
	cleanup_free char *path = spawn_find(program);

	if (path)
		return;
	skip_because("no %s", program);
}

static void test_programs_scripts_folders(void **state)
{
	char dir[] = "/tmp/ktstr-include-XXXXXX";
	cleanup_free char *script = NULL, *folder = NULL, *link = NULL, *fifo = NULL;
	struct vm_run r;

	(void)state;
	vm_guest_options();
	need("strace");
	need("bash");
	assert_non_null(mkdtemp(dir));
	script = file_join(dir, "greet");
	folder = file_join(dir, "data");
	link = file_join(folder, "link");
	fifo = file_join(folder, "fifo");
	put(dir, "greet", "#!/bin/bash\necho \"greet ${BASH_VERSINFO[0]}\"\n", 0755);
	put(folder, "one", "first\n", 0644);
	assert_int_equal(symlink("one", link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	vm_exec(&r,
		"ktstr topo | grep -c LLC; strace -V | head -1; greet; "
		"cat /include-files/data/one /include-files/data/link; "
		"ls /include-files/data; strace -o /tmp/t true && grep -c execve /tmp/t",
		"-i", vm_program(), "-i", "strace", "-i", script, "-i", folder, "--memory-mib",
		"1024", NULL);
	file_remove_tree(dir, NULL);
	vm_check(&r, 0, NULL);
	assert_non_null(strstr(r.out.s, "strace -- version"));
	assert_non_null(strstr(r.out.s, "greet 5"));
	assert_non_null(strstr(r.out.s, "first\nfirst\nlink\none\n1\n"));
	vm_run_release(&r);
}

/* Ours is linked neither with libzstd nor with ncurses: it says that it opens them. */
static void test_what_a_program_opens_comes_too(void **state)
{
	struct vm_run r;

	(void)state;
	vm_guest_options();
	vm_exec(&r,
		"ktstr ctprof capture -o /tmp/x && ktstr ctprof show /tmp/x | grep -m 1 metrics; "
		"ktstr --batch | head -n 1",
		"-i", vm_program(), "--memory-mib", "1024", NULL);
	vm_check(&r, 0, NULL);
	assert_non_null(strstr(r.out.s, "## Primary metrics\n--- frame 1 "));
	vm_run_release(&r);
}

static void test_duplicates_are_refused(void **state)
{
	char dir[] = "/tmp/ktstr-include-XXXXXX";
	cleanup_free char *a = NULL, *b = NULL, *one = NULL, *two = NULL;
	struct vm_run r;

	(void)state;
	vm_guest_options();
	assert_non_null(mkdtemp(dir));
	a = file_join(dir, "a");
	b = file_join(dir, "b");
	one = file_join(a, "same");
	two = file_join(b, "same");
	put(a, "same", "1", 0644);
	put(b, "same", "2", 0644);
	vm_exec(&r, "true", "-i", one, "-i", two, NULL);
	file_remove_tree(dir, NULL);
	vm_check(&r, 1, "duplicate include path", NULL);
	vm_run_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs_scripts_folders),
		cmocka_unit_test(test_what_a_program_opens_comes_too),
		cmocka_unit_test(test_duplicates_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
