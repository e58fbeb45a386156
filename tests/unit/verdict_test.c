/* The exit codes of ktstr(1), row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "vmm/verdict.h"

struct row {
	const char *name;
	struct verdict_facts f;
	int status;
	const char *has[4]; /* what the text contains; none = it is empty */
};

#define PANIC_LINE "Kernel panic - not syncing: sysrq triggered crash"

static const struct row rows[] = {
	{"command's own status",
		{.exec = true,
			.stage = VM_STAGE_PROMPT,
			.has_status = true,
			.status = 7,
			.engine_killed = true,
			.engine_status = 137},
		7, {0}},
	{"another topology than asked, whatever the command said",
		{.exec = true,
			.stage = VM_STAGE_PROMPT,
			.has_status = true,
			.difference = "the guest's topology is not 1,2,1,1: CPU 1 is not online"},
		125, {"the guest's topology is not 1,2,1,1: CPU 1 is not online"}},
	{"another topology, but no command",
		{.stage = VM_STAGE_PROMPT, .ending = true, .difference = "it differs"}, 0, {0}},
	{"command's status counts although the timeout came",
		{.exec = true,
			.stage = VM_STAGE_PROMPT,
			.has_status = true,
			.status = 0,
			.timed_out = true},
		0, {0}},
	{"session ended",
		{.stage = VM_STAGE_PROMPT,
			.ending = true,
			.engine_killed = true,
			.engine_status = 137},
		0, {0}},
	{"session rebooted", {.stage = VM_STAGE_PROMPT}, 0, {0}},
	{"session killed", {.stage = VM_STAGE_LINUX, .killed = true, .engine_killed = true}, 0,
		{0}},
	{"command killed", {.exec = true, .stage = VM_STAGE_PROMPT, .killed = true}, 137, {0}},
	{"timeout",
		{.exec = true,
			.stage = VM_STAGE_PROMPT,
			.timed_out = true,
			.timeout_ns = 3 * NS_PER_SEC,
			.engine_killed = true},
		124, {"exec-timeout", "force-killed", "3s"}},
	{"timeout while booting",
		{.exec = true,
			.stage = VM_STAGE_LINUX,
			.timed_out = true,
			.timeout_ns = 3 * NS_PER_SEC,
			.engine_killed = true},
		124, {"exec-timeout", "force-killed", "kernel started", "silent"}},
	{"no init", {.stage = VM_STAGE_LINUX}, 254, {"never reached its init", "kernel started"}},
	{"not our init", {.stage = VM_STAGE_LINUX, .broken = "it spoke in tongues"}, 254,
		{"never reached its init", "kernel started): it spoke in tongues"}},
	{"no init, panic", {.exec = true, .stage = VM_STAGE_LINUX, .panic = PANIC_LINE}, 254,
		{"never reached its init", PANIC_LINE}},
	{"no word at all", {.stage = VM_STAGE_BOOTING}, 254, {"booting", "silent"}},
	{"engine failed", {.stage = VM_STAGE_BOOTING, .engine_status = 1}, 1,
		{"QEMU ended with status 1", "before the guest said anything"}},
	{"engine killed by somebody else", {.stage = VM_STAGE_BOOTING, .engine_status = 137}, 1,
		{"QEMU was killed by signal 9"}},
	{"panic in a command", {.exec = true, .stage = VM_STAGE_PROMPT, .panic = PANIC_LINE}, 255,
		{"MSG_TYPE_EXEC_EXIT", PANIC_LINE}},
	{"panic in a session", {.stage = VM_STAGE_PROMPT, .panic = PANIC_LINE}, 255, {PANIC_LINE}},
	{"panic of memory",
		{.exec = true,
			.stage = VM_STAGE_PROMPT,
			.panic = PANIC_LINE,
			.memory = "Out of memory: x"},
		255, {"Out of memory: x"}},
	{"result lost", {.exec = true, .stage = VM_STAGE_PROMPT}, 125,
		{"MSG_TYPE_EXEC_EXIT", "rebooted"}},
	{"result lost, memory",
		{.exec = true, .stage = VM_STAGE_PROMPT, .memory = "Out of memory: x"}, 125,
		{"MSG_TYPE_EXEC_EXIT", "Out of memory: x", "--memory-mib"}},
	{"result lost, engine", {.exec = true, .stage = VM_STAGE_PROMPT, .engine_status = 139}, 125,
		{"MSG_TYPE_EXEC_EXIT", "QEMU was killed by signal 11"}},
	{"result lost, protocol",
		{.exec = true,
			.stage = VM_STAGE_PROMPT,
			.broken = "nonsense",
			.engine_killed = true},
		125, {"MSG_TYPE_EXEC_EXIT", "nonsense"}},
	{"init gave up", {.exec = true, .stage = VM_STAGE_INIT, .init_failed = "no tty"}, 125,
		{"no tty"}},
	{"init gave up on a session", {.stage = VM_STAGE_INIT, .init_failed = "no tty"}, 125,
		{"no tty"}},
	{"session broke the protocol", {.stage = VM_STAGE_PROMPT, .broken = "nonsense"}, 125,
		{"nonsense"}},
	{"engine died under a session", {.stage = VM_STAGE_PROMPT, .engine_status = 139}, 1,
		{"QEMU was killed by signal 11"}},
	{"engine died after the goodbye",
		{.stage = VM_STAGE_PROMPT, .ending = true, .engine_status = 1}, 0, {0}},
};

