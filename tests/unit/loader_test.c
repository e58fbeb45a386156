/* Kernel images as the monitor reads them, the page it hands over, and the state of the first CPU.
 */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/mem.h"
#include "tests/lib/smaps.h"
#include "vmm/kvm/arch/x86_64/acpi.h"
#include "vmm/kvm/arch/x86_64/layout.h"
#include "vmm/kvm/arch/x86_64/loader.h"
#include "vmm/kvm/arch/x86_64/regs.h"
#include "vmm/kvm/arch/x86_64/zeropage.h"

#define MIB (1ULL << 20)

struct elf {
	Elf64_Ehdr h;
	Elf64_Phdr ph[3];
};

/* Text at 16 MiB, data behind it with memory beyond the file, notes that are not loaded. */
static struct elf elf(void)
{
	struct elf f = {
		.h = {.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_entry = 0x1000000,
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 3},
		.ph = {{.p_type = PT_LOAD,
			       .p_offset = 0x1000,
			       .p_paddr = 0x1000000,
			       .p_filesz = 0x2000,
			       .p_memsz = 0x2000},
			{.p_type = PT_LOAD,
				.p_offset = 0x3000,
				.p_paddr = 0x1200000,
				.p_filesz = 0x1000,
				.p_memsz = 0x9000},
			{.p_type = PT_NOTE, .p_offset = 0x1000, .p_filesz = 0x200}},
	};

	memcpy(f.h.e_ident, ELFMAG, SELFMAG);
	f.h.e_ident[EI_CLASS] = ELFCLASS64;
	f.h.e_ident[EI_DATA] = ELFDATA2LSB;
	return f;
}

enum { ELF_FILE = 0x4000 };

static int plan_elf(const struct elf *f, struct loader_plan *p, struct err *e)
{
	return loader_plan(f, sizeof(*f), ELF_FILE, "/boot/k", p, e);
}

static void an_elf_file(void **state)
{
	struct elf f = elf();
	struct loader_plan p;

	(void)state;
	assert_int_equal(plan_elf(&f, &p, NULL), 0);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.entry, 0x1000000);
	assert_int_equal(p.start, 0x1000000);
	assert_int_equal(p.end, 0x1209000);
	assert_int_equal(p.segment[1].file_size, 0x1000);
	assert_int_equal(p.segment[1].size, 0x9000);
	assert_int_equal(p.header_size, 0);
	assert_int_equal(p.cmdline_max, 2047);
}

static void elf_files_that_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint64_t value;
		unsigned width;
		const char *why;
	} cases[] = {
		{offsetof(struct elf, h.e_machine), EM_AARCH64, 2, "not for x86-64"},
		{offsetof(struct elf, h.e_type), ET_REL, 2, "no program"},
		{offsetof(struct elf, h.e_phnum), 60000, 2, "headers are damaged"},
		{offsetof(struct elf, h.e_phoff), UINT64_MAX - 8, 8, "headers are damaged"},
		{offsetof(struct elf, h.e_entry), 0x1201000, 8, "entry lies outside"},
		{offsetof(struct elf, h.e_phnum), 0, 2, "entry lies outside"},
		{offsetof(struct elf, ph[0].p_filesz), 0x4000, 8, "beyond the end of the file"},
		{offsetof(struct elf, ph[0].p_offset), UINT64_MAX, 8, "beyond the end of the file"},
		{offsetof(struct elf, ph[0].p_paddr), 0x1000, 8, "where no memory is"},
		{offsetof(struct elf, ph[0].p_paddr), 0xbffff000, 8, "where no memory is"},
		{offsetof(struct elf, ph[1].p_memsz), UINT64_MAX, 8, "where no memory is"},
		{offsetof(struct elf, ph[1].p_paddr), 0x1001000, 8, "overlap"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = ERR_INIT;
		struct loader_plan p;
		struct elf f = elf();

		memcpy((char *)&f + cases[i].at, &cases[i].value, cases[i].width);
		assert_int_equal(plan_elf(&f, &p, &e), -ENOEXEC);
		if (!strstr(e.msg, cases[i].why) || !strstr(e.msg, "/boot/k"))
			fail_msg("%zu: '%s' says nothing of '%s'", i, e.msg, cases[i].why);
	}
}

enum { IMAGE_HEAD = 4096 };

