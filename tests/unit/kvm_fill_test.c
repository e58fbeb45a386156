/* Files into guest memory: copied or mapped, whole or refused, and memory that was placed stays. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "tests/lib/skip.h"
#include "tests/lib/smaps.h"
#include "vmm/kvm/fill.h"
#include "vmm/kvm/ram.h"

#define MIB 0x100000ULL

enum { PAGE = 4096, REST = 123 }; /* bytes that a large file has behind its last whole page */

/* Where a file is put: the last megabytes that it fits into. */
#define GUEST_MIB 64
#define AT	  (28 * MIB)

/* A file whose every page, and whose last byte, says where it lies. */
static int file_of(uint64_t size)
{
	int fd = memfd_create("initramfs", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	for (uint64_t at = 0; at + sizeof(at) <= size; at += PAGE)
		assert_int_equal(pwrite(fd, &at, sizeof(at), (off_t)at), sizeof(at));
	assert_int_equal(pwrite(fd, "z", 1, (off_t)size - 1), 1);
	return fd;
}

static void map_guest(struct ram *r, struct gmem *mem)
{
	const struct ram_hole hole = {3ULL << 30, 4ULL << 30};
	struct vm_topology t;

	assert_int_equal(vm_topology_parse("1,1,1,1", &t, NULL), 0);
	ram_layout(&t, GUEST_MIB * MIB, &hole, r);
	*mem = (struct gmem){0};
	assert_int_equal(ram_map(r, mem, NULL), 0);
}

static void holds(const struct gmem *mem, uint64_t size)
{
	const unsigned char *p = gmem_at(mem, AT, size);
	uint64_t there;

	assert_non_null(p);
	for (uint64_t at = 0; at + sizeof(at) <= size; at += PAGE) {
		memcpy(&there, p + at, sizeof(there));
		assert_int_equal(there, at);
	}
	assert_int_equal(p[size - 1], 'z');
	assert_int_equal(p[size], 0);
}

/* Left out of dumps and forks, and never executable, as all of a guest's memory. */
static void is_the_guest_s(const struct gmem *mem, uint64_t size)
{
	char flags[512];

	for (uint64_t at = 0; at < size; at += MIB) {
		smaps_flags(gmem_at(mem, AT + at, 1), flags, sizeof(flags));
		assert_non_null(strstr(flags, " wr"));
		assert_non_null(strstr(flags, " dd"));
		assert_non_null(strstr(flags, " dc"));
		assert_null(strstr(flags, " ex"));
	}
}

/* Whether pages that nobody has looked at are the file's. */
static bool is_mapped(const struct gmem *mem, int fd)
{
	assert_int_equal(pwrite(fd, "now", 3, MIB + 512), 3);
	return !memcmp(gmem_at(mem, AT + MIB + 512, 3), "now", 3);
}

static void a_file_arrives_whole(void **state)
{
	static const struct {
		uint64_t size;
		bool placed, mapped;
	} cases[] = {
		{33 * MIB + REST, false, true},
		{33 * MIB, false, true},
		{33 * MIB + REST, true, false},
		{31 * MIB + REST, false, false},
		{2 * MIB + 1, true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = file_of(cases[i].size);
		char first[4];
		struct gmem mem;
		struct ram r;

		map_guest(&r, &mem);
		assert_int_equal(fill_initrd(&mem, AT, fd, cases[i].size, cases[i].placed), 0);
		assert_int_equal(is_mapped(&mem, fd), cases[i].mapped);
		is_the_guest_s(&mem, cases[i].size);
		holds(&mem, cases[i].size);
		/* a guest writes where its initramfs was, and not into the file */
		assert_true(gmem_write(&mem, AT, "mine", 4));
		assert_int_equal(pread(fd, first, sizeof(first), 0), sizeof(first));
		assert_memory_equal(first, "\0\0\0\0", sizeof(first));
		ram_unmap(&r);
		close(fd);
	}
}

/* One that is shorter than it was when it was looked at: mapped, its guest would end us. */
static void a_file_that_was_cut_is_refused(void **state)
{
	static const struct {
		uint64_t size, left;
		bool placed;
	} cases[] = {
		{33 * MIB + REST, 33 * MIB + 1, false},
		{33 * MIB + REST, 20 * MIB, false},
		{33 * MIB, 33 * MIB - 1, false},
		{33 * MIB, 0, false},
		{33 * MIB, 20 * MIB, true},
		{MIB, MIB - 1, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = file_of(cases[i].size);
		struct gmem mem;
		struct ram r;

		map_guest(&r, &mem);
		assert_int_equal(ftruncate(fd, (off_t)cases[i].left), 0);
		assert_int_equal(fill_initrd(&mem, AT, fd, cases[i].size, cases[i].placed), -EIO);
		assert_int_equal(fill_copy(&mem, AT, fd, 0, cases[i].size), -EIO);
		ram_unmap(&r);
		close(fd);
	}
}

static void what_does_not_fit_is_refused(void **state)
{
	int fd = file_of(33 * MIB);
	struct gmem mem;
	struct ram r;

	(void)state;
	map_guest(&r, &mem);
	assert_int_equal(fill_initrd(&mem, 32 * MIB, fd, 33 * MIB, false), -EFAULT);
	assert_int_equal(fill_initrd(&mem, 32 * MIB, fd, 33 * MIB, true), -EFAULT);
	assert_int_equal(fill_initrd(&mem, 0, fd, 0, false), 0);
	ram_unmap(&r);
	close(fd);
}

/* The host's pool may be empty: holes are not written, so no page of it is needed. A file cannot be
 * mapped there. */
static void memory_of_the_pool_stays(void **state)
{
	int fd = memfd_create("initramfs", MFD_CLOEXEC);
	struct gmem mem = {0};
	char flags[512];
	void *p = mmap(NULL, GUEST_MIB * MIB, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE | 21 << 26, -1, 0);

	(void)state;
	if (p == MAP_FAILED)
		skip_because("no huge pages here: %s", strerror(errno));
	assert_int_equal(gmem_add(&mem, 0, GUEST_MIB * MIB, p, NULL), 0);
	assert_int_equal(ftruncate(fd, 33 * MIB), 0);
	assert_int_equal(fill_initrd(&mem, AT, fd, 33 * MIB, true), 0);
	smaps_flags((char *)p + AT, flags, sizeof(flags));
	assert_non_null(strstr(flags, " ht"));
	munmap(p, GUEST_MIB * MIB);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_arrives_whole),
		cmocka_unit_test(a_file_that_was_cut_is_refused),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(memory_of_the_pool_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
