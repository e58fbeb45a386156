#include "tests/lib/replay.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"

static _Noreturn void fail(const char *what, const char *which)
{
	fprintf(stderr, "not ok - replay: %s: %s\n", what, which);
	abort();
}

struct replay *replay_new(const char *machine)
{
	struct replay *r = xcalloc(1, sizeof(*r));
	cleanup_free char *stat_path = NULL;

	r->machine = machine_load(machine);
	machine_change(r->machine, "[/proc/sys/kernel]\nhostname=testbox\n[/proc]\nloadavg=3.14 "
				   "2.71 1.41 4/321 1234\n");
	if (sysroot_cpulist(r->machine->root, "/sys/devices/system/cpu/online", &r->online))
		fail("which CPUs are online?", machine);
	r->ticks = xcalloc(2 * CPUSET_MAX, sizeof(*r->ticks));
	stat_path = file_join(r->machine->dir, "proc/stat");
	unlink(stat_path);
	if (mkfifo(stat_path, 0600))
		fail("cannot make a FIFO", stat_path);
	return r;
}

void replay_free(struct replay *r)
{
	machine_free(r->machine);
	cpuset_release(&r->online);
	free(r->ticks);
	free(r);
}

void replay_feed(struct replay *r, unsigned (*busy)(unsigned cpu))
{
	cleanup_str struct str text = STR_INIT;
	cleanup_free char *path = file_join(r->machine->dir, "proc/stat");
	int fd;

	for
		cpuset_each(c, &r->online)
		{
			unsigned b = busy((unsigned)c);

			r->ticks[2 * c] += b;
			r->ticks[2 * c + 1] += 100 - b;
			/* A fifth of what a CPU does is the kernel's. */
			str_printf(&text, "cpu%d %llu 0 %llu %llu 0 0 0 0 0 0\n", c,
				(unsigned long long)(r->ticks[2 * c] - r->ticks[2 * c] / 5),
				(unsigned long long)(r->ticks[2 * c] / 5),
				(unsigned long long)r->ticks[2 * c + 1]);
		}
	alarm(60); /* a reader that never comes ends the test */
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || file_write_fd(fd, text.s, text.len))
		fail("cannot feed", path);
	close(fd);
	alarm(0);
	r->samples++;
}
