#include "src/reserve/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/parse.h"

/* Younger leftovers of others may be somebody's who is not visible from here. */
enum { ORPHAN_SECONDS = 24 * 3600 };

/* "ktstr-build-NANOSECONDS-PID" */
static pid_t pid_of_name(const char *name)
{
	const char *dash = strrchr(name, '-');
	uint32_t pid;

	if (!str_starts(name, SANDBOX_NAME) || parse_u32(dash + 1, &pid, NULL) || pid > INT32_MAX)
		return 0;
	return (pid_t)pid;
}

static bool is_orphan(const char *dir, const char *name)
{
	cleanup_free char *path = file_join(dir, name);
	pid_t pid = pid_of_name(name);
	struct stat st;

	return pid > 0 && kill(pid, 0) && errno == ESRCH && !stat(path, &st) &&
	       st.st_mtime + ORPHAN_SECONDS <= (time_t)(clock_real_ns() / NS_PER_SEC);
}

unsigned sandbox_sweep(const char *parent)
{
	DIR *d = opendir(parent);
	const struct dirent *entry;
	unsigned left = 0;

	while (d && (entry = readdir(d))) {
		cleanup_free char *path = file_join(parent, entry->d_name);

		if (!str_starts(entry->d_name, SANDBOX_NAME))
			continue;
		left += !is_orphan(parent, entry->d_name) || rmdir(path);
	}
	if (d)
		closedir(d);
	return left;
}
