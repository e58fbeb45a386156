/* Between the files of this folder: files of a cgroup2 hierarchy. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "src/base/cpuset.h"
#include "src/base/str.h"

/* Writes one value, in at most two seconds: such a write waits for locks of the kernel that others
 * may hold long. 0, -ETIMEDOUT or -errno. */
int cgroup_write(const char *dir, const char *file, const char *value);
/* First line; 0 or -errno. */
int cgroup_read(const char *dir, const char *file, struct str *out);
/* Whether this word is one of the file's. */
bool cgroup_has_word(const char *dir, const char *file, const char *word);
/* -ENOENT, -EINVAL or 0. */
int cgroup_read_set(const char *dir, const char *file, struct cpuset *out);
/* The path of the `0::` line, "/" in front; heap, NULL = none. */
char *cgroup_of(const char *proc_file);
/* The pids of a group; 0 or -errno. Kernel text: pids of other namespaces show as 0. */
int cgroup_pids(const char *dir, pid_t **pids, size_t *n);
/* rmdir(2), again while a group that was just emptied is still busy. 0 or -errno. */
int cgroup_remove(const char *dir);
