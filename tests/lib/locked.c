#include "tests/lib/locked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/file.h"

const char *const locked_env[] = {
	"KTSTR_LOCK_DIR=/tmp", "KTSTR_RUNS_ROOT=/runs", "KTSTR_CACHE_DIR=/cache", NULL};

#define RUN "/runs/.locks/7.0.14-73730e0-dirty.lock"

/* A line of /proc/locks, and of the fdinfo of those who have it. */
static const struct line {
	const char *path, *arrow, *mode;
	int pid;
	bool held_later; /* after locked_release() */
} lines[] = {
	{"/tmp/ktstr-llc-0.lock", "", "WRITE", 41822, true},
	{"/tmp/ktstr-llc-0.lock", "-> ", "WRITE", 44010, true},
	{"/tmp/ktstr-llc-1.lock", "", "READ", 40977, true},
	{"/tmp/ktstr-llc-3.lock", "", "READ", 43110, true},
	{"/tmp/ktstr-cpu-24.lock", "", "WRITE", 43110, false},
	{RUN, "", "WRITE", 39900, true},
};

static const struct has {
	int pid, fd;
	unsigned line;
} has[] = {
	{41822, 9, 0},
	{41840, 9, 0},
	{40977, 4, 2},
	{43110, 11, 3},
	{43110, 12, 4},
	{39951, 7, 5},
};

static const struct process {
	int pid;
	const char *cmdline; /* arguments parted by blanks */
	unsigned age, uid;   /* seconds */
} processes[] = {
	{39951, "tail -f /dev/null", 300, 1000},
	{40977, "ktstr kernel build 6.14.2", 700, 1000},
	{41822, "cargo-ktstr test sched_basic", 131, 1000},
	{41840, "ktstr-vmm", 131, 1000},
	{43110, "ktstr shell --cpu-cap 4", 7, 0},
	{44010, "ktstr shell --topology 1,1,4,2", 38, 1001},
};

enum { UPTIME = 100000, TICKS = 100 };

static void put(const struct machine *m, const char *path, const char *text, size_t n)
{
	cleanup_free char *full = xasprintf("%s%s", m->dir, path);
	cleanup_free char *dir = file_dir(full);

	if (file_mkdirs(dir, 0755, NULL) || file_replace(full, text, n, 0644, NULL)) {
		fprintf(stderr, "cannot write %s\n", full);
		exit(1);
	}
}

static void put_text(const struct machine *m, const char *path, const char *text)
{
	put(m, path, text, strlen(text));
}

static unsigned long inode(const struct machine *m, const char *path)
{
	cleanup_free char *full = xasprintf("%s%s", m->dir, path);
	struct stat st;

	return stat(full, &st) ? 0 : (unsigned long)st.st_ino;
}

static void add_line(const struct machine *m, const struct line *l, unsigned id, struct str *out)
{
	str_printf(out, "%u: %sFLOCK  ADVISORY  %s %d 08:01:%lu 0 EOF\n", id, l->arrow, l->mode,
		l->pid, inode(m, l->path));
}

static void put_locks(const struct machine *m, bool later)
{
	cleanup_str struct str text = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (!later || lines[i].held_later)
			add_line(m, &lines[i], (unsigned)i + 1, &text);
	put_text(m, "/proc/locks", str_get(&text));
}

static void put_fdinfo(const struct machine *m, const struct has *h, bool held)
{
	cleanup_free char *path = xasprintf("/proc/%d/fdinfo/%d", h->pid, h->fd);
	cleanup_str struct str text = STR_INIT;

	str_add(&text, "pos:\t0\nflags:\t0100002\nmnt_id:\t25\n");
	if (held) {
		str_add(&text, "lock:\t");
		add_line(m, &lines[h->line], 1, &text);
	}
	put_text(m, path, str_get(&text));
}

static void put_process(const struct machine *m, const struct process *p)
{
	cleanup_free char *dir = xasprintf("/proc/%d", p->pid), *cmdline = xstrdup(p->cmdline);
	cleanup_free char *stat_path = xasprintf("%s/stat", dir);
	cleanup_free char *cmd_path = xasprintf("%s/cmdline", dir);
	cleanup_free char *status_path = xasprintf("%s/status", dir);
	cleanup_free char *cgroup_path = xasprintf("%s/cgroup", dir);
	cleanup_free char *stat_text = xasprintf("%d (a b) c) S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 "
						 "8 20 0 1 0 %u 1 2\n",
		p->pid, (UPTIME - p->age) * TICKS);
	cleanup_free char *status_text = xasprintf("Name:\tx\nUid:\t1\t%u\t1\t1\n", p->uid);
	cleanup_free char *cgroup_text = xasprintf("0::/user.slice/user-%u.slice\n", p->uid);
	size_t n = strlen(cmdline) + 1;

	for (size_t i = 0; i < n; i++)
		if (cmdline[i] == ' ')
			cmdline[i] = '\0';
	put(m, cmd_path, cmdline, n);
	put_text(m, stat_path, stat_text);
	put_text(m, status_path, status_text);
	put_text(m, cgroup_path, cgroup_text);
}

void locked_add(struct machine *m)
{
	char uptime[32];

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		put_text(m, lines[i].path, "");
	put_text(m, "/tmp/ktstr-cpu-5.lock", "");
	snprintf(uptime, sizeof(uptime), "%d.00 1.00\n", UPTIME);
	put_text(m, "/proc/uptime", uptime);
	put_text(m, "/proc/self/mountinfo",
		"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:21 / /sys rw - sysfs sysfs rw\n");
	for (size_t i = 0; i < ARRAY_LEN(processes); i++)
		put_process(m, &processes[i]);
	for (size_t i = 0; i < ARRAY_LEN(has); i++)
		put_fdinfo(m, &has[i], true);
	put_locks(m, false);
}

void locked_release(struct machine *m)
{
	put_locks(m, true);
	for (size_t i = 0; i < ARRAY_LEN(has); i++)
		if (!lines[has[i].line].held_later)
			put_fdinfo(m, &has[i], false);
}
