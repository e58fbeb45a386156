/* An unpacked kernel's headers and notes, which may say anything. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "vmm/qemu/vmlinux.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	/* a copy of exactly this size: a byte read behind it is seen */
	cleanup_free uint8_t *copy = xmalloc(n ? n : 1);

	if (n)
		memcpy(copy, bytes, n);
	if (qemu_has_pvh_entry(copy, n) && !memmem(copy, n, "Xen", 4))
		abort();
	return 0;
}