static void image(unsigned char *h)
{
	memset(h, 0, IMAGE_HEAD);
	h[0x1f1] = 3;
	h[0x201] = 0x6a; /* the header ends at 0x26c */
	memcpy(h + 0x202, "HdrS", 4);
	h[0x206] = 0x0f;
	h[0x207] = 0x02;
	h[0x211] = 1;
	h[0x236] = 1;
	memcpy(h + 0x22c, "\xff\xff\xff\x7f", 4);
	memcpy(h + 0x238, "\xff\x07\x00\x00", 4);
	memcpy(h + 0x258, "\x00\x00\x00\x01\x00\x00\x00\x00", 8);
	memcpy(h + 0x260, "\x00\x00\x00\x02", 4);
}

static void an_image(void **state)
{
	unsigned char h[IMAGE_HEAD];
	struct loader_plan p;

	(void)state;
	image(h);
	assert_int_equal(loader_plan(h, sizeof(h), 9 * MIB, "/boot/k", &p, NULL), 0);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.segment[0].offset, 4 * 512);
	assert_int_equal(p.segment[0].size, 9 * MIB - 4 * 512);
	assert_int_equal(p.entry, 0x1000200);
	assert_int_equal(p.end, 0x3000000);
	assert_int_equal(p.initrd_max, 0x7fffffff);
	assert_int_equal(p.cmdline_max, 0x7ff);
	assert_int_equal(p.header_size, 0x26c - 0x1f1);
}

