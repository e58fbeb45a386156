/* `ktstr doctor` on this machine: every check answers, what it says is so, and nothing is changed.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/json_in.h"
#include "src/cli/doctor.h"
#include "tests/lib/vm.h"

static void doctor(struct vm_run *r, bool json)
{
	cleanup_strv struct strv argv = STRV_INIT;

	strv_push(&argv, vm_program());
	strv_push(&argv, "doctor");
	if (json)
		strv_push(&argv, "--json");
	vm_run(r, &argv, NULL, 0);
}

static const struct json *check(const struct json *root, const char *id)
{
	const struct json *all = json_get(root, "checks");

	for (size_t i = 0; i < json_size(all); i++)
		if (!strcmp(json_get_text(json_at(all, i), "check", ""), id))
			return json_at(all, i);
	fail_msg("no check %s", id);
	return NULL;
}

static const char *state_of(const struct json *root, const char *id)
{
	return json_get_text(check(root, id), "state", "");
}

static struct json *doctor_json(int *status)
{
	struct err e = ERR_INIT;
	struct json *root;
	struct vm_run r;

	doctor(&r, true);
	*status = r.status;
	root = json_parse(r.out.s, r.out.len, &e);
	if (!root)
		fail_msg("%s: %s", e.msg, r.out.s);
	vm_run_release(&r);
	return root;
}

static void test_every_check_answers(void **state)
{
	int status;
	struct json *root = doctor_json(&status);
	bool failed = false;
	struct vm_run r;

	(void)state;
	for (const struct doctor_check *c = doctor_checks; c->id; c++) {
		const struct json *found = check(root, c->id);
		const char *s = json_get_text(found, "state", "");

		assert_true(!strcmp(s, "ok") || !strcmp(s, "warn") || !strcmp(s, "fail"));
		assert_true(*json_get_text(found, "text", ""));
		/* what is well needs no mending */
		if (!strcmp(s, "ok"))
			assert_true(json_is_null(json_get(found, "mend")));
		failed |= !strcmp(s, "fail");
	}
	assert_int_equal(status, failed);
	assert_int_equal(!strcmp(json_get_text(root, "state", ""), "fail"), failed);
	json_free(root);
	doctor(&r, false);
	assert_int_equal(r.status, failed);
	for (const struct doctor_check *c = doctor_checks; c->id; c++)
		assert_non_null(strstr(r.out.s, c->id));
	assert_null(strchr(r.out.s, '\033'));
	vm_run_release(&r);
}

static void test_a_kernel_is_not_fetched(void **state)
{
	char dir[] = "/tmp/ktstr-doctor-XXXXXX";
	cleanup_free char *before = getcwd(NULL, 0);
	struct json *root;
	const char *s;
	int status;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	setenv("KTSTR_CACHE_DIR", dir, 1);
	root = doctor_json(&status);
	unsetenv("KTSTR_CACHE_DIR");
	assert_int_equal(chdir(before), 0);
	s = state_of(root, "kernels");
	/* the machine's own kernel may be there; none may be in the cache */
	if (strcmp(s, "ok") != 0)
		assert_true(strcmp(s, "fail") == 0 ||
			    strstr(json_get_text(check(root, "kernels"), "mend", ""),
				    "--kernel distro"));
	json_free(root);
	{
		cleanup_free char *entries = file_join(dir, ".distro");
		struct dirent *d;
		DIR *opened = opendir(entries);
		int kernels = 0;

		while (opened && (d = readdir(opened)))
			kernels += d->d_name[0] != '.';
		if (opened)
			closedir(opened);
		assert_int_equal(kernels, 0);
	}
	file_remove_tree(dir, NULL);
}

static void test_what_is_missing_is_named(void **state)
{
	cleanup_free char *path = xstrdup(getenv("PATH"));
	cleanup_free char *program = realpath(vm_program(), NULL);
	struct json *root;
	int status;

	(void)state;
	setenv("KTSTR", program, 1);
	setenv("PATH", "/nonexistent", 1);
	setenv("KTSTR_BUSYBOX_PATH", "/nonexistent/busybox", 1);
	setenv("KTSTR_LOCK_DIR", "/nonexistent/locks", 1);
	setenv("KTSTR_CACHE_DIR", "/nonexistent/cache", 1);
	root = doctor_json(&status);
	setenv("PATH", path, 1);
	unsetenv("KTSTR_CACHE_DIR");
	unsetenv("KTSTR_BUSYBOX_PATH");
	unsetenv("KTSTR_LOCK_DIR");
	assert_int_equal(status, 1);
	assert_string_equal(state_of(root, "busybox"), "fail");
	assert_non_null(
		strstr(json_get_text(check(root, "busybox"), "text", ""), "/nonexistent/busybox"));
	if (strcmp(state_of(root, "kvm"), "ok") != 0) {
		assert_string_equal(state_of(root, "qemu"), "fail");
		assert_non_null(
			strstr(json_get_text(check(root, "qemu"), "mend", ""), "apt-get install"));
	}
	assert_string_equal(state_of(root, "locks"), "fail");
	assert_non_null(
		strstr(json_get_text(check(root, "locks"), "mend", ""), "/nonexistent/locks"));
	assert_string_equal(state_of(root, "kernel-builds"), "warn");
	assert_non_null(
		strstr(json_get_text(check(root, "kernel-builds"), "mend", ""), " dwarves"));
	assert_string_equal(json_get_text(root, "state", ""), "fail");
	json_free(root);
}

/* Whoever has a KVM that runs kernels lacks nothing without QEMU. */
static void test_qemu_is_a_substitute(void **state)
{
	cleanup_free char *path = xstrdup(getenv("PATH"));

	(void)state;
	setenv("PATH", "/nonexistent", 1);
	for (int runs = 0; runs < 2; runs++) {
		struct doctor d = {.kvm_runs = runs};
		struct doctor_finding f = {.text = STR_INIT, .mend = STR_INIT};

		doctor_qemu(&d, &f);
		assert_int_equal(f.state, runs ? DOCTOR_OK : DOCTOR_FAIL);
		assert_non_null(strstr(str_get(&f.text), "not installed"));
		assert_non_null(strstr(str_get(&f.text), runs ? "--accel tcg" : "need QEMU"));
		assert_int_equal(f.mend.len == 0, runs);
		doctor_finding_release(&f);
	}
	setenv("PATH", path, 1);
}

/* What it says of the kernel's switches is what the kernel says. */
static void test_the_switches(void **state)
{
	static const struct {
		const char *id, *path, *option;
	} switches[] = {
		{"delay-accounting", "/proc/sys/kernel/task_delayacct",
			"scripts/config -e TASK_DELAY_ACCT "},
		{"schedstats", "/proc/sys/kernel/sched_schedstats",
			"scripts/config -e SCHEDSTATS "},
	};
	int status;
	struct json *root = doctor_json(&status);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
		cleanup_str struct str text = STR_INIT;
		bool there = file_read(switches[i].path, 64, &text, NULL) == 0;
		bool on = there && str_get(&text)[0] != '0';
		const char *mend = json_get_text(check(root, switches[i].id), "mend", "");

		assert_string_equal(state_of(root, switches[i].id), on ? "ok" : "warn");
		if (!on)
			assert_non_null(
				strstr(mend, there ? "sysctl -w kernel." : switches[i].option));
	}
	json_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_check_answers),
		cmocka_unit_test(test_a_kernel_is_not_fetched),
		cmocka_unit_test(test_what_is_missing_is_named),
		cmocka_unit_test(test_qemu_is_a_substitute),
		cmocka_unit_test(test_the_switches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
