/* Our ACPI tables as a guest's kernel has them: whole, and with the sums that the standard asks
 * for (ACPI 6.5, 5.2.6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "tests/lib/vm.h"

enum { HEADER = 36, LENGTH_AT = 4 };

static const char *const wanted[] = {"APIC", "SRAT", "SLIT", "HMAT", "FACP", "DSDT"};

static unsigned hex(char c)
{
	const char digits[] = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	assert_non_null(at);
	return (unsigned)(at - digits);
}

/* The bytes of a line of them, two digits each; heap. */
static unsigned char *bytes_of(const char *line, size_t *n)
{
	unsigned char *out;

	*n = strcspn(line, "\n") / 2;
	out = xmalloc(*n + 1);
	for (size_t i = 0; i < *n; i++)
		out[i] = (unsigned char)(hex(line[2 * i]) << 4 | hex(line[2 * i + 1]));
	return out;
}

static uint32_t le32(const unsigned char *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static void check_table(const char *name, const char *output)
{
	cleanup_free char *key = xasprintf("%s=", name);
	cleanup_free unsigned char *table = NULL;
	const char *at = strstr(output, key);
	unsigned char sum = 0;
	size_t n;

	if (!at)
		fail_msg("the guest has no table %s: %s", name, output);
	table = bytes_of(at + strlen(key), &n);
	if (n <= HEADER || le32(table + LENGTH_AT) != n)
		fail_msg("%s has %zu bytes and a wrong length", name, n);
	assert_memory_equal(table, name, 4);
	for (size_t i = 0; i < n; i++)
		sum = (unsigned char)(sum + table[i]);
	if (sum)
		fail_msg("the bytes of %s add up to %u", name, sum);
}

/* Two nodes, and memory without CPUs: a shape that has every table. */
static void test_tables_are_whole(void **state)
{
	struct vm_run r;

	(void)state;
	vm_exec(&r,
		"cd /sys/firmware/acpi/tables && for t in APIC SRAT SLIT HMAT FACP DSDT; do "
		"echo \"$t=$(od -An -v -tx1 $t | tr -d ' \\n')\"; done",
		"--topology", "2c1t/1c2t/mem", NULL);
	vm_check(&r, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		check_table(wanted[i], str_get(&r.out));
	vm_run_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
