#include "vmm/payload/ldcache.h"

#include <stdint.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/mem.h"

/* glibc's sysdeps/generic/dl-cache.h: struct cache_file_new and struct file_entry_new. */
static const char magic[] = "glibc-ld.so.cache1.1";
enum {
	MAGIC = sizeof(magic) - 1,
	NLIBS_AT = 20,
	HEADER = 48,
	ENTRY = 24, /* i32 flags, u32 key, u32 value, u32 osversion, u64 hwcap */
	KEY_AT = 4,
	VALUE_AT = 8,
	HWCAP_AT = 16,
	FILE_MAX = 64 << 20,
};

static uint32_t u32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void locate(struct ldcache *c)
{
	const char *bytes = str_get(&c->file);
	const char *at = memmem(bytes, c->file.len, magic, MAGIC);
	size_t left = at ? c->file.len - (size_t)(at - bytes) : 0;
	uint32_t n;

	if (left < HEADER)
		return;
	n = u32(at + NLIBS_AT);
	if (n > (left - HEADER) / ENTRY)
		return;
	c->table = at;
	c->size = left;
	c->n = n;
}

void ldcache_open(const char *path, struct ldcache *out)
{
	*out = (struct ldcache){.file = STR_INIT};
	if (file_read(path, FILE_MAX, &out->file, NULL) == 0)
		locate(out);
}

void ldcache_parse(const void *bytes, size_t n, struct ldcache *out)
{
	*out = (struct ldcache){.file = STR_INIT};
	str_append(&out->file, bytes, n);
	locate(out);
}

void ldcache_release(struct ldcache *c)
{
	str_release(&c->file);
	*c = (struct ldcache){.file = STR_INIT};
}

/* The string at an offset from the table's start; NULL when it does not end inside the file. */
static const char *string(const struct ldcache *c, uint32_t at)
{
	if (at >= c->size || !memchr(c->table + at, '\0', c->size - at))
		return NULL;
	return c->table + at;
}

const char *ldcache_next(const struct ldcache *c, const char *soname, size_t *at)
{
	while (*at < c->n) {
		const char *entry = c->table + HEADER + (*at)++ * ENTRY;
		const char *key = string(c, u32(entry + KEY_AT)), *value;

		if (!key || strcmp(key, soname) != 0 || u32(entry + HWCAP_AT) ||
			u32(entry + HWCAP_AT + 4))
			continue;
		value = string(c, u32(entry + VALUE_AT));
		if (value && value[0] == '/')
			return value;
	}
	return NULL;
}
