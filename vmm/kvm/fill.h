/* Files into guest memory. */
#pragma once

#include <stdint.h>

#include "vmm/kvm/gmem.h"

/* 0, -EFAULT where there is no such memory, -EIO when the file is shorter, -errno. */
int fill_from_file(const struct gmem *m, uint64_t gpa, int fd, uint64_t offset, uint64_t size);
