/*
 * CPUID of every shape on hosts of several makers. The tables are read the way Linux reads them,
 * and what comes out must be what was asked for.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "tests/lib/cpuid_hosts.h"
#include "tests/lib/shapes.h"
#include "vmm/kvm/arch/x86_64/cpuid.h"
#include "vmm/kvm/arch/x86_64/regs.h"

static struct cpuid_table *common(const struct cpuid_host *h, const struct vm_topology *t)
{
	const struct cpuid_request q = {
		.topology = t, .supported = h->entry, .nsupported = h->n, .tsc_deadline = true};
	struct cpuid_table *c = xcalloc(1, sizeof(*c));
	struct err e = ERR_INIT;

	if (cpuid_common(&q, c, &e))
		fail_msg("%s: %s", h->name, e.msg);
	return c;
}

static uint32_t eax(struct cpuid_table *c, uint32_t leaf, uint32_t sub)
{
	const struct kvm_cpuid_entry2 *l = cpuid_find(c, leaf, sub);

	if (!l)
		fail_msg("no leaf %x.%x", leaf, sub);
	return l->eax;
}

/* Sharers of a cache as the kernel groups CPUs: by the id without so many bits. */
static unsigned sharing_bits(struct cpuid_table *c, bool amd, unsigned index)
{
	return apic_bits((eax(c, amd ? 0x8000001d : 4, index) >> 14 & 0xfff) + 1);
}

/* One vCPU, as detect_extended_topology() and the cache code of Linux take it apart. */
static void expect_place(struct cpuid_table *c, const struct vm_topology *t,
	const struct apic_layout *a, const struct vm_place *p, bool amd)
{
	uint32_t id = cpuid_find(c, 0x1f, 0)->edx;
	unsigned smt = eax(c, 0x1f, 0), core = eax(c, 0x1f, 1), package = eax(c, 0x1f, 2);

	assert_int_equal(id, apic_id_of(a, p));
	assert_int_equal(cpuid_find(c, 0xb, 1)->edx, id);
	assert_int_equal(cpuid_find(c, 1, 0)->ebx >> 24, id & 0xff);
	assert_int_equal(id >> package, 0);
	assert_int_equal(id >> core, p->llc);
	assert_int_equal(id >> smt & ((1U << (core - smt)) - 1), p->core);
	assert_int_equal(id & ((1U << smt) - 1), p->thread);
	assert_int_equal(eax(c, 0xb, 0), smt);
	assert_int_equal(eax(c, 0xb, 1), package);
	assert_int_equal(id >> sharing_bits(c, amd, 2), id >> smt);
	assert_int_equal(id >> sharing_bits(c, amd, 3), p->llc);
	if (amd) {
		assert_int_equal(eax(c, 0x8000001e, 0), id);
		assert_int_equal(cpuid_find(c, 0x8000001e, 0)->ecx & 0xff, p->node);
	}
	(void)t;
}

static bool is_amd(const struct cpuid_host *h)
{
	return h->entry[0].ebx == 0x68747541;
}

static void expect_shape(const struct cpuid_host *h, const struct vm_topology *t, unsigned step)
{
	const struct apic_layout a = apic_layout_of(t);
	struct cpuid_table *c = common(h, t);
	struct vm_place p;

	vm_topology_foreach(&p, t)
	{
		if (p.cpu % step && p.cpu + 1 != t->vcpus)
			continue;
		cpuid_set_place(c, t, &a, &p);
		expect_place(c, t, &a, &p, is_amd(h));
	}
	free(c);
}

static void every_equal_shape(void **state)
{
	unsigned llct[3] = {0}, n = 0;

	(void)state;
	while (shapes_next(llct)) {
		struct vm_topology t = vm_topology_uniform(1, llct[0], llct[1], llct[2]);

		/* Each host in turn; all its CPUs are tried where they are few. */
		expect_shape(&cpuid_hosts[n % cpuid_hosts_n], &t, t.vcpus > 64 ? 37 : 1);
		n++;
	}
	assert_true(n > 20000);
}

