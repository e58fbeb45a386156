/* What /proc tells about the processes that hold locks or wait for them (proc(5)). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/locks/collect.h"
#include "src/base/clock.h"
#include "src/base/parse.h"

enum { STARTTIME_FIELD = 22 };

void facts_init(struct facts *f, const struct sysroot *r, struct arena *arena, bool all)
{
	char line[64], *dot;
	double seconds;

	*f = (struct facts){.r = r, .arena = arena, .all = all};
	if (!all || sysroot_line(r, "/proc/uptime", line, sizeof(line)))
		return;
	seconds = strtod(line, &dot);
	if (dot != line && seconds > 0 && seconds < 1e10)
		f->uptime_ns = (uint64_t)(seconds * 1e9);
}

void facts_release(struct facts *f)
{
	map_release(&f->known);
}

/* "Uid:\treal\teffective\t..." of /proc/PID/status. */
static void read_uid(struct facts *f, pid_t pid, struct process_facts *p)
{
	cleanup_str struct str text = STR_INIT;
	const char *line;
	char *real, *effective;
	unsigned long uid;

	if (sysroot_read(f->r, PATHF("/proc/%d/status", (int)pid), &text))
		return;
	line = strstr(str_get(&text), "\nUid:");
	if (!line)
		return;
	(void)strtoul(line + strlen("\nUid:"), &real, 10);
	uid = strtoul(real, &effective, 10);
	if (effective == real || uid > UINT32_MAX)
		return;
	p->has_uid = true;
	p->uid = (uid_t)uid;
}

static void read_cgroup(struct facts *f, pid_t pid, struct process_facts *p)
{
	cleanup_str struct str text = STR_INIT;
	const char *line, *path;

	if (sysroot_read(f->r, PATHF("/proc/%d/cgroup", (int)pid), &text))
		return;
	line = str_starts(str_get(&text), "0::") ? str_get(&text) : strstr(str_get(&text), "\n0::");
	path = strchr(line ? line : str_get(&text), '/');
	if (path)
		p->cgroup = arena_strndup(f->arena, path, strcspn(path, "\n"));
}

/* The name of a process may hold blanks and parentheses: fields are counted from its last one. */
static void read_age(struct facts *f, pid_t pid, struct process_facts *p)
{
	const uint64_t tick = NS_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
	cleanup_str struct str text = STR_INIT;
	uint64_t started;
	const char *at;

	if (!f->uptime_ns || sysroot_read(f->r, PATHF("/proc/%d/stat", (int)pid), &text))
		return;
	at = strrchr(str_get(&text), ')');
	for (int field = 2; at && field < STARTTIME_FIELD; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return;
	started = strtoull(at, NULL, 10);
	if (started > UINT64_MAX / tick)
		return;
	started *= tick;
	/* Rounded to a tick it may seem to start a little later than now. */
	p->age_ns = f->uptime_ns > started ? f->uptime_ns - started : 1;
}

static struct process_facts *read_facts(struct facts *f, pid_t pid)
{
	struct process_facts *p = arena_alloc(f->arena, sizeof(*p));
	cleanup_str struct str text = STR_INIT;

	holder_cmdline(f->r, pid, &text);
	p->cmdline = arena_strdup(f->arena, str_get(&text));
	if (!f->all || pid <= 0)
		return p;
	read_uid(f, pid, p);
	read_cgroup(f, pid, p);
	read_age(f, pid, p);
	return p;
}

const struct process_facts *facts_of(struct facts *f, pid_t pid)
{
	char key[16];
	void **at;

	snprintf(key, sizeof(key), "%d", (int)pid);
	at = map_at(&f->known, key);
	if (!*at)
		*at = read_facts(f, pid);
	return *at;
}
