/* git(1) as a helper: what it says, and which commit a name of another repository means. */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/kernels/kernels.h"

enum { GIT_COMMIT = 40 }; /* hexadecimal digits of a commit's name */

struct git {
	const char *cwd;   /* NULL = / */
	const char *what;  /* progress: "asking for tag v6.12" */
	const char *about; /* begins its complaints: a URL or a folder */
	bool as_user; /* with the settings of the user and the system, for a person's own tree */
	const struct kernel_report *report;
};

/*
 * Runs it; `words` are behind "git" and NULL-terminated. Nobody is asked for a password, and a
 * repository cannot make it run a program. 0; -ENOSYS: not installed; -ECANCELED; -EIO with what
 * git said.
 */
int git_run(const struct git *g, const char *const *words, struct str *out, struct err *e);
/* Whether the text begins with a commit's name. */
bool git_is_commit(const char *text);
/* The commit that a tag (`kind` "tag") or branch of the repository at `url` names; -ENOENT. */
int git_remote_commit(const struct git *g, const char *url, const char *kind, const char *name,
	char commit[GIT_COMMIT + 1], struct err *e);
