#include "src/kernels/deb822.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELD_MAX = 65536 };

static void set(char **field, const char *value, size_t n)
{
	free(*field);
	*field = xstrndup(value, n < FIELD_MAX ? n : FIELD_MAX);
}

static uint64_t number(const char *s, size_t n)
{
	uint64_t v = 0;

	for (; n && isdigit((unsigned char)*s); s++, n--) {
		if (v > UINT64_MAX / 10 - 1)
			return 0;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	return n ? 0 : v;
}

static bool is(const char *line, size_t n, const char *name)
{
	return strlen(name) == n && strncasecmp(line, name, n) == 0;
}

static void take_line(const char *line, size_t n, struct deb822 *out)
{
	const char *colon = memchr(line, ':', n), *value;
	size_t name, size;

	if (!colon || isspace((unsigned char)line[0]))
		return;
	value = colon + 1;
	name = (size_t)(colon - line);
	size = n - name - 1;
	while (size && isspace((unsigned char)*value))
		value++, size--;
	while (size && isspace((unsigned char)value[size - 1]))
		size--;
	if (is(line, name, "Package"))
		set(&out->package, value, size);
	else if (is(line, name, "Version"))
		set(&out->version, value, size);
	else if (is(line, name, "Architecture"))
		set(&out->architecture, value, size);
	else if (is(line, name, "Depends"))
		set(&out->depends, value, size);
	else if (is(line, name, "Size"))
		out->size = number(value, size);
}

bool deb822_next(const char **at, struct deb822 *out)
{
	memset(out, 0, sizeof(*out));
	set(&out->package, "", 0);
	set(&out->version, "", 0);
	set(&out->architecture, "", 0);
	set(&out->depends, "", 0);
	while (**at) {
		size_t n = strcspn(*at, "\n");
		bool blank = strspn(*at, " \t\r") == n;

		if (!blank)
			take_line(*at, n, out);
		*at += n + ((*at)[n] == '\n');
		if (blank && *out->package)
			return true;
	}
	if (*out->package)
		return true;
	deb822_release(out);
	return false;
}

void deb822_release(struct deb822 *s)
{
	free(s->package);
	free(s->version);
	free(s->architecture);
	free(s->depends);
	memset(s, 0, sizeof(*s));
}

void deb822_depends(const char *depends, struct strv *out)
{
	while (*depends) {
		size_t n;

		depends += strspn(depends, " \t,|");
		n = strcspn(depends, " \t,|(:[<");
		if (n)
			strv_take(out, xstrndup(depends, n));
		depends += n;
		depends += strcspn(depends, ",|");
	}
}
