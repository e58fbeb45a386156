/* How much memory a guest needs to hold its payload and still have room to work (spec/vmm 1.7). */
#include "vmm/engine.h"

#include <ctype.h>
#include <stdlib.h>

#define MIB (1024ULL * 1024)

/* What a workload gets beside kernel and payload; and what the kernel keeps for each CPU after the
 * first: its area of 256 KiB, threads and their stacks, lists (6.1: 0.8 MiB). */
enum { WORKLOAD_MIB = 256, CPU_MIB = 1 };

static uint64_t to_mib(uint64_t bytes)
{
	return bytes / MIB + (bytes % MIB != 0);
}

static uint64_t saturating_add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t saturating_scale(uint64_t v, uint64_t times, uint64_t by)
{
	uint64_t product;

	if (__builtin_mul_overflow(v, times, &product))
		return UINT64_MAX;
	return product / by + (product % by != 0);
}

uint64_t engine_memory_total(
	uint64_t unpacked_mib, uint64_t kernel_mib, uint64_t loaded_mib, bool big_rootfs)
{
	/* the root file system may take half of memory, or nine tenths where its size can be asked
	 * for */
	uint64_t room = big_rootfs ? saturating_scale(unpacked_mib, 10, 9)
				   : saturating_scale(unpacked_mib, 2, 1);
	uint64_t content = saturating_add(saturating_add(room, kernel_mib), loaded_mib);
	/* struct page takes 64 bytes of each 4 KiB */
	uint64_t boot = saturating_scale(content, 64, 63);

	return saturating_add(boot, WORKLOAD_MIB);
}

/* The number at *at, which moves on behind it. */
static bool version_part(const char **at, unsigned long *out)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	*out = strtoul(*at, &end, 10);
	*at = end;
	return true;
}

bool engine_rootfs_is_sizable(const char *release)
{
	/* the stable releases that carry `initramfs_options=`; 6.18 was the first to have it */
	static const struct {
		unsigned major, minor, patch;
	} since[] = {{5, 4, 301}, {5, 10, 246}, {5, 15, 195}, {6, 1, 157}, {6, 6, 113}, {6, 12, 54},
		{6, 17, 4}};
	unsigned long major, minor, patch;

	if (!release || !version_part(&release, &major) || *release++ != '.' ||
		!version_part(&release, &minor))
		return false;
	if (*release++ != '.' || !version_part(&release, &patch))
		patch = 0;
	for (size_t i = 0; i < ARRAY_LEN(since); i++)
		if (since[i].major == major && since[i].minor == minor)
			return patch >= since[i].patch;
	return major > 6 || (major == 6 && minor >= 18);
}

uint32_t engine_memory_mib(
	uint64_t initrd_bytes, const struct vm_kernel *k, unsigned vcpus, uint32_t floor_mib)
{
	uint64_t initrd = to_mib(initrd_bytes); /* not compressed: as big loaded as unpacked */
	uint64_t total = engine_memory_total(
		initrd, to_mib(k->init_size), initrd, engine_rootfs_is_sizable(k->release));

	total = saturating_add(total, (vcpus - 1ULL) * CPU_MIB);
	if (total < floor_mib)
		total = floor_mib;
	return total < UINT32_MAX ? (uint32_t)total : UINT32_MAX;
}
