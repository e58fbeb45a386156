/* `ktstr --batch --boot`: a guest's screen without a terminal, as text and as JSON, and the exit
 * code of one that does not boot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/json_in.h"
#include "tests/lib/vm.h"

static void run(struct vm_run *r, bool boots, ...)
{
	struct strv argv = STRV_INIT;
	const char *arg;
	va_list ap;

	strv_push(&argv, vm_program());
	strv_push(&argv, "--batch");
	strv_push(&argv, "--boot");
	if (boots)
		strv_copy(&argv, vm_guest_options());
	va_start(ap, boots);
	while ((arg = va_arg(ap, const char *)))
		strv_push(&argv, arg);
	va_end(ap);
	vm_run(r, &argv, NULL, 0);
	strv_release(&argv);
}

static void test_the_screen_at_the_prompt(void **state)
{
	struct vm_run r;

	(void)state;
	run(&r, true, "--size", "100x40", "--topology", "1,2,1,1", NULL);
	vm_check(&r, 0, NULL);
	assert_int_equal(strncmp(str_get(&r.out), "--- frame 1 ", 12), 0);
	assert_non_null(strstr(r.out.s, "NODE 0"));
	assert_non_null(strstr(r.out.s, "VM#1 6."));
	assert_non_null(strstr(r.out.s, "1n2l1c1t"));
	assert_true(!strstr(r.out.s, "tcg: not for timing") == !vm_emulated());
	assert_non_null(strstr(r.out.s, "2 LLCs, 1 core, 1 thread (2 vCPUs)"));
	assert_non_null(strstr(r.out.s, "/ #"));
	assert_int_equal(r.errs.len, 0);
	vm_run_release(&r);
}

static void write_script(char *path, const char *text)
{
	struct err e = ERR_INIT;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_replace(path, text, strlen(text), 0600, &e), 0);
}

/* Keys typed into the guest; the pane's object has what it answered. */
static void test_keys_and_json(void **state)
{
	char path[] = "/tmp/ktstr-keys-XXXXXX";
	const struct json *vm, *screen;
	struct json *frame;
	struct vm_run r;
	bool found = false;

	(void)state;
	write_script(path, "\"echo sum=$((6*7)).\\n\" wait \"sum=42.\"\n");
	run(&r, true, "--json", "--pane", "vm", "--keys", path, NULL);
	unlink(path);
	vm_check(&r, 0, NULL);
	frame = json_parse(str_get(&r.out), r.out.len, NULL);
	vm = json_get(json_get(frame, "panes"), "vm");
	assert_string_equal(json_get_text(vm, "state", ""), "running");
	assert_string_equal(json_get_text(vm, "accel", ""), vm_emulated() ? "tcg" : "kvm");
	assert_string_equal(json_get_text(vm, "topology", ""), "1n1l1c1t");
	assert_int_equal(json_get_uint(vm, "vcpus", 0), 1);
	assert_true(json_get_uint(vm, "memory_mib", 0) >= 128);
	assert_int_equal(strncmp(json_get_text(vm, "kernel", ""), "6.", 2), 0);
	screen = json_get(vm, "screen");
	for (size_t i = 0; i < json_size(screen); i++)
		found |= !strcmp(json_text(json_at(screen, i), ""), "sum=42.");
	assert_true(found);
	assert_null(json_get(json_get(frame, "panes"), "topo"));
	json_free(frame);
	vm_run_release(&r);
}

static void test_a_guest_that_does_not_boot(void **state)
{
	struct vm_run r;

	(void)state;
	run(&r, false, "--kernel", "/nonexistent/bzImage", NULL);
	assert_int_not_equal(r.status, 0);
	assert_non_null(strstr(str_get(&r.out), "The guest did not boot."));
	assert_non_null(strstr(str_get(&r.errs), "the guest did not boot: "));
	assert_non_null(strstr(r.errs.s, "/nonexistent/bzImage"));
	vm_run_release(&r);
}

static void test_bad_options(void **state)
{
	struct vm_run r;

	(void)state;
	run(&r, false, "--topology", "2,3,1,1", NULL);
	assert_int_equal(r.status, 2);
	assert_int_equal(r.out.len, 0);
	assert_non_null(strstr(str_get(&r.errs), "ktstr: "));
	vm_run_release(&r);
	run(&r, false, "--readonly", NULL);
	assert_int_equal(r.status, 2);
	vm_run_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_screen_at_the_prompt),
		cmocka_unit_test(test_keys_and_json),
		cmocka_unit_test(test_a_guest_that_does_not_boot),
		cmocka_unit_test(test_bad_options),
	};
	/* the dashboard does not know which engine it has: one guest in it is enough */
	const struct CMUnitTest nested[] = {
		cmocka_unit_test(test_keys_and_json),
	};

	cmocka_set_test_filter(getenv("ONLY_TEST"));
	if (!vm_emulated())
		return cmocka_run_group_tests(nested, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
