/* The guest's userland. Finding it: payload_busybox() in payload.h. */
#pragma once

#include "src/base/err.h"
#include "src/base/str.h"

/*
 * The names of its commands, by asking it (2 ms; the guest, asked to make the links itself, takes
 * a few hundred under emulation). An error when it is not a busybox with a shell.
 */
int busybox_commands(const char *path, struct strv *out, struct err *e);
