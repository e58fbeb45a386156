/* The options that every command has, and the further ones of the root. Rows land in cli_common. */
#pragma once

#include "src/cli/cli.h"

/* NULL-terminated. */
const struct opt *const *cli_common_opts(bool root);
/* By long name or by letter; NULL when there is none. */
const struct opt *cli_common_find(bool root, const char *name, size_t n, char letter);
