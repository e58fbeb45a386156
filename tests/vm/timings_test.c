/* `shell --timings`: what a run took, on stderr, beside what the command said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/json_in.h"
#include "tests/lib/vm.h"

static struct json *last_line(const struct vm_run *r)
{
	size_t n = r->errs.len, from;
	struct json *j;

	assert_true(n > 1 && r->errs.s[n - 1] == '\n');
	for (from = n - 1; from && r->errs.s[from - 1] != '\n';)
		from--;
	j = json_parse(r->errs.s + from, n - from, NULL);
	if (!j)
		fail_msg("no JSON: %s", r->errs.s + from);
	return j;
}

static void test_moments_follow_each_other(void **state)
{
	static const char *const order[] = {
		"engine", "first_run", "kernel", "init", "prompt", "exit"};
	const struct json *t;
	uint64_t last = 0;
	struct vm_run r;
	struct json *j;

	(void)state;
	vm_exec(&r, "echo out; exit 7", "--timings", "--json", NULL);
	vm_check(&r, 7, NULL);
	assert_string_equal(r.out.s, "out\n");
	j = last_line(&r);
	t = json_get(j, "timings");
	assert_int_equal(json_get_uint(j, "status", 0), 7);
	assert_int_equal(json_get_uint(t, "exec", 1), 0);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		uint64_t at = json_get_uint(t, order[i], last);

		assert_true(json_get(t, order[i]) && at >= last);
		last = at;
	}
	assert_true(json_get_uint(t, "init", 0) > 0 && json_get_uint(t, "prompt", 0) > 0);
	assert_true(last > 0 && last <= r.ns);
	json_free(j);
	vm_run_release(&r);
}

static void test_lines(void **state)
{
	struct vm_run r;

	(void)state;
	vm_exec(&r, "true", "--timings", NULL);
	vm_check(&r, 0, "ktstr: engine ", "ktstr: guest: Linux ", "ktstr:   prompt ",
		"ktstr:   exit ", NULL);
	vm_run_release(&r);
}

/* A guest that cannot even be built has its JSON all the same. */
static void test_a_failure(void **state)
{
	struct vm_run r;
	struct json *j;

	(void)state;
	vm_exec(&r, "true", "--timings", "--json", "--modules-load", "no_such_module_anywhere",
		NULL);
	vm_check(&r, 1, "no_such_module_anywhere", NULL);
	j = last_line(&r);
	assert_int_equal(json_get_uint(j, "status", 0), 1);
	json_free(j);
	vm_run_release(&r);
	vm_exec(&r, "true", "--json", NULL);
	vm_check(&r, 2, "--timings", NULL);
	vm_run_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moments_follow_each_other),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_a_failure),
	};
	/* lines and failures are the same for every engine */
	const struct CMUnitTest nested[] = {
		cmocka_unit_test(test_moments_follow_each_other),
	};

	if (!vm_emulated())
		return cmocka_run_group_tests(nested, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
