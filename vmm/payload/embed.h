/* The guest's PID 1, a static program that is built first and embedded into ours. */
#pragma once

#include <stdint.h>

extern const unsigned char embed_init[];
extern const uint64_t embed_init_size;
