/* Our own part of reading packages: control stanzas, heads of RPMs, and where a file goes inside a
 * cache entry. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/kernels/deb822.h"
#include "src/kernels/package.h"
#include "src/kernels/rpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int ok)
{
	if (!ok)
		abort();
}

static void stanzas(const char *text)
{
	struct deb822 p;

	while (deb822_next(&text, &p)) {
		cleanup_strv struct strv names = STRV_INIT;

		need(*p.package);
		deb822_depends(p.depends, &names);
		for (size_t i = 0; i < names.n; i++)
			need(*names.v[i] && !strpbrk(names.v[i], " ,|("));
		deb822_release(&p);
	}
}

static void place(const char *path)
{
	cleanup_str struct str inside = STR_INIT;
	char release[IMAGE_RELEASE_MAX];

	if (strstr(path, "..") || package_place(path, &inside, release) == PACKAGE_SKIP)
		return;
	need(inside.len && inside.s[0] != '/' && !strstr(inside.s, "//"));
	need(*release && !strchr(release, '/'));
}

static void rpm(const uint8_t *data, size_t size)
{
	struct deb822 p;
	uint64_t payload;

	if (rpm_parse(data, size, &p, &payload, NULL))
		return;
	need(*p.package && *p.version && payload <= size);
	deb822_release(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xstrndup((const char *)data, size);

	stanzas(text);
	place(text);
	rpm(data, size);
	return 0;
}
