/* Remarks for a person while the payload is put together. */
#pragma once

#include "vmm/payload/payload.h"

/* One line to whoever listens; n may be NULL. */
void payload_say(const struct payload_note *n, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