static void unequal_shapes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		struct vm_topology t = shapes_unequal(i);

		expect_shape(&cpuid_hosts[i % cpuid_hosts_n], &t, 1);
	}
	for (size_t i = 0; i < shapes_n; i++)
		for (size_t h = 0; h < cpuid_hosts_n; h++) {
			struct vm_topology t;

			assert_int_equal(vm_topology_parse(shapes[i], &t, NULL), 0);
			expect_shape(&cpuid_hosts[h], &t, 1);
		}
}

/* No two CPUs have the same id, and each fits what the layout promises. */
static void ids_are_unique(const struct vm_topology *t)
{
	const struct apic_layout a = apic_layout_of(t);
	unsigned char *seen = xcalloc(1, 1U << a.package_shift);
	struct vm_place p;

	vm_topology_foreach(&p, t)
	{
		uint32_t id = apic_id_of(&a, &p);

		assert_true(id <= a.max_id);
		assert_true(id < 1U << a.package_shift);
		assert_int_equal(seen[id]++, 0);
	}
	assert_int_equal(seen[a.max_id], 1);
	free(seen);
}

static void no_id_twice(void **state)
{
	unsigned llct[3] = {0};

	(void)state;
	while (shapes_next(llct)) {
		struct vm_topology t = vm_topology_uniform(1, llct[0], llct[1], llct[2]);

		ids_are_unique(&t);
	}
	for (unsigned i = 0; i < 400; i++) {
		struct vm_topology t = shapes_unequal(i);

		ids_are_unique(&t);
	}
}

static void documented_ids(void **state)
{
	static const struct {
		const char *text;
		unsigned cpu, id, package_shift;
	} rows[] = {
		{"1,2,4,2", 8, 8, 4},
		{"1,1,3,2", 5, 5, 3},
		{"1,3,3,1", 3, 4, 4},
		{"1,3,3,1", 8, 10, 4},
		{"1,1,1,1", 0, 0, 0},
		{"4c2t/1c1t", 8, 8, 4},
		{"1,1024,1,1", 1023, 1023, 10},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct vm_topology t;
		struct apic_layout a;
		struct vm_place p;

		assert_int_equal(vm_topology_parse(rows[i].text, &t, NULL), 0);
		a = apic_layout_of(&t);
		p = vm_topology_place(&t, rows[i].cpu);
		assert_int_equal(apic_id_of(&a, &p), rows[i].id);
		assert_int_equal(a.package_shift, rows[i].package_shift);
	}
}

static struct cpuid_table *of(const char *host, const char *text)
{
	struct vm_topology t;

	assert_int_equal(vm_topology_parse(text, &t, NULL), 0);
	return common(cpuid_host(host), &t);
}

static void leaf_one(void **state)
{
	struct cpuid_table *many = of("intel", "2,4,2,2"), *one = of("zen1", "1,1,1,1"),
			   *most = of("intel", "1,1,1024,1");

	(void)state;
	assert_int_equal(cpuid_find(many, 1, 0)->ebx >> 16 & 0xff, 16);
	assert_int_equal(cpuid_find(many, 1, 0)->ebx & 0xffff, 0x0800);
	assert_true(cpuid_find(many, 1, 0)->edx & 1 << 28);
	assert_true(cpuid_find(many, 1, 0)->ecx & 1 << 24);
	assert_true(cpuid_find(many, 1, 0)->ecx & 1U << 31);
	assert_int_equal(cpuid_find(one, 1, 0)->ebx >> 16 & 0xff, 1);
	assert_false(cpuid_find(one, 1, 0)->edx & 1 << 28);
	assert_int_equal(cpuid_find(most, 1, 0)->ebx >> 16 & 0xff, 255);
	free(many);
	free(one);
	free(most);
}

