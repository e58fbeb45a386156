/* A process that keeps some of its descriptors has those and no other. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "tests/lib/skip.h"
#include "vmm/kvm/descriptors.h"

enum { OPENED = 64, FAR = 900, KEPT_MAX = 8 };
enum { SAME, OTHERS, NO_CALL }; /* how the forked process ends */

/* Whether /proc names exactly those of `want` that are not negative, and the one that it is read
 * with. */
static bool has_only(const int *want, size_t n)
{
	DIR *d = opendir("/proc/self/fd");
	const struct dirent *entry;
	bool seen[KEPT_MAX] = {false}, other = false;

	while (d && (entry = readdir(d))) {
		int fd = atoi(entry->d_name);
		bool wanted = entry->d_name[0] == '.' || fd == dirfd(d);

		for (size_t i = 0; i < n && entry->d_name[0] != '.'; i++)
			if (fd == want[i])
				wanted = seen[i] = true;
		other |= !wanted;
	}
	for (size_t i = 0; i < n; i++)
		other |= want[i] >= 0 && !seen[i];
	return d && !other;
}

/* The forked process: many descriptors, one of them far away, of which it keeps some. */
static int keep_some(const int *keep, size_t n)
{
	int list[KEPT_MAX];
	int rc;

	for (int fd = 0; fd < OPENED; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY | O_CLOEXEC) != fd)
			return OTHERS;
	if (dup2(0, FAR) != FAR)
		return OTHERS;
	for (size_t i = 0; i < n; i++)
		list[i] = keep[i];
	rc = descriptors_close_others(list, n);
	if (rc)
		return rc == -ENOSYS ? NO_CALL : OTHERS;
	return has_only(keep, n) ? SAME : OTHERS;
}

static void test_what_is_kept(void **state)
{
	static const struct {
		int keep[KEPT_MAX];
		size_t n;
	} cases[] = {
		{{0}, 0},
		{{0}, 1},
		{{0, 1, 2}, 3},
		{{2, 5, 9}, 3},
		{{40, 3, 17, 4}, 4},
		{{7, 7, 7, 8}, 4},
		{{-1, 12, -1, 11}, 4},
		{{63, 0}, 2},
		{{FAR, 63}, 2},
		{{FAR, 1, FAR, 1}, 4},
		{{-1}, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(keep_some(cases[i].keep, cases[i].n));
		assert_true(pid > 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status) && WEXITSTATUS(status) == NO_CALL)
			skip_because("no close_range() here");
		if (!WIFEXITED(status) || WEXITSTATUS(status) != SAME)
			fail_msg("case %zu: status 0x%x", i, (unsigned)status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
