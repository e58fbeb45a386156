/* Any bytes as a vmlinux: refused, or stripped to something that can be stripped again. */
#include <stdint.h>
#include <stdlib.h>

#include "src/kernels/strip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str once = STR_INIT, twice = STR_INIT;
	struct err e = ERR_INIT;

	if (strip_vmlinux(data, size, &once, &e) == 0 &&
		strip_vmlinux((const unsigned char *)once.s, once.len, &twice, &e) != 0)
		abort();
	str_release(&once);
	str_release(&twice);
	return 0;
}
