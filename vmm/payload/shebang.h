/* The `#!` line of a script, as the kernel reads it (fs/binfmt_script.c). */
#pragma once

#include <stddef.h>

enum { SCRIPT_HEAD = 256 }; /* the kernel looks at no more (BINPRM_BUF_SIZE) */

struct shebang {
	char *interpreter; /* absolute or not, as written; owned */
	char *command;	   /* what env(1) is to find in PATH, when it is env; owned, NULL = not */
};

/* The first bytes of a file: 1 = filled in, 0 = no script, or one that the kernel refuses. */
int shebang_parse(const char *head, size_t n, struct shebang *out);
void shebang_release(struct shebang *s);
