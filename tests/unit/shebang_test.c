/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "src/base/str.h"
#include "vmm/payload/shebang.h"

static void first_lines(void **state)
{
	static const struct {
		const char *head, *interpreter, *command;
	} rows[] = {
		{"#!/bin/sh\nexit 0\n", "/bin/sh", NULL},
		{"#! \t/bin/sh -e -x\n", "/bin/sh", NULL},
		{"#!/usr/bin/env python3\n", "/usr/bin/env", "python3"},
		{"#!/usr/bin/env -S awk -f\n", "/usr/bin/env", "awk"},
		{"#!/usr/bin/env -Sbash -e\n", "/usr/bin/env", "bash"},
		{"#!/usr/bin/env -S -u HOME -i A=1 bash\n", "/usr/bin/env", "bash"},
		{"#!/usr/bin/env\n", "/usr/bin/env", NULL},
		{"#!/usr/bin/env -S\n", "/usr/bin/env", NULL},
		{"#!/opt/env-tool x\n", "/opt/env-tool", NULL},
		{"#!tool\n", "tool", NULL},
		{"#!/bin/sh", "/bin/sh", NULL},
		{"#!\n", NULL, NULL},
		{"#!   \n", NULL, NULL},
		{"#", NULL, NULL},
		{"", NULL, NULL},
		{"\177ELF", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct shebang s;
		int rc = shebang_parse(rows[i].head, strlen(rows[i].head), &s);

		assert_int_equal(rc, rows[i].interpreter ? 1 : 0);
		if (rc)
			assert_string_equal(s.interpreter, rows[i].interpreter);
		if (rows[i].command)
			assert_string_equal(s.command, rows[i].command);
		else
			assert_null(s.command);
		shebang_release(&s);
	}
}

/* The kernel refuses an interpreter whose name does not end within its buffer. */
static void a_name_longer_than_the_buffer_is_none(void **state)
{
	cleanup_str struct str head = STR_INIT;
	struct shebang s;

	(void)state;
	str_add(&head, "#!/");
	str_repeat(&head, 'a', SCRIPT_HEAD);
	assert_int_equal(shebang_parse(head.s, head.len, &s), 0);
	head.s[200] = ' ';
	assert_int_equal(shebang_parse(head.s, head.len, &s), 1);
	assert_int_equal(strlen(s.interpreter), 198);
	shebang_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_lines),
		cmocka_unit_test(a_name_longer_than_the_buffer_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