static void images_that_are_refused(void **state)
{
	static const struct {
		unsigned at, value;
		const char *why;
	} cases[] = {
		{0x202, 'X', "neither a bzImage nor an ELF file"},
		{0x206, 0x0b, "older than 2.12"},
		{0x211, 0, "no 64-bit entry"},
		{0x236, 0, "no 64-bit entry"},
		{0x201, 0x20, "impossible length"},
		{0x201, 0xff, "impossible length"},
		{0x25b, 0, "where no memory is"},
		{0x25c, 1, "where no memory is"},
		{0x263, 0xff, "where no memory is"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned char h[IMAGE_HEAD];
		struct err e = ERR_INIT;
		struct loader_plan p;

		image(h);
		h[cases[i].at] = (unsigned char)cases[i].value;
		assert_int_equal(loader_plan(h, sizeof(h), 9 * MIB, "/boot/k", &p, &e), -ENOEXEC);
		if (!strstr(e.msg, cases[i].why))
			fail_msg("%zu: '%s' says nothing of '%s'", i, e.msg, cases[i].why);
	}
}

static void short_files_are_refused(void **state)
{
	unsigned char h[IMAGE_HEAD];
	struct elf f = elf();
	struct loader_plan p;

	(void)state;
	image(h);
	for (size_t n = 0; n <= 4 * 512 + 0x200; n++)
		assert_int_equal(loader_plan(h, n, n, "k", &p, NULL), -ENOEXEC);
	for (size_t n = 0; n < sizeof(f); n++)
		assert_int_equal(loader_plan(&f, n, n, "k", &p, NULL), -ENOEXEC);
}

/* As high as the kernel finds it and memory goes; what cannot fit says whether memory would help.
 */
static void where_an_initramfs_lies(void **state)
{
	static const struct {
		uint64_t initrd_max, ram_end, size, at;
		const char *why; /* NULL: it fits */
	} cases[] = {
		{0x7fffffff, 512 * MIB, 20 * MIB + 1, 490 * MIB, NULL},
		{0x7fffffff, 3072 * MIB, 20 * MIB, 2028 * MIB, NULL},
		{0xffffffff, 3072 * MIB, 20 * MIB, 3052 * MIB, NULL},
		{UINT64_MAX - 1, 3072 * MIB, 20 * MIB, 3052 * MIB, NULL},
		{0x7fffffff, 512 * MIB, 464 * MIB, 48 * MIB, NULL},
		{0x7fffffff, 512 * MIB, 464 * MIB + 1, 0, "513 MiB below 2048"},
		{0x7fffffff, 40 * MIB, MIB, 0, "more with --memory-mib"},
		{0x7fffffff, 3072 * MIB, 2000 * MIB, 48 * MIB, NULL},
		{0x7fffffff, 512 * MIB, 2000 * MIB, 0, "more with --memory-mib"},
		{0x7fffffff, 512 * MIB, 2000 * MIB + 1, 0, "2001 MiB, and this kernel takes 2000"},
		{0x7fffffff, 3072 * MIB, 2000 * MIB + 1, 0, "fewer or smaller files"},
		{0xffffffff, 3072 * MIB, 3024 * MIB + 1, 0, "this kernel takes 3024"},
		{0xffffffff, 3072 * MIB, UINT64_MAX, 0, "fewer or smaller files"},
		{47 * MIB, 512 * MIB, 1, 0, "this kernel takes 0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct loader_plan p = {
			.end = 47 * MIB + 1, .initrd_max = cases[i].initrd_max};
		struct err e = ERR_INIT;
		uint64_t at = 0;
		int rc = loader_initrd(&p, cases[i].ram_end, cases[i].size, &at, &e);

		if (!cases[i].why) {
			assert_int_equal(rc, 0);
			assert_int_equal(at, cases[i].at);
		} else if (rc >= 0 || !strstr(e.msg, cases[i].why)) {
			fail_msg("%zu: '%s' says nothing of '%s'", i, e.msg, cases[i].why);
		} else {
			/* one way out, not both */
			assert_true(!strstr(e.msg, "--memory-mib") == (rc == -E2BIG));
			assert_true(!strstr(e.msg, "--include-files") == (rc == -ENOMEM));
		}
	}
}

/* ---- memory --------------------------------------------------------------------------------- */

static const struct ram_hole hole = {HOLE_START, HOLE_END};

static void ram_of(const char *shape, uint64_t mib, struct ram *r)
{
	struct vm_topology t;

	assert_int_equal(vm_topology_parse(shape, &t, NULL), 0);
	ram_layout(&t, mib * MIB, &hole, r);
}

static void memory_is_shared_out(void **state)
{
	static const struct {
		const char *shape;
		uint64_t mib;
		unsigned ranges;
	} cases[] = {
		{"1,1,1,1", 128, 1},
		{"1,1,1,1", 3072, 1},
		{"1,1,1,1", 3073, 2},
		{"1,1,1,1", 8192, 2},
		{"2,4,2,2", 301, 2},
		{"4,4,1,1", 6144, 4},
		{"4,4,1,1", 6160, 5},
		{"3,3,1,1", 4096, 4},
		{"1c1t/mem", 4096, 3},
		{"64,64,1,1", 1 << 20, 65},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t total = 0, end = 0;
		unsigned node = 0;
		struct ram r;

		ram_of(cases[i].shape, cases[i].mib, &r);
		assert_int_equal(r.n, cases[i].ranges);
		for (unsigned k = 0; k < r.n; k++) {
			const struct ram_range *g = &r.range[k];

			assert_true(g->size && g->gpa >= end && g->node >= node);
			assert_true(g->gpa + g->size <= HOLE_START || g->gpa >= HOLE_END);
			assert_true(g->gpa == end || g->gpa == HOLE_END);
			total += g->size;
			end = g->gpa + g->size;
			node = g->node;
		}
		assert_int_equal(total, cases[i].mib * MIB);
	}
}

/* Nothing of a guest's is run here, dumped with us, or taken along by a fork. */
static void memory_stays_the_guest_s(void **state)
{
	struct gmem mem = {.n = 0};
	char flags[512];
	struct ram r;

	(void)state;
	ram_of("2,2,1,1", 6144, &r);
	assert_int_equal(ram_map(&r, &mem, NULL), 0);
	for (unsigned i = 0; i < r.n; i++) {
		smaps_flags(r.range[i].host, flags, sizeof(flags));
		assert_non_null(strstr(flags, " wr"));
		assert_null(strstr(flags, " ex"));
		assert_non_null(strstr(flags, " dd"));
		assert_non_null(strstr(flags, " dc"));
	}
	/* a page before each, and behind the last, that nobody may touch */
	smaps_flags(r.range[0].host - 1, flags, sizeof(flags));
	assert_null(strstr(flags, " rd"));
	smaps_flags(r.range[r.n - 1].host + r.range[r.n - 1].size, flags, sizeof(flags));
	assert_null(strstr(flags, " rd"));
	ram_unmap(&r);
}

/* Every byte of it can be written, and nothing lies beside it. */
static void memory_is_mapped(void **state)
{
	struct gmem mem = {.n = 0};
	struct ram r;

	(void)state;
	ram_of("4,4,1,1", 6148, &r);
	assert_int_equal(ram_map(&r, &mem, NULL), 0);
	assert_int_equal(mem.n, 2);
	for (unsigned i = 0; i < r.n; i++) {
		assert_true(gmem_write(&mem, r.range[i].gpa, "a", 1));
		assert_true(gmem_write(&mem, r.range[i].gpa + r.range[i].size - 1, "b", 1));
		assert_ptr_equal(gmem_at(&mem, r.range[i].gpa, 1), r.range[i].host);
		/* as KVM wants it for huge pages */
		if (r.range[i].gpa % (2 * MIB) == 0)
			assert_int_equal((uintptr_t)r.range[i].host % (2 * MIB), 0);
	}
	assert_false(gmem_write(&mem, HOLE_START - 1, "ab", 2));
	assert_false(gmem_write(&mem, HOLE_START, "a", 1));
	ram_unmap(&r);
	ram_unmap(&r);
}

/* ---- what a kernel is handed ------------------------------------------------------------------
 */

static uint64_t le(const unsigned char *p, unsigned width)
{
	uint64_t v = 0;

	while (width--)
		v = v << 8 | p[width];
	return v;
}

static void the_zero_page(void **state)
{
	unsigned char h[IMAGE_HEAD], page[ZERO_PAGE_SIZE];
	struct loader_plan p;
	struct ram r;
	const struct zero_page_request q = {
		.plan = &p,
		.ram = &r,
		.initrd_at = 0x123400000,
		.initrd_size = 0x5678,
		.setup_data = RNG_SEED_AT,
	};

	(void)state;
	image(h);
	assert_int_equal(loader_plan(h, sizeof(h), 9 * MIB, "k", &p, NULL), 0);
	ram_of("1,1,1,1", 4096, &r);
	zero_page_make(&q, page);
	assert_int_equal(page[0x1ef], 0); /* the sentinel */
	assert_memory_equal(page + 0x202, "HdrS", 4);
	assert_int_equal(page[0x210], 0xff);
	assert_int_equal(le(page + 0x070, 8), ACPI_BASE);
	assert_int_equal(le(page + 0x228, 4), CMDLINE_AT);
	assert_int_equal(le(page + 0x218, 4), 0x23400000);
	assert_int_equal(le(page + 0x0c0, 4), 1);
	assert_int_equal(le(page + 0x21c, 4), 0x5678);
	assert_int_equal(le(page + 0x250, 8), RNG_SEED_AT);
	assert_int_equal(le(page + 0x258, 8), 0x1000000);
	/* below 640 KiB, the firmware's part, up to 3 GiB, above 4 GiB */
	assert_int_equal(page[0x1e8], 4);
	assert_int_equal(le(page + 0x2d0 + 20 + 16, 4), 2);
	assert_int_equal(le(page + 0x2d0 + 2 * 20, 8), HIGH_START);
	assert_int_equal(le(page + 0x2d0 + 2 * 20 + 8, 8), HOLE_START - HIGH_START);
	assert_int_equal(le(page + 0x2d0 + 3 * 20, 8), HOLE_END);
	assert_int_equal(le(page + 0x2d0 + 3 * 20 + 8, 8), 1024 * MIB);
	/* an ELF kernel brings no header: it is given one */
	p.header_size = 0;
	zero_page_make(&q, page);
	assert_int_equal(le(page + 0x1fe, 2), 0xaa55);
	assert_memory_equal(page + 0x202, "HdrS", 4);
	assert_int_equal(le(page + 0x258, 8), 0);
}

static void the_first_cpu(void **state)
{
	struct kvm_sregs s = {.apic_base = 0xfee00900};
	struct kvm_regs r = regs_entry(0x1000200, ZERO_PAGE_AT);
	uint64_t tables[3][512] = {{0}};

	(void)state;
	regs_long_mode(&s);
	assert_int_equal(s.cs.l, 1);
	assert_int_equal(s.cs.db, 0);
	assert_int_equal(s.cs.type, 11);
	assert_int_equal(s.ds.type, 3);
	assert_int_equal(s.cs.selector, 0x10);
	assert_int_equal(s.ds.selector, 0x18);
	assert_int_equal(s.tr.s, 0);
	assert_int_equal(s.efer, 0x500);
	assert_int_equal(s.cr0, 0x80000011);
	assert_int_equal(s.gdt.limit, 39);
	assert_int_equal(r.rip, 0x1000200);
	assert_int_equal(r.rsi, ZERO_PAGE_AT);
	assert_int_equal(r.rflags, 2);
	regs_page_tables(tables[0], tables[1], tables[2]);
	assert_int_equal(tables[0][0], PDPT_AT | 3);
	assert_int_equal(tables[1][0], PD_AT | 3);
	assert_int_equal(tables[2][511], (511ULL << 21) | 0x83);
	regs_x2apic(&s);
	assert_int_equal(s.apic_base, 0xfee00d00);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_elf_file),
		cmocka_unit_test(elf_files_that_are_refused),
		cmocka_unit_test(an_image),
		cmocka_unit_test(images_that_are_refused),
		cmocka_unit_test(short_files_are_refused),
		cmocka_unit_test(where_an_initramfs_lies),
		cmocka_unit_test(memory_is_shared_out),
		cmocka_unit_test(memory_is_mapped),
		cmocka_unit_test(memory_stays_the_guest_s),
		cmocka_unit_test(the_zero_page),
		cmocka_unit_test(the_first_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
