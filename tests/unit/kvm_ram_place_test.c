/* Performance mode's memory: of the nodes asked for, of huge pages where there are some, and usable
 * in either case. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/skip.h"
#include "tests/lib/smaps.h"
#include "vmm/kvm/ram.h"

enum { MIB = 1 << 20 };

static void map(struct ram *r, struct gmem *mem, const char *shape, unsigned mib)
{
	const struct ram_hole hole = {3ULL << 30, 4ULL << 30};
	struct vm_topology t;
	struct err e = ERR_INIT;

	assert_int_equal(vm_topology_parse(shape, &t, NULL), 0);
	ram_layout(&t, (uint64_t)mib * MIB, &hole, r);
	*mem = (struct gmem){0};
	assert_int_equal(ram_map(r, mem, &e), 0);
}

/* Every page can be written: a mapping that failed half way would not be there. */
static void touch(const struct ram *r)
{
	for (unsigned i = 0; i < r->n; i++)
		for (uint64_t at = 0; at < r->range[i].size; at += MIB / 2)
			r->range[i].host[at] = 1;
}

static void test_huge_pages_or_none(void **state)
{
	struct vm_placement p = {.hugepages = true};
	struct ram r;
	struct gmem mem;
	struct err e = ERR_INIT;

	(void)state;
	map(&r, &mem, "2,2,1,1", 8);
	assert_false(r.placed);
	assert_int_equal(ram_place(&r, &p, &e), 0);
	assert_true(r.placed);
	touch(&r);
	ram_unmap(&r);
}

/* Where the pool has run dry, ordinary memory is wanted in huge pages as before. */
static void test_huge_pages_are_still_wanted(void **state)
{
	const struct vm_placement p = {.hugepages = true};
	char before[512], after[512];
	struct ram r;
	struct gmem mem;

	(void)state;
	map(&r, &mem, "1,1,1,1", 8);
	smaps_flags(r.range[0].host, before, sizeof(before));
	assert_int_equal(ram_place(&r, &p, NULL), 0);
	smaps_flags(r.range[0].host, after, sizeof(after));
	ram_unmap(&r);
	if (!strstr(before, " hg"))
		skip_because("no transparent huge pages here");
	assert_true(strstr(after, " ht") || strstr(after, " hg"));
	assert_non_null(strstr(after, " dd"));
	assert_non_null(strstr(after, " dc"));
}

/* Neither huge pages nor nodes are asked for: it may still be exchanged. */
static void test_nothing_to_place(void **state)
{
	const struct vm_placement p = {.vcpu_fifo = 1};
	struct ram r;
	struct gmem mem;

	(void)state;
	map(&r, &mem, "1,1,1,1", 8);
	assert_int_equal(ram_place(&r, &p, NULL), 0);
	assert_false(r.placed);
	ram_unmap(&r);
}

static void test_nodes(void **state)
{
	struct cpuset node[2] = {CPUSET_INIT, CPUSET_INIT};
	struct vm_placement p = {.node_mems = node, .nnodes = 2};
	unsigned long mask[16] = {0};
	struct ram r;
	struct gmem mem;
	struct err e = ERR_INIT;
	int mode = -1, rc;

	(void)state;
	cpuset_add(&node[0], 0);
	cpuset_add(&node[1], 0);
	map(&r, &mem, "2,2,1,1", 8);
	rc = ram_place(&r, &p, &e);
	if (rc == -ENOSYS || rc == -EPERM) {
		ram_unmap(&r);
		skip_because("no mbind here: %s", e.msg);
	}
	assert_int_equal(rc, 0);
	assert_true(r.placed);
	touch(&r);
	assert_int_equal(syscall(SYS_get_mempolicy, &mode, mask, sizeof(mask) * 8, r.range[1].host,
				 2 /* MPOL_F_ADDR */),
		0);
	assert_int_equal(mode, MPOL_BIND);
	assert_int_equal(mask[0], 1);
	ram_unmap(&r);
	/* a node that this host does not have */
	cpuset_clear(&node[1]);
	cpuset_add(&node[1], 1000);
	map(&r, &mem, "2,2,1,1", 8);
	assert_true(ram_place(&r, &p, &e) < 0);
	assert_non_null(strstr(e.msg, "memory of the guest's node 1 cannot be bound"));
	ram_unmap(&r);
	cpuset_release(&node[0]);
	cpuset_release(&node[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_huge_pages_or_none),
		cmocka_unit_test(test_huge_pages_are_still_wanted),
		cmocka_unit_test(test_nothing_to_place),
		cmocka_unit_test(test_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
