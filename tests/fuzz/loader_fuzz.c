/* A kernel's first bytes, which may say anything: a plan that is accepted stays within file and
 * memory. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "vmm/kvm/arch/x86_64/layout.h"
#include "vmm/kvm/arch/x86_64/loader.h"
#include "vmm/kvm/arch/x86_64/zeropage.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(const struct loader_plan *p, uint64_t file_size)
{
	for (unsigned i = 0; i < p->n; i++) {
		const struct loader_segment *s = &p->segment[i];

		if (s->file_size > s->size || s->offset > file_size ||
			s->file_size > file_size - s->offset)
			abort();
		if (s->gpa < HIGH_START || s->gpa + s->size > HOLE_START || s->gpa < p->start ||
			s->gpa + s->size > p->end)
			abort();
	}
	if (!p->n || p->end > HOLE_START || p->entry < p->start || p->entry >= p->end)
		abort();
}

/* The first two bytes: how much larger the file is than what is seen of it, in pages. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	unsigned char page[ZERO_PAGE_SIZE];
	struct vm_topology t = vm_topology_uniform(1, 1, 1, 1);
	const struct ram_hole hole = {HOLE_START, HOLE_END};
	cleanup_free uint8_t *copy = NULL;
	struct loader_plan p;
	struct ram ram;
	uint64_t file_size;

	if (n < 2)
		return 0;
	n -= 2;
	file_size = n + 4096ULL * (bytes[0] | (unsigned)bytes[1] << 8);
	/* exactly this size: a byte read behind it is seen */
	copy = xmalloc(n ? n : 1);
	if (n)
		memcpy(copy, bytes + 2, n);
	if (loader_plan(copy, n, file_size, "k", &p, NULL))
		return 0;
	check(&p, file_size);
	ram_layout(&t, 512 << 20, &hole, &ram);
	zero_page_make(&(struct zero_page_request){.plan = &p, .ram = &ram}, page);
	return 0;
}
