#include "vmm/kvm/descriptors.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ascending(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static int close_between(unsigned first, unsigned last)
{
	if (first > last)
		return 0;
	/* by number: glibc has a name for it since 2.34 only */
	return syscall(SYS_close_range, first, last, 0) ? -errno : 0;
}

int descriptors_close_others(int *keep, size_t n)
{
	unsigned next = 0;
	int rc = 0;

	qsort(keep, n, sizeof(*keep), ascending);
	for (size_t i = 0; i < n && !rc; i++) {
		if (keep[i] < 0 || (unsigned)keep[i] < next)
			continue;
		if (keep[i] > 0)
			rc = close_between(next, (unsigned)keep[i] - 1);
		next = (unsigned)keep[i] + 1;
	}
	return rc ? rc : close_between(next, INT_MAX);
}
