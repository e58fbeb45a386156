/* Candidates for completion that only this machine knows (cli_list_fn). */
#pragma once

#include "src/base/str.h"

/* `distro` and the keys of the kernel cache. */
void words_kernels(struct strv *words);
/* The shape of this machine, and that of the smallest guest. */
void words_topologies(struct strv *words);
