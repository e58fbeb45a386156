/* What --timings makes of a child's reports: lines, JSON, and reports that are missing or hostile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/cli/shell_timings.h"

static void take(struct shell_facts *f, enum vm_event_kind kind, const char *text)
{
	shell_facts_take(f, &(struct vm_event){.kind = kind, .text = text, .size = strlen(text)});
}

static void test_lines(void **state)
{
	cleanup_str struct str out = STR_INIT;
	struct shell_facts f = {0};

	(void)state;
	take(&f, VM_EVENT_INFO,
		"{\"engine\":\"kvm\",\"accel\":\"kvm\",\"why\":\"it "
		"works\",\"release\":\"6.12\",\"vcpus\":16,"
		"\"memory_mib\":512,\"initrd_bytes\":3145728,\"reservation\":{\"mode\":"
		"\"budget\",\"overcommitted\":false,\"llcs\":[0,2],\"cpus\":\"0-3,8\"}}");
	take(&f, VM_EVENT_REPORT,
		"{\"timings\":{\"exec\":0,\"engine\":5000000,\"first_run\":null,\"kernel\":7500000}"
		","
		"\"exits\":{\"io\":40,\"mmio\":2}}");
	shell_timings_text(&f, &out);
	assert_string_equal(str_get(&out), "engine kvm, accel kvm: it works\n"
					   "guest: Linux 6.12, 16 vCPUs, 512 MiB, initramfs 3M\n"
					   "reserved: budget mode, LLCs 0,2, CPUs 0-3,8\n"
					   "timings, ms            at      since\n"
					   "  exec                0.0        0.0\n"
					   "  engine              5.0        5.0\n"
					   "  first KVM_RUN          -          -\n"
					   "  kernel              7.5        2.5\n"
					   "  init                  -          -\n"
					   "  prompt                -          -\n"
					   "  exit                  -          -\n"
					   "exits: 42 = io 40, mmio 2");
	shell_facts_release(&f);
}

static const char *last_line(const struct str *s)
{
	const char *at = s->len ? strrchr(s->s, '\n') : NULL;

	return at ? at + 1 : "";
}

static void test_the_topology(void **state)
{
	static const char *const rows[][2] = {
		{"{\"asked\":\"2n4l2c2t\",\"seen\":\"2n4l2c2t\",\"verified\":true,\"difference\":"
		 "null}",
			"topology: 2n4l2c2t, verified"},
		{"{\"asked\":\"1n1l2c1t\",\"seen\":null,\"verified\":false,\"difference\":\"CPU 1 "
		 "is \\u001b[2Jgone\"}",
			"topology: 1n1l2c1t, not verified: CPU 1 is ?[2Jgone"},
		{"{\"asked\":\"1n1l2c1t\",\"seen\":null,\"verified\":null,\"difference\":null}",
			"topology: 1n1l2c1t, not verified"},
		{"{\"asked\":\"4c2t/1c1t\",\"offline\":\"3\",\"seen\":\"4c2t/1c1t\",\"verified\":"
		 "true}",
			"topology: 4c2t/1c1t with CPU 3 offline, verified"},
		{"{\"asked\":\"1n1l4c1t\",\"offline\":\"2-3\",\"seen\":\"1n1l2c1t\",\"verified\":"
		 "true}",
			"topology: 1n1l4c1t with CPUs 2-3 offline, seen as 1n1l2c1t, verified"},
		{"{\"asked\":\"1n1l4c1t\",\"offline\":\"1,3\",\"seen\":null,\"verified\":false,"
		 "\"difference\":\"CPU 2 is not online, only 0\"}",
			"topology: 1n1l4c1t with CPUs 1,3 offline, not verified: CPU 2 is not "
			"online, only 0"},
		{"{\"asked\":\"1n1l1c2t\",\"seen\":\"1n1l1c2t\",\"verified\":true,\"note\":\"CPU 0 "
		 "shares its level 1 cache with 0, asked for 0-1\"}",
			"topology: 1n1l1c2t, verified, but for what QEMU cannot describe: CPU 0 "
			"shares its level 1 cache with 0, asked for 0-1"},
		{"{\"asked\":\"1n1l2c1t\",\"seen\":null,\"verified\":false,\"note\":\"not "
		 "verified, since --append maxcpus=1 changes it: CPU 1 is gone\"}",
			"topology: 1n1l2c1t, not verified, since --append maxcpus=1 changes it: "
			"CPU "
			"1 is gone"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_str struct str out = STR_INIT, report = STR_INIT;
		struct shell_facts f = {0};

		str_printf(&report, "{\"topology\":%s}", rows[i][0]);
		take(&f, VM_EVENT_REPORT, str_get(&report));
		shell_timings_text(&f, &out);
		assert_string_equal(last_line(&out), rows[i][1]);
		shell_facts_release(&f);
	}
}

static void test_json(void **state)
{
	cleanup_str struct str out = STR_INIT;
	struct shell_facts f = {0};

	(void)state;
	take(&f, VM_EVENT_INFO, "{\"engine\":\"kvm\"}");
	take(&f, VM_EVENT_NOTE, "not json");
	take(&f, VM_EVENT_REPORT, "{\"timings\":{\"exec\":0},\"exits\":null}");
	shell_timings_json(&f, 7, &out);
	assert_string_equal(str_get(&out),
		"{\"status\":7,\"engine\":\"kvm\",\"timings\":{\"exec\":0},\"exits\":null}");
	shell_facts_release(&f);
}

static void test_a_child_that_said_nothing(void **state)
{
	cleanup_str struct str text = STR_INIT, line = STR_INIT;
	struct shell_facts f = {0};

	(void)state;
	take(&f, VM_EVENT_INFO, "{\"engine\":");
	shell_timings_text(&f, &text);
	assert_string_equal(str_get(&text), "the guest was never built");
	shell_timings_json(&f, 1, &line);
	assert_string_equal(str_get(&line), "{\"status\":1}");
	shell_facts_release(&f);
}

/* What was heard before is told. */
static void test_a_child_that_was_killed(void **state)
{
	cleanup_str struct str text = STR_INIT, line = STR_INIT;
	struct shell_facts f = {0};

	(void)state;
	take(&f, VM_EVENT_INFO, "{\"engine\":\"kvm\"}");
	for (enum vm_stage s = VM_STAGE_KERNEL; s <= VM_STAGE_PROMPT; s++)
		shell_facts_take(&f, &(struct vm_event){.kind = VM_EVENT_STAGE,
					     .stage = s,
					     .at_ns = (uint64_t)s * 1000000,
					     .text = ""});
	shell_timings_text(&f, &text);
	assert_non_null(strstr(str_get(&text), "\n  kernel                -          -\n"
					       "  init                5.0        5.0\n"
					       "  prompt              6.0        1.0\n"
					       "  exit                  -          -"));
	shell_timings_json(&f, 125, &line);
	assert_string_equal(str_get(&line),
		"{\"status\":125,\"engine\":\"kvm\",\"timings\":{\"exec\":0,\"engine\":null,"
		"\"first_run\":null,\"kernel\":null,\"init\":5000000,\"prompt\":6000000,\"exit\":"
		"null}}");
	shell_facts_release(&f);
}

/* A guest that broke into its child must not drive the terminal with what the child reports. */
static void test_control_bytes(void **state)
{
	cleanup_str struct str text = STR_INIT, line = STR_INIT;
	struct shell_facts f = {0};

	(void)state;
	take(&f, VM_EVENT_INFO, "{\"engine\":\"\\u001b]0;x\\u0007\",\"release\":[1],\"vcpus\":-3}");
	take(&f, VM_EVENT_REPORT, "{\"timings\":[],\"exits\":{\"\\u001b[2J\":1e300}}");
	shell_timings_text(&f, &text);
	shell_timings_json(&f, 1, &line);
	assert_null(strchr(str_get(&text), '\033'));
	assert_null(strchr(str_get(&text), '\a'));
	assert_null(strchr(str_get(&line), '\033'));
	shell_facts_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_the_topology),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_a_child_that_said_nothing),
		cmocka_unit_test(test_a_child_that_was_killed),
		cmocka_unit_test(test_control_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
