/* Lines of the kernel's lock tables: /proc/locks, and `lock:` in /proc/PID/fdinfo/FD (proc(5)). */
#pragma once

#include "probes/locks/holders.h"

/* One flock(2) lock, or one who waits for it. */
struct flock_line {
	struct lock_id id;
	pid_t pid; /* who called flock(2), as this pid namespace sees it */
	enum lockfile_mode mode;
	bool waits;
};

/* One line of n bytes, "1: FLOCK  ADVISORY  WRITE 4321 08:01:131 0 EOF", in the table also
 * "1: -> FLOCK ..." for one who waits. False for other kinds of locks and for what is none. */
bool flock_line_parse(const char *line, size_t n, struct flock_line *out);

struct flock_lines {
	VEC(struct flock_line) list;
};
/* Appends what /proc/locks says about flock(2), in its order. */
void flock_lines_parse(const char *text, size_t n, struct flock_lines *out);
/* Appends the flock(2) locks of an fdinfo's text. */
void flock_fdinfo_parse(const char *text, size_t n, struct flock_lines *out);
