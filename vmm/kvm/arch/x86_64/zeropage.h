/* The page that tells a kernel what it was started with (struct boot_params). Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "vmm/kvm/arch/x86_64/loader.h"
#include "vmm/kvm/ram.h"

enum { ZERO_PAGE_SIZE = 4096 };

struct zero_page_request {
	const struct loader_plan *plan;
	const struct ram *ram;
	uint64_t initrd_at, initrd_size;
	uint64_t setup_data; /* address of the first one, 0 = none */
};

void zero_page_make(const struct zero_page_request *q, unsigned char out[ZERO_PAGE_SIZE]);
