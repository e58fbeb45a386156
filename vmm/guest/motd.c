/* The greeting of spec/vmm 2.3: what this machine is, computed in the guest itself. */
#include "vmm/guest/guest.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define INCLUDES "/include-files"

struct text {
	char *s;
	size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->s + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < t->size - t->len ? (size_t)n : t->size - t->len - 1;
}

/* The first line of /proc/meminfo: "MemTotal:  263132 kB". */
static unsigned long mem_total_mib(void)
{
	char line[128] = "";
	FILE *f = fopen("/proc/meminfo", "re");

	if (!f)
		return 0;
	(void)!fgets(line, sizeof(line), f);
	fclose(f);
	return strtoul(line + strcspn(line, "0123456789"), NULL, 10) / 1024;
}

/* The four numbers of "N,L,C,T". */
static bool read_topology(const char *text, unsigned v[4])
{
	for (int i = 0; i < 4; i++) {
		char *end;

		v[i] = (unsigned)strtoul(text, &end, 10);
		if (end == text || *end != (i < 3 ? ',' : '\0'))
			return false;
		text = end + 1;
	}
	return true;
}

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

static void topology(struct text *t, const char *asked)
{
	unsigned v[4], n;

	n = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	if (!asked || !read_topology(asked, v)) {
		add(t, "  topology:  %s%s%u CPU%s online%s\r\n", asked ? asked : "",
			asked ? " (" : "", n, plural(n), asked ? ")" : "");
		return;
	}
	n = v[1] * v[2] * v[3];
	add(t, "  topology:  ");
	if (v[0] > 1)
		add(t, "%u NUMA nodes, ", v[0]);
	add(t, "%u LLC%s, %u core%s, %u thread%s (%u vCPU%s)\r\n", v[1], plural(v[1]), v[2],
		plural(v[2]), v[3], plural(v[3]), n, plural(n));
}

/* The include files, one a line; the greeting stays short whatever was included. */
static void includes(struct text *t)
{
	enum { MOST = 40 };
	struct dirent **entries;
	int n = scandir(INCLUDES, &entries, NULL, alphasort), shown = 0;

	for (int i = 0; i < n; i++) {
		char path[300];
		struct stat st;

		snprintf(path, sizeof(path), INCLUDES "/%s", entries[i]->d_name);
		if (entries[i]->d_name[0] == '.' &&
			(!entries[i]->d_name[1] || entries[i]->d_name[1] == '.'))
			continue;
		if (shown++ < MOST && !stat(path, &st))
			add(t, "%s%s%s\r\n", shown == 1 ? "  includes:  " : "             ", path,
				S_ISREG(st.st_mode) && st.st_mode & 0111 ? " (executable)"
				: S_ISDIR(st.st_mode)			 ? "/"
									 : "");
	}
	if (shown > MOST)
		add(t, "             and %d more\r\n", shown - MOST);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	if (n >= 0)
		free(entries);
}

/* Whether something is mounted exactly there: its device differs from that of its parent. */
static bool mounted(const char *target)
{
	char parent[64];
	struct stat here, above;

	snprintf(parent, sizeof(parent), "%s/..", target);
	return !stat(target, &here) && !stat(parent, &above) && here.st_dev != above.st_dev;
}

static void mounts(struct text *t)
{
	size_t half = (mount_count + 1) / 2;

	for (size_t i = 0; i < mount_count; i++) {
		if (i == 0)
			add(t, "  mounts:   ");
		else if (i == half)
			add(t, "\r\n            ");
		if (mounted(mount_rows[i].target))
			add(t, " %s", mount_rows[i].target);
	}
	add(t, "\r\n");
}

/* In a pane of the dashboard, which says so, Ctrl-A is a key like any other. */
static bool in_dashboard(const struct guest_conf *c)
{
	for (size_t i = 0; i < c->nenv; i++)
		if (!strcmp(c->env[i], "KTSTR_DASHBOARD=1"))
			return true;
	return false;
}

size_t motd_format(const struct guest_conf *c, char *out, size_t size)
{
	struct text t = {.s = out, .size = size};
	struct utsname u;

	add(&t, "ktstr shell\r\n");
	if (!uname(&u))
		add(&t, "  kernel:    %s\r\n", u.release);
	add(&t, "  memory:    %lu MiB\r\n", mem_total_mib());
	topology(&t, c->topology);
	includes(&t);
	add(&t, "  tools:     busybox (ls, ps, top, dmesg, ip, vi, ...)\r\n");
	mounts(&t);
	add(&t, "  type 'exit' for a clean shutdown%s\r\n",
		in_dashboard(c) ? "" : ", Ctrl+A X to force-kill");
	return t.len;
}
