#include "vmm/guest/guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER "/modules"

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void load(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	/* EEXIST: built in, or loaded as a dependency already */
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
		say("cannot load " FOLDER "/%s: %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
}

void modules_load(void)
{
	int dir = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **entries;
	int n;

	if (dir < 0)
		return;
	n = scandir(FOLDER, &entries, visible, alphasort);
	for (int i = 0; i < n; i++) {
		load(dir, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	close(dir);
}