/* With either, Linux would stop all CPUs for each one that starts late. */
static void no_memory_types(void **state)
{
	enum { MTRR_DEF_TYPE = 0x2ff, ENABLED = 1 << 11 };
	static const struct {
		const char *host;
		uint32_t leaf;
	} rows[] = {{"intel", 1}, {"zen1", 1}, {"zen1", 0x80000001}, {"zen4", 0x80000001}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct cpuid_host *h = cpuid_host(rows[i].host);
		struct cpuid_table *c = of(rows[i].host, "1,1,4,1");
		uint32_t host = 0;

		for (unsigned n = 0; n < h->n; n++)
			if (h->entry[n].function == rows[i].leaf)
				host = h->entry[n].edx;
		assert_true(host & 1 << 16);
		assert_false(cpuid_find(c, rows[i].leaf, 0)->edx & 1 << 16);
		free(c);
	}
	for (size_t i = 0; i < REGS_MSRS; i++)
		if (regs_msrs[i].index == MTRR_DEF_TYPE)
			assert_false(regs_msrs[i].data & ENABLED);
}

/* Set only where KVM has the timer: older ones have it and do not say so in the table. */
static void the_deadline_timer(void **state)
{
	const struct vm_topology t = vm_topology_uniform(1, 1, 1, 1);
	const struct cpuid_host *h = cpuid_host("zen1");
	struct cpuid_request q = {.topology = &t, .supported = h->entry, .nsupported = h->n};
	struct cpuid_table *c = xcalloc(1, sizeof(*c));

	(void)state;
	assert_false(h->entry[1].ecx & 1 << 24);
	assert_int_equal(cpuid_common(&q, c, NULL), 0);
	assert_false(cpuid_find(c, 1, 0)->ecx & 1 << 24);
	q.tsc_deadline = true;
	assert_int_equal(cpuid_common(&q, c, NULL), 0);
	assert_true(cpuid_find(c, 1, 0)->ecx & 1 << 24);
	free(c);
}

/* In performance mode alone: guests then spin where they would ask the host to let others run. */
static void the_realtime_hint(void **state)
{
	const struct vm_topology t = vm_topology_uniform(1, 1, 1, 1);
	const struct cpuid_host *h = cpuid_host("zen1");
	struct cpuid_request q = {.topology = &t, .supported = h->entry, .nsupported = h->n};
	struct cpuid_table *c = xcalloc(1, sizeof(*c));

	(void)state;
	assert_int_equal(cpuid_common(&q, c, NULL), 0);
	assert_int_equal(cpuid_find(c, 0x40000001, 0)->edx & 1, 0);
	q.dedicated = true;
	assert_int_equal(cpuid_common(&q, c, NULL), 0);
	assert_int_equal(cpuid_find(c, 0x40000001, 0)->edx & 1, 1);
	free(c);
}

static void caches_keep_the_host_s_sizes(void **state)
{
	struct cpuid_table *intel = of("intel", "1,2,4,2"), *zen4 = of("zen4", "1,2,4,2"),
			   *bare = of("bare_intel", "1,2,4,2");
	const struct kvm_cpuid_entry2 *l3 = cpuid_find(intel, 4, 3);

	(void)state;
	assert_int_equal(l3->ecx, 114687);
	assert_int_equal(l3->ebx, 0x0380003f);
	assert_int_equal(l3->edx, 4);
	assert_int_equal(l3->eax, 3 | 3 << 5 | 1 << 8 | 7 << 14 | 7 << 26);
	assert_int_equal(cpuid_find(intel, 4, 2)->eax >> 14 & 0xfff, 1);
	assert_int_equal(cpuid_find(intel, 4, 4)->eax, 0);
	assert_null(cpuid_find(intel, 0x8000001d, 0));
	assert_int_equal(cpuid_find(zen4, 0x8000001d, 3)->ecx, 32767);
	assert_int_equal(cpuid_find(zen4, 0x8000001d, 3)->eax >> 26, 0);
	assert_int_equal(cpuid_find(zen4, 0x8000001d, 2)->ecx, 511);
	assert_null(cpuid_find(zen4, 4, 0));
	assert_int_equal(cpuid_find(bare, 4, 3)->eax & 0xff, 3 | 3 << 5);
	free(intel);
	free(zen4);
	free(bare);
}

