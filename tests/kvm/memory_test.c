/* Memory on both sides of the hole below 4 GiB: there, whole, and usable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/vm.h"

static void test_six_gib(void **state)
{
	struct vm_run r;
	const char *at;

	(void)state;
	vm_exec(&r,
		"sed -n 's/^MemTotal: */total=/p' /proc/meminfo; grep -i 'system ram' /proc/iomem; "
		"dd if=/dev/zero of=/tmp/x bs=1M count=64 2>/dev/null && md5sum </tmp/x",
		"--memory-mib", "6144", NULL);
	vm_check(&r, 0, NULL);
	at = strstr(str_get(&r.out), "total=");
	assert_non_null(at);
	/* the kernel keeps less than 3 % for itself */
	assert_in_range(
		strtoull(at + strlen("total="), NULL, 10), 6144 * 1024 / 100 * 97, 6144 * 1024);
	assert_non_null(strstr(at, "100000000-"));
	assert_non_null(strstr(at, "7f614da9329cd3aebf59b91aadc30bf0")); /* 64 MiB of zeros */
	vm_run_release(&r);
}

static void test_two_nodes_share_it(void **state)
{
	struct vm_run r;

	(void)state;
	vm_exec(&r,
		"sed -n 's/.*MemTotal: *\\([0-9]*\\).*/\\1/p' "
		"/sys/devices/system/node/node*/meminfo",
		"--topology", "2,2,1,1", "--memory-mib", "6144", NULL);
	vm_check(&r, 0, NULL);
	for (char *line = strtok(r.out.s, "\n"), *end = line; line; line = strtok(NULL, "\n"))
		assert_in_range(strtoull(line, &end, 10), 3072 * 1024 / 100 * 93, 3072 * 1024);
	vm_run_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_six_gib),
		cmocka_unit_test(test_two_nodes_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
