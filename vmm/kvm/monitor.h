/* The monitor's process: forked, never executed anew, one machine long. */
#pragma once

#include "vmm/engine.h"

/* What travels over the control socket, one struct a packet. */
struct monitor_order {
	uint8_t verb; /* enum engine_verb */
	char key;
};
struct monitor_answer {
	uint8_t kind; /* enum engine_news_kind */
	char why[199];
};

/* In the forked process. What it cannot do goes as a sentence to the request's stderr_fd. */
void monitor_main(const struct engine_request *q, int parent) __attribute__((noreturn));
