#include "vmm/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* In order: a parent before what lies in it. Those that are not required fail quietly: a kernel
 * need not have them. */
const struct mount_row mount_rows[] = {
	{.target = "/dev", .type = "devtmpfs", .options = "mode=0755", .required = true},
	{.target = "/proc", .type = "proc", .required = true},
	{.target = "/sys", .type = "sysfs", .required = true},
	{.target = "/tmp", .type = "tmpfs", .options = "mode=1777", .required = true},
	{.target = "/run", .type = "tmpfs", .options = "mode=0755"},
	{.target = "/dev/pts", .type = "devpts", .options = "gid=5,mode=620,ptmxmode=666"},
	{.target = "/dev/shm", .type = "tmpfs", .options = "mode=1777"},
	{.target = "/sys/fs/cgroup", .type = "cgroup2"},
	{.target = "/sys/fs/bpf", .type = "bpf", .options = "mode=0700"},
	{.target = "/sys/kernel/debug", .type = "debugfs"},
	{.target = "/sys/kernel/tracing", .type = "tracefs"},
};
const size_t mount_count = sizeof(mount_rows) / sizeof(mount_rows[0]);

/* /dev, /proc and /sys: all that finding the ports needs. */
enum { FIRST = 3 };

static int mount_one(const struct mount_row *m)
{
	mkdir(m->target, 0755);
	/* EBUSY: the kernel was built to mount devtmpfs itself */
	if (!mount(m->type, m->target, m->type, MS_NOSUID, m->options) || errno == EBUSY)
		return 0;
	if (!m->required)
		return 0;
	say("cannot mount %s on %s: %s", m->type, m->target, strerror(errno));
	return -1;
}

int mounts_first(void)
{
	for (size_t i = 0; i < FIRST; i++)
		if (mount_one(&mount_rows[i]))
			return -1;
	return 0;
}

void mounts_rest(void)
{
	static const char *const links[][2] = {
		{"/proc/self/fd", "/dev/fd"},
		{"/proc/self/fd/0", "/dev/stdin"},
		{"/proc/self/fd/1", "/dev/stdout"},
		{"/proc/self/fd/2", "/dev/stderr"},
		{"/proc/self/mounts", "/etc/mtab"},
		{"/run", "/var/run"},
	};
	static const char *const dirs[] = {"/etc", "/root", "/var", "/var/log", "/var/tmp", "/bin"};

	for (size_t i = FIRST; i < mount_count; i++)
		mount_one(&mount_rows[i]);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		mkdir(dirs[i], 0755);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		(void)!symlink(links[i][0], links[i][1]);
}