static void leaves_that_kernels_prefer(void **state)
{
	struct cpuid_table *zen4 = of("zen4", "1,2,4,2"), *bare = of("bare_intel", "1,1,2,1");

	(void)state;
	assert_null(cpuid_find(zen4, 0x80000026, 0));
	assert_int_equal(cpuid_find(zen4, 0, 0)->eax, 0x1f);
	assert_int_equal(cpuid_find(zen4, 0x1f, 2)->ecx, 2 | 5 << 8);
	assert_int_equal(cpuid_find(zen4, 0x1f, 2)->ebx, 16);
	assert_int_equal(cpuid_find(zen4, 0x1f, 1)->ebx, 8);
	assert_int_equal(cpuid_find(zen4, 0x1f, 3)->ecx, 3);
	assert_int_equal(cpuid_find(bare, 0, 0)->eax, 0x1f);
	free(zen4);
	free(bare);
}

static void amd_s_own_leaves(void **state)
{
	struct cpuid_table *zen1 = of("zen1", "2,4,2,2"), *bare = of("bare_amd", "1,1,1,1");

	(void)state;
	/* Family 17h, model 31h, stepping kept. */
	assert_int_equal(cpuid_find(zen1, 1, 0)->eax, 0x830f12);
	assert_int_equal(cpuid_find(zen1, 0x80000001, 0)->eax, 0x830f12);
	assert_int_equal(cpuid_find(bare, 1, 0)->eax, 0x60fb1);
	assert_int_equal(cpuid_find(zen1, 0x80000001, 0)->ecx & 1 << 22, 1 << 22);
	assert_int_equal(cpuid_find(zen1, 0x80000001, 0)->ecx & 1 << 1, 1 << 1);
	assert_int_equal(cpuid_find(zen1, 0x80000008, 0)->ecx, 4 << 12 | 15);
	assert_int_equal(cpuid_find(zen1, 0x80000008, 0)->eax, 0x3030);
	assert_int_equal(cpuid_find(zen1, 0x80000000, 0)->eax, 0x8000001f);
	assert_int_equal(cpuid_find(zen1, 0x80000006, 0)->ecx, 0x02006140);
	assert_int_equal(cpuid_find(bare, 0x80000008, 0)->ecx, 0);
	assert_int_equal(cpuid_find(bare, 0x80000000, 0)->eax, 0x8000001e);
	assert_int_equal(cpuid_find(bare, 0x80000006, 0)->edx, 0x00808140);
	free(zen1);
	free(bare);
}

/* As Linux reads it (get_model_name() in arch/x86/kernel/cpu/common.c). */
static void the_host_s_name(void **state)
{
	static const char name[CPUID_BRAND] = "A Processor of 48 bytes  at most";
	const struct vm_topology t = vm_topology_uniform(1, 1, 2, 1);
	char got[CPUID_BRAND];

	(void)state;
	for (size_t k = 0; k < cpuid_hosts_n; k++) {
		const struct cpuid_host *h = &cpuid_hosts[k];
		const struct cpuid_request q = {
			.topology = &t, .supported = h->entry, .nsupported = h->n, .brand = name};
		cleanup_free struct cpuid_table *c = xcalloc(1, sizeof(*c));

		assert_int_equal(cpuid_common(&q, c, NULL), 0);
		assert_true(eax(c, 0x80000000, 0) >= 0x80000004);
		for (unsigned i = 0; i < CPUID_BRAND_LEAVES; i++)
			memcpy(got + 16 * i, &cpuid_find(c, 0x80000002 + i, 0)->eax, 16);
		assert_memory_equal(got, name, CPUID_BRAND);
	}
}

