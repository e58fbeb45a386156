/* The guest's PID 1, a static program that is built first and embedded into ours. */
#pragma once

extern const unsigned char embed_init_start[], embed_init_end[];