static void test_every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_str struct str text = STR_INIT;
		struct verdict_facts f = rows[i].f;
		int status;

		f.engine_name = "QEMU";
		status = verdict(&f, &text);
		if (status != rows[i].status)
			fail_msg("%s: status %d", rows[i].name, status);
		if (!rows[i].has[0] && text.len)
			fail_msg("%s: %s", rows[i].name, text.s);
		for (int k = 0; k < 4 && rows[i].has[k]; k++)
			if (!strstr(str_get(&text), rows[i].has[k]))
				fail_msg("%s: no '%s' in: %s", rows[i].name, rows[i].has[k],
					str_get(&text));
	}
}

/* Who would have told it is dead: the same codes. */
static void test_a_death(void **state)
{
	static const struct {
		bool exec;
		enum vm_stage stage;
		int status;
		const char *has;
	} deaths[] = {
		{true, VM_STAGE_KERNEL, 1, "it was shot"},
		{true, VM_STAGE_LINUX, 254, "never reached its init (stage: "},
		{true, VM_STAGE_PROMPT, 125, "MSG_TYPE_EXEC_EXIT frame came, the command's result"},
		{false, VM_STAGE_BOOTING, 254, "never reached its init"},
		{false, VM_STAGE_PROMPT, 1, "it was shot"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(deaths); i++) {
		cleanup_str struct str text = STR_INIT;

		assert_int_equal(
			verdict_of_death(deaths[i].exec, deaths[i].stage, "it was shot", &text),
			deaths[i].status);
		assert_non_null(strstr(str_get(&text), deaths[i].has));
		assert_true(str_ends(str_get(&text), "it was shot"));
	}
}

static void test_lines_are_quoted(void **state)
{
	cleanup_str struct str text = STR_INIT;
	struct verdict_facts f = {.stage = VM_STAGE_LINUX, .engine_name = "QEMU"};

	(void)state;
	strv_push(&f.console_lines, "first");
	strv_push(&f.console_lines, "second");
	strv_push(&f.engine_lines, "complaint");
	verdict(&f, &text);
	assert_non_null(strstr(text.s, "\n  first\n  second"));
	assert_non_null(strstr(text.s, "\n  complaint"));
	strv_release(&f.console_lines);
	strv_release(&f.engine_lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_a_death),
		cmocka_unit_test(test_lines_are_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
