/* What the kernel made of the machine, for the host to compare with what was asked for. */
#include "vmm/guest/guest.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CPUS  "/sys/devices/system/cpu"
#define NODES "/sys/devices/system/node"

/* A sysfs file is at most a page. Lines are gathered until a frame is full. */
enum { FILE_MAX = 4096, LINE_MAX_BYTES = 24 * 1024, CACHES = 4, INDEXES = 8 };

struct report {
	struct link *link;
	size_t n;
	char text[PROTO_CHUNK];
};

/* The first line of a file, or "-" when there is none. */
static const char *first_line(char out[FILE_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static const char *first_line(char out[FILE_MAX], const char *fmt, ...)
{
	char path[256];
	ssize_t n = -1;
	va_list ap;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, out, FILE_MAX - 1);
		close(fd);
	}
	out[n > 0 ? n : 0] = 0;
	out[strcspn(out, "\n")] = 0;
	return *out ? out : "-";
}

/* The range at *at of a list, which moves on; false at its end or where it is no list. */
static bool next_range(const char **at, unsigned *first, unsigned *last)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	*first = *last = (unsigned)strtoul(*at, &end, 10);
	if (*end == '-')
		*last = (unsigned)strtoul(end + 1, &end, 10);
	*at = *end == ',' ? end + 1 : end;
	return true;
}

static bool listed(const char *list, unsigned cpu)
{
	unsigned first, last;

	while (list && next_range(&list, &first, &last))
		if (cpu >= first && cpu <= last)
			return true;
	return false;
}

static void switch_cpu(unsigned cpu, bool on)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), CPUS "/cpu%u/online", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, on ? "1" : "0", 1) != 1)
		say("cannot take CPU %u %s: %s", cpu, on ? "online" : "offline", strerror(errno));
	if (fd >= 0)
		close(fd);
}

void topology_settle(const char *offline, bool start)
{
	char present[FILE_MAX], online[FILE_MAX];
	const char *at = first_line(present, CPUS "/present");
	unsigned first, last;

	first_line(online, CPUS "/online");
	while (next_range(&at, &first, &last))
		for (unsigned cpu = first; cpu <= last; cpu++)
			if (listed(offline, cpu) ? listed(online, cpu)
						 : start && !listed(online, cpu))
				switch_cpu(cpu, !listed(offline, cpu));
}

static void flush(struct report *r)
{
	if (r->n)
		link_send(r->link, PROTO_TOPOLOGY, r->text, r->n);
	r->n = 0;
}

/* One line, or nothing of it when it is longer than any that is right. */
static void add(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct report *r, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (sizeof(r->text) - r->n < LINE_MAX_BYTES)
		flush(r);
	va_start(ap, fmt);
	n = vsnprintf(r->text + r->n, LINE_MAX_BYTES, fmt, ap);
	va_end(ap);
	if (n > 0 && n < LINE_MAX_BYTES)
		r->n += (size_t)n;
}

/* Who shares the caches of level 1 (there are usually two), 2 and 3. */
static void caches(unsigned cpu, char shared[CACHES][FILE_MAX])
{
	char level[FILE_MAX];
	unsigned ones = 0;

	for (unsigned i = 0; i < CACHES; i++)
		strcpy(shared[i], "-");
	for (unsigned i = 0; i < INDEXES; i++) {
		unsigned to = CACHES;

		first_line(level, CPUS "/cpu%u/cache/index%u/level", cpu, i);
		if (!*level)
			break;
		if (!strcmp(level, "1"))
			to = ones < 2 ? ones++ : CACHES;
		else if (!strcmp(level, "2") || !strcmp(level, "3"))
			to = (unsigned)(*level - '0');
		if (to == CACHES)
			continue;
		first_line(shared[to], CPUS "/cpu%u/cache/index%u/shared_cpu_list", cpu, i);
		if (!*shared[to])
			strcpy(shared[to], "-");
	}
}

static void tell_cpu(struct report *r, unsigned cpu)
{
	char package[FILE_MAX], die[FILE_MAX], siblings[FILE_MAX], shared[CACHES][FILE_MAX];

	caches(cpu, shared);
	add(r, "cpu %u %s %s %s %s %s %s %s\n", cpu,
		first_line(package, CPUS "/cpu%u/topology/physical_package_id", cpu),
		first_line(die, CPUS "/cpu%u/topology/die_id", cpu),
		first_line(siblings, CPUS "/cpu%u/topology/thread_siblings_list", cpu), shared[0],
		shared[1], shared[2], shared[3]);
}

static void tell_node(struct report *r, unsigned node)
{
	char cpus[FILE_MAX], distances[FILE_MAX];
	const char *far = first_line(distances, NODES "/node%u/distance", node);

	for (char *p = distances; *p; p++)
		if (*p == ' ')
			*p = ',';
	add(r, "node %u %s %s\n", node, first_line(cpus, NODES "/node%u/cpulist", node), far);
}

void topology_report(struct link *l)
{
	struct report *r = malloc(sizeof(*r));
	char online[FILE_MAX], nodes[FILE_MAX], memory[FILE_MAX];
	const char *at = first_line(online, CPUS "/online");
	unsigned first, last;

	if (!r)
		return;
	r->link = l;
	r->n = 0;
	add(r, "online %s\n", at);
	while (next_range(&at, &first, &last))
		for (unsigned cpu = first; cpu <= last; cpu++)
			tell_cpu(r, cpu);
	at = first_line(nodes, NODES "/online");
	while (next_range(&at, &first, &last))
		for (unsigned node = first; node <= last; node++)
			tell_node(r, node);
	add(r, "memory %s\n", first_line(memory, NODES "/has_memory"));
	flush(r);
	link_send(l, PROTO_TOPOLOGY, NULL, 0);
	free(r);
}
