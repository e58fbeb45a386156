/* What the kernel says of this process's mappings (proc(5), smaps). */
#pragma once

#include <stddef.h>

/* The VmFlags of the mapping that holds this address, two letters each with a blank before it; ""
 * where nothing is mapped. */
void smaps_flags(const void *at, char *out, size_t n);
