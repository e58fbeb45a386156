/*
 * Firmware tables of every shape: found the way a kernel finds them, summed, measured, and their
 * CPUs and nodes compared with what was asked for; and iasl has nothing to say against them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "tests/lib/shapes.h"
#include "tests/lib/skip.h"
#include "vmm/kvm/arch/x86_64/acpi.h"
#include "vmm/kvm/arch/x86_64/apicid.h"
#include "vmm/kvm/arch/x86_64/layout.h"
#include "vmm/kvm/arch/x86_64/mptable.h"

static const struct acpi_virtio virtio[] = {
	{0xc0000000, 0x1000, 5}, {0xc0001000, 0x1000, 6}, {0xc0002000, 0x1000, 7}};

struct blob {
	struct str bytes;
	struct acpi_memory memory[VM_NODES_MAX + 1];
};

/* A machine of 128 MiB a node, the second part of the first one above 4 GiB. */
static void build(const struct vm_topology *t, struct blob *b)
{
	struct acpi_request q = {
		.topology = t, .memory = b->memory, .virtio = virtio, .nvirtio = ARRAY_LEN(virtio)};
	struct err e = ERR_INIT;

	*b = (struct blob){.bytes = STR_INIT};
	for (unsigned n = 0; n < t->nodes; n++)
		b->memory[q.nmemory++] = (struct acpi_memory){(uint64_t)n << 27, 1 << 27, n};
	b->memory[q.nmemory++] = (struct acpi_memory){1ULL << 32, 1 << 27, 0};
	if (acpi_build(&q, &b->bytes, &e))
		fail_msg("%s", e.msg);
}

