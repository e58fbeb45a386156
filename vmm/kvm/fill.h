/* Files into guest memory that nobody has written to yet. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/kvm/gmem.h"

/* Copies, holes left out. 0, -EFAULT where there is no such memory, -EIO when the file is shorter,
 * -errno. */
int fill_copy(const struct gmem *m, uint64_t gpa, int fd, uint64_t offset, uint64_t size);
/* A whole file: copied, or where it is large put in the memory's place, page by page as the guest
 * looks at it; nobody may cut the file from then on. Memory that was `placed` (struct ram) is what
 * it is for a reason, and is copied into. Errors as of fill_copy(). */
int fill_initrd(const struct gmem *m, uint64_t gpa, int fd, uint64_t size, bool placed);
