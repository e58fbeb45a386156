#include "probes/topo/meminfo.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "MemTotal:  16 kB" in /proc/meminfo, "Node 0 MemTotal:  16 kB" in a node's. */
static bool find(const char *text, const char *key, uint64_t *bytes)
{
	const char *p = strstr(text, key);
	unsigned long long kib;
	char *end;

	if (!p || (p > text && !isspace((unsigned char)p[-1])))
		return false;
	p += strlen(key);
	p += strspn(p, " \t");
	if (!isdigit((unsigned char)*p))
		return false;
	errno = 0;
	kib = strtoull(p, &end, 10);
	if (errno || kib > UINT64_MAX / 1024 || !str_starts(end + strspn(end, " \t"), "kB"))
		return false;
	*bytes = kib * 1024;
	return true;
}

bool meminfo_parse(const char *text, uint64_t *total, uint64_t *unused)
{
	return find(text, "MemTotal:", total) && find(text, "MemFree:", unused);
}

bool meminfo_read(const struct sysroot *r, const char *path, uint64_t *total, uint64_t *unused)
{
	cleanup_str struct str text = STR_INIT;

	return !sysroot_read(r, path, &text) && meminfo_parse(str_get(&text), total, unused);
}