static uint64_t le(const unsigned char *p, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static unsigned sum(const unsigned char *p, size_t n)
{
	unsigned s = 0;

	while (n--)
		s += *p++;
	return s & 0xff;
}

/* n bytes at a guest address, which must lie in the blob. */
static const unsigned char *at(const struct blob *b, uint64_t gpa, size_t n)
{
	assert_true(gpa >= ACPI_BASE && gpa - ACPI_BASE + n <= b->bytes.len);
	return (const unsigned char *)b->bytes.s + (gpa - ACPI_BASE);
}

static const unsigned char *whole(const struct blob *b, uint64_t gpa)
{
	uint64_t n = le(at(b, gpa, 36) + 4, 4);
	const unsigned char *t = at(b, gpa, n);

	assert_int_equal(sum(t, n), 0);
	assert_memory_equal(t + 10, "KTSTR", 6);
	return t;
}

static const unsigned char *xsdt_of(const struct blob *b)
{
	const unsigned char *rsdp = at(b, ACPI_BASE, 36);

	assert_memory_equal(rsdp, "RSD PTR ", 8);
	assert_int_equal(sum(rsdp, 20), 0);
	assert_int_equal(sum(rsdp, 36), 0);
	assert_int_equal(rsdp[15], 2);
	return whole(b, le(rsdp + 24, 8));
}

/* The table of a signature, NULL when the list has none. */
static const unsigned char *table(const struct blob *b, const char *signature)
{
	const unsigned char *xsdt = xsdt_of(b);

	for (size_t i = 36; i < le(xsdt + 4, 4); i += 8) {
		const unsigned char *t = whole(b, le(xsdt + i, 8));

		if (!memcmp(t, signature, 4))
			return t;
	}
	return NULL;
}

static void expect_madt(const struct blob *b, const struct vm_topology *t)
{
	const struct apic_layout a = apic_layout_of(t);
	const unsigned char *madt = table(b, "APIC"), *end = madt + le(madt + 4, 4);
	unsigned cpus = 0, io = 0;

	assert_int_equal(le(madt + 40, 4), 0); /* no PCAT_COMPAT: Linux looks for the 8259 itself */
	for (const unsigned char *p = madt + 44; p < end; p += p[1]) {
		struct vm_place want = vm_topology_place(t, cpus < t->vcpus ? cpus : 0);

		assert_true(p[1] >= 2 && p + p[1] <= end);
		io += p[0] == 1;
		if (p[0] == 0) {
			assert_int_equal(p[2], cpus & 0xff);
			assert_int_equal(p[3], apic_id_of(&a, &want));
			assert_true(p[3] < 255);
		} else if (p[0] == 9) {
			assert_int_equal(le(p + 12, 4), cpus);
			assert_int_equal(le(p + 4, 4), apic_id_of(&a, &want));
			assert_true(le(p + 4, 4) >= 255);
		}
		cpus += p[0] == 0 || p[0] == 9;
	}
	assert_int_equal(cpus, t->vcpus);
	assert_int_equal(io, 1);
}

static void expect_srat(const struct blob *b, const struct vm_topology *t)
{
	const struct apic_layout a = apic_layout_of(t);
	const unsigned char *srat = table(b, "SRAT"), *end;
	unsigned cpus = 0, ranges = 0;

	if (t->nodes < 2) {
		assert_null(srat);
		return;
	}
	end = srat + le(srat + 4, 4);
	for (const unsigned char *p = srat + 48; p < end; p += p[1]) {
		assert_true(p + p[1] <= end);
		if (p[0] == 2) {
			struct vm_place want = vm_topology_place(t, cpus++);

			assert_int_equal(le(p + 4, 4), want.node);
			assert_int_equal(le(p + 8, 4), apic_id_of(&a, &want));
		} else {
			assert_int_equal(p[0], 1);
			assert_int_equal(le(p + 2, 4), b->memory[ranges].node);
			assert_int_equal(le(p + 8, 8), b->memory[ranges].base);
			assert_int_equal(le(p + 16, 8), b->memory[ranges].size);
			ranges++;
		}
	}
	assert_int_equal(cpus, t->vcpus);
	assert_int_equal(ranges, t->nodes + 1);
}

static void expect_slit(const struct blob *b, const struct vm_topology *t)
{
	const unsigned char *slit = table(b, "SLIT");

	if (t->nodes < 2) {
		assert_null(slit);
		return;
	}
	assert_int_equal(le(slit + 36, 8), t->nodes);
	assert_int_equal(le(slit + 4, 4), 44 + t->nodes * t->nodes);
	for (unsigned i = 0; i < t->nodes; i++)
		assert_memory_equal(slit + 44 + i * t->nodes, t->distance[i], t->nodes);
}

/* The parts of the HMAT fill it, and name nodes that exist. */
static void expect_hmat(const struct blob *b, const struct vm_topology *t)
{
	const unsigned char *hmat = table(b, "HMAT"), *p, *end;
	unsigned proximities = 0, matrices = 0;

	if (t->nodes < 2) {
		assert_null(hmat);
		return;
	}
	end = hmat + le(hmat + 4, 4);
	for (p = hmat + 40; p < end; p += le(p + 4, 4)) {
		if (le(p, 2) == 0) {
			assert_true(t->node_llcs[le(p + 12, 4)] > 0);
			assert_int_equal(le(p + 16, 4), proximities++);
			continue;
		}
		assert_int_equal(le(p, 2), 1);
		assert_int_equal(le(p + 16, 4), t->nodes);
		for (const unsigned char *v = p + le(p + 4, 4) - 2 * le(p + 12, 4) * t->nodes;
			v < p + le(p + 4, 4); v += 2)
			assert_true(le(v, 2) > 0 && le(v, 2) < 0xffff);
		matrices++;
	}
	assert_true(p == end);
	assert_int_equal(proximities, t->nodes);
	assert_int_equal(matrices, 2);
}

static void expect_fixed(const struct blob *b)
{
	const unsigned char *fadt = table(b, "FACP");
	const unsigned char *dsdt = whole(b, le(fadt + 140, 8));
	const unsigned char *facs = at(b, le(fadt + 36, 4), 64);

	assert_int_equal(le(fadt + 4, 4), 276);
	assert_int_equal(le(fadt + 40, 4), le(fadt + 140, 8));
	assert_int_equal(le(fadt + 46, 2), ACPI_SCI);
	assert_int_equal(le(fadt + 56, 4), ACPI_PM1_EVENT);
	assert_int_equal(le(fadt + 64, 4), ACPI_PM1_CONTROL);
	assert_int_equal(fadt[88], 4);
	assert_int_equal(fadt[89], 2);
	assert_int_equal(le(fadt + 109, 2), 0x24);
	assert_int_equal(le(fadt + 120, 8), ACPI_RESET_PORT);
	assert_int_equal(fadt[128], ACPI_RESET_VALUE);
	assert_int_equal(fadt[131], 5);
	assert_memory_equal(dsdt, "DSDT", 4);
	assert_memory_equal(facs, "FACS", 4);
	assert_int_equal(le(fadt + 36, 4) % 64, 0);
}

static void expect_tables(const struct vm_topology *t)
{
	struct blob b;

	build(t, &b);
	assert_true(b.bytes.len <= ACPI_END - ACPI_BASE);
	expect_fixed(&b);
	expect_madt(&b, t);
	expect_srat(&b, t);
	expect_slit(&b, t);
	expect_hmat(&b, t);
	str_release(&b.bytes);
}

/* Every number of caches, cores and threads; the largest ones of each kind beside the small. */
static void every_equal_shape(void **state)
{
	unsigned llct[3] = {0}, n = 0;

	(void)state;
	while (shapes_next(llct)) {
		unsigned total = llct[0] * llct[1] * llct[2];
		struct vm_topology t;

		if (total > 64 && total < VM_VCPUS_MAX - 8 && n++ % 61)
			continue;
		t = vm_topology_uniform(1, llct[0], llct[1], llct[2]);
		expect_tables(&t);
		for (unsigned nodes = 2; nodes <= llct[0] && nodes <= VM_NODES_MAX; nodes *= 2)
			if (llct[0] % nodes == 0) {
				t = vm_topology_uniform(nodes, llct[0], llct[1], llct[2]);
				expect_tables(&t);
			}
	}
}

static void unequal_shapes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		struct vm_topology t = shapes_unequal(i);

		expect_tables(&t);
	}
	for (size_t i = 0; i < shapes_n; i++) {
		struct vm_topology t;

		assert_int_equal(vm_topology_parse(shapes[i], &t, NULL), 0);
		expect_tables(&t);
	}
}

