/*
 * Between the files of this folder: the process that removes a sandbox when the build that made it
 * is killed. It is forked without exec and may only do what is safe after that: everything is
 * prepared before, as plain strings.
 */
#pragma once

#include <sys/types.h>

/* Strings are borrowed during the call; NULL where there is nothing to do. */
struct janitor_work {
	const char *dir;	 /* the group to empty and remove */
	const char *leaf;	 /* a group that the janitor is in itself, removed as well */
	const char *home;	 /* where it goes first then */
	const char *const *undo; /* subtree_control files to write -cpuset to, NULL-terminated */
};

/* Starts it. `*link` is our end: its close without a word is our death. The pid or -errno. */
pid_t janitor_start(const struct janitor_work *w, int *link);
/* We have cleaned up ourselves: it ends without doing anything. */
void janitor_dismiss(pid_t pid, int link);
