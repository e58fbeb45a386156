/*
 * A machine of tests/lib/machine.h on which locks are held: lock files below its /tmp and /runs,
 * and the /proc that says who has them. LLC 0 is held alone by 41822 with a child, and 44010 waits
 * for it; LLC 1 is shared by 40977 and LLC 3 by 43110, who also has CPU 24; a run is kept by 39951
 * from 39900, which is gone; CPU 5 is free.
 */
#pragma once

#include "tests/lib/machine.h"

void locked_add(struct machine *m);
/* What `ktstr` needs to find them, with --sysroot: NULL-terminated NAME=VALUE. */
extern const char *const locked_env[];
/* The holder of CPU 24 lets it go: /proc is written anew. */
void locked_release(struct machine *m);