static void memory_has_to_have_addresses(void **state)
{
	struct cpuid_table *zen1 = of("zen1", "1,2,4,2"), *bare = of("bare_amd", "1,1,1,1");
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(cpuid_check_memory(zen1, 1ULL << 0x30, NULL), 0);
	assert_int_equal(cpuid_check_memory(zen1, (1ULL << 0x30) + 1, &e), -ENOMEM);
	/* nothing is said: 36 bits */
	assert_int_equal(cpuid_check_memory(bare, 64ULL << 30, NULL), 0);
	assert_int_equal(cpuid_check_memory(bare, 65ULL << 30, &e), -ENOMEM);
	assert_non_null(strstr(e.msg, "65 GiB"));
	assert_non_null(strstr(e.msg, "64 GiB"));
	free(zen1);
	free(bare);
}

static void counters_that_every_host_has(void **state)
{
	struct cpuid_table *intel = of("intel", "1,1,1,1"), *zen4 = of("zen4", "1,1,1,1");
	const struct kvm_cpuid_entry2 *p = cpuid_find(intel, 0xa, 0);

	(void)state;
	assert_int_equal(p->eax, 7 << 24 | 48 << 16 | 4 << 8 | 2);
	assert_int_equal(p->edx, 48 << 5 | 3);
	assert_int_equal(p->ecx, 0);
	assert_null(cpuid_find(zen4, 0xa, 0));
	free(intel);
	free(zen4);
}

static void kvm_s_leaves(void **state)
{
	struct cpuid_table *bare = of("bare_amd", "1,1,300,1"), *zen1 = of("zen1", "1,1,4,1");
	const struct kvm_cpuid_entry2 *s = cpuid_find(bare, 0x40000000, 0);

	(void)state;
	assert_int_equal(s->ebx, 0x4b4d564b);
	assert_int_equal(s->ecx, 0x564b4d56);
	assert_int_equal(s->edx, 0x4d);
	assert_int_equal(s->eax, 0x40000001);
	assert_int_equal(cpuid_find(bare, 0x40000001, 0)->eax, 1 << 15);
	assert_int_equal(cpuid_find(zen1, 0x40000001, 0)->eax, 0x01007efb);
	free(bare);
	free(zen1);
}

static void tables_that_are_none(void **state)
{
	static const struct kvm_cpuid_entry2 headless[] = {{.function = 7}};
	const struct vm_topology t = vm_topology_uniform(1, 1, 1, 1);
	struct kvm_cpuid_entry2 *many = xcalloc(CPUID_ENTRIES_MAX + 1, sizeof(*many));
	struct cpuid_table *c = xcalloc(1, sizeof(*c));
	struct cpuid_request q = {.topology = &t, .supported = headless, .nsupported = 1};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(cpuid_common(&q, c, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "no leaves 0 and 1"));
	for (unsigned i = 0; i <= CPUID_ENTRIES_MAX; i++)
		many[i].function = i == 4 ? 0x7000 : i == 0xb ? 0x7001 : i == 0x1f ? 0x7002 : i;
	q.supported = many;
	/* Too many outright; then too few places for what is added. */
	for (q.nsupported = CPUID_ENTRIES_MAX + 1; q.nsupported > CPUID_ENTRIES_MAX - 12;
		q.nsupported--)
		assert_int_equal(cpuid_common(&q, c, &e), -ENOSPC);
	q.nsupported = CPUID_ENTRIES_MAX - 20;
	assert_int_equal(cpuid_common(&q, c, &e), 0);
	free(c);
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_equal_shape),
		cmocka_unit_test(unequal_shapes),
		cmocka_unit_test(no_id_twice),
		cmocka_unit_test(documented_ids),
		cmocka_unit_test(leaf_one),
		cmocka_unit_test(no_memory_types),
		cmocka_unit_test(the_deadline_timer),
		cmocka_unit_test(the_realtime_hint),
		cmocka_unit_test(caches_keep_the_host_s_sizes),
		cmocka_unit_test(leaves_that_kernels_prefer),
		cmocka_unit_test(amd_s_own_leaves),
		cmocka_unit_test(the_host_s_name),
		cmocka_unit_test(memory_has_to_have_addresses),
		cmocka_unit_test(counters_that_every_host_has),
		cmocka_unit_test(kvm_s_leaves),
		cmocka_unit_test(tables_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
