/* What building a kernel needs on this machine besides its source. */
#pragma once

#include "src/base/str.h"

/*
 * Appends the names of what is missing ("flex, pahole") and the distribution's packages that have
 * it
 * (" flex dwarves", Debian's names or Fedora's). False when nothing is.
 */
bool tools_missing(struct str *names, struct str *packages);
/* "apt-get install" or "dnf install", whichever this machine has. */
const char *tools_installer(void);
