/*
 * The locks of the kernel cache, ROOT/.locks/KEY.lock (spec/host 2.10): an entry's is held
 * exclusively by who writes or removes it, shared by who boots it; other work has keys of its own.
 */
#pragma once

#include <stdint.h>

#include "probes/locks/lockfiles.h"
#include "src/base/err.h"
#include "src/base/str.h"
#include "src/kernels/kernels.h"

#define CACHE_LOCK_STORE_NS (300ULL * 1000000000) /* how long who stores waits for readers */

struct cache_lock {
	const char *root, *key;
	enum lockfile_mode mode;
	const char *waiting; /* said once, with who it is, when others have it */
	uint64_t limit_ns;   /* how long to wait; 0 = without limit */
	const struct kernel_report *report;
};
/*
 * Returns the descriptor that holds it; -1 where the file system has no locks to rely on (the final
 * rename is safe without, it only saves double work); -ECANCELED, -ETIMEDOUT with a sentence.
 */
int cache_lock_take(const struct cache_lock *l, struct err *e);
/* Exclusively, and however long it takes. */
int cache_lock_work(const char *root, const char *key, const char *waiting,
	const struct kernel_report *report, struct err *e);

/*
 * The reader's lock, where `image` lies in an entry of this cache, built or packaged: *fd, or -1
 * where there is nothing to lock. 0, -ECANCELED, or -ETIMEDOUT after the ten seconds that readers
 * wait.
 */
int cache_lock_read(const char *root, const char *image, const struct kernel_report *report,
	int *fd, struct err *e);

/* Path of the lock file; heap. */
char *cache_lock_path(const char *root, const char *key);
/* "pid=12 cmd=ktstr __vm, pid=..." of who holds the lock file; "<none recorded>". Appends. */
void cache_lock_holders(const char *path, struct str *out);