static void the_largest_fits(void **state)
{
	struct vm_topology t = vm_topology_uniform(64, 64, 16, 1);
	struct acpi_memory many[2000];
	struct acpi_request q = {.topology = &t, .memory = many, .nmemory = ARRAY_LEN(many)};
	cleanup_str struct str out = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	memset(many, 0, sizeof(many));
	expect_tables(&t);
	assert_int_equal(acpi_build(&q, &out, &e), -ENOSPC);
	assert_non_null(strstr(e.msg, "room for 128"));
	q = (struct acpi_request){.topology = &t, .nvirtio = ACPI_VIRTIO_MAX + 1};
	assert_int_equal(acpi_build(&q, &out, &e), -ENOSPC);
	assert_non_null(strstr(e.msg, "17 devices"));
}

/* ---- iasl -------------------------------------------------------------------------------------
 */

static void write_table(const char *dir, const unsigned char *t)
{
	cleanup_free char *path = xasprintf("%s/%.4s.dat", dir, (const char *)t);

	assert_int_equal(file_replace(path, (const char *)t, le(t + 4, 4), 0644, NULL), 0);
}

/* Takes every table apart, and puts the result together again: nothing to remark, the same
 * bytes behind the header, where the compiler signs.
 */
static void iasl_is_content(const char *text)
{
	static const char *const listed[] = {"FACP", "APIC", "SRAT", "SLIT", "HMAT"};
	char dir[] = "/tmp/ktstr-acpi-XXXXXX";
	cleanup_free char *run = NULL, *clean = NULL;
	struct vm_topology t;
	struct blob b;

	assert_int_equal(vm_topology_parse(text, &t, NULL), 0);
	build(&t, &b);
	assert_non_null(mkdtemp(dir));
	write_table(dir, whole(&b, le(table(&b, "FACP") + 140, 8)));
	for (size_t i = 0; i < ARRAY_LEN(listed); i++)
		if (table(&b, listed[i]))
			write_table(dir, table(&b, listed[i]));
	run = xasprintf(
		"cd %s && for t in *.dat; do iasl -p again -d $t >$t.log 2>&1 || exit 1; "
		"! grep -iE 'warn|error|invalid|unknown|remark' $t.log again.dsl || exit 2; "
		"iasl -vs -p again again.dsl >$t.log 2>&1 || { cat $t.log; exit 3; }; "
		"grep -qE ' 0 Errors, 0 Warnings' $t.log || ! grep -E 'Warnings' $t.log || exit 4; "
		"cmp -i 36 again.aml $t || exit 5; done",
		dir);
	assert_int_equal(system(run), 0);
	clean = xasprintf("rm -r %s", dir);
	assert_int_equal(system(clean), 0);
	str_release(&b.bytes);
}

static void disassembled(void **state)
{
	static const char *const some[] = {"1,1,1,1", "1,1,3,2", "1,2,4,2", "2,4,2,2", "1,3,3,1",
		"4,4,1,1", "8,8,4,2", "1,1,1024,1", "1,512,1,2", "2,2,127,1", "2,2,128,1",
		"2,4,100,1", "64,64,1,1", "64,64,16,1", "4c2t+4c2t/8c1t/mem", "1c1t/2c1t/mem/mem",
		"3c1t+2c2t", "1c2t+1c1t/7c1t+1c1t+2c2t", "300c1t/1c1t"};

	(void)state;
	if (system("command -v iasl >/dev/null") != 0) {
		skip_because("no iasl");
	}
	for (size_t i = 0; i < ARRAY_LEN(some); i++)
		iasl_is_content(some[i]);
}

/* The pointer is where Linux looks first; the table behind it is valid, and empty. */
static void a_table_to_be_found(void **state)
{
	enum { POINTER = 16, HEADER = 44 };
	cleanup_str struct str bytes = STR_INIT;
	const unsigned char *p, *t;

	(void)state;
	mptable_build(&bytes);
	assert_int_equal(bytes.len, POINTER + HEADER);
	p = (const unsigned char *)bytes.s;
	t = p + POINTER;
	assert_int_equal(MPTABLE_AT % 16, 0);
	assert_true(MPTABLE_AT + bytes.len <= 0x400);
	assert_memory_equal(p, "_MP_", 4);
	assert_int_equal(le(p + 4, 4), MPTABLE_AT + POINTER);
	assert_int_equal(p[8], 1);
	assert_int_equal(p[9], 4);
	assert_int_equal(sum(p, POINTER), 0);
	assert_memory_equal(t, "PCMP", 4);
	assert_int_equal(le(t + 4, 2), HEADER);
	assert_int_equal(le(t + 34, 2), 0);
	assert_int_equal(le(t + 36, 4), ACPI_LAPIC_BASE);
	assert_int_equal(sum(t, HEADER), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_equal_shape),
		cmocka_unit_test(unequal_shapes),
		cmocka_unit_test(the_largest_fits),
		cmocka_unit_test(disassembled),
		cmocka_unit_test(a_table_to_be_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
